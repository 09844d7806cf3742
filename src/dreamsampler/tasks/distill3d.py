"""The prior in a radiance field: Algorithm 2 over views, with the pixel pull of eq. 40 and HiFA's regularizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import torch
from torch import Tensor

from ..core.errors import InputError, NonFinite
from ..core.loop import dream_sample
from ..core.noise import Noise
from ..core.schedule import link
from ..core.settings import Doc, Ge, Gt, Le, settings
from ..core.state import State
from ..core.types import Prediction, Prior, Step
from ..generators.base import Rendering
from ..generators.nerf import Nerf, View
from ..io.cameras import Camera
from ..steering.guidance import CFG
from ..steering.renoise import fresh, keep
from .vectorize.guidance_schedule import encoder, falling_weight, guidance_schedule

ViewLoss = Callable[[int, Rendering], Tensor]
"""(number of the view, its rendering) -> weighted loss."""


@settings
class DistillSettings:
    """Numbers of the prior's part."""

    visits: Annotated[int, Ge(0), Le(10_000), Doc("Levels of the noise path; 0 leaves the prior out.")] = 20
    inner: Annotated[int, Ge(1), Le(1000), Doc("Gradient steps a level, each on one view.")] = 16
    denoise: Annotated[float, Gt(0), Le(1), Doc("Share of the path that is walked, from its noisy end.")] = 0.5
    guidance_scale: Annotated[float, Ge(0), Le(1000), Doc("Classifier-free guidance.")] = 7.5
    latent_weight: Annotated[float, Ge(0), Le(1e6), Doc("Of the latent pull, eq. 39.")] = 0.02
    pixel_weight: Annotated[float, Ge(0), Le(1e6), Doc("Of the pixel pull, eq. 40.")] = 0.1
    variance: Annotated[
        float, Ge(0), Le(1000), Doc("Of the variance of distances along rays (HiFA), rising to the middle.")
    ] = 0.01
    learning_rate: Annotated[float, Gt(0), Le(1), Doc("Of the prior's part; falls to a tenth.")] = 0.005
    sampling: Annotated[
        Literal["dreamsampler", "sds"],
        Doc("Descending levels with the estimated noise, or DreamFusion's random levels with fresh noise."),
    ] = "dreamsampler"
    view_words: Annotated[bool, Doc("Add to the prompt where each view is seen from.")] = True


def viewed(prompt: str, camera: Camera, front: float = 0.0) -> str:
    """Return the prompt with where it is seen from, in the words that the bundled prior was trained with.

    Args:
        prompt: any text; an empty one stays empty.
        camera: about the origin.
        front: azimuth of the object's front, degrees.
    """
    if not prompt:
        return prompt
    elevation, turn = camera.elevation(), abs((camera.azimuth() - front + 180.0) % 360.0 - 180.0)
    if abs(elevation) > 50.0:
        return f"{prompt}, seen from {'above' if elevation > 0 else 'below'}"
    return f"{prompt}, seen from the {'front' if turn < 45.0 else 'side' if turn < 135.0 else 'back'}"


@dataclass
class DescendViews:
    """Gradient steps on one view after another, as the loop's `Solve`.

    At view v: w(t) (l1 mean |E(g_v) - sg[z0_v]|^2 + l2 mean |g_v - sg[D(z0_v)]|^2) + data_v + variance. Rendering all
    views in every gradient step would cost as much as the whole visit.

    Args:
        nerf: psi, changed in place.
        prior: for encoding and decoding.
        cameras: the views, in the field's frame.
        optimizer: over the field's parameters.
        numbers: weights.
        count: visits in all.
        weight: w(t).
        data: loss of a view against what was measured; None without measurements.
        seed: of the order of the views and of the places along the rays.
        loss: of the last gradient step.
    """

    nerf: Nerf
    prior: Prior
    cameras: Sequence[Camera]
    optimizer: torch.optim.Optimizer
    numbers: DistillSettings
    count: int
    weight: Callable[[Step], float]
    data: ViewLoss | None
    seed: int
    loss: float = float("nan")
    _draw: torch.Generator = field(init=False, repr=False)
    _order: list[int] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        self._draw = torch.Generator().manual_seed(self.seed)
        size = (self.cameras[0].size[1], self.cameras[0].size[0])
        self.encode, self._size = encoder(self.prior, size), size

    def needs_prior_grad(self, step: Step) -> bool:
        """Return False: nothing is differentiated through the prior."""
        return False

    def __call__(self, pred: Prediction, state: State, step: Step) -> Tensor:
        """Take the gradient steps of one visit; return the encoded views after them, [V, C, h, w]."""
        share = step.index / self.count
        for group in self.optimizer.param_groups:
            group["lr"] = self.numbers.learning_rate * 0.1**share
        decoded: dict[int, Tensor] = {}
        for inner in range(self.numbers.inner):
            taken = step.index * self.numbers.inner + inner
            view = self._next()
            with torch.enable_grad():
                drawn = self.nerf.render(View((self.cameras[view],), seed=self.seed + taken))
                loss = self.weight(step) * self._pull(drawn, pred.z0[view : view + 1].detach(), view, decoded)
                loss = loss + self.numbers.variance * min(1.0, 2.0 * share) * solid_variance(drawn)
                if self.data is not None:
                    loss = loss + self.data(view, drawn)
                if not torch.isfinite(loss):
                    raise NonFinite(step.index, "solve", loss.dtype, "lower the learning rate or the prior's weights")
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
            self.optimizer.step()
            self.loss = float(loss.detach())
            if taken % 16 == 15 and taken > 48:
                self.nerf.refresh(self.seed + taken)
        return self.encoded()

    @torch.no_grad()
    def encoded(self) -> Tensor:
        """Return all views, rendered and encoded, [V, C, h, w]."""
        return torch.cat([self.encode(self.nerf.render(camera).image) for camera in self.cameras])

    def _pull(self, drawn: Rendering, z0: Tensor, view: int, decoded: dict[int, Tensor]) -> Tensor:
        pull = drawn.image.new_zeros(())
        if self.numbers.latent_weight > 0:
            pull = pull + self.numbers.latent_weight * ((self.encode(drawn.image) - z0) ** 2).mean()
        if self.numbers.pixel_weight > 0:
            if view not in decoded:
                with torch.no_grad():
                    picture = self.prior.space.decode(z0).clamp(-1.0, 1.0)
                    if picture.shape[-2:] != self._size:
                        picture = torch.nn.functional.interpolate(picture, self._size, mode="bilinear", antialias=True)
                decoded[view] = picture
            pull = pull + self.numbers.pixel_weight * ((0.5 * (drawn.image - decoded[view])) ** 2).mean()
        return pull

    def _next(self) -> int:
        if not self._order:
            self._order.extend(torch.randperm(len(self.cameras), generator=self._draw).tolist())
        return self._order.pop()


def solid_variance(drawn: Rendering) -> Tensor:
    """Return the mean variance of distances over rays more opaque than not (HiFA's z-variance, as a mean)."""
    variance = drawn.extras["depth_variance"]
    alpha = torch.ones_like(variance) if drawn.alpha is None else drawn.alpha.detach()
    solid = (alpha > 0.5).to(variance)
    return (variance * solid).sum() / solid.sum().clamp_min(1.0)


def distill(
    nerf: Nerf,
    prior: Prior,
    cameras: Sequence[Camera],
    prompts: Sequence[str],
    numbers: DistillSettings,
    *,
    data: ViewLoss | None = None,
    negative_prompt: str = "",
    final_weight: float = 0.0,
    seed: int = 0,
    callback: Callable[[int, int, float], None] | None = None,
) -> None:
    """Walk down the noise path with all views at once; every view carries its own noise (Algorithm 2 with eq. 39, 40).

    Args:
        nerf: the generator, changed in place.
        prior: the diffusion model.
        cameras: the views, in the field's frame, all of one size.
        prompts: one a view.
        numbers: settings.
        data: loss of a view against what was measured.
        negative_prompt: in place of the null prompt.
        final_weight: share of the prior's weight that is left after the last visit.
        seed: of noise, order of views, places along rays and levels.
        callback: called after each visit with its number, how many there are, and the loss.

    Raises:
        InputError: another number of prompts than cameras. NonFinite: a loss that is not finite.
    """
    if len(prompts) != len(cameras):
        raise InputError(f"prompts: {len(prompts)} for {len(cameras)} views; expected as many")
    if numbers.visits == 0 or (numbers.latent_weight == 0 and numbers.pixel_weight == 0):
        return  # every evaluation would be multiplied by zero
    descending = numbers.sampling == "dreamsampler"
    size = (cameras[0].size[1], cameras[0].size[0])
    steps = guidance_schedule(prior, numbers.visits, numbers.denoise, size)
    if not descending:
        steps = _random_levels(prior, numbers, size, seed)
    weight = falling_weight(steps, 1.0, final_weight)
    optimizer = torch.optim.Adam(nerf.parameters(), lr=numbers.learning_rate, betas=(0.9, 0.99), eps=1e-12)
    solve = DescendViews(nerf, prior, cameras, optimizer, numbers, len(steps), weight, data, seed)
    guide = CFG(prior.embed(list(prompts)), prior.embed([negative_prompt]), numbers.guidance_scale)
    z0, noise = solve.encoded(), Noise([seed + k for k in range(len(cameras))])
    state = State.start(steps[0].a * z0 + steps[0].b * noise.normal(z0), noise, z0=z0)

    def observe(now: State, step: Step) -> None:
        if callback is not None:
            callback(step.index + 1, len(steps), solve.loss)

    dream_sample(state, prior, steps, guide, solve, keep if descending else fresh, observe)


def _random_levels(prior: Prior, numbers: DistillSettings, size: tuple[int, int], seed: int) -> list[Step]:
    """Levels drawn evenly from the walked part of the path, as in DreamFusion."""
    levels = guidance_schedule(prior, 1000, numbers.denoise, size)
    chosen = torch.randint(len(levels), (numbers.visits,), generator=torch.Generator().manual_seed(seed)).tolist()
    drawn = [levels[k] for k in chosen]
    return link([*((s.t, s.a, s.b) for s in drawn), (drawn[-1].t, drawn[-1].a, drawn[-1].b)])
