"""What the benchmark commands share: their group, options, results folder and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ....tasks.settings import RunSettings
from .. import options as opt
from ..app import Commands
from ..console import Console

if TYPE_CHECKING:
    from ....bench.tables import Table
    from ....core.types import Prior

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
Methods = Annotated[
    list[str] | None,
    typer.Option("--method", metavar="NAME[:option=value,...]", help="A method; repeat it. By default all."),
]
Judge = Annotated[
    Path | None, typer.Option(metavar="DIR", help="A CLIP model that judges; by default the bundled one, if any.")
]


@app.callback(invoke_without_command=True)
def bench(context: typer.Context) -> None:
    """Measure methods, speed and models.

    Each prints a table; `-o DIR` also writes it as Markdown, CSV and JSON, with a sheet of pictures where there are
    any.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


@dataclass
class Report:
    """The options of every benchmark, and what comes of them.

    Attributes:
        console: where the command speaks.
        folder: where tables and results go, made if it was not there; None without `-o`.

    Raises:
        InputError: the folder cannot be made or written to.
    """

    out: Folder = None
    quiet: opt.Quiet = False
    debug: opt.Debug = False
    console: Console = field(init=False)
    folder: Path | None = field(init=False)

    def __post_init__(self) -> None:
        from ....io.atomic import make_folder

        self.console = Console(self.quiet)
        self.folder = None if self.out is None else make_folder(self.out)

    def show(self, tables: Sequence[Table], files: Sequence[Path]) -> None:
        """Print the tables and name the files."""
        for table in tables:
            self.console.say(table.markdown())
        if files:
            self.console.say(f"wrote {', '.join(map(str, files))} ({self.console.seconds:.1f} s)")

    def write(self, name: str, table: Table) -> None:
        """Print a table, and write it where a folder is given."""
        from ....bench.tables import write_tables

        self.show((table,), [] if self.folder is None else write_tables(self.folder, name, (table,)))


@dataclass
class Network:
    """The options of every benchmark that runs a model, which the command names itself."""

    size: PixelSide = None
    run: RunSettings = field(default_factory=RunSettings)

    def load(self, console: Console, model: str) -> Prior:
        """Return the model."""
        return opt.Loading(model, run=self.run).prior(console)
