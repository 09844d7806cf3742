"""Restoration of pictures from linear measurements, guided by text: equations 31 to 38 of DreamSampler, any operator.

Data-consistency steps (every third) take the pictures that explain the measurement and lie near the estimate; the steps
between them are DPS steps. There are two ways to bring in the prompt.

Guided (the default): the estimate is the prompt's on every step, with classifier-free guidance if its scale is not 1,
and data-consistency steps put back the noise that their solution implies. With N steps: N evaluations to invert, N on
the way down (2 N with guidance), those of DPS steps with gradients.

Published (`strength` given): the prompt pulls by c_g a^2 on data-consistency steps alone, the measurement by a^2, and
fresh noise goes back. N evaluations to invert, 2 on each data-consistency step, 1 on each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.state import State
from ..core.types import Condition, Guidance, Prior, Renoise, Solve, Step, Term
from ..operators import Measurement
from ..steering import solve as chain
from ..steering.data_consistency import DataPull
from ..steering.dps import PriorGradient, ResidualNorm
from ..steering.guidance import CFG, Branches
from ..steering.inversion import invert
from ..steering.renoise import Either, Mix, Rederive, keep
from ..steering.solve import When
from ..steering.strength import Constant, PaperStrength, check_strength
from ..steering.text import TextPull
from .common import OnProgress, Receipt, check_images, check_prompts, evaluations, reporter, seeds_for

NEGATION = "out of focus, depth of field"
"""Null prompt of the released inpainting and of TReg, for models that were taught such words: what the picture should
not be. The default everywhere is "", which every model knows."""

Prompt = str | Sequence[str]
"""One prompt for the whole batch, or one an item."""


class Parts(NamedTuple):
    """Everything that the loop needs: `dream_sample(state, prior, steps, guide, solve, renoise)`."""

    state: State
    steps: list[Step]
    guide: Guidance
    solve: Solve
    renoise: Renoise


@dataclass(frozen=True)
class Restored:
    """Restored pictures.

    Attributes:
        images: [B, 3, H, W], around [-1, 1].
        misfit: root mean square of y - A x of each item; about the noise's sigma where the picture explains y.
        receipt: of the run.
    """

    images: Tensor
    misfit: tuple[float, ...]
    receipt: Receipt


def restore(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    on_progress: OnProgress | None = None,
    **options: object,
) -> Restored:
    """Restore pictures from a measurement.

    Args:
        prior: see `dreamsampler.load`.
        measurement: y, its operator and its noise; the scene's sides must be multiples of `prior.space.multiple`.
        prompt: what the picture shows; "" where nothing is known.
        on_progress: called after each step.
        options: those of `restore_parts`: steps, strength, null_prompt, rho, seeds, ...

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example: docs/inverse-problems.md.
    """
    counted = evaluations(prior)
    parts = restore_parts(prior, measurement, prompt, on_progress=on_progress, **options)  # type: ignore[arg-type]
    return carry_out(prior, measurement, parts, counted, on_progress)


def restore_parts(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 100,
    guidance: float = 1.0,
    strength: float | None = None,
    eta: float = 1.0,
    rho: float | None = None,
    dps: float = 1.0,
    period: int = 3,
    until: float = 1.0,
    begin: str = "inversion",
    lean: bool = True,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Parts:
    """The loop's parts for `restore`.

    Args:
        null_prompt: plays the null prompt's part; `NEGATION` in the released code.
        steps: N.
        guidance: w, the scale of guidance towards the prompt; 1 takes the prompt alone.
        strength: c_g of the published pull gamma_t = c_g a^2 / (a^2 + b^2), instead of guidance.
        eta: with `strength`, share of fresh noise on data-consistency steps, relative to the released sqrt(abar_t).
            Below 1 what the pull adds is not forgotten, and grows with N.
        rho: weight of the estimate in the proximal step; by default the larger of 1e-4 (as released) and
            4 sigma^2, so that noise is not fitted.
        dps: step of the DPS steps, relative to the released a' (with guidance, to a' min(1, 100 / N)).
        period, until: data-consistency steps are those whose index is a multiple of `period`, before `until` N; the
            released script has 3 and 0.85.
        begin: "inversion" of a first guess A^+ y, or "noise".
        lean: see `gradient_step`.
    """
    check_prompts([null_prompt], "null_prompt")
    m, batch = measurement, measurement.y.shape[0]
    consistent = released_schedule(steps, period, until)
    visits = prior.schedule.visits(steps)
    null, target = prior.embed([null_prompt]), embed_batch(prior, prompt, batch)
    weight = (max(1e-4, 4.0 * m.sigma**2)) if rho is None else rho
    gradient = gradient_step(prior, m, dps, lean, steps if strength is None else None)
    between = When(lambda step: not consistent(step), gradient)
    check_rule(strength, guidance, 1.0, eta)
    guide: Guidance
    renoise: Renoise
    if strength is None:
        check_strength("guidance", guidance)
        guide, renoise = CFG(target, null, guidance), Either(consistent, Rederive(), keep)
        terms: tuple[Term, ...] = (When(consistent, DataPull(m, prior.space, Constant(1.0), weight)), between)
    else:
        pull = TextPull((PaperStrength(strength),))
        guide = Branches(null, (target,), lambda step: consistent(step) and pull.active(step))
        data = DataPull(m, prior.space, PaperStrength(1.0), weight)
        terms, renoise = (When(consistent, pull), When(consistent, data), between), Mix(signal_share(eta, consistent))
    state = first_state(prior, m, null, visits, begin, seeds, on_progress)
    return Parts(state, visits, guide, chain.Solve(terms), renoise)


def carry_out(
    prior: Prior,
    measurement: Measurement,
    parts: Parts,
    counted: int,
    on_progress: OnProgress | None = None,
    phase: str = "restore",
    notes: tuple[str, ...] = (),
) -> Restored:
    """Run the loop, decode its last solution and write the receipt.

    Args:
        counted: the prior's evaluations before the parts were made (their inversion costs some).
    """
    on_step = reporter(on_progress, phase, len(parts.steps))
    done = dream_sample(parts.state, prior, *parts[1:], on_step)
    with torch.no_grad():
        images = prior.space.decode(done.z0)
    return Restored(images, tuple(measurement.misfit(images)), Receipt(evaluations(prior) - counted, notes))


def released_schedule(steps: int, period: int = 3, until: float = 0.85) -> Callable[[Step], bool]:
    """The released schedule of data-consistency steps, i % 3 == 0 and i < 170 of 200, for any number of steps.

    Raises:
        InputError: period < 1 or until outside [0, 1].
    """
    if period < 1:
        raise InputError(f"period={period}: expected 1 or more steps between data-consistency steps")
    if not 0.0 <= until <= 1.0:
        raise InputError(f"until={until}: expected a share of the steps, 0 to 1")
    return lambda step: step.index % period == 0 and step.index < until * steps


def check_rule(strength: float | None, guidance: float, usual: float, eta: float = 1.0, overlap: str = "share") -> None:
    """Raise `InputError` where a number is set that nothing looks at: those of the published pull without its strength,
    or a guidance other than the usual beside it."""
    if strength is not None and guidance != usual:
        raise InputError(f"guidance={guidance}, strength={strength}: the published pull replaces guidance; give one")
    for name, value, default in (("eta", eta, 1.0), ("overlap", overlap, "share")):
        if strength is None and value != default:
            raise InputError(f"{name}={value!r}: a number of the published pull; give a strength with it")


def signal_share(eta: float, where: Callable[[Step], bool]) -> Callable[[Step], float]:
    """k = eta a / sqrt(a^2 + b^2) on some steps, 0 on the others: eta beta_t = eta b' sqrt(abar_t) in eq. 5."""
    if not 0.0 <= eta <= 1.0:
        raise InputError(f"eta={eta}: expected a share, 0 to 1")
    return lambda step: eta * step.a / math.hypot(step.a, step.b) if where(step) else 0.0


def gradient_step(
    prior: Prior, measurement: Measurement, dps: float, lean: bool = True, steps: int | None = None
) -> PriorGradient:
    """The DPS step of the released code: z' loses dps a' grad_z |y - A D(z0_hat)|.

    Args:
        lean: see `ResidualNorm`.
        steps: N, to take shorter steps where there are more than 100 of them. The gradient of a norm does not shrink
            with the residual, so that the published steps go the further the more they are.
    """
    if not (math.isfinite(dps) and dps >= 0):
        raise InputError(f"dps={dps}: expected a step size of 0 or more")
    size = dps if steps is None else dps * min(1.0, 100 / steps)
    return PriorGradient(ResidualNorm(measurement, prior.space, lean), lambda step: size)


def embed_batch(prior: Prior, prompt: Prompt, batch: int) -> Condition:
    """One condition for the batch, or one an item."""
    prompts: list[Any] = list(prompt) if isinstance(prompt, (list, tuple)) else [prompt]
    check_prompts(prompts, "prompt")
    if len(prompts) not in (1, batch):
        raise InputError(f"prompt: got {len(prompts)} for a batch of {batch}; expected one, or one an item")
    return prior.embed(prompts)


def first_state(
    prior: Prior,
    measurement: Measurement,
    null: Condition,
    visits: Sequence[Step],
    begin: str = "noise",
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    method: str = "two-step",
) -> State:
    """Where a restoration starts: pure noise, or the inversion of A^+ y under the null prompt."""
    guess = measurement.first_guess()
    if begin not in ("inversion", "noise"):
        raise InputError(f"begin={begin!r}: expected 'inversion' or 'noise'")
    if guess.shape[1] == 3:
        check_images(prior, guess, "scene")
    with torch.no_grad():
        z = prior.space.encode(guess)
    state = State.start(z, seeds_for(seeds, guess.shape[0]))
    if begin == "noise":
        return State.start(state.noise.normal(z), state.noise, z0=z)
    top = invert(prior, state, visits, null, method, on_step=reporter(on_progress, "invert", len(visits)))
    return State.start(top.z, state.noise, z0=z)
