"""`dreamsampler vectorize` and `rasterize`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt
from .console import Console
from .restore import Operators

if TYPE_CHECKING:
    from ...runs.run_vectorize import Scene
    from ...steering.control import StepInfo

SVG = (".svg",)
LARGE = 1_000_000
"""Pixels from which a drawing takes minutes."""


def vectorize(
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
    operator: Operators = ["identity"],  # noqa: B006 (typer reads the default and never changes it)
    noise: Annotated[float, typer.Option(help="Standard deviation of the noise; white minus black is 2.")] = 0.0,
    paths: Annotated[int, typer.Option(help="Filled paths, at most.")] = 64,
    segments: Annotated[int, typer.Option(help="Cubic segments of each path.")] = 4,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="N|WxH",
            help="Canvas in pixels: N on the longer side of IN.png, which is resized (not with --operator); without a "
            "picture N or WxH, by default the model's own. The SVG scales to any size anyway.",
        ),
    ] = None,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample/--no-sample",
            help="Without a picture: draw the one that `generate` makes of the prompt and seed, or follow the prior "
            "alone from random circles on.",
        ),
    ] = True,
    steps: Annotated[int, typer.Option(help="Gradient steps.", rich_help_panel="Run")] = 500,
    method: Annotated[
        str,
        typer.Option(
            metavar="NAME[:OPTION=VALUE,...]",
            help="dreamsampler, sds, vectorfusion, pds, chain; without a model: data, live, trace.",
            rich_help_panel="Run",
        ),
    ] = "dreamsampler",
    init: Annotated[
        str | None,
        typer.Option(
            metavar="components|random|grid|trace|FILE.svg",
            help="Where to start: patches of the picture (the default), circles, a tracer's paths or a drawing.",
            rich_help_panel="Run",
        ),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Start anew where a stopped run would go on.", rich_help_panel="Run"),
    ] = False,
    seed: opt.Seed = 0,
    model: opt.Model = "bundled",
    revision: opt.Revision = None,
    prediction_type: opt.PredictionType = None,
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    max_batch: opt.MaxBatch = None,
    preview: Annotated[Path | None, opt.file_option("OUT.png", "Also write the drawing as pixels.")] = None,
    animate: Annotated[Path | None, opt.file_option("OUT.gif", "Also write the way to the drawing.")] = None,
    quiet: opt.Quiet = False,
    as_json: opt.Json = False,
    debug: opt.Debug = False,
) -> None:
    """Draw a clean SVG out of a degraded picture, or out of a prompt alone.

    A run that was stopped, even killed, goes on where it stood when the same command is given again, to the same bytes:
    its state lies beside the output as OUT.svg.part.safetensors until it is done. --fresh starts anew.

    **Examples**

    ```
    dreamsampler vectorize blurred.png -p "a dog face" --operator blur:sigma=5 --noise 0.02 -o dog.svg
    dreamsampler vectorize icon.png --method data --paths 32 -o icon.svg --preview icon-drawn.png
    dreamsampler vectorize --prompt "a dog face" -o dog.svg
    dreamsampler verify dog.svg
    ```
    """
    from ...io.tensor_file import checkpoint_of
    from ...runs.jobs_vector import vector_job
    from ...runs.run_vectorize import needs_prior
    from ..vector import draw
    from .session import GIF, PNG, check_outputs, open_model

    console = Console(quiet, as_json)
    read = [path for path in (measurement, init and Path(init)) if path]
    check_outputs((("-o", out, SVG), ("--preview", preview, PNG), ("--animate", animate, GIF)), read)
    job = vector_job(
        measurement, prompt, operator=operator, noise=noise, method=method, paths=paths, segments=segments,
        steps=steps, init=init, size=size, sample=sample, seed=seed, model=model,
    )  # fmt: skip
    measured = job.inputs.measured
    if measured is not None and size is None and measured.values[0].size > LARGE:
        height, width = measured.values.shape[1:]
        console.note(f"{width} x {height} pixels take long; without an operator --size 512 draws it smaller")
    prior = None
    if needs_prior(job.recipe):
        prior = open_model(console, model, revision, prediction_type, device, dtype, max_batch)
    part = checkpoint_of(out)
    if fresh:
        part.unlink(missing_ok=True)
    if part.exists():
        console.note(f"going on from {part}")
    with console.progress() as show:
        watcher = None if show is None else Watcher(show)
        outcome = draw(
            job, prior, checkpoint=part, animate=animate is not None,
            on_look=watcher, on_scene=watcher.begin if watcher else None, on_progress=show,
        )  # fmt: skip
    written = [outcome.save(out)]
    if preview is not None:
        written.append(outcome.preview(preview))
    if animate is not None:
        written.append(outcome.animate(animate))
    for note in outcome.notes:
        console.note(note)
    # what counts is what the file shows
    decibels, length = outcome.psnr(out), out.stat().st_size
    close = "" if decibels is None else f", {decibels:.1f} dB to the {'measurement' if measurement else 'sample'}"
    console.say(f"{outcome.paths} {'path' if outcome.paths == 1 else 'paths'}, {length} bytes{close}")
    console.say(f"wrote {', '.join(map(str, written))} ({outcome.evaluations} evaluations, {console.seconds:.1f} s)")
    console.summary(
        files=[str(path) for path in written],
        paths=outcome.paths,
        bytes=length,
        psnr=decibels,
        evaluations=outcome.evaluations,
        seconds=round(console.seconds, 3),
        notes=list(outcome.notes),
    )


class Watcher:
    """Draws the progress of a vectorization: its loss, and now and then its distance to the measurement."""

    EVERY = 25

    def __init__(self, show: Callable[..., None]) -> None:
        self._show, self._said = show, ""
        self._scene: Scene | None = None

    def begin(self, scene: Scene) -> None:
        """What is drawn is known."""
        self._scene = scene

    def __call__(self, look: StepInfo) -> None:
        if self._scene is not None and self._scene.known and look.generator is not None and look.done % self.EVERY == 1:
            import torch

            from ..vector import decibels

            with torch.no_grad():
                image = look.generator.render().image
            self._said = f"  {decibels(self._scene.measurement.misfit(image)[0]):.1f} dB"
        self._show(look.stage, look.done, look.total, None, f"loss {look.loss:.4g}{self._said}")


def rasterize(
    drawing: Annotated[Path, typer.Argument(metavar="IN.svg", help="The drawing.")],
    out: Annotated[Path, opt.output("Where the picture goes (.png).")],
    size: Annotated[int | None, typer.Option(help="Longer side in pixels; by default the drawing's own.")] = None,
    quiet: opt.Quiet = False,
    as_json: opt.Json = False,
    debug: opt.Debug = False,
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
    from .session import PNG, check_outputs

    console = Console(quiet, as_json)
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
