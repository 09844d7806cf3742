"""`dreamsampler`: all commands."""

from __future__ import annotations

from typing import Annotated

import typer

from .app import Commands
from .bench import app as bench
from .degrade import degrade
from .demo import demo
from .edit import edit
from .generate import generate
from .inpaint import inpaint
from .invert import invert
from .models import models
from .reconstruct import check_cameras, reconstruct
from .restore import restore
from .schema import schema
from .text_to_3d import text_to_3d
from .vectorize import rasterize, vectorize
from .verify import verify

app = typer.Typer(
    name="dreamsampler",
    cls=Commands,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from ... import __version__

        print(f"dreamsampler {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Steer latent diffusion models: edit, restore and draw pictures by text.

    Each command explains itself: dreamsampler edit --help
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


for _command in (edit, inpaint, restore, degrade, generate, invert, vectorize, rasterize, models, schema, verify, demo):
    app.command()(_command)


for _command in (reconstruct, text_to_3d, check_cameras):
    app.command()(_command)


app.add_typer(bench, name="bench")


def main() -> None:
    """The console script."""
    app(prog_name="dreamsampler")
