"""What a run gives: pictures of the input's size, drawings, what was kept, and the recipe to repeat it."""

from __future__ import annotations

import math
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
from ..tasks.common import RunStats
from .inputs import Inputs
from .model import THREADS
from .recipe import Recipe
from .recipe_io import save_drawing, save_picture

if TYPE_CHECKING:
    from ..generators.svg.drawing import Drawing
    from ..operators import Measurement

Pixels = NDArray[np.uint8]
PathLike = str | os.PathLike[str]


@dataclass(frozen=True, eq=False, repr=False)
class Reconstruction:
    """What the model makes of a picture without any edit: the most that a run can keep.

    Attributes:
        pixels: uint8 [H, W, 3].
        vae_psnr: peak signal-to-noise ratio in dB after the autoencoder alone, at the model's size.
        inversion_psnr: after inversion and sampling back; None if that was not asked for.
        warnings: what is poor about it, in words.
    """

    pixels: Pixels
    vae_psnr: float
    inversion_psnr: float | None = None
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = f"autoencoder keeps {self.vae_psnr:.1f} dB"
        return words if self.inversion_psnr is None else f"{words}, inversion {self.inversion_psnr:.1f} dB"

    def __repr__(self) -> str:
        return f"Reconstruction({self})"


@dataclass(frozen=True, eq=False, repr=False)
class ImageResult:
    """One item of a result.

    Attributes:
        pixels: uint8 [H, W, 3]; of a drawing, what its file shows.
        recipe: from which this very item can be made again.
        inputs: what it was made from.
        stats: what it cost and what was done on the way.
        reconstruction: of tasks that invert.
        frames: results on the way; None if they were not asked for.
        drawing: of tasks that draw.
        measurement: of tasks that restore or draw, a picture that the model made to be drawn included.
        field: of tasks that make a radiance field.
        views: uint8 [H, W, 3] each, of tasks with several.
    """

    pixels: Pixels
    recipe: Recipe
    inputs: Inputs
    stats: RunStats
    reconstruction: Reconstruction | None = None
    frames: tuple[Pixels, ...] | None = None
    drawing: Drawing | None = None
    measurement: Measurement | None = None
    field: object = None
    views: tuple[Pixels, ...] = ()

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        kind = "drawing" if self.drawing is not None else "picture"
        return f"ImageResult({self.recipe.task}, {kind} of {width} x {height}, {self.stats.evaluations} evaluations)"

    def psnr(self) -> float | None:
        """Return how close the drawing, as its file has it, comes to the measurement, in dB; None without one."""
        if self.measurement is None or self.drawing is None:
            return None
        return decibels(self.measurement.misfit(2.0 * saved(self.drawing).render() - 1.0)[0])


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """The pictures of a run.

    The names in the singular (`image`, `recipe`, `report`, `drawing`, ...) are for results of one item.

    Example:
        >>> # result = dreamsampler.edit("cat.png", "a dog")
        >>> # result.save("dog.png"); result.grid("grid.png"); print(result.report, result.notes)
    """

    items: tuple[ImageResult, ...]

    def __repr__(self) -> str:
        shown = [repr(item) for item in self.items[:3]] + (["..."] if len(self.items) > 3 else [])
        return f"Result({', '.join(shown)})"

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
        made = self._only.reconstruction
        return None if made is None else Image.fromarray(made.pixels)

    @property
    def report(self) -> Reconstruction | None:
        """How much of the source the model keeps."""
        return self._only.reconstruction

    @property
    def drawing(self) -> Drawing:
        """The drawing.

        Raises:
            InputError: the task draws none.
        """
        made = self._only.drawing
        if made is None:
            raise InputError(f"drawing: the task {self._only.recipe.task!r} makes pictures; see .image")
        return made

    @property
    def measurement(self) -> Measurement | None:
        """What was restored or drawn; None without one."""
        return self._only.measurement

    @property
    def paths(self) -> int:
        """Filled paths of the drawing."""
        return self.drawing.structure.path_count

    @property
    def recipe(self) -> Recipe:
        """From which the result can be made again."""
        return self._only.recipe

    @property
    def notes(self) -> tuple[str, ...]:
        """Resizes, fallbacks and warnings, in words, each once."""
        notes = (note for item in self.items for note in item.recipe.notes)
        return tuple(dict.fromkeys(note for note in notes if not note.startswith(THREADS)))

    @property
    def evaluations(self) -> int:
        """Latents that the network saw."""
        return sum(item.stats.evaluations for item in self.items)

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
        write_gif(path, [*first, *item.frames, item.pixels], flat=item.drawing is not None)
        return Path(path)

    def psnr(self) -> float | None:
        """Return how close the drawing comes to the measurement, in dB; None without one."""
        return self._only.psnr()

    def __len__(self) -> int:
        return len(self.items)

    @property
    def _only(self) -> ImageResult:
        if len(self.items) != 1:
            raise InputError(f"this result holds {len(self.items)} pictures; look at .items or .images")
        return self.items[0]


def numbered(path: PathLike, count: int) -> list[Path]:
    """`path` for one result, path-0.png, path-1.png, ... for several."""
    target = Path(path)
    if count == 1:
        return [target]
    width = len(str(count - 1))
    return [target.with_name(f"{target.stem}-{k:0{width}d}{target.suffix}") for k in range(count)]


def decibels(misfit: float) -> float:
    """Return the peak signal-to-noise ratio of a root mean square difference of pictures from -1 to 1.

    Example:
        >>> round(decibels(0.2), 1)
        20.0
    """
    return 20.0 * math.log10(2.0 / max(misfit, 1e-6))


def saved(drawing: Drawing, size: tuple[int, int] | None = None) -> Drawing:
    """Return a drawing as its file has it: with rounded coordinates and colors of 8 bits."""
    from ..generators.svg.reader import read_svg
    from ..generators.svg.writer import svg_text

    return read_svg(svg_text(drawing).encode(), size or drawing.size)


def shown(drawing: Drawing) -> Pixels:
    """Return what a file of the drawing shows, uint8 [H, W, 3]."""
    from ..io.tensors import to_pixels

    return to_pixels(2.0 * saved(drawing).render() - 1.0)[0]


def _cells(item: ImageResult) -> Sequence[tuple[str, Pixels]]:
    prompts = " + ".join(item.recipe.prompts)
    cells = []
    if item.inputs.picture is not None:
        cells.append(("source", item.inputs.picture.pixels))
    kept = item.reconstruction
    if kept is not None:
        cells.append(("autoencoder" if kept.inversion_psnr is None else "reconstruction", kept.pixels))
    if item.recipe.task != "invert":
        cells.append((prompts, item.pixels))
    return cells
