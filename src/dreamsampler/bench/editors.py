"""What `bench edit` can compare: DreamSampler, the baselines of `methods`, and two rows that edit nothing.

A name may carry settings of its own: "sdedit:denoise=0.7,guidance_scale=5".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.settings import check
from ..core.settings import parse as parse_options
from ..core.types import Prior
from ..methods.registry import find, names
from ..methods.run import edit_with
from ..runs.recipe import Scalar
from ..tasks.common import RunStats
from ..tasks.edit import edit


@dataclass(frozen=True)
class Case:
    """One picture to edit: [1, 3, H, W] in [-1, 1], both captions, and the region that should change [1, 1, H, W]."""

    image: Tensor
    source_prompt: str
    prompt: str
    region: Tensor
    seed: int


class Shown(NamedTuple):
    """A row that no method made."""

    images: Tensor
    receipt: RunStats


class Outcome(Protocol):
    """What every editing function returns at the least."""

    @property
    def images(self) -> Tensor: ...

    @property
    def receipt(self) -> RunStats: ...


def _dreamsampler(prior: Prior, case: Case, **settings: Any) -> Outcome:
    return edit(prior, case.image, [case.prompt], seeds=[case.seed], **settings)


def _from_caption(prior: Prior, case: Case, **settings: Any) -> Outcome:
    return _dreamsampler(prior, case, source_prompt=case.source_prompt, **settings)


def _localized(prior: Prior, case: Case, **settings: Any) -> Outcome:
    return _from_caption(prior, case, masks=[case.region], **settings)


def _autoencoder(prior: Prior, case: Case) -> Outcome:
    with torch.no_grad():
        return Shown(prior.space.decode(prior.space.encode(case.image)), RunStats(0))


def _unedited(prior: Prior, case: Case) -> Outcome:
    return Shown(case.image, RunStats(0))


OWN: dict[str, Callable[..., Outcome]] = {
    "dreamsampler": _dreamsampler,
    "dreamsampler-caption": _from_caption,
    "dreamsampler-mask": _localized,
    "autoencoder": _autoencoder,
    "unedited": _unedited,
}
"""The library's own edit under the null prompt, under the source caption, and that in the region alone (eq. 19)."""

UNTOUCHED = ("autoencoder", "unedited")
"""Rows that edit nothing and have no settings."""

NAMES: tuple[str, ...] = (*OWN, *(name for name in names("edit") if name not in OWN))


@dataclass(frozen=True)
class Editor:
    """A method with its settings, as one row of a table.

    Example:
        >>> Editor.parse("sdedit:denoise=0.7").settings["denoise"]
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
        if method in UNTOUCHED:
            if rest:
                raise InputError(f"{text}: {method} has no setting")
            return cls(text, method)
        written = parse_options(_method(method), rest, f"method {text!r}")
        given = dict((defaults or {}).get(method, {})) | written
        check(_method(method), given, f"method {text!r}: ")
        return cls(text, method, given)

    def __call__(self, prior: Prior, case: Case) -> Outcome:
        if self.method in OWN:
            return OWN[self.method](prior, case, **self.settings)
        mask = case.region if self.method == "blended" else None
        settings: dict[str, Any] = dict(self.settings)
        return edit_with(
            self.method, prior, case.image, case.prompt, source_prompt=case.source_prompt, mask=mask,
            seeds=[case.seed], **settings,
        )  # fmt: skip


def _method(name: str) -> type[Any]:
    """The settings class of a row."""
    return find("dreamsampler" if name in OWN else name, "edit").method
