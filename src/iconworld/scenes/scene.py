"""A scene: one or two figures on a background, as a small description that can be written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dreamsampler.core.errors import InputError
from iconworld.scenes import captions, serial
from iconworld.scenes.backgrounds import Background
from iconworld.scenes.drawing import Drawing, Path, svg_document
from iconworld.scenes.figures import Figure
from iconworld.scenes.render import rasterize


@dataclass(frozen=True)
class Scene:
    """A composed picture, and everything that is true of it.

    Attributes:
        figures: back to front.
        background: what is behind them.
        seed: chooses the varied caption.

    Example:
        >>> from iconworld import sample_scene
        >>> scene = sample_scene(7)
        >>> scene.picture(128).shape
        (128, 128, 3)
        >>> Scene.from_json(scene.to_json()) == scene
        True
    """

    figures: tuple[Figure, ...]
    background: Background
    seed: int = 0

    @property
    def figure(self) -> str:
        """Noun of the first (leftmost) figure."""
        return self.ordered()[0].kind

    @property
    def nouns(self) -> tuple[str, ...]:
        """Nouns of the figures, left to right."""
        return tuple(f.kind for f in self.ordered())

    @property
    def colors(self) -> tuple[str, ...]:
        """Color names of the figures, left to right."""
        return tuple(f.color for f in self.ordered())

    def ordered(self) -> list[Figure]:
        """The figures, left to right."""
        return sorted(self.figures, key=lambda f: f.x)

    def with_figure(self, index: int, **changes: object) -> Scene:
        """The same scene with fields of figure `index` replaced."""
        figures = list(self.figures)
        figures[index] = replace(figures[index], **changes)  # type: ignore[arg-type]
        return replace(self, figures=tuple(figures))

    def with_background(self, **changes: object) -> Scene:
        """The same scene with fields of the background replaced."""
        return replace(self, background=replace(self.background, **changes))  # type: ignore[arg-type]

    def drawing(self) -> Drawing:
        """The true drawing: closed cubic Bezier paths, back to front."""
        paths = self.background.paths()
        for index, figure in enumerate(self.figures):
            paths += figure.paths(index)
        return Drawing(tuple(paths))

    def svg(self) -> str:
        """The drawing as an SVG document."""
        return self.drawing().svg()

    def picture(self, size: int = 128) -> NDArray[np.uint8]:
        """The picture, uint8 `[size, size, 3]` (sRGB).

        Raises:
            InputError: if `size` is no whole number from 1 to 4096.
        """
        return rasterize(self.svg(), size)[..., :3].copy()

    def masks(self, size: int = 128) -> dict[str, NDArray[np.bool_]]:
        """Exact masks of what is visible, bool `[size, size]` each, a pixel belonging to what covers its middle.

        Keys: "background", "figure 0", "figure 1", and each part by its name ("eyes", "mouth", ...), over all figures.
        """
        drawing = self.drawing()
        return masks_of(drawing.paths, size)

    def mask(self, part: str, size: int = 128) -> NDArray[np.bool_]:
        """One of `masks`.

        Raises:
            InputError: if the scene shows no such part.
        """
        found = self.masks(size)
        if part not in found:
            raise InputError(f"part is {part!r}: this scene shows {', '.join(sorted(found))}")
        return found[part]

    def caption(self, seed: int | None = None) -> str:
        """A caption from varied templates; `seed` defaults to the scene's own, so that the same call gives the same."""
        return captions.varied(self, self.seed if seed is None else seed)

    def full_caption(self) -> str:
        """The canonical caption, which names all figures, colors, expressions, accessories and the background."""
        return captions.full(self)

    def to_json(self) -> str:
        """The description as one line of JSON."""
        return serial.dump(self)

    @classmethod
    def from_json(cls, text: str) -> Scene:
        """Read `to_json`'s text back.

        Raises:
            InputError: if the text is no such description; the message names the field.
        """
        return serial.load(text)


def masks_of(paths: Sequence[Path], size: int) -> dict[str, NDArray[np.bool_]]:
    """Visible masks of figures and parts, by drawing every path flat in a color that is its number."""
    flat = svg_document(p.element(f"#{i + 1:06x}") for i, p in enumerate(paths))
    pixels = rasterize(flat, size, antialias=False).astype(np.int32)
    ids = (pixels[..., 0] << 16) + (pixels[..., 1] << 8) + pixels[..., 2] - 1
    found: dict[str, NDArray[np.bool_]] = {}
    for i, p in enumerate(paths):
        here = ids == i
        for key in {p.part, "background" if p.figure < 0 else f"figure {p.figure}"}:
            found[key] = found[key] | here if key in found else here
    return found
