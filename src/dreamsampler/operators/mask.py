"""Pixels that were measured and pixels that were not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from ..core.errors import InputError
from .base import Shape, shape_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Mask:
    """y = k x, pixel by pixel.

    Args:
        keep: [1 or B, 1 or C, H, W] in [0, 1]: 1 where a pixel was measured, 0 in the hole, between them a soft edge.

    Raises:
        InputError: wrong shape or range, not finite.

    Example:
        >>> import torch
        >>> Mask(torch.tensor([[[[1.0, 0.0]]]])).forward(torch.tensor([[[[5.0, 7.0]]]]))
        tensor([[[[5., 0.]]]])
    """

    keep: Tensor

    def __post_init__(self) -> None:
        check_mask(self.keep, "keep")

    @classmethod
    def hole(cls, hole: Tensor) -> Mask:
        """The operator that loses the hole (1 inside), the sense in which people draw masks."""
        check_mask(hole, "mask")
        return cls(1.0 - hole)

    def forward(self, x: Tensor) -> Tensor:
        """k x."""
        self.measured(shape_of(x))
        return self.keep.to(x) * x

    def adjoint(self, y: Tensor) -> Tensor:
        """k y: a mask is its own transpose."""
        return self.forward(y)

    def measured(self, scene: Shape) -> Shape:
        """The scene's own shape."""
        c, h, w = self.keep.shape[1:]
        if scene[1:] != (h, w) or c not in (1, scene[0]):
            raise InputError(f"mask: made for {w} x {h} pixels, got {scene[2]} x {scene[1]}; resize one of them")
        return scene

    def scene(self, measured: Shape) -> Shape:
        """The measurement's own shape."""
        return self.measured(measured)

    def correction(self, residual: Tensor, rho: float | Tensor, cutoff: float = 0.0) -> Tensor:
        """k / (k^2 + rho) residual; nothing in the hole."""
        self.measured(shape_of(residual, "residual"))
        keep = self.keep.to(residual)
        weight = keep / (keep * keep + rho).clamp_min(torch.finfo(keep.dtype).tiny)
        return torch.where(keep > cutoff, weight, torch.zeros_like(keep)) * residual

    def spectral(self, x: Tensor, weight: Callable[[Tensor], Tensor]) -> Tensor:
        """Return w(k) x."""
        return weight(self.keep.to(x)) * x

    def support(self, y: Tensor) -> Tensor:
        """Return 1 outside the hole, 0 inside it."""
        return (self.keep > 0).to(y)


@dataclass(frozen=True)
class RectangleMask:
    """Loses one rectangle, on scenes of any size that holds it.

    Args:
        rows, cols: (first, last), both inclusive, from 0.
    """

    rows: tuple[int, int]
    cols: tuple[int, int]

    def __post_init__(self) -> None:
        for name, (first, last) in (("rows", self.rows), ("cols", self.cols)):
            if not 0 <= first <= last:
                raise InputError(f"{name}={first}-{last}: expected first-last with 0 <= first <= last")

    def forward(self, x: Tensor) -> Tensor:
        """x with 0 in the rectangle."""
        return self._mask(x).forward(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """The same: a mask is its own transpose."""
        return self.forward(y)

    def measured(self, scene: Shape) -> Shape:
        """The scene's own shape."""
        if self.rows[1] >= scene[1] or self.cols[1] >= scene[2]:
            raise InputError(
                f"mask rows={self.rows[0]}-{self.rows[1]},cols={self.cols[0]}-{self.cols[1]} reaches beyond the scene "
                f"of {scene[2]} x {scene[1]} pixels; rows go to {scene[1] - 1}, cols to {scene[2] - 1}"
            )
        if (self.rows, self.cols) == ((0, scene[1] - 1), (0, scene[2] - 1)):
            raise InputError(
                f"mask covers the whole scene of {scene[2]} x {scene[1]} pixels: nothing would be measured"
            )
        return scene

    def scene(self, measured: Shape) -> Shape:
        """The measurement's own shape."""
        return self.measured(measured)

    def correction(self, residual: Tensor, rho: float | Tensor, cutoff: float = 0.0) -> Tensor:
        """residual / (1 + rho) outside the rectangle."""
        return self._mask(residual).correction(residual, rho, cutoff)

    def spectral(self, x: Tensor, weight: Callable[[Tensor], Tensor]) -> Tensor:
        """Return w(1) x outside the rectangle, w(0) x inside it."""
        return self._mask(x).spectral(x, weight)

    def support(self, y: Tensor) -> Tensor:
        """Return 1 outside the rectangle, 0 inside it."""
        return self._mask(y).support(y)

    def _mask(self, like: Tensor) -> Mask:
        _, h, w = self.measured(shape_of(like))
        return _rectangle(self, h, w, like.dtype, like.device)


@lru_cache(maxsize=16)
def _rectangle(mask: RectangleMask, h: int, w: int, dtype: torch.dtype, device: torch.device) -> Mask:
    keep = torch.ones(1, 1, h, w, dtype=dtype, device=device)
    keep[..., mask.rows[0] : mask.rows[1] + 1, mask.cols[0] : mask.cols[1] + 1] = 0
    return Mask(keep)


def check_mask(mask: Tensor, name: str) -> None:
    """Raise `InputError` unless the mask is [B, C, H, W], finite and within [0, 1]."""
    if mask.ndim != 4:
        raise InputError(f"{name}: expected [1 or B, 1, H, W], got {tuple(mask.shape)}")
    if not bool(torch.isfinite(mask).all()):
        raise InputError(f"{name}: holds NaN or infinite values; expected values from 0 to 1")
    low, high = float(mask.min()), float(mask.max())
    if low < 0 or high > 1:
        raise InputError(f"{name}: values from {low:g} to {high:g}; expected 0 to 1")


def check_holes(masks: Sequence[Tensor], size: tuple[int, int]) -> list[str]:
    """Check the holes of an inpainting; returns notes for the user (overlap, nothing known).

    Args:
        masks: [1 or B, 1, H, W] each, 1 in the hole.
        size: (H, W) of the images.

    Raises:
        InputError: no mask, a mask of another size, of values outside [0, 1], or of no hole at all.
    """
    if not masks:
        raise InputError("masks: expected at least one")
    for k, mask in enumerate(masks):
        check_mask(mask, f"mask {k + 1}")
        if mask.shape[1] != 1 or tuple(mask.shape[-2:]) != tuple(size):
            raise InputError(
                f"mask {k + 1}: shape {tuple(mask.shape)}, expected one channel of {size[1]} x {size[0]} pixels; "
                "resize the mask to the image"
            )
        if bool((mask.flatten(1).amax(1) == 0).any()):
            raise InputError(f"mask {k + 1}: covers nothing; paint the part to fill in white")
    notes = []
    if bool((union(masks).flatten(1).amin(1) == 1).any()):
        notes.append("the masks cover the whole picture: nothing of it is known, only the prompts decide")
    if len(masks) > 1 and bool((torch.stack(torch.broadcast_tensors(*masks)).sum(0) > 1).any()):
        notes.append("masks overlap: where they do, their prompts share the pixels")
    for note in notes:
        log.warning(note)
    return notes


def union(masks: Sequence[Tensor]) -> Tensor:
    """Return the largest of the masks at each pixel, [1 or B, 1, H, W].

    Of masks of pixels only: of areas at the latent's resolution the largest is less than the area of the union.
    """
    whole = masks[0]
    for mask in masks[1:]:
        whole = torch.maximum(whole, mask)
    return whole


def to_latent(mask: Tensor, size: tuple[int, int], kind: str = "area") -> Tensor:
    """A pixel mask at the latent's size.

    Args:
        mask: [1 or B, 1, H, W], H and W multiples of the latent's (h, w).
        size: (h, w) of the latent.
        kind: "area" (the share of the hole in each latent pixel), "cover" (1 where it holds any of the hole) or
            "nearest" (the pixel at the corner of each cell, as the released inpainting script reads it).
    """
    h, w = size
    if mask.shape[-2] % h or mask.shape[-1] % w:
        raise InputError(f"mask: {mask.shape[-1]} x {mask.shape[-2]} pixels do not divide into a latent of {w} x {h}")
    stride = (mask.shape[-2] // h, mask.shape[-1] // w)
    match kind:
        case "area":
            return F.avg_pool2d(mask, stride)
        case "cover":
            return (F.max_pool2d(mask, stride) > 0).to(mask)
        case "nearest":
            return mask[..., :: stride[0], :: stride[1]]
    raise InputError(f"latent mask {kind!r}: expected 'area', 'cover' or 'nearest'")


def feathered(mask: Tensor, pixels: int) -> Tensor:
    """Fade the mask over `pixels` inside its own edge; outside it stays exactly 0.

    Args:
        mask: [1 or B, 1, H, W] in [0, 1].
        pixels: width of the fade; 0 returns the mask.
    """
    if pixels < 0:
        raise InputError(f"feather={pixels}: expected 0 or more pixels")
    if pixels == 0:
        return mask
    core, inside = mask, mask
    for _ in range(pixels):
        # each pass peels one more pixel off; the picture's own edge is no edge of the hole
        core = -F.max_pool2d(-F.pad(core, (1, 1, 1, 1), value=1.0), 3, stride=1)
        inside = inside + core
    return inside / (pixels + 1)


def paste(known: Tensor, made: Tensor, hole: Tensor) -> Tensor:
    """The made picture inside the hole, the known one outside, bit for bit where the hole is 1 and where it is 0.

    Args:
        known, made: [B, C, H, W].
        hole: [1 or B, 1, H, W] in [0, 1].
    """
    blend = torch.where(hole == 1, made, known + hole.to(made) * (made - known))
    return torch.where(hole == 0, known, blend)
