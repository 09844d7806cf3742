"""`dreamsampler vectorize` and `rasterize`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...tasks.vectorize.settings import SVGS, VectorSettings
from . import options as opt
from .console import Console
from .options import Loading, with_options
from .task import GIF, PNG, SVG, check_outputs, request, run_jobs

LARGE = 1_000_000
"""Pixels from which a drawing takes minutes."""


@with_options
def vectorize(
    settings: VectorSettings,
    loading: Loading,
    console: Console,
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.svg", help="The drawing.", rich_help_panel="Output")
    ],
    measurement: Annotated[
        Path | None,
        typer.Argument(
            metavar="[IN.png]",
            help="The picture: sharp, blurred, small or noisy; or .npy, .safetensors. Left out: draw the prompt.",
            show_default=False,
        ),
    ] = None,
    prompt: Annotated[
        str, typer.Option("--prompt", "-p", help="What the picture shows; without a picture, what to draw.")
    ] = "",
    seed: opt.Seed = 0,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Start anew where a stopped run would go on.", rich_help_panel="Run"),
    ] = False,
    preview: Annotated[Path | None, opt.file_option("OUT.png", "Also write the drawing as pixels.")] = None,
    animate: Annotated[Path | None, opt.file_option("OUT.gif", "Also write the way to the drawing.")] = None,
) -> None:
    """Draw a clean SVG out of a degraded picture, or out of a prompt alone.

    A run that was stopped, even killed, goes on where it stood when the same command is given again, to the same bytes:
    its state lies beside the output as OUT.svg.part.safetensors until it is done. --fresh starts anew.

    **Examples**

    ```
    dreamsampler vectorize blurred.png -p "a dog face" --operator blur:sigma=5 --noise-std 0.02 -o dog.svg
    dreamsampler vectorize icon.png --method data --paths 32 -o icon.svg --preview icon-drawn.png
    dreamsampler vectorize --prompt "a dog face" -o dog.svg
    dreamsampler verify dog.svg
    ```
    """
    from ...io.atomic import check_writable
    from ...io.guard import remove
    from ...io.tensor_file import checkpoint_of
    from ...runs.run import prepare

    start = Path(settings.init) if settings.init.endswith(SVGS) else None
    check_outputs(
        (("-o", out, SVG), ("--preview", preview, PNG), ("--animate", animate, GIF)),
        [path for path in (measurement, start) if path],
    )
    part = check_writable(checkpoint_of(out))
    jobs = prepare(request(loading, settings, measurement, prompt, seed=seed))
    measured = jobs[0].inputs.measured
    if measured is not None and settings.size == "native" and measured.values[0].size > LARGE:
        height, width = measured.values.shape[1:]
        console.note(f"{width} x {height} pixels take long; without an operator --size 512 draws it smaller")
    if fresh:
        remove(part)
    if part.exists():
        console.note(f"going on from {part}")
    result = run_jobs(console, loading, jobs, frames=48 if animate else 0, checkpoint=part)
    written = [*result.save(out)]
    if preview is not None:
        written += result.save(preview)
    if animate is not None:
        written.append(result.animate(animate))
    psnr, length, paths = result.psnr(), out.stat().st_size, result.paths
    close = "" if psnr is None else f", {psnr:.1f} dB to the {'measurement' if measurement else 'sample'}"
    console.say(f"{paths} {'path' if paths == 1 else 'paths'}, {length} bytes{close}")
    console.say(f"wrote {', '.join(map(str, written))} ({result.evaluations} evaluations, {console.seconds:.1f} s)")
    console.summary(
        files=[str(path) for path in written],
        paths=paths,
        bytes=length,
        psnr=psnr,
        evaluations=result.evaluations,
        seconds=round(console.seconds, 3),
        notes=list(result.notes),
    )


@with_options
def rasterize(
    console: Console,
    drawing: Annotated[Path, typer.Argument(metavar="IN.svg", help="The drawing.")],
    out: Annotated[Path, opt.output("Where the picture goes (.png).")],
    size: Annotated[int | None, typer.Option(help="Longer side in pixels; by default the drawing's own.")] = None,
) -> None:
    """Render an SVG with the rasterizer that `vectorize` optimizes through.

    **Examples**

    ```
    dreamsampler rasterize dog.svg --size 512 -o dog.png
    ```
    """
    from ...generators.svg.reader import read_svg
    from ...io.png import write_png
    from ...io.tensors import to_pixels

    check_outputs((("-o", out, PNG),), (drawing,))
    read = read_svg(drawing, size)
    write_png(out, to_pixels(2.0 * read.render() - 1.0)[0])
    for note in read.notes:
        console.note(note)
    height, width = read.size
    console.say(f"wrote {out} ({width} x {height}, {read.structure.path_count} paths, {console.seconds:.1f} s)")
    console.summary(
        files=[str(out)], width=width, height=height, paths=read.structure.path_count, notes=list(read.notes)
    )
