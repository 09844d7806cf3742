"""The numbers of a task: their names, types, ranges and defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from ..core.errors import InputError
from . import checks

Scalar = bool | int | float | str | None
Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True)
class Setting:
    """One named value of a task.

    Attributes:
        name: as in the task's function.
        kind: "int", "float", "flag" or "text".
        default: stands in where a recipe leaves the value out. Never change one: old recipes mean it.
        low, high: the range of numbers, ends included.
        choices: the texts allowed; () allows any of at most 512 characters.
        many: also allow a list, one value a prompt or item.
        optional: also allow null.
    """

    name: str
    kind: Literal["int", "float", "flag", "text"]
    default: Value
    low: float = -1e9
    high: float = 1e9
    choices: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False

    def check(self, value: Any, where: str) -> Value:
        """The value in its canonical type.

        Raises:
            InputError: wrong type or range; names the field.
        """
        if value is None and self.optional:
            return None
        if self.many and isinstance(value, list | tuple):
            return checks.sequence(value, where, 64, self._one)
        return self._one(value, where)

    def _one(self, value: Any, where: str) -> Scalar:
        match self.kind:
            case "int":
                return checks.integer(value, where, int(self.low), int(self.high))
            case "float":
                return checks.number(value, where, self.low, self.high)
            case "flag":
                if not isinstance(value, bool):
                    raise InputError(f"{where}: {checks.kind(value)}; expected true or false")
                return value
            case _:
                text = checks.text(value, where, 512)
                if self.choices and text not in self.choices:
                    raise InputError(f"{where}: {text[:40]!r}; expected {', '.join(self.choices)}")
                return text


_RUN = (
    Setting("size", "text", "native"),
    Setting("device", "text", "cpu"),
    Setting("dtype", "text", "float32", choices=("float32", "bfloat16", "float16", "float64")),
    Setting("prediction_type", "text", None, choices=("eps", "v", "x0"), optional=True),
)
_STEPS = Setting("steps", "int", 50, 1, 10_000)
_INVERSION = (
    Setting("source_prompt", "text", ""),
    Setting("inversion", "text", "two-step"),
    Setting("rounds", "int", 2, 0, 100),
    Setting("start", "float", 1.0, 1e-6, 1.0),
)
_SOLVER = (
    Setting("method", "text", "dreamsampler"),
    Setting("null_prompt", "text", ""),
    Setting("rho", "float", None, 0.0, 1e6, optional=True),
    Setting("eta", "float", 1.0, 0.0, 1.0),
    Setting("dps", "float", 1.0, 0.0, 1e6),
    Setting("period", "int", 3, 1, 10_000),
    Setting("until", "float", 1.0, 0.0, 1.0),
)

TASKS: Mapping[str, tuple[Setting, ...]] = MappingProxyType(
    {
        "edit": (
            *_RUN,
            _STEPS,
            *_INVERSION,
            Setting("strength", "float", 1.0, 0.0, 1e3, many=True),
            Setting("strength_kind", "text", "strength", choices=("strength", "paper", "guidance", "cfgpp")),
            Setting("bound", "float", 0.0, 0.0, 1e3),
            Setting("raw", "flag", False),
        ),
        "invert": (*_RUN, _STEPS, *_INVERSION),
        "generate": (
            *_RUN,
            _STEPS,
            Setting("width", "int", 512, 1, 65_535),
            Setting("height", "int", 512, 1, 65_535),
            Setting("negative_prompt", "text", ""),
            Setting("scale", "float", 7.5, 0.0, 1e3),
            Setting("carry", "text", "guided", choices=("guided", "null")),
        ),
        "inpaint": (
            *_RUN,
            Setting("steps", "int", 100, 1, 10_000),
            *_SOLVER,
            Setting("strength", "float", 1.0, 0.0, 1e3, optional=True),
            Setting("guidance", "float", 2.0, 0.0, 1e3),
            Setting("feather", "int", 0, 0, 10_000),
            Setting("inversion", "text", "none"),
            Setting("raw", "flag", False),
        ),
        "restore": (
            *_RUN,
            Setting("steps", "int", 100, 1, 10_000),
            *_SOLVER,
            Setting("operator", "text", "identity", many=True),
            Setting("sigma", "float", 0.0, 0.0, 1e3),
            Setting("strength", "float", 0.5, 0.0, 1e3, optional=True),
            Setting("guidance", "float", 1.0, 0.0, 1e3),
            Setting("begin", "text", "inversion", choices=("inversion", "noise")),
        ),
        "vectorize": (
            *_RUN,
            Setting("steps", "int", 500, 1, 1_000_000),
            Setting("method", "text", "dreamsampler"),
            Setting("operator", "text", "identity", many=True),
            Setting("noise_std", "float", 0.0, 0.0, 1e3),
            Setting("paths", "int", 64, 1, 65_536),
            Setting("segments", "int", 4, 2, 256),
            Setting("init", "text", "components"),
            Setting("fit", "float", 0.5, 0.0, 1.0),
            Setting("denoise", "float", 0.6, 1e-6, 1.0),
            Setting("guidance_scale", "float", 1.0, 0.0, 1e3),
            Setting("prior_weight", "float", 1.0, 0.0, 1e6),
            Setting("final_weight", "float", 0.5, 0.0, 1e6),
            Setting("eta", "float", 1.0, 0.0, 1.0),
            Setting("crossing_weight", "float", 1e-3, 0.0, 1e6),
            Setting("flatness_weight", "float", 5e-4, 0.0, 1e6),
            Setting("penalty", "float", 3.0, 0.0, 1e6),
            Setting("restore_steps", "int", 100, 0, 1_000_000),
            Setting("estimate_std", "float", 0.07, 0.0, 1e6),
            Setting("rate", "float", 1.0, 1e-9, 1e3),
            Setting("color_rate", "float", 0.05, 1e-9, 1e3),
            Setting("warm_up", "int", 0, 0, 1_000_000),
            Setting("blur", "float", 0.0, 0.0, 1e6),
            Setting("prune_every", "int", 50, 0, 1_000_000),
            Setting("sample", "flag", True),
            Setting("sample_steps", "int", 50, 1, 10_000),
            Setting("sample_guidance_scale", "float", 7.5, 0.0, 1e3),
        ),
    }
)
"""The settings of every task that a recipe can name. A new task adds an entry."""


def check_settings(
    task: str, settings: Mapping[str, Any], tasks: Mapping[str, Sequence[Setting]] = TASKS
) -> dict[str, Value]:
    """All settings of a task in canonical type and order, defaults filled in.

    Raises:
        InputError: unknown task or setting, wrong type or range; names the field.

    Example:
        >>> check_settings("edit", {"strength": 2})["strength"]
        2.0
    """
    if task not in tasks:
        raise InputError(f"task: {task[:40]!r}; expected {', '.join(tasks)}")
    known = {setting.name: setting for setting in tasks[task]}
    for name in settings:
        if name not in known:
            raise InputError(
                f"settings: unknown field {str(name)[:80]!r} for task {task!r}; expected {', '.join(known)}"
            )
    return {
        name: known[name].check(settings.get(name, known[name].default), f"settings.{name}") for name in sorted(known)
    }
