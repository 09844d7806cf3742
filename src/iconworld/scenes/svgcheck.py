"""Decide whether a foreign SVG file may be drawn: bounded in size and work, self-contained, nothing to run or fetch."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from dreamsampler.core.errors import InputError

MAX_BYTES = 512 * 1024
MAX_ELEMENTS = 20_000
MAX_DEPTH = 64

_SVG = "http://www.w3.org/2000/svg"
_DRAWS = {"path", "circle", "ellipse", "rect", "line", "polygon", "polyline", "g", "svg", "use"}
_DEFINES = {
    "defs",
    "clipPath",
    "mask",
    "linearGradient",
    "radialGradient",
    "stop",
    "title",
    "desc",
    "metadata",
    "symbol",
}
_URL = re.compile(r"url\(\s*['\"]?\s*([^)'\"]*)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9.]+)(px)?\s*$")


def parse_svg(data: bytes, where: str) -> ElementTree.Element:
    """The root element of a safe SVG file; it has a positive `viewBox`.

    Refused: files over 512 KiB, over 20,000 elements (after `use` is followed) or 64 deep; document types and
    entities; scripts, pictures, style sheets and other foreign elements; references that leave the file.

    Args:
        data: the bytes of the file.
        where: the file's name, for messages.

    Raises:
        InputError: if the file is refused; the message says why.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{where} has {len(data)} bytes: give an SVG of at most {MAX_BYTES}")
    head = data.upper()
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head or b"\x00" in data:
        raise InputError(f"{where} declares a document type or entities, or is no UTF-8: save it as plain SVG")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f"{where} is no well-formed XML: {error}") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise InputError(f"{where} has the root {root.tag[:60]!r}: an SVG begins with <svg xmlns={_SVG!r}>")
    _check_elements(root, where)
    _check_uses(root, where)
    _check_view_box(root, where)
    return root


def _check_elements(root: ElementTree.Element, where: str) -> None:
    todo, count = [(root, 1)], 0
    while todo:
        element, depth = todo.pop()
        count += 1
        if count > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise InputError(f"{where} has over {MAX_ELEMENTS} elements or is over {MAX_DEPTH} deep: simplify it")
        name = _local(element)
        if name not in _DRAWS and name not in _DEFINES:
            raise InputError(f"{where} has a <{name[:40]}> element: only shapes, groups, gradients and clips are read")
        for key, value in element.attrib.items():
            _check_attribute(key.rsplit("}", 1)[-1].lower(), value, where)
        todo += [(child, depth + 1) for child in element]


def _check_attribute(key: str, value: str, where: str) -> None:
    outside = key == "href" and not value.strip().startswith("#")
    outside = outside or any(not target.startswith("#") for target in _URL.findall(value))
    if outside or "@import" in value.lower():
        raise InputError(f"{where} refers to {value[:60]!r}: references must stay inside the file")
    if key.startswith("on") or key == "base":
        raise InputError(f"{where} has the attribute {key!r}: remove it")


def _check_uses(root: ElementTree.Element, where: str) -> None:
    """Refuse cycles of `use`, and chains of it that multiply beyond the limit."""
    ids = {e.get("id"): e for e in root.iter() if e.get("id")}
    done: dict[int, int] = {}
    active: set[int] = set()

    def cost(element: ElementTree.Element) -> int:
        key = id(element)
        if key in active or len(active) > 4 * MAX_DEPTH:
            raise InputError(f"{where} has <use> elements that refer to each other in a circle or too deeply")
        if key not in done:
            active.add(key)
            total = 1 + sum(cost(child) for child in element)
            if _local(element) == "use":
                link = next((v for k, v in element.attrib.items() if k.rsplit("}", 1)[-1] == "href"), "#")
                total += cost(ids[link[1:]]) if link[1:] in ids else 0
            active.discard(key)
            done[key] = total
        return done[key]

    if cost(root) > MAX_ELEMENTS:
        raise InputError(f"{where} has over {MAX_ELEMENTS} elements once <use> is followed: simplify it")


def _check_view_box(root: ElementTree.Element, where: str) -> None:
    box = root.get("viewBox")
    if box is None:
        sides = [_LENGTH.match(root.get(k, "")) for k in ("width", "height")]
        if not all(sides):
            raise InputError(f"{where} has neither a viewBox nor a width and height in pixels: add a viewBox")
        box = f"0 0 {sides[0][1]} {sides[1][1]}"  # type: ignore[index]
        root.set("viewBox", box)
    try:
        x, y, width, height = (float(v) for v in re.split(r"[\s,]+", box.strip()))
    except ValueError as error:
        raise InputError(f"{where} has the viewBox {box[:60]!r}: give four numbers") from error
    if not (0 < width < 1e6 and 0 < height < 1e6 and abs(x) < 1e6 and abs(y) < 1e6):
        raise InputError(f"{where} has the viewBox {box[:60]!r}: width and height must be positive, below a million")


def _local(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else "comment"
