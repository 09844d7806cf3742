"""Does a picture, or a drawing, come out of its recipe again?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..core.types import Prior
from ..io.content import read_bytes
from ..io.images import read_image
from .inputs import locate_inputs
from .job import Job
from .model import THREADS, load_prior, model_ref
from .observe import Observer
from .recipe import ModelRef, Recipe, current_versions
from .recipe_io import drawing_text, is_svg, load_recipe, svg_document
from .registry import task_of
from .result import ImageResult, Pixels
from .run import execute


@dataclass(frozen=True)
class Comparison:
    """How far a picture is from what its recipe gives.

    Attributes:
        largest: difference of 8-bit samples.
        mean: difference of 8-bit samples.
        share: of pixels that differ at all.
        notes: what is not as it was: weights, packages, device.
        edited: of an SVG file: it is not the text that the recipe gives, whatever it shows.
    """

    largest: int
    mean: float
    share: float
    notes: tuple[str, ...] = ()
    edited: bool = False

    @property
    def identical(self) -> bool:
        return self.largest == 0 and not self.edited

    def __str__(self) -> str:
        if self.identical:
            return "identical"
        if self.largest == 0:
            return "differs: its paths give the same picture, but the file is not the one that was written"
        return (
            f"differs: by at most {self.largest} and on average {self.mean:.3g} of 255, in {100 * self.share:.3g} % of "
            "the pixels"
        )


@dataclass(frozen=True, eq=False)
class Claim:
    """A picture and the job that it says it came out of; of an SVG file its bytes as well."""

    pixels: Pixels
    job: Job[Any]
    svg: bytes | None = None

    @property
    def recipe(self) -> Recipe:
        """The recipe that the file carries."""
        return self.job.recipe


def read_claim(path: str | os.PathLike[str], given: Sequence[Path] = ()) -> Claim:
    """Read a result, its recipe, and the inputs that the recipe names.

    Inputs are looked for among the files given, beside the result and in the working folder.

    Raises:
        InputError: no recipe, one that cannot be run, or an input that is missing or was changed.
    """
    recipe = load_recipe(path)
    if len(recipe.seeds) != 1:
        raise InputError(f"{os.fspath(path)}: its recipe is for {len(recipe.seeds)} pictures; expected one")
    data = read_bytes(path)
    svg = data if is_svg(data) else None
    pixels = _shown(data) if svg is not None else read_image(path).pixels
    folder = Path(path).absolute().parent
    inputs = locate_inputs(recipe, (folder, Path.cwd()), given)
    return Claim(pixels, task_of(recipe.task).module.build(recipe, inputs), svg)


def _shown(svg: bytes, size: tuple[int, int] | None = None) -> Pixels:
    """What an SVG file shows, at its own size or another."""
    from ..generators.svg.reader import read_svg
    from ..io.tensors import to_pixels

    return to_pixels(2.0 * read_svg(svg, size).render() - 1.0)[0]


def verify(
    path: str | os.PathLike[str],
    *,
    inputs: Sequence[str | os.PathLike[str]] = (),
    model: Any = None,
    device: str | None = None,
    download: bool = False,
    callback: Observer | None = None,
) -> Comparison:
    """Run a picture's recipe again and compare.

    Args:
        path: a PNG or SVG that the library wrote.
        inputs: where its inputs are, if neither beside it nor in the working folder.
        model: where its model is now, or a loaded prior.
        device: another one than it was made on.
        download: fetch a model from the Hub if it is not in the local cache.
        callback: called with an `Event` after each step; see `runs.observe`.

    Raises:
        InputError, ModelError: it cannot be run again; says what is missing.

    Example:
        >>> # print(dreamsampler.verify("dog.png"))
    """
    claim = read_claim(path, [Path(given) for given in inputs])
    prior = model if hasattr(model, "predict") else None
    if prior is None:
        prior = load_prior(claim.recipe, model=model, device=device, local_files_only=not download)
    return check(claim, prior, callback)


def check(claim: Claim, prior: Prior | None, observer: Observer | None = None) -> Comparison:
    """Run a claim's recipe with a prior and compare."""
    item = execute([claim.job], prior, observer).items[0]
    notes = _changes(claim.recipe, item.recipe, model_ref(prior))
    had, edited = claim.pixels, False
    if claim.svg is not None and item.drawing is not None:
        # a drawing has no size of its own: one that was only scaled is compared as it was made
        had = _shown(claim.svg, item.drawing.size)
        edited = not _same_file(claim.svg, item, claim.recipe)
    if item.pixels.shape != had.shape:
        made, was = (f"{p.shape[1]} x {p.shape[0]}" for p in (item.pixels, had))
        raise InputError(f"the picture is {was} pixels, its recipe gives {made}: it was resized since")
    difference = np.abs(item.pixels.astype(np.int16) - had.astype(np.int16))
    share = float((difference.max(-1) > 0).mean())
    return Comparison(int(difference.max()), float(difference.mean()), share, notes, edited)


def _same_file(svg: bytes, item: ImageResult, recipe: Recipe) -> bool:
    """Whether a file is, to the byte, the one that would be written now with the recipe that it carries."""
    if item.drawing is None:
        return False
    return drawing_text(item.drawing, recipe, svg_document(svg, "svg")).encode() == svg


def _threads(recipe: Recipe) -> str:
    """The number of CPU threads on a receipt, "" if it has none."""
    return next((note.removeprefix(THREADS) for note in recipe.notes if note.startswith(THREADS)), "")


def _changes(then: Recipe, now: Recipe, model: ModelRef) -> tuple[str, ...]:
    """What is not as it was when the picture was made, in words."""
    notes = []
    if dict(then.model.sha256) != dict(model.sha256) or then.model.revision != model.revision:
        notes.append("the model's weights are not those of the recipe")
    for name in ("device", "dtype"):
        had, has = getattr(then.run, name), getattr(now.run, name)
        if had != has:
            notes.append(f"made on {name} {had}, run again on {has}")
    had, has = _threads(then), _threads(now)
    if had and has and had != has:
        notes.append(
            f"made with {had} CPU threads, run again with {has}: only equal numbers give equal bits "
            f"(OMP_NUM_THREADS={had})"
        )
    for name, version in current_versions().items():
        if then.versions.get(name, version) != version:
            notes.append(f"made with {name} {then.versions[name]}, run again with {version}")
    return tuple(notes)
