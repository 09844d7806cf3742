"""The radiance field as a `Generator`: renders one camera or several, small pictures at once, large ones deferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ...core.errors import InputError
from ...core.settings import Doc, Ge, Le, settings
from ...io.cameras import Camera
from ..base import Rendering
from .field import FrequencyField, RadianceField, TriPlaneField
from .march import Marched, march
from .occupancy import Occupancy
from .rays import picture_rays


@settings
class NerfSettings:
    """Numbers of a radiance field and of its rendering."""

    field: Annotated[
        Literal["triplane", "frequency"],
        Doc("Three feature planes (fast), or the paper's network on frequencies (fewer holes on unseen sides)."),
    ] = "triplane"
    resolution: Annotated[int, Ge(8), Le(512), Doc("Cells along a side of each plane.")] = 64
    channels: Annotated[int, Ge(1), Le(64), Doc("Features a plane.")] = 16
    width: Annotated[int | None, Ge(4), Le(512), Doc("Of the hidden layers; 32 behind planes, 64 without.")] = None
    octaves: Annotated[int, Ge(1), Le(12), Doc("Frequencies a coordinate.")] = 6
    depth: Annotated[int, Ge(1), Le(8), Doc("Hidden layers behind the frequencies.")] = 3
    samples: Annotated[int, Ge(2), Le(1024), Doc("Bins of equal length a ray.")] = 64
    fine: Annotated[int, Ge(0), Le(1024), Doc("Further bins a ray where a first pass found weight.")] = 0
    smooth: Annotated[bool, Doc("Smooth that pass over three bins (HiFA's kernel smoothing).")] = True
    occupancy: Annotated[int, Ge(8), Le(256), Doc("Cells along a side of the occupancy grid.")] = 32
    background: Annotated[
        Literal["fixed", "learned"], Doc("A fixed color behind the field, or one that is learned with it.")
    ] = "fixed"
    backdrop: Annotated[float, Ge(0), Le(1), Doc("Gray value behind the field, 1 is white.")] = 1.0
    chunk: Annotated[int, Ge(64), Le(2**20), Doc("Rays at a time; pictures of more are rendered deferred.")] = 4096
    precision: Annotated[Literal["float32", "bf16"], Doc("Of the network's matrix products.")] = "float32"


@dataclass(frozen=True)
class View:
    """What to render.

    Attributes:
        cameras: one a picture, all of one size, in the field's frame.
        seed: of the places within the bins; None takes their middles.
        background: [3], [B, 3] or [B, 3, H, W] in [0, 1], in place of the generator's own.
    """

    cameras: tuple[Camera, ...]
    seed: int | None = None
    background: Tensor | None = None


class Nerf:
    """A radiance field with its occupancy grid and background.

    Pictures of more than `settings.chunk` rays are rendered in chunks whose intermediate values are not kept: the
    backward pass renders each chunk once more, with the same places along the rays and the same grid (deferred
    back-propagation, ARF, 2022). `loss.backward()` is called as for any picture; its memory is that of one chunk.

    Args:
        settings: numbers.
        seed: of the field's starting values.
        device: where it lives.

    Example:
        >>> from dreamsampler.io.cameras import look_at
        >>> nerf = Nerf(NerfSettings(resolution=16, samples=8))
        >>> nerf.render(look_at(0, 20, 3.0, 40, 8)).image.shape
        torch.Size([1, 3, 8, 8])
    """

    def __init__(self, settings: NerfSettings | None = None, seed: int = 0, device: torch.device | str = "cpu") -> None:
        self.settings = settings or NerfSettings()
        self.field = _field(self.settings, seed).to(device)
        self.occupancy = Occupancy.full(self.settings.occupancy, device)
        gray = torch.full((3,), self.settings.backdrop, device=device)
        self._backdrop = torch.logit(gray, eps=1e-2).requires_grad_() if self.learns_background else gray

    @property
    def learns_background(self) -> bool:
        """Whether the color behind the field is one of its parameters."""
        return self.settings.background == "learned"

    @property
    def backdrop(self) -> Tensor:
        """The color behind the field, [3] in [0, 1]."""
        return torch.sigmoid(self._backdrop) if self.learns_background else self._backdrop

    @property
    def device(self) -> torch.device:
        return self._backdrop.device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.field.parameters()).dtype

    def parameters(self) -> Sequence[Tensor]:
        """Return the field's tensors, and the background's if it is learned."""
        return [*self.field.parameters(), *([self._backdrop] if self.learns_background else [])]

    def double(self) -> Nerf:
        """Turn everything to float64, in place (for checks of gradients)."""
        self.field.double()
        grid = self.occupancy
        self.occupancy = Occupancy(grid.density.double(), grid.mask, grid.low.double(), grid.high.double())
        self._backdrop = self._backdrop.detach().double().requires_grad_(self.learns_background)
        return self

    def refresh(self, seed: int) -> None:
        """Look at the field once more and drop cells that have become empty."""
        self.occupancy = self.occupancy.refreshed(self.field, seed)

    def march(self, origins: Tensor, directions: Tensor, jitter: Tensor | None = None) -> Marched:
        """Render rays [R, 3] at once; see `march.march`."""
        s = self.settings
        return march(
            self.field,
            origins,
            directions,
            self.occupancy,
            samples=s.samples,
            fine=s.fine,
            smooth=s.smooth,
            jitter=jitter,
        )

    def render(self, view: Any = None) -> Rendering:
        """Render a `Camera`, several, or a `View`.

        Returns:
            image, alpha and depth; extras: "depth_variance" [B, 1, H, W], squared scene units.

        Raises:
            InputError: something else, no camera, or cameras of several sizes.
        """
        wanted = _view(view)
        width, height = wanted.cameras[0].size
        maps = [self._picture(camera, wanted.seed, k) for k, camera in enumerate(wanted.cameras)]
        if torch.is_grad_enabled() and not any(one.requires_grad for one in maps):
            # no ray met anything: a loss of it must still have a gradient, of zero
            maps[0] = maps[0] + 0.0 * sum(parameter.reshape(-1)[0] for parameter in self.parameters())
        stacked = torch.stack(maps).reshape(len(maps), height, width, 6).permute(0, 3, 1, 2)
        color, alpha, depth, variance = stacked.split([3, 1, 1, 1], dim=1)
        back = self.backdrop if wanted.background is None else wanted.background.to(color)
        back = back if back.ndim == 4 else back.reshape(-1, 3, 1, 1)
        image = 2.0 * (color + (1.0 - alpha) * back) - 1.0
        return Rendering(image, alpha, depth, {"depth_variance": variance})

    def _picture(self, camera: Camera, seed: int | None, index: int) -> Tensor:
        """Return color, alpha, depth and variance of one picture, [H * W, 6]."""
        origins, directions = picture_rays(camera, self.device, self.dtype)
        jitter = None
        if seed is not None:
            draw = torch.Generator().manual_seed((seed * 65_537 + index) % 2**63)
            jitter = torch.rand(len(origins), generator=draw).to(self.device)
        chunk, made = self.settings.chunk, []
        deferred = torch.is_grad_enabled() and len(origins) > chunk
        for k in range(0, len(origins), chunk):
            part = slice(k, k + chunk)
            rays = (origins[part], directions[part], None if jitter is None else jitter[part])
            occupancy = self.occupancy  # the second pass must use this one, whatever is refreshed between
            if deferred:
                made.append(checkpoint(self._maps, *rays, occupancy, use_reentrant=False, preserve_rng_state=False))
            else:
                made.append(self._maps(*rays, occupancy))
        return torch.cat(made)

    def _maps(self, origins: Tensor, directions: Tensor, jitter: Tensor | None, occupancy: Occupancy) -> Tensor:
        s = self.settings
        met = march(
            self.field,
            origins,
            directions,
            occupancy,
            samples=s.samples,
            fine=s.fine,
            smooth=s.smooth,
            jitter=jitter,
        )
        return torch.cat([met.color, torch.stack([met.alpha, met.depth, met.variance], 1)], 1)

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that a checkpoint holds, by name."""
        held = {f"field.{name}": value.detach() for name, value in self.field.state_dict().items()}
        return held | {"occupancy": self.occupancy.density, "backdrop": self._backdrop.detach()}

    @torch.no_grad()
    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` returned, in place.

        Raises:
            InputError: a tensor is missing, of another shape, or not finite.
        """
        own = self.tensors()
        for name, value in own.items():
            found = tensors.get(name)
            if found is None or found.shape != value.shape:
                had = "nothing" if found is None else list(found.shape)
                raise InputError(f"checkpoint: {name} is {had}; expected {list(value.shape)}; it is of another field")
            if not found.is_floating_point() or not torch.isfinite(found).all():
                raise InputError(f"checkpoint: {name} holds values that are not finite numbers; it is damaged")
        for name, value in self.field.state_dict().items():
            value.copy_(tensors[f"field.{name}"])
        self._backdrop.copy_(tensors["backdrop"])
        density = tensors["occupancy"].to(self.occupancy.density)
        untouched = not density.any()
        self.occupancy = Occupancy.full(len(density), self.device) if untouched else Occupancy.of(density)


def _field(s: NerfSettings, seed: int) -> RadianceField:
    bf16 = s.precision == "bf16"
    if s.field == "triplane":
        return TriPlaneField(s.resolution, s.channels, s.width or 32, seed, bf16)
    return FrequencyField(s.octaves, s.width or 64, s.depth, seed, bf16)


def _view(view: Any) -> View:
    if isinstance(view, Camera):
        view = View((view,))
    elif isinstance(view, Sequence) and view and all(isinstance(camera, Camera) for camera in view):
        view = View(tuple(view))
    if not isinstance(view, View) or not view.cameras:
        raise InputError(f"view: got {type(view).__name__}; a radiance field is rendered from a Camera or a View")
    if len({camera.size for camera in view.cameras}) > 1:
        raise InputError("view: cameras of several sizes; render them one after another")
    return view
