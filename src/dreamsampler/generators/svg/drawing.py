"""A drawing: filled paths on a canvas, as it is read from and written to SVG files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...core.errors import InputError
from .fill import Gradient
from .rasterizer import rasterize
from .structure import FillRule, Structure


@dataclass(frozen=True)
class Shape:
    """One filled path.

    Attributes:
        contours: `[3 S, 2]` control points of each closed contour, in drawing units.
        rgba: color and opacity, each in [0, 1].
        rule: what counts as inside.
        name: id in the file; "" for none.
        fill: a gradient; None for the plain color.
    """

    contours: tuple[Tensor, ...]
    rgba: tuple[float, float, float, float]
    rule: FillRule = FillRule.NONZERO
    name: str = ""
    fill: Gradient | None = None


@dataclass(frozen=True, eq=False)
class Drawing:
    """Filled paths, back to front, on a canvas of `size` units; one unit is one pixel unless it is scaled.

    Attributes:
        points: `[N, 2]` packed control points.
        structure: their topology.
        rgba: `[P, 4]` in [0, 1].
        size: height and width of the canvas.
        background: `[3]` in [0, 1], or None for a transparent canvas (rendered white, as viewers do).
        names: id of each path; empty means path1, path2, ...
        fills: gradients, one entry a path; empty if all colors are plain.
        notes: what was approximated when the drawing was read, in words for the user.

    Example:
        >>> from dreamsampler.generators.svg.shapes import rectangle
        >>> drawing = Drawing.of([Shape((rectangle(2, 2, 6, 6),), (1.0, 0.0, 0.0, 1.0))], (8, 8))
        >>> drawing.render().shape
        torch.Size([1, 3, 8, 8])
    """

    points: Tensor
    structure: Structure
    rgba: Tensor
    size: tuple[int, int]
    background: Tensor | None = None
    names: tuple[str, ...] = ()
    fills: tuple[Gradient | None, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, shapes: Sequence[Shape], size: tuple[int, int], background: Tensor | None = None, notes: Sequence[str] = ()
    ) -> Drawing:
        """Pack shapes, back to front."""
        contours = [contour for shape in shapes for contour in shape.contours]
        for contour in contours:
            if contour.dim() != 2 or contour.shape[1] != 2 or contour.shape[0] % 3 or not len(contour):
                raise InputError(f"contours: shape {tuple(contour.shape)}, expected [3 S, 2] with S >= 1")
        structure = Structure(
            tuple(tuple(len(contour) // 3 for contour in shape.contours) for shape in shapes),
            tuple(shape.rule for shape in shapes),
        )
        points = torch.cat(contours) if contours else torch.zeros(0, 2)
        rgba = torch.tensor([shape.rgba for shape in shapes], dtype=points.dtype).reshape(-1, 4)
        names, fills = tuple(shape.name for shape in shapes), tuple(shape.fill for shape in shapes)
        return cls(points, structure, rgba, size, background, names, fills if any(fills) else (), tuple(notes))

    def shapes(self) -> list[Shape]:
        """The paths one by one, on the CPU and detached."""
        points, rgba = self.points.detach().cpu(), self.rgba.detach().cpu().tolist()
        found = []
        for path, (first, end) in enumerate(self.structure.point_ranges()):
            sizes = [3 * count for count in self.structure.segments[path]]
            contours = points[first:end].split(sizes) if sizes else ()
            name = self.names[path] if self.names else ""
            r, g, b, a = rgba[path]
            fill = self.fills[path] if self.fills else None
            found.append(Shape(tuple(contours), (r, g, b, a), self.structure.rules[path], name, fill))
        return found

    def render(self, size: tuple[int, int] | None = None) -> Tensor:
        """Rasterize to `[1, 3, H, W]` in [0, 1] at the drawing's size, or stretched to another."""
        size = size or self.size
        drawing = self.scaled(size)
        fills = drawing.fills or None
        return rasterize(drawing.points, self.structure, self.rgba, size, self.background, fills=fills)

    def scaled(self, size: tuple[int, int]) -> Drawing:
        """The same drawing on a canvas of another size, stretched if the aspect differs."""
        if size == self.size:
            return self
        sx, sy = size[1] / self.size[1], size[0] / self.size[0]
        points = self.points * torch.tensor([sx, sy], dtype=self.points.dtype, device=self.points.device)
        fills = tuple(fill and fill.scaled(sx, sy) for fill in self.fills)
        return replace(self, points=points, size=size, fills=fills)

    def plain(self) -> Drawing:
        """The same drawing in plain colors: gradients become their mean, which the notes say."""
        if not any(self.fills):
            return self
        rgba = self.rgba.clone()
        for path, shape in enumerate(self.shapes()):
            if shape.fill is not None:
                lines = [flattened(contour.double()) for contour in shape.contours]
                mean = shape.fill.mean(torch.cat(lines), torch.cat([line.roll(-1, 0) for line in lines])).to(rgba)
                rgba[path] = torch.cat([mean[:3], mean[3:] * rgba[path, 3:]])
        notes = (*self.notes, "gradients replaced by their mean color")
        return replace(self, rgba=rgba, fills=(), notes=notes)

    def select(self, paths: Sequence[int]) -> Drawing:
        """Only these paths, in this order."""
        structure, rows = self.structure.select(paths)
        names = tuple(self.names[path] for path in paths) if self.names else ()
        fills = tuple(self.fills[path] for path in paths) if self.fills else ()
        points, rgba = self.points[rows], self.rgba[list(paths)]
        return replace(self, points=points, structure=structure, rgba=rgba, names=names, fills=fills)

    def to(self, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> Drawing:
        """Move and convert the tensors."""
        ground = None if self.background is None else self.background.to(device=device, dtype=dtype)
        points, rgba = (tensor.to(device=device, dtype=dtype) for tensor in (self.points, self.rgba))
        return replace(self, points=points, rgba=rgba, background=ground)


def flattened(contour: Tensor, steps: int = 8) -> Tensor:
    """Return vertices on a closed contour `[3 S, 2]`, `steps` a segment: `[steps S, 2]`."""
    cubics = torch.stack([contour[0::3], contour[1::3], contour[2::3], contour.roll(-3, 0)[0::3]])
    t = torch.arange(steps, dtype=contour.dtype).unsqueeze(1) / steps
    basis = torch.cat([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], dim=1)
    return torch.einsum("tk,ksd->std", basis, cubics).reshape(-1, 2)
