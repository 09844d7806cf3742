"""Stable Diffusion 1, 2 and XL as a `Prior`: a denoising U-Net over the latents of an autoencoder."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError, ModelError
from ..core.parameterization import to_prediction
from ..core.types import Layout, Prediction, Schedule, Step
from .condition import TextCondition, join
from .info import PriorInfo
from .placement import cheaper, memory_guard
from .prediction import NOISY, judge, likeness
from .prompts import PromptEncoder
from .space import VAESpace

log = logging.getLogger(__name__)

Inputs = Callable[[Tensor, Layout], Tensor]
"""(latents of a call, their rows) -> what the network is given in their place."""


class LatentDiffusionPrior:
    """A latent diffusion model behind the role `Prior`; `dreamsampler.load` makes it.

    All casts and moves between devices happen here: latents, levels and predictions are float32 outside. The networks
    are frozen; a prediction is differentiable with respect to the latent (and to the condition) where autograd is on.

    Args:
        unet: a diffusers `UNet2DConditionModel`.
        space, prompts, schedule: the autoencoder, the text encoders, the noise path.
        kind: what the network predicts: "eps", "v" or "x0".
        info: what it is: see `PriorInfo`.
        max_batch: most latents in one call of the network; None: all branches of a step at once.
        trust_kind: do not check `kind` against the network's answers.

    Attributes:
        evaluations: latents that the network has seen so far.
        calls: how often it was called for them.
        notes: what a receipt should hold: retries, overridden settings, cut prompts.
        native_size: side in pixels of the pictures that it was trained on.
        layout: which row of the network's call in progress is which branch of which item; None outside of one.

    Example:
        >>> prior = load("model-folder")                                              # doctest: +SKIP
        >>> null, cat = prior.embed([""]), prior.embed(["a cat"])                     # doctest: +SKIP
        >>> z = torch.randn(1, *prior.space.latent_shape(512, 512))                   # doctest: +SKIP
        >>> a, b = prior.predict([z, z], prior.schedule.visits(50)[0], [null, cat])   # doctest: +SKIP
    """

    def __init__(
        self,
        unet: Any,
        space: VAESpace,
        prompts: PromptEncoder,
        schedule: Schedule,
        kind: str,
        info: PriorInfo,
        device: torch.device,
        dtype: torch.dtype,
        max_batch: int | None = None,
        trust_kind: bool = False,
    ) -> None:
        if max_batch is not None and max_batch < 1:
            raise InputError(f"max_batch={max_batch}: expected at least 1, or None for no limit")
        self.unet, self.space, self.prompts, self.schedule = unet, space, prompts, schedule
        self.kind, self.info, self.device, self.dtype, self.max_batch = kind, info, device, dtype, max_batch
        self.evaluations = self.calls = 0
        self.layout: Layout | None = None
        self._inputs: Inputs | None = None
        self._check_kind, self._trust_kind = True, trust_kind
        self._notes: list[str] = list(info.remarks)
        self._sized = getattr(unet.config, "addition_embed_type", None) == "text_time"
        self._joined: tuple[tuple[TextCondition, ...], list[int], TextCondition] | None = None

    @property
    def native_size(self) -> int:
        return self.info.native_size

    @property
    def multiple(self) -> int:
        return self.space.multiple

    @property
    def extra_channels(self) -> int:
        """Channels that the network takes beside the latent's; above 0 for inpainting networks."""
        return int(self.unet.config.in_channels) - self.space.channels

    @property
    def notes(self) -> list[str]:
        return [*self._notes, *self.prompts.notes, *self.space.notes]

    def describe(self) -> PriorInfo:
        """Model, revision, digests of the weights, prediction type, size: for recipes and listings."""
        return self.info

    def visits(self, steps: int, denoise: float = 1.0, size: tuple[int, int] | None = None) -> list[Step]:
        """Return the schedule's levels, noisy to clean, the same at every size."""
        return self.schedule.visits(steps, denoise)

    def embed(self, prompts: Sequence[str]) -> TextCondition:
        """One prompt an item, or a single prompt for all items; "" is the null prompt.

        Raises:
            InputError: no prompts, or not text. OutOfMemory: with what to do.
        """
        with memory_guard("encoding the prompts", cheaper(1, 1, self.dtype, self.device, "before")):
            return self.prompts(prompts)

    def predict(self, zs: Sequence[Tensor], step: Step, conds: Sequence[TextCondition]) -> tuple[Prediction, ...]:
        """Estimates for pairs of latent [B, C, h, w] and condition, in one call of the network (see `max_batch`).

        Raises:
            InputError: latents of different sizes, conditions that do not match them, or a level at which the network's
                output does not determine the clean latent.
            OutOfMemory: with what to do.
        """
        if len(zs) != len(conds) or not zs:
            raise InputError(f"{len(zs)} latents and {len(conds)} conditions; expected as many of each, at least one")
        if any(z.dim() != 4 or z.shape[1:] != (self.space.channels, *zs[0].shape[2:]) for z in zs):
            shapes = ", ".join(str(list(z.shape)) for z in zs)
            raise InputError(f"latents {shapes}: expected [B, {self.space.channels}, h, w], all of one size")
        if self.extra_channels and self._inputs is None:
            raise InputError("prior: an inpainting network needs a mask; use it with method 'stable-inpaint'")
        rows = [z.shape[0] for z in zs]
        z = torch.cat(tuple(zs)) if len(zs) > 1 else zs[0]
        output = self._evaluate(z, step.t, self._join(conds, rows), Layout.of(rows, conds))
        if self._check_kind and step.a < NOISY:
            self._check(z, output)
        return tuple(
            to_prediction(z, out, step.a, step.b, self.kind) for z, out in zip(zs, output.split(rows), strict=True)
        )

    @contextmanager
    def inputs(self, given: Inputs) -> Iterator[None]:
        """While the block runs, give the network `given(latents, layout)` in place of the latents of each call.

        Inpainting networks take a mask and a masked picture so; the layout says which item each row belongs to.
        """
        before, self._inputs = self._inputs, given
        try:
            yield
        finally:
            self._inputs = before

    def _evaluate(self, z: Tensor, t: float, cond: TextCondition, layout: Layout) -> Tensor:
        """The network's output, float32, in chunks of at most `max_batch`."""
        n, most = z.shape[0], self.max_batch or z.shape[0]
        size = f"{z.shape[2] * self.space.factor}x{z.shape[3] * self.space.factor}"
        x = z.to(self.device, self.dtype)
        time = torch.tensor(t, dtype=torch.float32, device=self.device)
        extra = self._size_conditioning(cond, z)
        outputs = []
        with memory_guard(
            f"evaluating {min(n, most)} latents of {size} pixels at once",
            cheaper(n, self.max_batch, self.dtype, self.device, size),
        ):
            for i in range(0, n, most):
                part = slice(i, i + most)
                added = None if extra is None else {name: value[part] for name, value in extra.items()}
                outputs.append(self._call(x[part], time, cond.text[part].to(x.dtype), added, layout.part(i, i + most)))
        self.evaluations += n
        self.calls += len(outputs)
        output = torch.cat(outputs) if len(outputs) > 1 else outputs[0]
        return output.to(z.device, torch.float32)

    def _call(self, x: Tensor, time: Tensor, text: Tensor, added: dict[str, Tensor] | None, layout: Layout) -> Tensor:
        self.layout = layout
        try:
            given = x if self._inputs is None else self._inputs(x, layout)
            return self.unet(given, time, text, added_cond_kwargs=added, return_dict=False)[0]
        finally:
            self.layout = None

    def _size_conditioning(self, cond: TextCondition, z: Tensor) -> dict[str, Tensor] | None:
        if not self._sized:
            return None
        if cond.pooled is None:
            raise InputError("condition: this model needs a pooled vector; use its own embed()")
        height, width = (side * self.space.factor for side in z.shape[2:])
        ids = cond.time_ids
        if ids is None:
            # float32 on purpose: bfloat16 cannot count pixels beyond 256 one by one
            ids = torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32, device=self.device)
        return {"text_embeds": cond.pooled, "time_ids": ids.to(self.device).expand(z.shape[0], -1)}

    def _join(self, conds: Sequence[TextCondition], rows: list[int]) -> TextCondition:
        """`join`, remembered: a run asks for the same conditions at every step."""
        last = self._joined
        if last is not None and last[1] == rows and all(a is b for a, b in zip(last[0], conds, strict=True)):
            return last[2]
        joined = join(conds, rows)
        # what is being optimized changes in place from step to step
        if not any(part is not None and part.requires_grad for part in (joined.text, joined.pooled)):
            self._joined = (tuple(conds), rows, joined)
        return joined

    def _check(self, z: Tensor, output: Tensor) -> None:
        """Once, at the first almost signal-free level that comes by: does the network answer like its kind?"""
        self._check_kind = False
        verdict = judge(self.kind, likeness(z, output.to(z.device)))
        if verdict is None:
            return
        if self.kind != "eps" and not self._trust_kind:
            raise ModelError(verdict)
        self._notes.append(verdict)
        log.warning(verdict)

    def with_schedule(self, schedule: Schedule) -> LatentDiffusionPrior:
        """The same networks on another noise path or grid (shared, not copied); counters start at 0."""
        other = copy.copy(self)
        other.schedule, other.evaluations, other.calls = schedule, 0, 0
        return other

    def checkpoint_gradients(self, on: bool = True) -> None:
        """Recompute activations in the backward pass: much less memory for about a third more time."""
        (self.unet.enable_gradient_checkpointing if on else self.unet.disable_gradient_checkpointing)()

    def reset_counters(self) -> None:
        """Start counting evaluations from 0."""
        self.evaluations = self.calls = 0
