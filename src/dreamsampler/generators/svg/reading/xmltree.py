"""XML that was screened while it was parsed: no entities, nothing fetched, bounded size, depth and number.

A DOCTYPE line alone is common in files from the wild and harmless, because nothing it names is ever read; entity
declarations (the "billion laughs", and files of the reader's machine) are refused, and defaults that a DOCTYPE gives to
attributes are left out.
"""

from __future__ import annotations

import zlib
from xml.etree.ElementTree import Element
from xml.parsers import expat

from ....core.errors import InputError

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
FOREIGN = "foreign"
"""The tag of elements of other namespaces."""
MAX_BYTES = 32 << 20
MAX_DEPTH = 200
MAX_ELEMENTS = 200_000
_SEPARATOR = "}"


def parse_xml(data: bytes, name: str) -> Element:
    """Return the root of a document's tree; tags and attributes have no namespaces (`xlink:href` is `href`).

    Args:
        data: the file's bytes, gzip-compressed (.svgz) or not.
        name: what messages call it.

    Raises:
        InputError: not well-formed, entities declared, an encoding that XML parsers do not know, too large, too deep or
            too many elements.
    """
    builder = _Builder(name)
    try:
        builder.parser.Parse(_inflated(data, name), True)
    except expat.ExpatError as error:
        raise InputError(f"{name}: is not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:  # what Python's codecs throw on the encoding that a file declares
        raise InputError(f"{name}: its encoding cannot be read ({error}); save it as UTF-8") from error
    if builder.root is None:
        raise InputError(f"{name}: holds no XML element")
    return builder.root


def _inflated(data: bytes, name: str) -> bytes:
    if data[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, MAX_BYTES + 1)
        except zlib.error as error:
            raise InputError(f"{name}: damaged gzip data: {error}") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES >> 20} MiB; simplify it")
    if not data.strip():
        raise InputError(f"{name}: is empty")
    return data


class _Builder:
    """Collects elements from a parser that may declare no entities."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0
        self.root: Element | None = None
        self.stack: list[Element] = []
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.buffer_text = True
        self.parser.specified_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = lambda _: self.stack.pop()
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
        # Plain attributes come last and so win over prefixed ones (xlink:href).
        ordered = sorted(attributes.items(), key=lambda item: _SEPARATOR in item[0], reverse=True)
        plain = {key.rpartition(_SEPARATOR)[2]: value for key, value in ordered}
        node = Element(local if namespace in ("", SVG_NAMESPACE) else FOREIGN, plain)
        if self.stack:
            self.stack[-1].append(node)
        elif self.root is None:
            self.root = node
        self.stack.append(node)

    def text(self, data: str) -> None:
        if self.stack and not len(self.stack[-1]):
            self.stack[-1].text = (self.stack[-1].text or "") + data
