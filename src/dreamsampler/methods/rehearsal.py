"""A method's own numbers, checked before a model is loaded.

Each method checks its numbers where it makes its parts, which takes a prior and a measurement. Here it makes them for a
picture of a few pixels and a prior that knows one grey picture: a number out of range is then an error of milliseconds,
and its range stands in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.schedule import TableSchedule
from ..core.types import Prediction, Step
from ..operators import Measurement, identity
from ..priors.gaussian import IdentitySpace
from ..tasks.vectorize.settings import VectorSettings
from .drawing.registry import Drawer

CANVAS = 16


@dataclass(frozen=True)
class Words:
    """Conditions with an embedding, as methods that learn one want it: [B, 1, 1]."""

    text: Tensor


@dataclass(frozen=True)
class GrayPrior:
    """A prior that expects the grey picture whatever it is asked: z0 = 0, eps = z / b."""

    schedule: TableSchedule = field(default_factory=TableSchedule.scaled_linear)
    space: IdentitySpace = field(default_factory=IdentitySpace)

    def embed(self, prompts: Sequence[str]) -> Words:
        return Words(torch.zeros(len(prompts), 1, 1))

    def predict(self, zs: Sequence[Tensor], step: Step, conds: Sequence[Words]) -> tuple[Prediction, ...]:
        return tuple(Prediction(0.0 * z, z / step.b) for z in zs)  # zero, with a gradient


def rehearsed_drawer(text: str) -> Drawer:
    """A method of drawing and its options as `Drawer.parse` reads them, once it could draw a grey picture with them.

    Raises:
        InputError: as `Drawer.parse`, or an option is out of its range.

    Example:
        >>> rehearsed_drawer("sds:scale=20").own
        {'scale': 20.0}
    """
    drawer = Drawer.parse(text)
    measurement = Measurement(identity(), torch.zeros(1, 3, CANVAS, CANVAS))
    try:
        settings = replace(VectorSettings(paths=1, steps=2, init="random"), **drawer.settings)
        if drawer.own:  # settings have been checked by now
            brief = drawer._replace(settings={})
            brief(GrayPrior(), measurement, settings=replace(settings, restore_steps=0, blur=0.0))
    except InputError as error:
        raise InputError(f"method {text!r}: {error}") from error
    return drawer
