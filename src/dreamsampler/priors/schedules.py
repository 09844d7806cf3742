"""The noise path that a checkpoint was trained on, out of its scheduler's configuration, in float64."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate
from operator import mul
from typing import Any

from ..core.errors import InputError, ModelError
from ..core.schedule import TableSchedule

BETA_SCHEDULES = ("linear", "scaled_linear", "squaredcos_cap_v2", "trained_betas")


def betas_of(config: Mapping[str, Any]) -> list[float]:
    """The variances beta_t added at each of the T training times.

    "linear": evenly spaced (Ho et al. 2020). "scaled_linear": evenly spaced roots (latent diffusion).
    "squaredcos_cap_v2": abar_t = cos^2(pi/2 (t + 0.008) / 1.008), betas capped at 0.999 (Nichol and Dhariwal
    2021). A table in `trained_betas` goes before all of them.

    Raises:
        ModelError: a kind of schedule that is none of these, or values that are no variances.
    """
    length = int(config.get("num_train_timesteps", 1000))
    kind = config.get("beta_schedule", "linear")
    low, high = float(config.get("beta_start", 0.0001)), float(config.get("beta_end", 0.02))
    steps = max(length - 1, 1)
    if config.get("trained_betas") is not None:
        betas = [float(beta) for beta in config["trained_betas"]]
    elif kind == "linear":
        betas = [low + (high - low) * i / steps for i in range(length)]
    elif kind == "scaled_linear":
        root, last = math.sqrt(low), math.sqrt(high)
        betas = [(root + (last - root) * i / steps) ** 2 for i in range(length)]
    elif kind == "squaredcos_cap_v2":
        level = [math.cos((i / length + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(length + 1)]
        betas = [min(1.0 - level[i + 1] / level[i], 0.999) for i in range(length)]
    else:
        raise ModelError(f"scheduler: beta_schedule={kind!r} is not supported; known: {', '.join(BETA_SCHEDULES)}")
    if len(betas) < 2 or not all(0.0 <= beta < 1.0 for beta in betas):
        raise ModelError("scheduler: expected at least two betas, each within [0, 1); its configuration is damaged")
    return betas


def zero_terminal_snr(abar: list[float]) -> list[float]:
    """Shift and scale sqrt(abar) so that the last level holds no signal and the first stays.

    Lin et al., "Common diffusion noise schedules and sample steps are flawed" (WACV 2024), algorithm 1.
    """
    first, last = math.sqrt(abar[0]), math.sqrt(abar[-1])
    rescaled = [((math.sqrt(x) - last) * first / (first - last)) ** 2 for x in abar]
    return [*rescaled[:-1], 0.0]


def schedule_of(config: Mapping[str, Any]) -> TableSchedule:
    """The `TableSchedule` that a diffusers scheduler configuration describes.

    Read: the betas (see `betas_of`), `rescale_betas_zero_snr`, `steps_offset`, `set_alpha_to_one` and
    `timestep_spacing`. "linspace" spacing, which belongs to other samplers, becomes "leading".

    Raises:
        ModelError: not the configuration of a variance-preserving diffusion (flow matching, EDM).
    """
    if "num_train_timesteps" not in config or ("beta_schedule" not in config and "trained_betas" not in config):
        name = config.get("_class_name", "its scheduler")
        raise ModelError(f"{name} has no table of betas: flow-matching and EDM models are not supported yet")
    abar = list(accumulate((1.0 - beta for beta in betas_of(config)), mul))
    if config.get("rescale_betas_zero_snr"):
        abar = zero_terminal_snr(abar)
    try:
        return TableSchedule(
            tuple(abar),
            offset=int(config.get("steps_offset", 0)),
            final=1.0 if config.get("set_alpha_to_one", False) else None,
            spacing="trailing" if config.get("timestep_spacing") == "trailing" else "leading",
        )
    except InputError as error:
        raise ModelError(f"scheduler: {error}") from error
