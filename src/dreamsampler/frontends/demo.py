"""The demonstration: four edits of bundled scenes with known true answers, and a sheet that shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iconworld import Scene, edit_pairs
from iconworld.scenes.figures import colors_of

from ..core.errors import InputError
from ..core.types import Prior
from ..io.png import write_png
from ..io.sheets import picture_sheet
from ..runs.observe import Observer
from .python import edit

SIDE = 128
GROWN = 2
"""Pixels by which a mask reaches beyond the object."""

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """One edit of a scene.

    Attributes:
        name: of its files.
        source, truth: the scene before, and as it should be after the edit.
        prompts: one, or one for each mask.
        masks: where they act.
        source_prompt: what the source shows; "" leaves the null prompt in its place.
        strength: of the edit.
    """

    name: str
    source: Scene
    truth: Scene
    prompts: tuple[str, ...]
    masks: tuple[Bits, ...] = ()
    source_prompt: str = ""
    strength: float = 1.0


def cases() -> list[Case]:
    """Cat to dog, horse to zebra, glasses on a face, and two objects recolored in one run.

    All are scenes of the development split: which ones, and the strength, were chosen by looking.
    """
    made = []
    for name, task in (("dog", "cat2dog"), ("zebra", "horse2zebra")):
        pair = edit_pairs(task, "dev", 1)[0]
        made.append(Case(name, pair.source, pair.target, (pair.target_prompt,)))
    pair = edit_pairs("face2glasses", "dev", 1, 2)[0]
    glasses = Case(
        "glasses", pair.source, pair.target, (pair.target_prompt,), source_prompt=pair.source_prompt, strength=0.7
    )
    return [*made, glasses, _two_objects()]


def _two_objects() -> Case:
    """Both objects of a scene take another color in one run, each in its own mask."""
    scenes = (pair.source for pair in edit_pairs("one-of-two", "dev", 40))
    before = next(s for s in scenes if {figure.kind for figure in s.figures} == {"mushroom", "house"})
    colors: list[str] = []
    for k in range(2):
        colors.append(next(c for c in _others(before, k) if c not in colors))
    masks = tuple(grown(before.mask(f"figure {k}", SIDE)) for k in range(2))
    after = before.with_figure(0, color=colors[0]).with_figure(1, color=colors[1])
    # each prompt says the whole scene with one thing changed: that, less the source's caption, is the change alone
    prompts = tuple(before.with_figure(k, color=colors[k]).full_caption() for k in range(2))
    return Case("two", before, after, prompts, masks, before.full_caption())


def _others(scene: Scene, index: int) -> list[str]:
    """Colors that a figure could have instead of its own and that the background lets one see."""
    figure, ground = scene.figures[index], scene.background.color
    return [color for color in colors_of(figure.kind) if color not in (figure.color, ground)]


def grown(mask: Bits, pixels: int = GROWN) -> Bits:
    """A mask that reaches some pixels further on every side."""
    for _ in range(pixels):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def run_demo(
    prior: Prior,
    folder: Path,
    *,
    steps: int = 50,
    callback: Observer | None = None,
    on_case: Callable[[Case], None] | None = None,
) -> Path:
    """Write every case's source, masks and edit into a folder, and a sheet of all; returns the sheet's path.

    Raises:
        InputError: the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror or error}); name another folder") from error
    rows = []
    for case in cases():
        if on_case is not None:
            on_case(case)
        rows.append(_run_case(case, prior, folder, steps, callback))
    sheet = folder / "demo.png"
    labels = [["source", "reconstruction", " + ".join(case.prompts), "true answer"] for case in cases()]
    write_png(sheet, picture_sheet(rows, labels, title="dreamsampler demo", cell=2 * SIDE))
    return sheet


def _run_case(
    case: Case, prior: Prior, folder: Path, steps: int, callback: Observer | None
) -> Sequence[NDArray[np.uint8]]:
    """Source, reconstruction, edit and truth of one case; the first and the third are also files of their own."""
    source, masks = folder / f"{case.name}-source.png", []
    write_png(source, case.source.picture(SIDE))
    for k, bits in enumerate(case.masks):
        masks.append(folder / f"{case.name}-mask-{k + 1}.png")
        write_png(masks[-1], np.where(bits, np.uint8(255), np.uint8(0)))
    result = edit(
        source,
        case.prompts,
        mask=masks or None,
        source_prompt=case.source_prompt,
        strength=case.strength,
        model=prior,
        steps=steps,
        report=True,
        callback=callback,
    )
    result.save(folder / f"{case.name}.png")
    item = result.items[0]
    rebuilt = item.pixels if item.reconstruction is None else item.reconstruction.pixels
    return [case.source.picture(SIDE), rebuilt, item.pixels, case.truth.picture(SIDE)]
