"""Flow transformers (SD3, FLUX.1, AuraFlow) as a `Prior`, by listening to a diffusers pipeline's own call.

A hook on the network stops the pipeline's `__call__` at its first evaluation and keeps what the network was to be told
about the prompts at that size; the pipeline's scheduler then holds the levels. z = (1 - sigma) z0 + sigma eps, and the
network gives v = eps - z0 (Liu et al. 2023, Lipman et al. 2023; up to the family's sign).
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError, ModelError
from ..core.parameterization import to_prediction
from ..core.schedule import check_visits, link
from ..core.types import Layout, Prediction, Step
from .families import family_of
from .info import PriorInfo
from .placement import cheaper, memory_guard
from .space import VAESpace

KEPT = 32
"""Conditions kept at once, the ones used last."""
TIMES = ("timestep", "timesteps", "t")


class _HeardError(Exception):
    """Stops a pipeline's call at the first evaluation of its network."""


@dataclass(frozen=True)
class Prompts:
    """Prompts of a pipeline, one an item or one for all; what the network is told is heard at the latent's size."""

    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class PipelineLevels:
    """The levels of the pipeline's scheduler at the native size; other sizes: `TransformerPrior.visits`."""

    prior: TransformerPrior
    length: int = 1000

    def ab(self, t: float) -> tuple[float, float]:
        """Return (1 - sigma, sigma) for t = 1000 sigma."""
        sigma = min(max(t / self.length, 0.0), 1.0)
        return 1.0 - sigma, sigma

    def visits(self, n: int, start: float = 1.0) -> list[Step]:
        """Return n levels from noisy to clean; `start` keeps the lowest share of them."""
        return self.prior.visits(n, start)


class TransformerPrior:
    """A diffusers pipeline with a flow transformer behind the role `Prior`; `dreamsampler.load` makes it.

    The network is called, never copied: LoRAs, quantization and offloading of the pipeline stay in force. Latents and
    predictions are float32 outside. Each branch is one call, since prompts may differ in length.

    Args:
        pipe: a diffusers pipeline of one of `families.FAMILIES`.
        info: what it is.
        max_batch: most latents in one call of the network; None: all items of a branch.

    Attributes:
        evaluations, calls: latents that the network has seen so far, and how often it was called for them.
        layout: which row of the call in progress is which branch of which item; None outside of one.

    Raises:
        ModelError: a pipeline of an unknown class, or one whose parts do not fit.

    Example:
        >>> prior = load(StableDiffusion3Pipeline.from_pretrained("models/sd35"))    # doctest: +SKIP
        >>> prior.visits(28, size=(1024, 768))[0].b                                   # doctest: +SKIP
        1.0
    """

    kind = "flow"

    def __init__(self, pipe: Any, info: PriorInfo, max_batch: int | None = None) -> None:
        self.pipe, self.family, self.info, self.max_batch = pipe, family_of(type(pipe).__name__), info, max_batch
        self.net = pipe.transformer
        self._names = list(inspect.signature(type(self.net).forward).parameters)[1:]
        self._time = next(name for name in TIMES if name in self._names)
        self.device = torch.device(getattr(pipe, "_execution_device", None) or pipe.device)
        self.dtype: torch.dtype = self.net.dtype
        # the networks cut latents into patches of 2 x 2
        self.space = VAESpace(pipe.vae, 1, self.device)
        self.schedule = PipelineLevels(self)
        self.evaluations = self.calls = 0
        self.layout: Layout | None = None
        self._heard: OrderedDict[tuple[tuple[str, ...], tuple[int, int]], dict[str, Any]] = OrderedDict()
        self._levels: dict[tuple[int, tuple[int, int]], tuple[float, ...]] = {}

    @property
    def native_size(self) -> int:
        return self.info.native_size

    @property
    def multiple(self) -> int:
        return self.space.multiple

    @property
    def notes(self) -> list[str]:
        return [*self.info.remarks, *self.space.notes]

    def describe(self) -> PriorInfo:
        """Return the model's name, family, size and digests: for recipes and listings."""
        return self.info

    def embed(self, prompts: Sequence[str]) -> Prompts:
        """Return prompts, one an item or a single one for all; "" is the null prompt.

        Raises:
            InputError: no prompts, or not text.
        """
        if isinstance(prompts, str) or not prompts or not all(isinstance(text, str) for text in prompts):
            raise InputError(f"prompts={prompts!r}: expected a list of at least one text")
        return Prompts(tuple(prompts))

    def visits(self, steps: int, denoise: float = 1.0, size: tuple[int, int] | None = None) -> list[Step]:
        """Return the levels that the pipeline visits at a size (height, width), noisy to clean, ending at sigma = 0.

        Raises:
            InputError: fewer than one step, or `denoise` outside (0, 1].
            ModelError: the scheduler takes other than one level a step, or leaves the flow's path.
        """
        check_visits(steps, denoise)
        size = size or (self.native_size, self.native_size)
        if (steps, size) not in self._levels:
            self._listen(("",), size, steps)
            self._levels[steps, size] = self._scheduled(steps)
        kept = self._levels[steps, size][steps - max(1, round(steps * denoise)) :]
        return link([(1000 * s, 1.0 - s, s) for s in kept])

    def predict(self, zs: Sequence[Tensor], step: Step, conds: Sequence[Prompts]) -> tuple[Prediction, ...]:
        """Return estimates for pairs of latent [B, C, h, w] and condition, one call of the network a branch.

        Raises:
            InputError: latents of different sizes, or conditions that do not match them. OutOfMemory: with what to do.
        """
        if len(zs) != len(conds) or not zs:
            raise InputError(f"{len(zs)} latents and {len(conds)} conditions; expected as many of each, at least one")
        if any(z.dim() != 4 or z.shape[1:] != (self.space.channels, *zs[0].shape[2:]) for z in zs):
            shapes = ", ".join(str(list(z.shape)) for z in zs)
            raise InputError(f"latents {shapes}: expected [B, {self.space.channels}, h, w], all of one size")
        layout, first, found = Layout.of([z.shape[0] for z in zs], conds), 0, []
        for k, (z, cond) in enumerate(zip(zs, conds, strict=True)):
            if not isinstance(cond, Prompts):
                raise InputError(f"condition: expected what prior.embed() returns, got {type(cond).__name__}")
            if len(cond) not in (1, z.shape[0]):
                raise InputError(f"{len(cond)} prompts for a batch of {z.shape[0]}; expected one, or one an item")
            velocity = self._branch(z, step.t, cond, layout.part(first, first + z.shape[0]), k)
            found.append(to_prediction(z, velocity, step.a, step.b, "flow"))
            first += z.shape[0]
        return tuple(found)

    def checkpoint_gradients(self, on: bool = True) -> None:
        """Recompute activations in the backward pass: much less memory for about a third more time."""
        (self.net.enable_gradient_checkpointing if on else self.net.disable_gradient_checkpointing)()

    def reset_counters(self) -> None:
        """Start counting evaluations from 0."""
        self.evaluations = self.calls = 0

    def _branch(self, z: Tensor, t: float, cond: Prompts, layout: Layout, branch: int) -> Tensor:
        """Return v of one branch, float32, in chunks of at most `max_batch`."""
        n, most = z.shape[0], self.max_batch or z.shape[0]
        texts = cond.texts if len(cond) == n else cond.texts * n
        size = (z.shape[2] * self.space.factor, z.shape[3] * self.space.factor)
        words = f"{size[0]}x{size[1]}"
        remedy = cheaper(n, self.max_batch, self.dtype, self.device, words)
        outputs = []
        with memory_guard(f"evaluating {min(n, most)} latents of {words} pixels at once", remedy):
            for i in range(0, n, most):
                self.layout = layout.part(i, i + most)
                try:
                    outputs.append(self._call(z[i : i + most], t, self._told(texts[i : i + most], size), size, branch))
                finally:
                    self.layout = None
        return torch.cat(outputs).to(z.device)

    def _call(self, z: Tensor, t: float, told: dict[str, Any], size: tuple[int, int], branch: int) -> Tensor:
        family, latent = self.family, self._names[0]
        x = family.pack(self.pipe, z.to(self.device, self.dtype), *size)
        changed = {latent: x, self._time: family.time(torch.full_like(told[self._time], t))}
        named = self.net.cache_context(f"branch {branch}") if hasattr(self.net, "cache_context") else nullcontext()
        with named:
            out = self.net(**{**told, **changed, "return_dict": False})[0]
        self.evaluations += z.shape[0]
        self.calls += 1
        return family.sign * family.unpack(self.pipe, out, *size).float()

    def _told(self, texts: tuple[str, ...], size: tuple[int, int]) -> dict[str, Any]:
        """Return what the network is told about prompts at a size, heard once and kept."""
        key = texts, size
        if key not in self._heard:
            self._heard[key] = self._listen(texts, size, 1)
            while len(self._heard) > KEPT:
                self._heard.popitem(last=False)
        self._heard.move_to_end(key)
        return self._heard[key]

    def _listen(self, texts: tuple[str, ...], size: tuple[int, int], steps: int) -> dict[str, Any]:
        """Return the arguments of the network's first evaluation in the pipeline's call, which does not happen."""
        self.space.latent_shape(*size)
        if size[0] % self.multiple or size[1] % self.multiple:
            raise InputError(f"size {size[0]}x{size[1]}: sides must be multiples of {self.multiple} pixels")
        heard: dict[str, Any] = {}

        def hear(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            heard.update(zip(self._names, args, strict=False))
            heard.update(kwargs)
            raise _HeardError

        bar = dict(getattr(self.pipe, "_progress_bar_config", {}))
        self.pipe.set_progress_bar_config(disable=True)
        handle = self.net.register_forward_pre_hook(hear, with_kwargs=True)
        try:
            self.pipe(
                prompt=list(texts),
                height=size[0],
                width=size[1],
                num_inference_steps=steps,
                output_type="latent",
                # the latent drawn here is thrown away; the global generator is left alone
                generator=torch.Generator("cpu").manual_seed(0),
                **dict(self.family.options),
            )
        except _HeardError:
            return heard
        finally:
            handle.remove()
            self.pipe.set_progress_bar_config(**bar)
            self.pipe.maybe_free_model_hooks()
        raise ModelError(f"{type(self.pipe).__name__} never called its transformer; it cannot be listened to")

    def _scheduled(self, steps: int) -> tuple[float, ...]:
        scheduler = self.pipe.scheduler
        sigmas = getattr(scheduler, "sigmas", None)
        levels = () if sigmas is None else tuple(torch.as_tensor(sigmas).double().tolist())
        falling = all(a > b for a, b in zip(levels, levels[1:], strict=False))
        if len(levels) != steps + 1 or not falling or levels[0] > 1.0 + 1e-6 or levels[-1] != 0.0:
            raise ModelError(
                f"scheduler: {type(scheduler).__name__} gives {len(levels)} noise levels for {steps} steps; expected "
                f"{steps + 1} falling from at most 1 to 0, as FlowMatchEulerDiscreteScheduler gives"
            )
        return tuple(min(level, 1.0) for level in levels)
