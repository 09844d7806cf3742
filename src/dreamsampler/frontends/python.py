"""The library in three lines: what `import dreamsampler` offers.

Numbers are given as keywords, `edit(..., steps=20)`, or as `settings=EditSettings(steps=20)`, which a type checker
follows; both are declared once, in `tasks.settings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..priors.load import load
from ..runs.job import Request
from ..runs.observe import Observer
from ..runs.result import Result
from ..runs.verify import verify
from ..tasks.settings import EditSettings, GenerateSettings, InvertSettings, RunSettings
from .inverse import degrade, inpaint, restore, vectorize
from .keywords import Range, Sources, keywords_of, run, settings_of

__all__ = ["degrade", "edit", "generate", "inpaint", "invert", "load", "restore", "vectorize", "verify"]


@keywords_of(EditSettings)
def edit(
    image: Sources,
    prompt: str | Sequence[str],
    *,
    mask: Sources | None = None,
    settings: EditSettings | None = None,
    preset: str | None = None,
    model: Any = "bundled",
    seed: int = 0,
    report: bool = False,
    animate: bool = False,
    batch: int = 8,
    value_range: Range = (0.0, 1.0),
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Edit pictures towards prompts: DreamSampler's Algorithm 3, localized by masks (eq. 19).

    Args:
        image: a path, PIL image, array or tensor, or a list of them; of any size.
        prompt: what the picture should show; several act at once.
        mask: one or more, paired with the prompts in order; white acts. With one prompt more than masks the first
            prompt acts outside all masks. Outside the masks the picture's own pixels are kept, byte for byte.
        settings: the numbers, or any of them as keywords; see `tasks.settings.EditSettings`. `size` may be a number.
        preset: "paper": 200 steps, paper_c 0.2, plain inversion; what is given beside it wins.
        model: anything that `load` takes, or a prior that it returned.
        seed: of every random number.
        report: also measure what the inversion keeps, for N further evaluations.
        animate: record frames for `Result.animate`.
        batch: most pictures in one run.
        value_range: black and white in arrays of floats.
        device, dtype: see `load`.
        callback: called with an `Event` (phase, step, total, state, ...) after each step; may raise to cancel.

    Raises:
        InputError: an argument or a file is not what it must be. ModelError, OutOfMemory, NonFinite: see `core.errors`.

    Example:
        >>> # dreamsampler.edit("cat.png", "a dog", steps=20).save("dog.png")
    """
    made = settings_of(EditSettings, settings, preset, keywords)
    place = RunSettings(device, dtype)
    request = Request(made, image, prompt, mask, seed=seed, model=model, run=place, value_range=value_range)
    return run(request, callback, animate=animate, report=report, batch=batch)


@keywords_of(GenerateSettings)
def generate(
    prompt: str,
    *,
    count: int = 1,
    settings: GenerateSettings | None = None,
    model: Any = "bundled",
    seed: int = 0,
    batch: int = 8,
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Make pictures of a prompt, without a source.

    Args:
        prompt: what they show.
        count: how many; the k-th has seed + k, so it is the same whatever the count.
        settings: the numbers, or any of them as keywords; see `tasks.settings.GenerateSettings`. `size` may be a
            number or (width, height).
        model, batch, device, dtype, callback: see `edit`.

    Example:
        >>> # dreamsampler.generate("a red heart", count=4).save("heart.png")
    """
    made = settings_of(GenerateSettings, settings, None, keywords)
    request = Request(made, prompts=prompt, count=count, seed=seed, model=model, run=RunSettings(device, dtype))
    return run(request, callback, batch=batch)


@keywords_of(InvertSettings)
def invert(
    image: Sources,
    *,
    settings: InvertSettings | None = None,
    model: Any = "bundled",
    seed: int = 0,
    batch: int = 8,
    value_range: Range = (0.0, 1.0),
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Measure how much of a picture a model keeps: invert it and sample it back, 2 N evaluations.

    Arguments as in `edit`.

    Example:
        >>> # print(dreamsampler.invert("cat.png").report)
    """
    made = settings_of(InvertSettings, settings, None, keywords)
    request = Request(made, image, seed=seed, model=model, run=RunSettings(device, dtype), value_range=value_range)
    return run(request, callback, batch=batch)
