"""XML that was screened while it was parsed: no entities, nothing fetched, bounded size, depth and number.

A DOCTYPE line alone is common in files from the wild and harmless, because nothing it names is ever read; entity
declarations (the "billion laughs", and files of the reader's machine) are refused.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from ....core.errors import InputError

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
MAX_BYTES = 32 << 20
MAX_DEPTH = 200
MAX_ELEMENTS = 200_000
_SEPARATOR = "}"


@dataclass
class Node:
    """An element: its local name ("" for another namespace than SVG), attributes by local name, children and text."""

    tag: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def walk(self) -> Iterator[Node]:
        """This element and all below it, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


def parse_xml(data: bytes, name: str) -> Node:
    """The root element of a document.

    Args:
        data: the file's bytes, gzip-compressed (.svgz) or not.
        name: what messages call it.

    Raises:
        InputError: not well-formed, entities declared, too large, too deep or too many elements.
    """
    data = _inflated(data, name)
    builder = _Builder(name)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InputError(f"{name}: is not well-formed XML: {error}") from error
    if builder.root is None:
        raise InputError(f"{name}: holds no XML element")
    return builder.root


def _inflated(data: bytes, name: str) -> bytes:
    if data[:2] == b"\x1f\x8b":
        try:
            inflater = zlib.decompressobj(wbits=31)
            data = inflater.decompress(data, MAX_BYTES + 1)
        except (zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{name}: damaged gzip data: {error}") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES >> 20} MiB; simplify it")
    if not data.strip():
        raise InputError(f"{name}: is empty")
    return data


class _Builder:
    """Collects nodes from a parser that may declare no entities."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.EntityDeclHandler = self.refuse
        self.parser.ExternalEntityRefHandler = self.refuse

    def refuse(self, *_: object) -> int:
        raise InputError(f"{self.name}: declares XML entities, which are not read; save it as plain SVG")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.stack) >= MAX_DEPTH:
            raise InputError(f"{self.name}: elements nested deeper than {MAX_DEPTH}")
        if self.count > MAX_ELEMENTS:
            raise InputError(f"{self.name}: more than {MAX_ELEMENTS} elements; simplify it")
        namespace, _, local = tag.rpartition(_SEPARATOR)
        # Prefixed attributes (xlink:href) follow plain ones, which win.
        ordered = sorted(attributes.items(), key=lambda item: _SEPARATOR not in item[0])
        plain: dict[str, str] = {}
        for key, value in ordered:
            plain.setdefault(key.rpartition(_SEPARATOR)[2], value)
        node = Node(local if namespace in ("", SVG_NAMESPACE) else "", plain)
        if self.stack:
            self.stack[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self.stack.append(node)

    def end(self, _: str) -> None:
        self.stack.pop()

    def text(self, data: str) -> None:
        if self.stack:
            self.stack[-1].text += data
