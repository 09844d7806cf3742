"""Editing tasks with exact counterfactuals: the same scene with one thing changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dreamsampler.core.errors import InputError
from iconworld.scenes import sampling
from iconworld.scenes.characters.heads import ANIMAL_HEADS
from iconworld.scenes.characters.people import PEOPLE
from iconworld.scenes.characters.skeleton import Wear
from iconworld.scenes.drawing import Path, svg_document
from iconworld.scenes.figures import Figure, colors_of, views_of
from iconworld.scenes.objects import OBJECTS
from iconworld.scenes.palette import BACKGROUNDS
from iconworld.scenes.render import rasterize
from iconworld.scenes.scene import Scene


@dataclass(frozen=True)
class EditPair:
    """A scene, the same scene with one thing changed, and both in words.

    Example:
        >>> pair = edit_pairs("cat2dog", "dev", 1)[0]
        >>> pair.change_mask(128).shape
        (128, 128)
    """

    task: str
    source: Scene
    target: Scene
    source_prompt: str
    target_prompt: str

    def change_mask(self, size: int = 128, grow: int = 1) -> NDArray[np.bool_]:
        """Where the two pictures may differ: all that the changed paths cover in either, grown by `grow` pixels."""
        return change_mask(self.source, self.target, size, grow)


def change_mask(source: Scene, target: Scene, size: int = 128, grow: int = 1) -> NDArray[np.bool_]:
    """Bool `[size, size]`: pixels that the paths of only one of the two scenes touch and nothing common hides."""
    out = np.zeros((size, size), dtype=bool)
    a, b = source.drawing().paths, target.drawing().paths
    for mine, other in ((a, b), (b, a)):
        common = Counter((p.data(), p.fill, p.stroke, p.width) for p in other)
        changed = []
        for p in mine:
            key = (p.data(), p.fill, p.stroke, p.width)
            common[key] -= 1
            changed.append(common[key] < 0)
        out |= _visible(mine, changed, size)
    for _ in range(grow):
        padded = np.pad(out, 1)
        out = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return out


def _visible(paths: tuple[Path, ...], changed: list[bool], size: int) -> NDArray[np.bool_]:
    flat = svg_document(p.element("#ffffff" if new else "#000000") for p, new in zip(paths, changed, strict=True))
    return rasterize(flat, size)[..., 0] > 0


def edit_pairs(task: str, split: str, n: int, start: int = 0) -> list[EditPair]:
    """Pairs `start` .. `start + n - 1` of a task and split; the same numbers always give the same pairs.

    Raises:
        InputError: for an unknown task or split, or a negative number.
    """
    if task not in TASKS:
        raise InputError(f"task is {task!r}: give one of {', '.join(TASKS)}")
    if n < 0 or start < 0:
        raise InputError(f"n is {n} and start is {start}: neither may be negative")
    purpose = 1 + list(TASKS).index(task)
    return [_pair(task, sampling.stream(i, split, purpose), i) for i in range(start, start + n)]


def _pair(task: str, rng: np.random.Generator, seed: int) -> EditPair:
    source, target = TASKS[task](rng)
    source, target = replace(source, seed=seed), replace(target, seed=seed)
    return EditPair(task, source, target, source.full_caption(), target.full_caption())


Pair = tuple[Scene, Scene]


def _single(rng: np.random.Generator, figure: Figure, *others: Figure) -> Scene:
    """A scene of one figure, on a background that the other versions of it stand out from as well."""
    return Scene((sampling.alone(rng, figure),), sampling.background(rng, (figure, *others)))


def _species(before: str, after: str) -> Callable[[np.random.Generator], Pair]:
    views = tuple(v for v in views_of(before) if v in views_of(after))

    def make(rng: np.random.Generator) -> Pair:
        view = "face" if rng.random() < 0.5 else sampling.pick(rng, views[1:])
        first = sampling.character(rng, plain=True, kind=before, view=view)
        coats = colors_of(after)
        coat = first.color if first.color in coats else coats[0]
        source = _single(rng, first, replace(first, kind=after, color=coat))
        return source, source.with_figure(0, kind=after, color=coat)

    return make


def _glasses(kinds: tuple[str, ...]) -> Callable[[np.random.Generator], Pair]:
    def make(rng: np.random.Generator) -> Pair:
        figure = sampling.character(rng, plain=True, kind=sampling.pick(rng, kinds), view="face")
        while dark_face(figure):
            figure = sampling.character(rng, plain=True, kind=figure.kind, view="face")
        source = _single(rng, figure)
        return source, source.with_figure(0, wears=(Wear("glasses", "black"),))

    return make


def dark_face(figure: Figure) -> bool:
    """Whether black glasses would hardly show."""
    return figure.color == "black" and figure.kind not in PEOPLE


def _smile(rng: np.random.Generator) -> Pair:
    kind = sampling.pick(rng, tuple(PEOPLE) if rng.random() < 0.5 else tuple(ANIMAL_HEADS))
    figure = replace(sampling.character(rng, plain=True, kind=kind, view="face"), expression="neutral")
    source = _single(rng, figure)
    return source, source.with_figure(0, expression="smiling")


def _object_color(rng: np.random.Generator) -> Pair:
    kind = sampling.pick(rng, [k for k in OBJECTS if len(OBJECTS[k].colors) > 1])
    a, b = rng.choice(colors_of(kind), 2, replace=False).tolist()
    figure = replace(sampling.object_(rng, kind), color=a)
    source = _single(rng, figure, replace(figure, color=b))
    return source, source.with_figure(0, color=b)


def _background_color(rng: np.random.Generator) -> Pair:
    source = _single(rng, sampling.one_figure(rng))
    figure, own = source.figures[0], source.background.color
    other = sampling.pick(rng, [c for c in BACKGROUNDS if c != own and sampling.clear(figure, c)])
    return source, source.with_background(color=other)


def _one_of_two(rng: np.random.Generator) -> Pair:
    figures = sampling.two_figures(rng)
    index = int(rng.integers(2))
    new = sampling.object_(rng)
    while new.kind in (figures[0].kind, figures[1].kind):
        new = sampling.object_(rng)
    source = Scene(figures, sampling.background(rng, (*figures, new)))
    old = figures[index]
    after = list(figures)
    after[index] = replace(new, x=old.x, y=old.y, size=old.size)
    return source, replace(source, figures=tuple(after))


TASKS: dict[str, Callable[[np.random.Generator], Pair]] = {
    "cat2dog": _species("cat", "dog"),
    "horse2zebra": _species("horse", "zebra"),
    "animal2glasses": _glasses(tuple(ANIMAL_HEADS)),
    "face2glasses": _glasses(tuple(PEOPLE)),
    "face2smile": _smile,
    "object-color": _object_color,
    "background-color": _background_color,
    "one-of-two": _one_of_two,
}
"""Editing tasks by name: a function of random numbers that gives the scene before and after."""
