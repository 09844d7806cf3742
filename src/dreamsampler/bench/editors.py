"""What `bench edit` can compare: DreamSampler, the baselines of `methods`, and two rows that edit nothing.

A name may carry settings of its own: "sdedit:t0=0.7,scale=5".
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.types import Prior
from ..methods import EDITING, load_method
from ..methods.common import Edited
from ..methods.rehearsal import SIDE, GrayPrior
from ..runs.settings import Scalar
from ..tasks.common import Receipt
from ..tasks.edit import edit


@dataclass(frozen=True)
class Case:
    """One picture to edit: [1, 3, H, W] in [-1, 1], both captions, and the region that should change [1, 1, H, W]."""

    image: Tensor
    source_prompt: str
    prompt: str
    region: Tensor
    seed: int


class Outcome(Protocol):
    """What every editing function returns at the least."""

    @property
    def images(self) -> Tensor: ...

    @property
    def receipt(self) -> Receipt: ...


def _dreamsampler(prior: Prior, case: Case, **settings: Any) -> Outcome:
    return edit(prior, case.image, [case.prompt], seeds=[case.seed], **settings)


def _from_caption(prior: Prior, case: Case, **settings: Any) -> Outcome:
    return edit(prior, case.image, [case.prompt], base_prompt=case.source_prompt, seeds=[case.seed], **settings)


def _localized(prior: Prior, case: Case, **settings: Any) -> Outcome:
    masks = [case.region]
    return edit(
        prior, case.image, [case.prompt], masks=masks, base_prompt=case.source_prompt, seeds=[case.seed], **settings
    )


def _autoencoder(prior: Prior, case: Case) -> Outcome:
    with torch.no_grad():
        return Edited(prior.space.decode(prior.space.encode(case.image)), Receipt(0))


def _unedited(prior: Prior, case: Case) -> Outcome:
    return Edited(case.image, Receipt(0))


OWN: dict[str, Callable[..., Outcome]] = {
    "dreamsampler": _dreamsampler,
    "dreamsampler-caption": _from_caption,
    "dreamsampler-mask": _localized,
    "autoencoder": _autoencoder,
    "unedited": _unedited,
}
"""The library's own edit under the null prompt, under the source caption, and that in the region alone (eq. 19)."""

NAMES: tuple[str, ...] = (*OWN, *EDITING)


@dataclass(frozen=True)
class Editor:
    """A method with its settings, as one row of a table.

    Example:
        >>> Editor.parse("sdedit:t0=0.7").settings["t0"]
        0.7
    """

    name: str
    method: str
    settings: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    @classmethod
    def parse(cls, text: str, defaults: Mapping[str, Mapping[str, Scalar]] | None = None) -> Editor:
        """ "name" or "name:setting=value,...", over the defaults given for that name.

        Raises:
            InputError: an unknown method, an unknown setting, or a value of the wrong kind.
        """
        method, _, rest = text.partition(":")
        if method not in NAMES:
            raise InputError(f"method {method!r}: expected one of {', '.join(NAMES)}")
        settings: dict[str, Scalar] = dict((defaults or {}).get(method, {}))
        kinds = _settings_of(method)
        for part in filter(None, rest.split(",")):
            name, _, value = part.partition("=")
            if name not in kinds:
                raise InputError(f"{text}: {method} has no setting {name!r}; it has {', '.join(kinds) or 'none'}")
            try:
                settings[name] = kinds[name](value)
            except ValueError as error:
                raise InputError(f"{text}: {name}={value!r}; expected {kinds[name].__name__}") from error
        return cls(text, method, settings)

    def check(self) -> None:
        """Edit a grey picture of a few pixels without a model, which takes a tenth of a second.

        Raises:
            InputError: a setting is out of its range.
        """
        grey = torch.zeros(1, 3, SIDE, SIDE)
        try:
            self(GrayPrior(), Case(grey, "", "", torch.ones(1, 1, SIDE, SIDE), seed=0))
        except InputError as error:
            raise InputError(f"method {self.name!r}: {error}") from error

    def __call__(self, prior: Prior, case: Case) -> Outcome:
        if self.method in OWN:
            return OWN[self.method](prior, case, **self.settings)
        settings: dict[str, Any] = dict(self.settings)
        if self.method == "blended":
            settings["mask"] = case.region
        function = load_method(self.method)
        return function(prior, case.image, case.prompt, source_prompt=case.source_prompt, seeds=[case.seed], **settings)


def _settings_of(method: str) -> dict[str, type]:
    """The settings of a method that a line of text can give, with their types."""
    if method in ("autoencoder", "unedited"):
        return {}
    function = edit if method in OWN else load_method(method)
    defaults = {p.name: p.default for p in inspect.signature(function).parameters.values()}
    held = ("source_prompt", "base_prompt", "report")
    return {name: type(v) for name, v in defaults.items() if type(v) in (int, float, str) and name not in held}
