"""From what a person asks for to checked recipes of the tasks "inpaint" and "restore"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.schedule import check_visits
from ..io.images import Source
from ..methods.inverse.registry import MASKS_ONLY, options_of, parse_method
from ..operators import Mask, RectangleMask
from ..operators.parse import operator_files
from ..steering.inversion import METHODS
from ..tasks.common import check_rule
from .inputs import read_inputs, read_measured
from .jobs import Range, Settings, make_job, number, several, text, whole
from .place import check_size
from .run import Job
from .run_restore import measured_scene, operator_of
from .settings import TASKS


def solver_settings(
    method: str,
    null_prompt: str,
    steps: int,
    *,
    guidance: float,
    strength: float | None = None,
    rho: float | None = None,
    eta: float = 1.0,
    dps: float = 1.0,
    period: int = 3,
    until: float = 1.0,
) -> dict[str, Any]:
    """The settings that inpainting and restoring share, checked; DreamSampler's options are settings like any other."""
    check_visits(whole("steps", steps), 1.0)
    name, own = parse_method(text("method", method))
    settings = {
        "method": name if name == "dreamsampler" else method,
        "null_prompt": text("null_prompt", null_prompt),
        "steps": whole("steps", steps),
        "guidance": number("guidance", guidance),
        "strength": None if strength is None else number("strength", strength),
        "rho": None if rho is None else number("rho", rho),
        "eta": number("eta", eta),
        "dps": number("dps", dps),
        "period": whole("period", period),
        "until": number("until", until),
    }
    if "guidance_scale" in own:
        own["guidance"] = own.pop("guidance_scale")
    return settings | own if name == "dreamsampler" else settings


def inpaint_settings(
    feather: int = 0, *, raw: bool = False, inversion: str = "none", size: str | int | None = None
) -> dict[str, Any]:
    """What only inpainting has, checked."""
    if inversion not in ("none", *METHODS):
        raise InputError(f"inversion={inversion!r}: expected one of none, {', '.join(METHODS)}")
    return {
        "feather": whole("feather", feather),
        "raw": raw,
        "inversion": inversion,
        "size": str(check_size("native" if size is None else size)),
    }


def inpaint_jobs(
    image: Source | Sequence[Source],
    prompt: str | Sequence[str],
    mask: Source | Sequence[Source],
    *,
    model: Any,
    seed: int,
    settings: Settings,
    value_range: Range = (0.0, 1.0),
) -> list[Job]:
    """One job a picture; the masks are for every picture, each with its prompt, or all with the only one.

    Raises:
        InputError: a picture, a mask, a prompt or a setting is not what it must be, or masks and prompts do not pair.
    """
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    masks = several(mask)
    for given in prompts:
        text("prompt", given)
    check_own("inpaint", settings)
    if "begin" in settings:
        raise InputError("method dreamsampler: begin is an option of restoring; inpainting has inversion")
    owners = _owners(str(settings["method"]), len(masks), len(prompts))
    read = [read_inputs(source, masks, value_range=value_range) for source in several(image)]
    return [make_job("inpaint", model, prompts, inputs, owners, seed, settings) for inputs in read]


def _owners(method: str, masks: int, prompts: int) -> list[int]:
    """The index of each mask's prompt."""
    name = method.partition(":")[0]
    if name == "dreamsampler":
        if masks != prompts:
            raise InputError(f"{masks} masks and {prompts} prompts: give each mask a prompt of its own")
        return list(range(masks))
    if prompts != 1:
        raise InputError(
            f"method={name!r} takes one prompt for all holes, got {prompts}: put everything into one prompt, fill one "
            "hole after the other, or use the method 'dreamsampler'"
        )
    return [0] * masks


def check_own(task: str, settings: Settings) -> None:
    """Raise `InputError` where a number is set that the method would not look at."""
    name, _ = parse_method(str(settings["method"]))
    defaults: dict[str, Any] = {setting.name: setting.default for setting in TASKS[task]}
    if name == "dreamsampler":
        given: Any = settings
        check_rule(given["strength"], given["guidance"], defaults["guidance"], given["eta"])
        return
    for key in ("guidance", "strength", "rho", "eta", "dps", "period", "until", "inversion", "begin"):
        if key in settings and settings[key] != (None if key == "strength" else defaults[key]):
            has = ", ".join(options_of(name)) or "none"
            raise InputError(
                f"{key}={settings[key]}: is an option of the method dreamsampler only; options of {name}: {has}, "
                f"written {name}:option=value"
            )


def restore_jobs(
    measurement: Source | Sequence[Source],
    operator: str | Sequence[str],
    prompt: str,
    *,
    model: Any,
    seed: int,
    settings: Settings,
    sigma: float = 0.0,
    begin: str = "inversion",
) -> list[Job]:
    """One job a measurement, all made by one operator.

    Raises:
        InputError: a measurement or a setting is not what it must be, or operator and measurement do not fit.
    """
    settings = {"begin": begin, **settings}
    check_own("restore", settings)
    specs = [operator] if isinstance(operator, str) else [text("operator", spec) for spec in operator]
    value = number("noise", sigma)
    if not 0 <= value < float("inf"):
        raise InputError(f"noise={sigma}: expected a standard deviation of 0 or more")
    name = str(settings["method"]).partition(":")[0]
    jobs = []
    for source in several(measurement):
        inputs = read_measured(source, [(words, Path(words)) for words in operator_files(specs)])
        # known now rather than once a model is loaded
        measured = inputs.measured
        if measured is not None:
            made = operator_of(specs, inputs)
            measured_scene(measured, made)
            if name in MASKS_ONLY and not isinstance(made, Mask | RectangleMask):
                raise InputError(f"operator: the method {name} fills masks only; use another method")
        own = {"operator": tuple(specs), "sigma": value}
        prompts = [text("prompt", prompt)]
        jobs.append(make_job("restore", model, prompts, inputs, (), seed, {**settings, **own}))
    return jobs
