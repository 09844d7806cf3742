"""`bench memory`: the memory that inpainting takes beyond the model's weights, beside the released procedure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.noise import Noise
from ..priors.latent import LatentDiffusionPrior
from ..tasks.inpaint import Inpaint, inpaint
from .imaginary import imaginary_prior
from .memory import LiveMemory
from .released_inpaint import released_inpaint
from .store import make_folder
from .tables import Cell, Column, Table, write_tables

COLUMNS = (
    Column("evaluations", "lower", 0),
    Column("added", "lower", 0, 1.0, "MiB"),
    Column("beside released", "lower", 2),
    Column("with the weights", "lower", 0, 1.0, "MiB"),
    Column("with the weights, beside released", "lower", 2),
)
RELEASED, OURS = "released procedure", "inpaint"
STEPS = 3
"""A data-consistency step, a DPS step and the last one, after as many of inversion; memory does not grow with their
number."""


@dataclass(frozen=True)
class MemoryReport:
    """What was counted.

    Attributes:
        table: a row for each way to run.
        added: by row, most bytes of tensors alive at one time beyond the weights.
        files: written, if a folder was given.
    """

    table: Table
    added: dict[str, int]
    files: tuple[Path, ...] = ()


def run(prior: Any | None = None, *, size: int | None = None, seed: int = 0, out: Path | None = None) -> MemoryReport:
    """Run the released inpainting and ours on the same weights, picture, mask and noise, and count their tensors.

    Args:
        prior: a `LatentDiffusionPrior` without size conditioning; None counts what Stable Diffusion 1.5 takes in
            float32, without computing anything.
        size: side in pixels; by default the model's own.
        seed: of the picture and of the noise.
        out: folder for the table.

    Raises:
        InputError: the prior has no network, or the size does not fit it.

    Example: docs/benchmarks.md.
    """
    make_folder(out)
    if prior is None:
        with imaginary_prior() as imagined:
            report = _count(imagined, size, seed, "Stable Diffusion 1.5's architecture, float32")
    else:
        if not isinstance(prior, LatentDiffusionPrior):
            raise InputError("prior: has no network to run; load a checkpoint")
        report = _count(prior, size, seed, f"{prior.describe().model}, {prior.device}")
    return report if out is None else replace(report, files=tuple(write_tables(out, "memory", (report.table,))))


def _count(prior: Any, size: int | None, seed: int, title: str) -> MemoryReport:
    side = int(size or prior.native_size)
    if side < 1 or side % prior.space.multiple:
        raise InputError(f"size={side}: expected a multiple of {prior.space.multiple} pixels")
    picture = 0.1 * Noise([seed]).normal(torch.empty(1, 3, side, side))
    known = torch.ones(1, 1, side, side)
    known[..., side // 4 : side // 2, side // 4 : side // 2] = 0
    settings = replace(Inpaint.released(), iterations=None)

    def ours(chosen: Inpaint) -> Tensor:
        return inpaint(
            prior, picture, [known], ["a"], settings=chosen, negative_prompt="b", steps=STEPS, known=True,
            composite=False, seeds=[seed],
        ).raw  # fmt: skip

    def theirs() -> Tensor:
        visits, noise = prior.schedule.visits(STEPS), Noise([seed])
        return released_inpaint(prior, picture, [known], [prior.embed(["a"])], prior.embed(["b"]), visits, noise)

    def checkpointed() -> Tensor:
        before = prior.unet.is_gradient_checkpointing
        prior.checkpoint_gradients(True)
        try:
            return ours(settings)
        finally:
            prior.checkpoint_gradients(before)

    ways: dict[str, Callable[[], Tensor]] = {
        RELEASED: theirs,
        f"{OURS}, lean=False": lambda: ours(replace(settings, lean=False)),
        OURS: lambda: ours(settings),
        f"{OURS}, and checkpoint_gradients()": checkpointed,
    }
    weights = prior.describe().parameters * prior.dtype.itemsize
    counted = {name: _peak(way, prior) for name, way in ways.items()}
    first, rows = counted[RELEASED][1], []
    for name, (latents, added) in counted.items():
        whole = (added + weights) / 2**20, (added + weights) / (first + weights)
        values = float(latents), added / 2**20, added / first, *whole
        rows.append(((name,), tuple(Cell(value, None, None, 1, 0) for value in values)))
    table = Table(f"{title}, {side} px: tensors alive beyond the weights, at most", ("what",), COLUMNS, tuple(rows))
    return MemoryReport(table, {name: added for name, (_, added) in counted.items()})


def _peak(way: Callable[[], Tensor], prior: Any) -> tuple[int, int]:
    """Latents that the network saw, and most bytes held at one time."""
    seen: list[int] = []
    hook = prior.unet.register_forward_pre_hook(lambda module, args: seen.append(args[0].shape[0]))
    try:
        with LiveMemory() as memory:
            way()
    finally:
        hook.remove()
    return sum(seen), memory.peak
