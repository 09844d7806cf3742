"""Options that several commands share, so that they are called and explained alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_MODEL, _RUN, _OUTPUT = "Model", "Run", "Output"

Picture = Annotated[Path, typer.Argument(metavar="IN.png", help="The picture: PNG, JPEG, WebP, TIFF, ... of any size.")]

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="ID|DIR|FILE|bundled",
        help="A Hugging Face id, a diffusers folder, a .safetensors checkpoint, or the prior that comes along.",
        rich_help_panel=_MODEL,
    ),
]
Revision = Annotated[
    str | None, typer.Option(help="Branch, tag or commit of a Hugging Face model.", rich_help_panel=_MODEL)
]
PredictionType = Annotated[
    str | None,
    typer.Option(
        metavar="eps|v|x0", help="What the network predicts, against what its files say.", rich_help_panel=_MODEL
    ),
]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda, cuda:1 or mps; by default the best there is.", rich_help_panel=_MODEL)
]
Dtype = Annotated[
    str | None,
    typer.Option(
        metavar="float32|float16|bfloat16",
        help="Precision of the networks; by default float16 on CUDA, else float32.",
        rich_help_panel=_MODEL,
    ),
]
MaxBatch = Annotated[
    int | None,
    typer.Option(help="Most latents in one call of the network: 1 needs least memory.", rich_help_panel=_MODEL),
]

Steps = Annotated[
    int, typer.Option(help="Levels of the noise trajectory; more is slower and finer.", rich_help_panel=_RUN)
]
Seed = Annotated[int, typer.Option(help="Seed of every random number.", rich_help_panel=_RUN)]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="native|keep|N",
        help="What the model works on: its native size (default), the picture's own, or N pixels on the shorter side. "
        "The result always has the picture's size.",
        rich_help_panel=_RUN,
    ),
]
Inversion = Annotated[
    str,
    typer.Option(
        metavar="plain|two-step|fixed-point",
        help="How the picture is turned into noise; fixed-point keeps most and costs 1 + rounds evaluations a step.",
        rich_help_panel=_RUN,
    ),
]
Rounds = Annotated[int, typer.Option(help="Refinements of --inversion fixed-point.", rich_help_panel=_RUN)]
Start = Annotated[
    float,
    typer.Option(help="Use only the lowest share of the trajectory, 0 to 1: cheaper, closer.", rich_help_panel=_RUN),
]
SourcePrompt = Annotated[
    str,
    typer.Option(help="What the picture shows; the edit is then the difference.", rich_help_panel=_RUN),
]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel=_OUTPUT)]
Json = Annotated[bool, typer.Option("--json", help="Print a summary as one line of JSON.", rich_help_panel=_OUTPUT)]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks and the libraries' own messages.", rich_help_panel=_OUTPUT)
]


def output(help: str = "Where the result goes (.png); it carries its recipe.") -> object:
    """The option -o of a command that must be told where to write."""
    return typer.Option("--output", "-o", metavar="OUT.png", help=help, rich_help_panel=_OUTPUT)


def file_option(metavar: str, help: str) -> object:
    """An option that names a further file to write."""
    return typer.Option(metavar=metavar, help=help, rich_help_panel=_OUTPUT)
