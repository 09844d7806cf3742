"""Drawings -> SVG 1.1 files that every viewer and editor shows as they were rendered here.

Plain attributes only (no CSS, filters, clips or masks), a viewBox and a size, the background as a rectangle (a file
without one differs from its PNG wherever the page is not white), one layer for Inkscape, colors in 8 bits, and where
the drawing came from as JSON in <metadata>.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import torch
from torch import Tensor

from ...core.errors import InputError
from ...io.atomic import write_text
from .drawing import Drawing
from .fill import Rgba
from .fillxml import Definitions
from .pathdata import number_text, path_data
from .structure import FillRule

BACKGROUND_ID = "background"
PROVENANCE_ID = "provenance"
OPACITY_DECIMALS = 3


def write_svg(
    drawing: Drawing,
    path: str | os.PathLike[str],
    *,
    title: str = "",
    provenance: Mapping[str, Any] | None = None,
    decimals: int = 2,
) -> Path:
    """Write a drawing; the file appears whole or not at all.

    Args:
        title: what viewers show as its name.
        provenance: anything JSON can hold, kept in <metadata>; see `reader.read_provenance`.
        decimals: digits of the coordinates.

    Raises:
        InputError: coordinates that are not finite, or a folder that does not exist or cannot be written.
    """
    write_text(path, svg_text(drawing, title=title, provenance=provenance, decimals=decimals), (".svg",))
    return Path(path)


def svg_text(
    drawing: Drawing, *, title: str = "", provenance: Mapping[str, Any] | None = None, decimals: int = 2
) -> str:
    """Return the drawing as the text of an SVG file."""
    definitions = Definitions(_stop)
    data = [path_data(shape.contours, decimals) for shape in drawing.shapes()]
    attributes = path_attributes(drawing, data, definitions)
    bodies = [f"<path{text}/>" for text in attributes]
    return document(drawing, bodies, title, provenance, definitions.lines)


def document(
    drawing: Drawing,
    bodies: list[str],
    title: str,
    provenance: Mapping[str, Any] | None,
    definitions: list[str] | None = None,
) -> str:
    """Return the file around the path elements."""
    height, width = drawing.size
    head = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">',
    ]
    if title:
        head.append(f"<title>{_plain(title)}</title>")
    if provenance is not None:
        head.append(f'<metadata id="{PROVENANCE_ID}">{_plain(json.dumps(provenance, sort_keys=True))}</metadata>')
    if definitions:
        head += ["<defs>", *definitions, "</defs>"]
    if drawing.background is not None:
        color = hex_color(drawing.background)
        head.append(f'<rect id="{BACKGROUND_ID}" width="{width}" height="{height}" fill="{color}"/>')
    return "\n".join([*head, '<g id="shapes">', *bodies, "</g>", "</svg>", ""])


def path_attributes(drawing: Drawing, data: list[str], definitions: Definitions | None = None) -> list[str]:
    """Return the attributes of every path element, a blank before each; gradients go to the definitions, if given."""
    names = unique_names(drawing.names or ("",) * drawing.structure.path_count)
    rgba = drawing.rgba.detach().cpu()
    fills = drawing.fills or (None,) * len(names)
    found = []
    for name, d, color, rule, fill in zip(names, data, rgba, drawing.structure.rules, fills, strict=True):
        paint = hex_color(color)
        if definitions is not None and fill is not None:
            paint = f"url(#{definitions.gradient(fill)})"
        text = f' id="{name}" d="{d}" fill="{paint}"'
        opacity = opacity_text(color)
        if opacity != "1":
            text += f' fill-opacity="{opacity}"'
        if rule is FillRule.EVENODD:
            text += ' fill-rule="evenodd"'
        found.append(text)
    return found


def _stop(rgba: Rgba) -> tuple[str, str]:
    color = torch.tensor(rgba, dtype=torch.float64)
    return hex_color(color), opacity_text(color)


def hex_color(color: Tensor) -> str:
    """Return the first three values, in [0, 1], as #rrggbb (or #rgb where that says the same)."""
    bytes_ = quantized_rgba(color)[:3].mul(255).round().int().tolist()
    text = "".join(f"{value:02x}" for value in bytes_)
    return "#" + (text[::2] if text[::2] == text[1::2] else text)


def opacity_text(color: Tensor) -> str:
    units = int((quantized_rgba(color)[3] * 10**OPACITY_DECIMALS).round())
    return number_text(units, OPACITY_DECIMALS)


def quantized_rgba(rgba: Tensor) -> Tensor:
    """Return colors `[..., 3 or 4]` as a file holds them: 8 bits a channel, opacity to 3 decimals, both in [0, 1]."""
    rgba = rgba.detach().double().clamp(0, 1)
    if not bool(torch.isfinite(rgba).all()):
        raise InputError("rgba: NaN colors cannot be written")
    scale = torch.tensor([255.0, 255.0, 255.0, 10.0**OPACITY_DECIMALS], dtype=torch.float64)[: rgba.shape[-1]]
    scale = scale.to(rgba.device)
    return (rgba * scale).round() / scale


def unique_names(names: tuple[str, ...]) -> list[str]:
    """Return valid, distinct XML ids; names that are missing, malformed or taken become path1, path2, ..."""
    taken = {BACKGROUND_ID, PROVENANCE_ID, "shapes"}
    reserved = re.compile(r"gradient\d+")
    found = []
    for number, name in enumerate(names, start=1):
        if not re.fullmatch(r"[A-Za-z_][\w.-]*", name, re.ASCII) or name in taken or reserved.fullmatch(name):
            name = f"path{number}"
            while name in taken or name in names:
                name += "_"
        taken.add(name)
        found.append(name)
    return found


def _plain(text: str) -> str:
    """Return escaped text content without the control characters that XML 1.0 cannot hold."""
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text))
