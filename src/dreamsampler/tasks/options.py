"""Options that several methods share, each declared once: type, range, help."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from ..core.errors import InputError
from ..core.settings import Doc, Ge, Gt, Le

__all__ = [
    "Amount",
    "Denoise",
    "Every",
    "GuidanceScale",
    "Inversion",
    "Iterations",
    "NegativePrompt",
    "Rate",
    "Share",
    "Steps",
    "VisitSeed",
    "from_options",
]

T = TypeVar("T")

Steps = Annotated[int, Ge(1), Le(1_000_000), Doc("Levels of the whole trajectory, or gradient steps.")]
GuidanceScale = Annotated[float, Ge(0), Doc("Scale of classifier-free guidance; 1 evaluates the prompt alone.")]
Denoise = Annotated[
    float,
    Gt(0),
    Le(1),
    Doc(
        "Share of the trajectory that is walked, from its clean end (`strength` in diffusers): less is cheaper, closer."
    ),
]
NegativePrompt = Annotated[
    str,
    Doc(
        "What the picture should not show, in words that the model knows: 'out of focus, depth of field' suits Stable "
        "Diffusion. Empty is the null prompt."
    ),
]
Inversion = Annotated[
    Literal["plain", "two-step", "fixed-point"],
    Doc("How the picture is turned into noise; fixed-point keeps most and costs 1 + rounds evaluations a step."),
]
Rate = Annotated[float, Ge(0), Doc("Learning rate of gradient descent.")]
Share = Annotated[float, Ge(0), Le(1), Doc("A share, 0 to 1.")]
Amount = Annotated[float, Ge(0), Doc("A weight of 0 or more.")]
Iterations = Annotated[int, Ge(1), Doc("Iterations of an inner optimization.")]
Every = Annotated[int, Ge(1), Doc("How many steps apart.")]
VisitSeed = Annotated[int, Ge(0), Doc("Seed of the levels that are visited, shared by the batch.")]


def from_options(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Return a method of options given in Python, inputs that cannot be written in words among them.

    Raises:
        InputError: an unknown name, a wrong type or range; names the field behind `where`.
    """
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise InputError(f"{where}{name[:80]!r}: unknown; expected one of {', '.join(known)}")
    try:
        return cls(**values)
    except InputError as error:
        raise InputError(f"{where}{error}") from None
