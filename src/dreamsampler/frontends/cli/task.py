"""The steps of every command that makes something: check, prepare, load, execute, save, report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import InputError
from .console import Console, size_words
from .options import Loading

if TYPE_CHECKING:
    from ...runs.job import Job, Request
    from ...runs.result import Result

Outputs = Sequence[tuple[str, Path | None, tuple[str, ...]]]
PNG, GIF, SVG = (".png",), (".gif",), (".svg",)


def check_outputs(outputs: Outputs, inputs: Sequence[Path] = ()) -> None:
    """Know before the long work that every result can be written, and that none takes the place of an input.

    Args:
        outputs: (option, path, endings allowed); None paths were not asked for.

    Raises:
        InputError: see `io.atomic.check_writable`; or two outputs, or an output and an input, are one file.
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


def request(
    loading: Loading, settings: Any, sources: Any = None, prompts: Any = "", masks: Any = None, **more: Any
) -> Request:
    """Return the request of a command."""
    from ...runs.job import Request

    return Request(settings, sources, prompts, masks, model=loading.model, run=loading.run, **more)


def run(console: Console, loading: Loading, asked: Sequence[Request], **options: Any) -> Result:
    """Prepare, load the model, execute with a progress bar, and print the notes."""
    from ...runs.run import prepare

    return run_jobs(console, loading, [job for one in asked for job in prepare(one)], **options)


def run_jobs(console: Console, loading: Loading, jobs: Sequence[Job[Any]], **options: Any) -> Result:
    """The same from jobs on."""
    from ...runs.run import execute

    needed = any(job.needs_prior for job in jobs)
    prior = loading.prior(console, getattr(jobs[0].recipe.settings, "method", "")) if needed else None
    with console.progress() as observer:
        result = execute(jobs, prior, observer, **options)
    for note in result.notes:
        console.note(note)
    return result


def write_results(
    result: Result, out: Path | None, grid: Path | None = None, animation: Path | None = None
) -> list[Path]:
    """Write what was asked for; the files written."""
    written = result.save(out) if out is not None else []
    if grid is not None:
        written.append(result.grid(grid))
    if animation is not None:
        written.append(result.animate(animation))
    return written


def tell(console: Console, result: Result, written: Sequence[Path], **more: Any) -> None:
    """Print the final lines: what was kept, what was written, what it cost."""
    kept, (height, width) = result.items[0].reconstruction, result.items[0].pixels.shape[:2]
    if kept is not None:
        console.say(str(kept))
    cost = f"{result.evaluations} evaluations, {console.seconds:.1f} s"
    if written:
        console.say(f"wrote {', '.join(map(str, written))} ({size_words((width, height))}, {cost})")
    console.summary(
        files=[str(path) for path in written],
        width=width,
        height=height,
        evaluations=result.evaluations,
        seconds=round(console.seconds, 3),
        autoencoder_psnr=None if kept is None else kept.vae_psnr,
        inversion_psnr=None if kept is None else kept.inversion_psnr,
        notes=list(result.notes),
        **more,
    )
