"""What a run gives: pictures of the input's size, what was kept, what was done, and the recipe to repeat it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError
from ..io.atomic import check_writable
from ..io.png import SUFFIXES, write_png
from ..io.sheets import picture_sheet, write_gif
from .carry import save_drawing, save_picture
from .inputs import Inputs
from .recipe import Recipe

if TYPE_CHECKING:
    from ..generators.svg.drawing import Drawing

Pixels = NDArray[np.uint8]
PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Fidelity:
    """How much of a picture a run could keep at best, in dB (peak signal-to-noise ratio, at the model's size).

    Attributes:
        vae_psnr: after the autoencoder alone.
        inversion_psnr: after inversion and sampling back; None where that was not asked for.
        warnings: what is poor about it, in words.
    """

    vae_psnr: float
    inversion_psnr: float | None = None
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = f"autoencoder keeps {self.vae_psnr:.1f} dB"
        return words if self.inversion_psnr is None else f"{words}, inversion {self.inversion_psnr:.1f} dB"


@dataclass(frozen=True, eq=False)
class Item:
    """One picture of an outcome.

    Attributes:
        pixels: uint8 [H, W, 3], the result.
        recipe: from which this very picture can be made again.
        inputs: what it was made from.
        reconstruction: uint8 [H, W, 3], what the model makes of the input without any edit.
        fidelity: of that reconstruction.
        evaluations: latents that the network saw for this picture.
        frames: the clean estimates on the way; None where they were not asked for.
        drawing: of tasks that draw; `pixels` are then what its file shows.
    """

    pixels: Pixels
    recipe: Recipe
    inputs: Inputs = dataclasses.field(default_factory=Inputs)
    reconstruction: Pixels | None = None
    fidelity: Fidelity | None = None
    evaluations: int = 0
    frames: tuple[Pixels, ...] | None = None
    drawing: Drawing | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """The pictures of a run.

    The names in the singular (`image`, `recipe`, `report`, ...) are for outcomes of one picture.

    Example:
        >>> # outcome = dreamsampler.edit("cat.png", "a dog")
        >>> # outcome.save("dog.png"); outcome.grid("grid.png"); print(outcome.report, outcome.notes)
    """

    items: tuple[Item, ...]

    @property
    def images(self) -> list[Image.Image]:
        """The results, in the inputs' sizes."""
        return [Image.fromarray(item.pixels) for item in self.items]

    @property
    def image(self) -> Image.Image:
        """The result."""
        return Image.fromarray(self._only.pixels)

    @property
    def source(self) -> Image.Image | None:
        """The picture that the result was made from, as it was read."""
        picture = self._only.inputs.picture
        return None if picture is None else picture.pil()

    @property
    def reconstruction(self) -> Image.Image | None:
        """What the model makes of the source without an edit: with `report` inverted and sampled back, else decoded."""
        pixels = self._only.reconstruction
        return None if pixels is None else Image.fromarray(pixels)

    @property
    def report(self) -> Fidelity | None:
        """How much of the source the model keeps."""
        return self._only.fidelity

    @property
    def recipe(self) -> Recipe:
        """From which the result can be made again."""
        return self._only.recipe

    @property
    def notes(self) -> tuple[str, ...]:
        """Resizes, fallbacks and warnings, in words, each once."""
        return tuple(dict.fromkeys(note for item in self.items for note in item.recipe.notes))

    @property
    def evaluations(self) -> int:
        """Latents that the network saw."""
        return sum(item.evaluations for item in self.items)

    def save(self, path: PathLike) -> list[Path]:
        """Write the results as PNG files, or drawings as SVG files, that carry their recipes.

        One result goes to `path`, several to path-0.png, path-1.png, ... beside it.

        Returns:
            The files written.

        Raises:
            InputError: `path` does not end in .png (or .svg) or cannot be written.
        """
        targets = numbered(path, len(self.items))
        for target, item in zip(targets, self.items, strict=True):
            check_writable(target, SUFFIXES if item.drawing is None else (*SUFFIXES, ".svg"))
        for target, item in zip(targets, self.items, strict=True):
            folder = target.absolute().parent
            recipe = item.inputs.named_from(item.recipe, folder) if item.recipe.inputs else item.recipe
            if item.drawing is not None and target.suffix.lower() == ".svg":
                save_drawing(target, item.drawing, recipe)
            else:
                save_picture(target, item.pixels, recipe)
        return targets

    def grid(self, path: PathLike) -> Path:
        """Write a sheet: source, reconstruction and result side by side, a row a picture, prompts as captions."""
        rows, labels = [], []
        for item in self.items:
            cells = _cells(item)
            rows.append([pixels for _, pixels in cells])
            labels.append([label for label, _ in cells])
        write_png(path, picture_sheet(rows, labels))
        return Path(path)

    def animate(self, path: PathLike) -> Path:
        """Write the way from the source to the result as a GIF.

        Raises:
            InputError: no frames were recorded (`animate=True`), or the path does not end in .gif or cannot be written.
        """
        item = self._only
        if item.frames is None:
            raise InputError("animate: no frames were recorded; run with animate=True")
        first = () if item.inputs.picture is None else (item.inputs.picture.pixels,)
        write_gif(path, [*first, *item.frames, item.pixels])
        return Path(path)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def _only(self) -> Item:
        if len(self.items) != 1:
            raise InputError(f"this outcome holds {len(self.items)} pictures; look at .items or .images")
        return self.items[0]


def numbered(path: PathLike, count: int) -> list[Path]:
    """`path` for one result, path-0.png, path-1.png, ... for several."""
    target = Path(path)
    if count == 1:
        return [target]
    width = len(str(count - 1))
    return [target.with_name(f"{target.stem}-{k:0{width}d}{target.suffix}") for k in range(count)]


def _cells(item: Item) -> Sequence[tuple[str, Pixels]]:
    prompts = " + ".join(item.recipe.prompts)
    cells = []
    if item.inputs.picture is not None:
        cells.append(("source", item.inputs.picture.pixels))
    if item.reconstruction is not None:
        sampled = item.fidelity is not None and item.fidelity.inversion_psnr is not None
        cells.append(("reconstruction" if sampled else "autoencoder", item.reconstruction))
    if item.recipe.task != "invert":
        cells.append((prompts, item.pixels))
    return cells
