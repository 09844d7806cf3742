"""What the benchmark commands share: their group, options, results folder and tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..console import Console
from ..group import Commands

if TYPE_CHECKING:
    from ....bench.tables import Table

app = typer.Typer(cls=Commands, no_args_is_help=False, rich_markup_mode="markdown")

Folder = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for tables and results; an interrupted run goes on from there.",
        rich_help_panel="Output",
    ),
]
Split = Annotated[str, typer.Option(metavar="dev|test", help="Choose settings on dev, report test.")]
Pairs = Annotated[int, typer.Option("-n", "--pairs", help="Pairs of each task.")]
First = Annotated[int, typer.Option(help="Number of the first pair.")]
PixelSide = Annotated[int | None, typer.Option("--size", help="Side in pixels; by default the model's own.")]


@app.callback(invoke_without_command=True)
def bench(context: typer.Context) -> None:
    """Measure methods, speed and models.

    Each prints a table; `-o DIR` also writes it as Markdown, CSV and JSON, with a sheet of pictures where there are
    any.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


def results_folder(path: Path | None) -> Path | None:
    """A results folder, made if it is not there.

    Raises:
        InputError: it cannot be made.
    """
    from ....core.errors import InputError

    if path is None:
        return None
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"-o {path}: cannot be made ({error.strerror or error}); name another folder") from error
    return path


def show(console: Console, tables: Sequence[Table], files: Sequence[Path]) -> None:
    """Print the tables and name the files."""
    for table in tables:
        console.say(table.markdown())
    if files:
        console.say(f"wrote {', '.join(map(str, files))} ({console.seconds:.1f} s)")
