"""A drawing traced from a picture by vtracer, pruned to the paths that matter. The only file that uses vtracer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...core.errors import InputError, MissingExtra
from .drawing import Drawing
from .reader import read_svg
from .usage import path_use


def trace(
    picture: Tensor, paths: int | None = None, *, color_bits: int = 6, speckle: int = 4, segments: int | None = None
) -> Drawing:
    """Trace a picture and keep the paths of the largest visible area.

    Args:
        picture: `[3, H, W]` or `[1, 3, H, W]` in [0, 1].
        paths: how many paths to keep, in their painting order; None for all.
        color_bits: significant bits of a color channel, 1 to 8; fewer give fewer, larger paths.
        speckle: patches of fewer than this many pixels squared are dropped.
        segments: drop paths whose outline has more cubic segments than this.

    Returns:
        A drawing on the picture's canvas with a white background. vtracer stacks its paths, so the lowest ones cover
        what the upper ones leave.

    Raises:
        InputError: another shape, NaN, or settings out of range.
        MissingExtra: vtracer is not installed.
    """
    image = picture.detach().cpu().squeeze(0) if picture.dim() == 4 else picture.detach().cpu()
    if image.dim() != 3 or image.shape[0] != 3:
        raise InputError(f"picture: shape {tuple(picture.shape)}, expected [3, H, W]")
    if not bool(torch.isfinite(image).all()):
        raise InputError("picture: holds NaN")
    if not 1 <= color_bits <= 8 or speckle < 0 or (paths is not None and paths < 1):
        raise InputError("trace: expected color_bits 1 to 8, speckle >= 0 and paths >= 1")
    height, width = image.shape[1:]
    pixels = image.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).reshape(-1, 3)
    rows = [(r, g, b, 255) for r, g, b in pixels.tolist()]
    text = _library().convert_pixels_to_svg(
        rows, (width, height), mode="spline", color_precision=color_bits, filter_speckle=speckle
    )
    drawing = read_svg(text.encode(), (height, width))
    drawing = Drawing(drawing.points, drawing.structure, drawing.rgba, drawing.size, torch.ones(3))
    if segments is not None:
        short = [path for path, count in enumerate(drawing.structure.path_segments) if count <= segments]
        drawing = drawing.select(short)
    return drawing if paths is None else pruned(drawing, paths)


def pruned(drawing: Drawing, paths: int) -> Drawing:
    """Return the paths of the largest visible area, in their painting order."""
    if drawing.structure.path_count <= paths:
        return drawing
    use = path_use(drawing.points.unsqueeze(0), drawing.structure, drawing.rgba.unsqueeze(0), drawing.size)
    best = use.visible[0].argsort(descending=True, stable=True)[:paths]
    return drawing.select(sorted(best.tolist()))


def _library() -> Any:
    try:
        import vtracer
    except ImportError as error:
        raise MissingExtra("tracing needs vtracer: pip install 'dreamsampler[svg]'") from error
    return vtracer
