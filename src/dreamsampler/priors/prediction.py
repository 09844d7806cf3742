"""What a network predicts: read from its checkpoint, and checked twice, against its build and against its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError, ModelError

KINDS = {
    "epsilon": "eps",
    "eps": "eps",
    "v_prediction": "v",
    "v": "v",
    "sample": "x0",
    "x0": "x0",
}
"""Names of diffusers and of this library; flow models bring their own prior."""

NOISY = 0.1
"""The answers are checked at levels whose share of signal a is below this."""


def kind_named(name: object, where: str) -> str:
    """ "eps", "v" or "x0" for any of their names.

    Raises:
        InputError: none of them.
    """
    if isinstance(name, str) and name in KINDS:
        return KINDS[name]
    raise InputError(f"{where}={name!r}: expected 'eps' (epsilon), 'v' (v_prediction) or 'x0' (sample)")


def read_kind(scheduler: Mapping[str, Any], unet: Mapping[str, Any], asked: str | None) -> tuple[str, str | None]:
    """What the network predicts, and a remark if the caller overrode the checkpoint.

    Args:
        scheduler: its configuration; `prediction_type` counts.
        unet: its configuration, for the contradictions that can be seen in it.
        asked: the caller's word; goes before the checkpoint's.

    Raises:
        InputError: `asked` is no known kind.
        ModelError: the checkpoint names an unknown kind, or one that its own network or schedule contradicts.
    """
    stated = scheduler.get("prediction_type", "epsilon")
    if asked is not None:
        kind = kind_named(asked, "prediction_type")
        remark = f"prediction_type={asked!r} was asked for, the checkpoint's scheduler says {stated!r}"
        return kind, remark if KINDS.get(stated) != kind else None
    if stated not in KINDS:
        raise ModelError(
            f"the checkpoint's scheduler says prediction_type={stated!r}, which is unknown here; if you know what the "
            "network predicts, pass prediction_type='eps', 'v' or 'x0'"
        )
    kind = KINDS[stated]
    if kind == "eps" and unet.get("cross_attention_dim") == 1024 and unet.get("sample_size") == 96:
        raise ModelError(
            "the scheduler says epsilon, but this is the network of Stable Diffusion 2 at 768 pixels, which predicts "
            "v; pass prediction_type='v' (or 'eps' if this checkpoint really was trained so)"
        )
    if kind == "eps" and scheduler.get("rescale_betas_zero_snr"):
        raise ModelError(
            "the scheduler says epsilon and a schedule that ends in pure noise, where epsilon says nothing about the "
            "picture; pass prediction_type='v' (or 'eps' if this checkpoint really was trained so)"
        )
    return kind, None


def likeness(z: Tensor, output: Tensor) -> float:
    """Correlation of the network's input and output, over all their numbers."""
    return float(torch.corrcoef(torch.stack([z.detach().flatten(), output.detach().flatten()]).float())[0, 1])


def judge(kind: str, r: float) -> str | None:
    """A sentence if the network's answer at an almost signal-free level does not look like the kind, else None.

    There z is the noise itself, up to a few per cent: a trained epsilon network repeats its input (r near 1), the
    others answer with a picture.
    """
    if kind == "eps" and not r > 0.5:
        return (
            f"at the noisiest level a trained epsilon network repeats the noise; this one does not (correlation "
            f"{r:.2f}): its weights are untrained or it predicts something else; try prediction_type='v'"
        )
    if kind != "eps" and r > 0.98:
        return (
            f"the network repeats the noise at the noisiest level (correlation {r:.2f}), so it predicts epsilon, not "
            f"{kind}; pass prediction_type='eps'"
        )
    return None
