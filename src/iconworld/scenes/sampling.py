"""Random scenes: one for every number of every split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dreamsampler.core.errors import InputError
from iconworld.scenes.backgrounds import PATTERNS, Background
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.characters.heads import HEADS
from iconworld.scenes.characters.people import PEOPLE
from iconworld.scenes.characters.skeleton import Genes, Wear
from iconworld.scenes.figures import Figure, can_wear, colors_of, hairs_of, views_of
from iconworld.scenes.objects import OBJECTS
from iconworld.scenes.palette import BACKGROUNDS, COLORS, FUR, HAIR, INK, SKINS, apart
from iconworld.scenes.scene import Scene
from iconworld.scenes.styles import THICK, Style

SPLITS: dict[str, int] = {"train": 0, "dev": 1 << 40, "test": 1 << 41}
"""First stream of each split; a split owns 2**40 of them, so no two share one."""

STREAMS = 1 << 40
STYLED = 3000  #: stream of the styles


def stream(seed: int, split: str, purpose: int = 0) -> np.random.Generator:
    """The random numbers of scene `seed` of a split; `purpose` keeps different uses apart.

    Raises:
        InputError: for an unknown split, or a seed outside 0 .. 2**40 - 1.
    """
    if split not in SPLITS:
        raise InputError(f"split is {split!r}: give one of {', '.join(SPLITS)}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < STREAMS:
        raise InputError(f"seed is {seed!r}: give a whole number from 0 to 2**40 - 1")
    return np.random.Generator(np.random.PCG64([purpose, SPLITS[split] + int(seed)]))


def sample_scene(seed: int, split: str = "train") -> Scene:
    """Scene number `seed` of a split ("train", "dev" or "test"). The same numbers always give the same scene.

    Example:
        >>> sample_scene(0, "test") == sample_scene(0, "test")
        True
    """
    rng = stream(seed, split)
    figures = two_figures(rng) if rng.random() < 0.15 else (one_figure(rng),)
    return Scene(figures, background(rng, figures), int(seed))


def sample_styled(seed: int, split: str = "train") -> Scene:
    """Scene number `seed` of a split, its figures painted in one of the styles that have a name.

    Example:
        >>> sample_styled(2, "dev").figures[0].style == Style()
        False
    """
    scene = sample_scene(seed, split)
    painted = style(stream(seed, split, STYLED))
    if painted.tones == "two" and any(f.kind in PEOPLE for f in scene.figures):  # faces without features
        painted = Style(THICK, painted.corner)
    return replace(scene, figures=tuple(replace(f, style=painted) for f in scene.figures))


def style(rng: np.random.Generator) -> Style:
    """Outlined, in two tones, in lines, or with round corners; some are two of these at once, none the default."""
    line = round(float(rng.uniform(0.8, 4.4)), 2)
    corner = round(float(rng.uniform(1.0, 3.0)), 2) if rng.random() < 0.35 else 0.0
    chance = rng.random()
    if chance < 0.3:
        return Style(line, tones="lines")
    if chance < 0.6:
        return Style(line, corner)
    if chance < 0.85:
        return Style(0.0, corner, "two")
    return Style(0.0, corner or 2.0)


def genes(rng: np.random.Generator) -> Genes:
    """Proportions and pose, rounded so that the description stays short."""
    return Genes(*np.round(rng.uniform(-1.0, 1.0, len(Genes._fields)), 3).tolist())


def pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def one_figure(rng: np.random.Generator) -> Figure:
    """A single figure that fills most of the canvas."""
    figure = character(rng) if rng.random() < 0.55 else object_(rng)
    return alone(rng, figure)


def alone(rng: np.random.Generator, figure: Figure) -> Figure:
    """The figure near the middle, as large as fits; one with a hat a little lower and smaller."""
    hat = any(ACCESSORIES[w.kind].place == "top" for w in figure.wears) and figure.view != "standing"
    return _put(rng, figure, 64.0, 69.0 if hat else 64.0, rng.uniform(0.92, 0.98) if hat else rng.uniform(1.0, 1.1))


def two_figures(rng: np.random.Generator) -> tuple[Figure, ...]:
    """Two figures of different kinds, side by side."""
    first = character(rng, plain=True) if rng.random() < 0.5 else object_(rng)
    second = object_(rng) if rng.random() < 0.6 else character(rng, plain=True)
    while second.kind == first.kind:
        second = object_(rng)
    if rng.random() < 0.5:
        first, second = second, first
    size = rng.uniform(0.55, 0.59)
    return _put(rng, first, 33.5, 66.0, size, 1.0), _put(rng, second, 94.5, 66.0, size, 1.0)


def _put(rng: np.random.Generator, figure: Figure, x: float, y: float, size: float, slack: float = 2.0) -> Figure:
    dx, dy = rng.uniform(-slack, slack, 2)
    return replace(figure, x=round(x + dx, 2), y=round(y + dy, 2), size=round(float(size), 3))


def character(
    rng: np.random.Generator, plain: bool = False, kind: str | None = None, view: str | None = None
) -> Figure:
    """An animal or a person; a `plain` one wears nothing. Half of the views are faces."""
    kind = kind or pick(rng, tuple(HEADS))
    view = view or ("face" if rng.random() < 0.5 else pick(rng, views_of(kind)[1:]))
    color = pick(rng, colors_of(kind))
    return Figure(
        kind,
        color,
        view,
        genes(rng),
        flip=bool(rng.random() < 0.5),
        expression="neutral" if rng.random() < 0.3 else pick(rng, EXPRESSIONS[1:]),
        wears=() if plain or not can_wear(kind, view) else wears(rng, color),
        hair=pick(rng, hairs_of(kind)),
        skin=int(rng.integers(len(SKINS))) if kind in PEOPLE else 0,
    )


def wears(rng: np.random.Generator, coat: str) -> tuple[Wear, ...]:
    """Nothing, one accessory, or seldom two, of another color than the coat; half of them on the eyes."""
    if rng.random() < 0.5:
        return ()
    out = []
    chance = rng.random()
    for place, wanted in (("eyes", chance < 0.55), ("top", chance > 0.45)):
        options = tuple(k for k, a in ACCESSORIES.items() if a.place == place)
        kind = pick(rng, options)
        colors = ACCESSORIES[kind].colors
        color = pick(rng, tuple(c for c in colors if c != coat) or colors)
        if wanted:
            out.append(Wear(kind, color))
    return tuple(out)


def object_(rng: np.random.Generator, kind: str | None = None) -> Figure:
    """An object."""
    kind = kind or pick(rng, tuple(OBJECTS))
    turn = round(float(rng.uniform(-6, 6)), 1)
    return Figure(kind, pick(rng, colors_of(kind)), "object", genes(rng), turn=turn, flip=bool(rng.random() < 0.3))


def clear(figure: Figure, color: str) -> bool:
    """Whether a figure stands out from a background of this color."""
    ground = BACKGROUNDS[color]
    if figure.hair:
        own = [SKINS[figure.skin], HAIR[figure.hair]]
    else:
        own = [(COLORS if figure.view == "object" else FUR)[figure.color]]
        own += [INK] if figure.kind in ("zebra", "panda") else []
    return all(apart(c, ground) > (0.10 if figure.hair else 0.22) for c in own)


def background(rng: np.random.Generator, figures: Sequence[Figure]) -> Background:
    """A background that the figures stand out from."""
    options = [c for c in BACKGROUNDS if all(clear(f, c) for f in figures)]
    pattern = "plain" if rng.random() < 0.5 else pick(rng, tuple(PATTERNS)[1:])
    phase, period = np.round(rng.random(2), 3).tolist()
    return Background(pick(rng, options), pattern, phase, period)
