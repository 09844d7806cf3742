"""The library in three lines: what `import dreamsampler` offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.types import Prior
from ..io.images import Source
from ..methods.inverse.registry import loader_of
from ..priors.base import whole
from ..priors.load import load
from ..runs.jobs import edit_jobs, edit_settings, generate_jobs, inversion_settings, invert_jobs, sized
from ..runs.outcome import Outcome
from ..runs.run import Options, run_all
from ..runs.verify import verify
from ..tasks.common import OnProgress

FRAMES = 24
"""Pictures of an animation."""

__all__ = ["edit", "generate", "invert", "load", "verify"]


def edit(
    image: Source | Sequence[Source],
    prompt: str | Sequence[str],
    *,
    mask: Source | Sequence[Source] | None = None,
    source_prompt: str = "",
    model: Any = "bundled",
    steps: int = 50,
    strength: float | Sequence[float] = 1.0,
    paper_c: float | None = None,
    inversion: str = "two-step",
    rounds: int = 2,
    start: float = 1.0,
    bound: float = 0.0,
    seed: int = 0,
    size: str | int | None = None,
    raw: bool = False,
    report: bool = False,
    animate: bool = False,
    batch: int = 8,
    value_range: tuple[float, float] = (0.0, 1.0),
    device: str | None = None,
    dtype: str | None = None,
    progress: OnProgress | None = None,
) -> Outcome:
    """Edit pictures towards prompts: DreamSampler's Algorithm 3, localized by masks (eq. 19).

    Args:
        image: a path, PIL image, array or tensor, or a list of them; of any size.
        prompt: what the picture should show; several act at once.
        mask: one or more, paired with the prompts in order; white acts. With one prompt more than masks the first
            prompt acts outside all masks. Outside the masks the picture's own pixels are kept, byte for byte.
        source_prompt: what the picture shows; "" as in the paper.
        model: anything that `load` takes, or a prior that it returned.
        steps: N; an edit costs N evaluations to invert and N (1 + prompts) to sample.
        strength: 0 reconstructs, 1 is the paper's default, 2 is strong; one, or one a prompt.
        paper_c: the paper's own weight c in place of `strength`; it depends on `steps` (0.2 at 200).
        inversion, rounds: "plain", "two-step" or "fixed-point" with its number of refinements.
        start: use only the lowest share of the trajectory.
        bound: leave the prompts out of steps where they weigh less.
        seed: of every random number.
        size: "native" (the model's, the default), "keep" (the picture's) or the shorter side in pixels, for the work
            inside; the result always has the picture's size.
        raw: with masks, return what the model made of everything.
        report: also measure what the inversion keeps, for N further evaluations.
        animate: record frames for `Outcome.animate`.
        batch: most pictures in one run.
        value_range: black and white in arrays of floats.
        device, dtype: see `load`.
        progress: called with (phase, steps done, steps, state) after each step.

    Raises:
        InputError: an argument or a file is not what it must be. ModelError, OutOfMemory, NonFinite: see `core.errors`.

    Example:
        >>> # dreamsampler.edit("cat.png", "a dog").save("dog.png")
    """
    settings = inversion_settings(source_prompt, steps, inversion, rounds, start, size)
    settings |= edit_settings(strength, paper_c, raw=raw, bound=bound)
    jobs = edit_jobs(image, prompt, mask, model=model, seed=seed, settings=settings, value_range=value_range)
    options = Options(report, FRAMES if animate else 0, batch, progress)
    return run_all(jobs, as_prior(model, device, dtype), options)


def generate(
    prompt: str,
    *,
    count: int = 1,
    negative_prompt: str = "",
    model: Any = "bundled",
    steps: int = 50,
    scale: float = 7.5,
    carry: str = "guided",
    size: int | tuple[int, int] | None = None,
    seed: int = 0,
    batch: int = 8,
    device: str | None = None,
    dtype: str | None = None,
    progress: OnProgress | None = None,
) -> Outcome:
    """Pictures of a prompt, without a source.

    Args:
        prompt: what they show.
        count: how many; the k-th has seed + k, so it is the same whatever the count.
        negative_prompt: what they should not show.
        model, device, dtype: see `edit`.
        steps: evaluations for each branch.
        scale: guidance scale; with carry="null" the weight of CFG++, 0 to 1.
        carry: "guided" (DDIM) or "null" (CFG++).
        size: in pixels, one side or (width, height); the model's own by default.

    Example:
        >>> # dreamsampler.generate("a red heart", count=4).save("heart.png")
    """
    settings = {"negative_prompt": negative_prompt, "steps": steps, "scale": scale, "carry": carry}
    jobs = generate_jobs(prompt, count, model=model, seed=seed, settings=settings)
    prior = as_prior(model, device, dtype)
    return run_all(sized(jobs, prior, size), prior, Options(batch=batch, on_progress=progress))


def invert(
    image: Source | Sequence[Source],
    *,
    source_prompt: str = "",
    model: Any = "bundled",
    steps: int = 50,
    inversion: str = "two-step",
    rounds: int = 2,
    start: float = 1.0,
    seed: int = 0,
    size: str | int | None = None,
    batch: int = 8,
    value_range: tuple[float, float] = (0.0, 1.0),
    device: str | None = None,
    dtype: str | None = None,
    progress: OnProgress | None = None,
) -> Outcome:
    """How much of a picture a model keeps: invert it and sample it back, 2 N evaluations. Arguments as in `edit`.

    Example:
        >>> # print(dreamsampler.invert("cat.png").report)
    """
    settings = inversion_settings(source_prompt, steps, inversion, rounds, start, size)
    jobs = invert_jobs(image, model=model, seed=seed, value_range=value_range, settings=settings)
    return run_all(jobs, as_prior(model, device, dtype), Options(batch=batch, on_progress=progress))


def as_prior(model: Any, device: str | None, dtype: str | None, method: str = "") -> Prior:
    """A prior as it is, or the model of this name loaded as the method wants it."""
    return whole(model) if hasattr(model, "predict") else loader_of(method)(model, device=device, dtype=dtype)
