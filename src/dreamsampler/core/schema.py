"""What is derived from a settings class for readers: a JSON schema for web forms, a table for the documentation."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from .option import Option, adapter
from .settings import options_of

__all__ = ["json_schema", "table"]


def json_schema(cls: type) -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a settings class, as a web form wants it."""
    properties = {}
    for option in options_of(cls):
        described = adapter(option.annotation).json_schema()
        described |= _ends(option)
        described["description"] = option.help
        if option.default is not dataclasses.MISSING:
            described["default"] = list(option.default) if isinstance(option.default, tuple) else option.default
        properties[option.name] = described
    required = [option.name for option in options_of(cls) if option.default is dataclasses.MISSING]
    return {"title": cls.__name__, "type": "object", "properties": properties, "required": required}


def _ends(option: Option) -> dict[str, float]:
    ends = {
        "exclusiveMinimum" if option.low_open else "minimum": option.low,
        "exclusiveMaximum" if option.high_open else "maximum": option.high,
    }
    return {name: end for name, end in ends.items() if math.isfinite(end)}


def table(cls: type) -> str:
    """Return the options as a Markdown table: name, default, range, what it does."""
    rows = ["| option | default | expected | what it does |", "|---|---|---|---|"]
    for option in options_of(cls):
        default = "" if option.default is dataclasses.MISSING or option.default is None else f"`{option.default}`"
        rows.append(f"| `{option.name}` | {default} | {option.expected()} | {option.help} |")
    return "\n".join(rows)
