"""The steps of every command that runs a model: check, load, run, write, report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import InputError
from .console import Console, size_words

if TYPE_CHECKING:
    from ...core.types import Prior
    from ...runs.outcome import Outcome
    from ...runs.run import Job

Outputs = Sequence[tuple[str, Path | None, tuple[str, ...]]]
PNG, GIF = (".png",), (".gif",)


def check_outputs(outputs: Outputs, inputs: Sequence[Path] = ()) -> None:
    """Know before the long work that every result can be written, and that none takes the place of an input.

    Args:
        outputs: (option, path, endings allowed); None paths were not asked for.

    Raises:
        InputError: see `files.atomic.check_writable`; or two outputs, or an output and an input, are one file.
    """
    from ...io.atomic import check_writable

    # not Path.resolve, which has an error of its own for links in a ring
    read = {Path(os.path.realpath(path)): str(path) for path in inputs}
    taken: dict[Path, str] = {}
    for option, path, endings in outputs:
        if path is None:
            continue
        try:
            target = check_writable(path, endings)
        except InputError as error:
            raise InputError(f"{option} {error}") from error
        if target in read:
            raise InputError(f"{option} {path}: is the input {read[target]}; name another file")
        if target in taken:
            raise InputError(f"{option} {path}: is also the output of {taken[target]}; name another file")
        taken[target] = option


def open_model(
    console: Console,
    model: str,
    revision: str | None = None,
    prediction_type: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    max_batch: int | None = None,
    method: str = "",
) -> Prior:
    """Load the model of a method, with a spinner where somebody watches."""
    from ...methods.inverse.registry import loader_of

    load = loader_of(method)
    with console.busy(f"loading {model}"):
        return load(
            model, revision=revision, prediction_type=prediction_type, device=device, dtype=dtype, max_batch=max_batch
        )


def run_jobs(
    console: Console, jobs: Sequence[Job], prior: Prior, *, report: bool = False, frames: int = 0, batch: int = 1
) -> Outcome:
    """Run with a progress bar, then tell the notes."""
    from ...runs.run import Options, run_all

    with console.progress() as on_progress:
        outcome = run_all(jobs, prior, Options(report, frames, batch, on_progress))
    for note in outcome.notes:
        console.note(note)
    return outcome


def write_results(
    outcome: Outcome, out: Path | None, grid: Path | None = None, animation: Path | None = None
) -> list[Path]:
    """Write what was asked for; the files written."""
    written = outcome.save(out) if out is not None else []
    if grid is not None:
        written.append(outcome.grid(grid))
    if animation is not None:
        written.append(outcome.animate(animation))
    return written


def tell(console: Console, outcome: Outcome, written: Sequence[Path], **more: Any) -> None:
    """The final lines: what was kept, what was written, what it cost."""
    report = outcome.items[0].fidelity
    if report is not None:
        console.say(str(report))
    size = size_words((outcome.items[0].pixels.shape[1], outcome.items[0].pixels.shape[0]))
    cost = f"{outcome.evaluations} evaluations, {console.seconds:.1f} s"
    if written:
        console.say(f"wrote {', '.join(map(str, written))} ({size}, {cost})")
    console.summary(
        files=[str(path) for path in written],
        width=outcome.items[0].pixels.shape[1],
        height=outcome.items[0].pixels.shape[0],
        evaluations=outcome.evaluations,
        seconds=round(console.seconds, 3),
        autoencoder_psnr=None if report is None else report.vae_psnr,
        inversion_psnr=None if report is None else report.inversion_psnr,
        notes=list(outcome.notes),
        **more,
    )
