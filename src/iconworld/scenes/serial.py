"""Scenes as JSON: written compactly, read with every field checked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dreamsampler.core.errors import InputError
from iconworld.scenes.backgrounds import PATTERNS, Background
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.characters.skeleton import Genes, Wear
from iconworld.scenes.figures import VIEWS, Figure, colors_of, kinds, views_of
from iconworld.scenes.palette import BACKGROUNDS, HAIR, SKINS
from iconworld.scenes.styles import MAX_CORNER, MAX_LINE, PLAIN, TONES, Style

if TYPE_CHECKING:
    from iconworld.scenes.scene import Scene

FORMAT = "icon-world/1"
MAX_CHARS = 20_000
MAX_FIGURES = 4


def dump(scene: Scene) -> str:
    """One line of JSON."""
    figures = [
        {
            "kind": f.kind,
            "color": f.color,
            "view": f.view,
            "genes": list(f.genes),
            "at": [f.x, f.y, f.size, f.turn],
            "flip": f.flip,
            "expression": f.expression,
            "wears": [list(w) for w in f.wears],
            "hair": f.hair,
            "skin": f.skin,
        }
        | ({} if f.style == PLAIN else {"style": [f.style.line, f.style.corner, f.style.tones]})
        for f in scene.figures
    ]
    b = scene.background
    ground = {"color": b.color, "pattern": b.pattern, "phase": b.phase, "period": b.period}
    return json.dumps({"format": FORMAT, "seed": scene.seed, "background": ground, "figures": figures})


def load(text: str) -> Scene:
    """Read what `dump` wrote.

    Raises:
        InputError: naming the field that is wrong.
    """
    from iconworld.scenes.scene import Scene

    if not isinstance(text, str) or len(text) > MAX_CHARS:
        raise InputError(f"a scene is JSON text of at most {MAX_CHARS} characters")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"a scene is JSON text: {error}") from error
    fields = _object(data, "scene", {"format", "seed", "background", "figures"})
    _one_of(fields["format"], (FORMAT,), "format")
    seed = _whole(fields["seed"], "seed", 0, 2**63 - 1)
    figures = _list(fields["figures"], "figures", 0, MAX_FIGURES)
    return Scene(
        tuple(_figure(f, f"figures[{i}]") for i, f in enumerate(figures)), _background(fields["background"]), seed
    )


def _background(data: object) -> Background:
    f = _object(data, "background", {"color", "pattern", "phase", "period"})
    return Background(
        _one_of(f["color"], BACKGROUNDS, "background.color"),
        _one_of(f["pattern"], PATTERNS, "background.pattern"),
        _number(f["phase"], "background.phase", 0, 1),
        _number(f["period"], "background.period", 0, 1),
    )


def _figure(data: object, at: str) -> Figure:
    names = {"kind", "color", "view", "genes", "at", "flip", "expression", "wears", "hair", "skin"}
    f = _object(data, at, names | ({"style"} if isinstance(data, dict) and "style" in data else set()))
    kind = _one_of(f["kind"], kinds(), f"{at}.kind")
    genes = _list(f["genes"], f"{at}.genes", len(Genes._fields), len(Genes._fields))
    place = _list(f["at"], f"{at}.at", 4, 4)
    x, y, size, turn = (
        _number(v, f"{at}.at[{i}]", low, high)
        for i, (v, low, high) in enumerate(zip(place, (-64, -64, 0.05, -360), (192, 192, 4, 360), strict=True))
    )
    if not isinstance(f["flip"], bool):
        raise InputError(f"{at}.flip is {f['flip']!r}: give true or false")
    return Figure(
        kind=kind,
        color=_one_of(f["color"], colors_of(kind), f"{at}.color"),
        view=_one_of(_one_of(f["view"], VIEWS, f"{at}.view"), views_of(kind), f"{at}.view"),
        genes=Genes(*(_number(g, f"{at}.genes[{i}]", -1, 1) for i, g in enumerate(genes))),
        x=x,
        y=y,
        size=size,
        turn=turn,
        flip=f["flip"],
        expression=_one_of(f["expression"], EXPRESSIONS, f"{at}.expression"),
        wears=tuple(_wear(w, f"{at}.wears[{i}]") for i, w in enumerate(_list(f["wears"], f"{at}.wears", 0, 3))),
        hair=_one_of(f["hair"], ("", *HAIR), f"{at}.hair"),
        skin=_whole(f["skin"], f"{at}.skin", 0, len(SKINS) - 1),
        style=_style(f["style"], f"{at}.style") if "style" in f else PLAIN,
    )


def _style(data: object, at: str) -> Style:
    line, corner, tones = _list(data, at, 3, 3)
    return Style(
        _number(line, f"{at}[0]", 0, MAX_LINE),
        _number(corner, f"{at}[1]", 0, MAX_CORNER),
        _one_of(tones, TONES, f"{at}[2]"),
    )


def _wear(data: object, at: str) -> Wear:
    pair = _list(data, at, 2, 2)
    kind = _one_of(pair[0], ACCESSORIES, f"{at}[0]")
    return Wear(kind, _one_of(pair[1], ACCESSORIES[kind].colors, f"{at}[1]"))


def _object(data: object, at: str, names: set[str]) -> dict[str, object]:
    if not isinstance(data, dict) or set(data) != names:
        raise InputError(f"{at} must be an object with exactly the fields {', '.join(sorted(names))}")
    return data


def _list(data: object, at: str, low: int, high: int) -> list[object]:
    if not isinstance(data, list) or not low <= len(data) <= high:
        raise InputError(f"{at} must be a list of {low}{'' if low == high else f' to {high}'} entries")
    return data


def _one_of(value: object, allowed: object, at: str) -> str:
    if not isinstance(value, str) or value not in allowed:  # type: ignore[operator]
        raise InputError(f"{at} is {str(value)[:60]!r}: give one of {', '.join(map(repr, allowed))}")  # type: ignore[call-overload]
    return value


def _number(value: object, at: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"{at} is {str(value)[:60]!r}: give a number from {low} to {high}")
    return float(value)


def _whole(value: object, at: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{at} is {str(value)[:60]!r}: give a whole number from {low} to {high}")
    return value
