"""The two ways in which inpainting brings in its prompts: guided on every step, or pulled as published."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from ..core.types import Condition, Guidance, Renoise, Step, Term
from ..steering.guidance import Branches
from ..steering.regions import ReleasedRegions, Where
from ..steering.renoise import Either, Mix, Rederive, ancestral, keep, signal_share
from ..steering.solve import When
from ..steering.strength import Constant, GuidanceScale, PaperStrength, Weight, check_strength
from ..steering.text import TextPull, share


class Case(NamedTuple):
    """What a rule is made for.

    Attributes:
        null, targets: conditions of the null prompt and of each hole's.
        holes: [1 or B, 1, h, w] each, 1 inside, at latent resolution.
        whole: their union, [1 or B, 1, h, w]: taken among pixels, and only then brought to latent resolution.
        consistent: which steps are data-consistency steps.
        data: the pull of the known pixels, for a weight.
    """

    null: Condition
    targets: tuple[Condition, ...]
    holes: tuple[Tensor, ...]
    whole: Tensor
    consistent: Callable[[Step], bool]
    data: Callable[[Weight], Term]


class Rule(NamedTuple):
    """Parts of the loop; DPS steps come after the terms."""

    guide: Guidance
    terms: tuple[Term, ...]
    renoise: Renoise


def guided(case: Case, guidance: float) -> Rule:
    """Guidance in the holes on all steps, data around them. Both pulls are guidance of scale w: `Constant` where the
    noise is derived from the solution, `GuidanceScale` where the null prompt's noise is kept."""
    check_strength("guidance_scale", guidance)
    shares = share(case.holes)
    solved = TextPull((Constant(guidance),) * len(shares), shares)
    kept = TextPull((GuidanceScale(guidance),) * len(shares), shares)
    around = Where(1.0 - case.whole, case.data(Constant(1.0)))
    guide = Branches(case.null, case.targets, kept.active)
    terms = (When(case.consistent, solved, kept), When(case.consistent, around))
    return Rule(guide, terms, Either(case.consistent, Rederive(ancestral), keep))


def published(case: Case, strength: float, eta: float, overlap: str) -> Rule:
    """Data everywhere, then the prompts' pull in the holes, on data-consistency steps; fresh noise."""
    weight = PaperStrength(strength)
    pull: Term = TextPull((weight,) * len(case.holes), share(case.holes))
    if overlap == "released":
        pull = ReleasedRegions(weight, case.holes, case.whole)
    data = case.data(PaperStrength(1.0))
    terms = (When(case.consistent, data), When(case.consistent, pull))
    return Rule(Branches(case.null, case.targets, case.consistent), terms, Mix(signal_share(eta, case.consistent)))
