"""Every method by name: one line each. Nothing is imported before it is asked for.

A method is a frozen class made by `core.settings.settings`; its fields are its options, and calling an instance with a
case gives a plan (a drawing problem: stages). To add one: write its file, add its line here, and its published update
to the tests.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ..core.errors import InputError
from ..core.settings import options_of
from ..core.settings import parse as parse_options
from ..core.types import Prior
from ..tasks.options import from_options

Kind = Literal["edit", "inverse", "drawing"]


@dataclass(frozen=True)
class Entry:
    """One method of the library.

    Attributes:
        kind: "edit" takes pictures, "inverse" a measurement, "drawing" a measurement and returns an SVG.
        name: as in ``--method name:option=value``.
        path: "module:Class" inside the package.
        needs_prior: False for methods that need no model.
        masks_only: it fills holes and knows no other operator.
        loader: "module:function" that loads the models that it runs on.
    """

    kind: Kind
    name: str
    path: str
    needs_prior: bool = True
    masks_only: bool = False
    loader: str = "priors.load.model:load"

    @property
    def method(self) -> type[Any]:
        """The method's class."""
        return _imported(self.path)

    @property
    def load(self) -> Callable[..., Prior]:
        """What loads the models that it runs on."""
        return _imported(self.loader)


ENTRIES: tuple[Entry, ...] = (
    Entry("edit", "dreamsampler", "tasks.edit:Edit"),
    Entry("edit", "ddim-swap", "methods.editing.ddim_swap:DDIMSwap"),
    Entry("edit", "sdedit", "methods.editing.sdedit:SDEdit"),
    Entry("edit", "cfgpp", "methods.editing.cfgpp:CFGPlusPlus"),
    Entry("edit", "dds", "methods.editing.dds:DDS"),
    Entry("edit", "sds", "methods.editing.sds:SDS"),
    Entry("edit", "pds", "methods.editing.pds:PDS"),
    Entry("edit", "flowedit", "methods.editing.flowedit:FlowEdit"),
    Entry("edit", "edit-friendly", "methods.editing.edit_friendly:EditFriendly"),
    Entry("edit", "p2p", "methods.editing.p2p:PromptToPrompt"),
    Entry("edit", "blended", "methods.editing.blended:BlendedDiffusion"),
    Entry("inverse", "dreamsampler", "tasks.restore:Restore"),
    Entry("inverse", "latent-dps", "methods.inverse.latent_dps:LatentDPS"),
    Entry("inverse", "psld", "methods.inverse.psld:PSLD"),
    Entry("inverse", "treg", "methods.inverse.treg:TReg"),
    Entry("inverse", "repaint", "methods.inverse.repaint:RePaint", masks_only=True),
    Entry("inverse", "resample", "methods.inverse.resample:ReSample"),
    Entry("inverse", "p2l", "methods.inverse.p2l:P2L"),
    Entry("inverse", "diffpir", "methods.inverse.diffpir:DiffPIR"),
    Entry("inverse", "ddnm", "methods.inverse.ddnm:DDNM"),
    Entry("inverse", "flowdps", "methods.inverse.flowdps:FlowDPS"),
    Entry(
        "inverse",
        "stable-inpaint",
        "methods.inverse.stable_inpaint:StableInpaint",
        masks_only=True,
        loader="methods.inverse.stable_inpaint:load_inpainting",
    ),
    Entry("drawing", "dreamsampler", "methods.drawing.dreamsampler:DreamSampler"),
    Entry("drawing", "data", "methods.drawing.dreamsampler:Data", needs_prior=False),
    Entry("drawing", "sds", "methods.drawing.sds:SDS"),
    Entry("drawing", "vectorfusion", "methods.drawing.vectorfusion:VectorFusion"),
    Entry("drawing", "pds", "methods.drawing.pds:PDS"),
    Entry("drawing", "live", "methods.drawing.live:LIVE", needs_prior=False),
    Entry("drawing", "chain", "methods.drawing.chain:Chain"),
    Entry("drawing", "trace", "methods.drawing.trace:Trace", needs_prior=False),
)


def names(kind: Kind) -> tuple[str, ...]:
    """Return the names of a kind of methods.

    Example:
        >>> "sdedit" in names("edit")
        True
    """
    return tuple(entry.name for entry in ENTRIES if entry.kind == kind)


def find(text: str, kind: Kind) -> Entry:
    """Return the entry of a method, with or without options behind its name.

    Raises:
        InputError: the name is unknown.

    Example:
        >>> find("psld:omega=0.5", "inverse").masks_only
        False
    """
    name = text.partition(":")[0].strip()
    for entry in ENTRIES:
        if (entry.kind, entry.name) == (kind, name):
            return entry
    raise InputError(f"method={name!r}: expected one of {', '.join(names(kind))}")


def parse(text: str, kind: Kind, **shared: Any) -> Any:
    """Return a method with its options, written "psld:omega=0.5,gamma=0.1".

    Args:
        shared: values of options that have a place of their own, such as steps; what the text says comes first.

    Raises:
        InputError: an unknown method or option, or a value of the wrong type or outside its range.

    Example:
        >>> parse("psld:omega=0.5", "inverse", steps=30).omega
        0.5
    """
    cls = find(text, kind).method
    written = parse_options(cls, text.partition(":")[2], f"method {text!r}")
    return from_options(cls, {**shared, **written}, f"method {text!r}: ")


def option_names(text: str, kind: Kind) -> tuple[str, ...]:
    """Return the names of a method's options.

    Example:
        >>> option_names("sdedit", "edit")
        ('steps', 'guidance_scale', 'denoise')
    """
    return tuple(option.name for option in options_of(find(text, kind).method))


def loader_of(text: str) -> Callable[..., Prior]:
    """Return what loads the models that a method runs on; `priors.load.load` for texts that name no inverse method."""
    name = text.partition(":")[0].strip()
    return find(name if name in names("inverse") else "dreamsampler", "inverse").load


def _imported(path: str) -> Any:
    module, name = path.split(":")
    return getattr(importlib.import_module(f"...{module}", __name__), name)
