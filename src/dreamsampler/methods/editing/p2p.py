"""Prompt-to-prompt (Hertz et al., 2208.01626). Shares the loop: yes (CFG through tapped attention, kept noise).

The pictures are inverted under the source caption. On the way down the source latent is read from the inversion's path
(Ju et al., 2310.01506: the source branch stands where the inversion stood), its attention maps are recorded in one
call and put in the place of the target branch's in the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Annotated

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.settings import Doc, Ge, Le, settings
from ...core.state import State
from ...core.types import Condition, Guidance, Layout, Prediction, Prior, Step
from ...priors.attention import Site, sites, taps
from ...steering.guidance import CFG
from ...tasks.cases import EditCase, Prompt
from ...tasks.options import GuidanceScale, Inversion, Steps
from ...tasks.plan import Leg, Plan, from_the_top, inversion_leg
from .words import replacement, word_weights


@settings
class PromptToPrompt:
    """Sample under the target prompt with the source's attention maps. N + S + 2N evaluations, S steps injected.

    Source and target prompt have as many words; each word's map goes to the word in its place.
    """

    steps: Steps = 50
    guidance_scale: GuidanceScale = 7.5
    cross: Annotated[float, Ge(0), Le(1), Doc("Share of the steps whose cross-attention is the source's.")] = 0.8
    own: Annotated[float, Ge(0), Le(1), Doc("Share of the steps whose self-attention is the source's.")] = 0.4
    own_side: Annotated[
        float, Ge(0), Le(1), Doc("Largest side of the self-attention that is replaced, as a share of the latent's.")
    ] = 0.25
    weight: Annotated[float, Ge(-10), Le(10), Doc("Factor of the attention to some words; 1 leaves it alone.")] = 1.0
    word: Annotated[str, Doc("The word that the factor is for; nothing: the words that differ.")] = ""
    inversion: Inversion = "plain"

    def __call__(self, case: EditCase) -> Plan:
        sites(case.prior)  # refuses what has no attention before anything is evaluated
        visits, target = case.visits(self.steps), case.target
        swap = _swap(case, self.word, self.weight)
        # the published table has a row more than there are steps
        cross, own = math.floor(self.cross * (len(visits) + 1)), math.floor(self.own * len(visits))
        up = inversion_leg(case.clean(), visits, case.source, self.inversion)
        up = replace(up, guide=_Recorded(up.guide, len(visits), max(cross, own)))
        guide = Injected(CFG(target, case.null, self.guidance_scale), case.source, swap, cross, own, self.own_side)
        return Plan((up, Leg("edit", from_the_top(case.z), visits, guide)))


@dataclass(frozen=True)
class Swap:
    """What becomes of a source's cross-attention maps A: A' = (A M) w, column by column; no row is renormalized.

    Attributes:
        table: M, [1 or B, T, T].
        weights: w, [1 or B, T].
    """

    table: Tensor
    weights: Tensor

    def __call__(self, maps: Tensor, items: list[int]) -> Tensor:
        """Return the target's maps of [rows, heads, n, T], whose rows are of these pictures."""
        mine = items if len(self.table) > 1 else [0] * len(items)
        table, weights = self.table.to(maps)[mine], self.weights.to(maps)[mine]
        return (maps @ table[:, None]) * weights[:, None, None]


@dataclass
class Maps:
    """Attention maps of one call, one for each layer and picture."""

    _kept: dict[tuple[str, int], Tensor] = field(default_factory=dict)

    def keep(self, site: Site, layout: Layout, maps: Tensor) -> None:
        """Remember [rows, heads, n, T], row by row."""
        for item, row in zip(layout.items, maps, strict=True):
            self._kept[site.name, item] = row

    def of(self, site: Site, items: list[int]) -> Tensor:
        """Return the maps of some pictures, in their order."""
        return torch.stack([self._kept[site.name, item] for item in items])


@dataclass(frozen=True)
class Injected:
    """Classifier-free guidance whose prompt branch attends with the source's maps; the null branch is left alone.

    Args:
        cfg: the guidance.
        source: condition of the source caption.
        swap: how its cross-attention maps become the target's.
        cross, own: numbers of first steps with cross- and self-attention of the source.
        own_side: largest side of a replaced self-attention, as a share of the latent's.

    Cost: 1 evaluation more than the guidance where maps are injected.
    """

    cfg: CFG
    source: Condition
    swap: Swap
    cross: int
    own: int
    own_side: float = 0.25

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        if self.cfg.scale == 0.0 or step.index >= max(self.cross, self.own):
            return self.cfg(prior, state, step)
        z = state.z if step.index == 0 else state.learned.get(_name(step.index))
        if z is None:
            raise InputError(f"state: has no source latent for step {step.index}; start from the inversion")
        maps = Maps()

        def record(site: Site, q: Tensor, context: Tensor) -> Tensor:
            if not self._replaces(site, step):
                return site.attend(q, context)
            found = site.maps(q, context)
            maps.keep(site, _layout(prior), found)
            return found @ site.values(context)

        def inject(site: Site, q: Tensor, context: Tensor) -> Tensor:
            layout = _layout(prior)
            rows = [row for row, k in enumerate(layout.branches) if layout.conds[k] is self.cfg.cond]
            if not rows or not self._replaces(site, step):
                return site.attend(q, context)
            items = [layout.items[row] for row in rows]
            found = maps.of(site, items)
            changed = (self.swap(found, items) if site.is_cross else found) @ site.values(context[rows])
            others = [row for row in range(len(q)) if row not in rows]
            if not others:
                return changed
            out = torch.empty_like(q)
            out[rows], out[others] = changed, site.attend(q[others], context[others])
            return out

        with taps(prior, record):
            prior.predict([z], step, [self.source])
        with taps(prior, inject):
            return self.cfg(prior, state, step)

    def _replaces(self, site: Site, step: Step) -> bool:
        if site.is_cross:
            return step.index < self.cross
        return step.index < self.own and self.own_side * site.resolution >= 1


@dataclass(frozen=True)
class _Recorded:
    """An inversion's guidance that remembers the latents from which steps on the way down will read the source."""

    guide: Guidance
    steps: int
    needed: int

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        down = self.steps - state.next  # the step on the way down that starts at this level
        if down < self.needed:
            state.learned.put(_name(down), state.z.contiguous())
        return self.guide(prior, state, step)


def _name(index: int) -> str:
    return f"source latent {index}"


def _layout(prior: Prior) -> Layout:
    if prior.layout is None:
        raise InputError("prior: names no rows of its call; its attention cannot be replaced")
    return prior.layout


def _swap(case: EditCase, word: str, weight: float) -> Swap:
    """Return the table and the weights of each picture's pair of prompts."""
    batch, length = case.z.shape[0], case.target.text.shape[1]
    tokenizer = case.prior.prompts.tokenizers[0]  # type: ignore[attr-defined]  # what has a U-Net has prompts
    pairs = list(zip(_each(case.source_prompt, batch), _each(case.prompts[0], batch), strict=True))
    pairs = pairs[:1] if len(set(pairs)) == 1 else pairs
    tables = [replacement(tokenizer, source, target, length) for source, target in pairs]
    weights = [word_weights(tokenizer, source, target, length, word, weight) for source, target in pairs]
    return Swap(torch.stack(tables), torch.stack(weights))


def _each(prompt: Prompt, batch: int) -> list[str]:
    texts = [prompt] if isinstance(prompt, str) else list(prompt)
    return texts * batch if len(texts) == 1 else texts
