"""The options of the commands: those of settings are derived from their declaration, the others are named here once."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.settings import Option, make, options_of
from ...tasks.settings import RunSettings

if TYPE_CHECKING:
    from ...core.types import Prior
    from .console import Console

_MODEL, _RUN, _OUTPUT = "Model", "Run", "Output"
_Empty = inspect.Parameter.empty

Picture = Annotated[Path, typer.Argument(metavar="IN.png", help="The picture: PNG, JPEG, WebP, TIFF, ... of any size.")]
Seed = Annotated[int, typer.Option(help="Seed of every random number.", rich_help_panel=_RUN)]
Steps = Annotated[
    int, typer.Option(help="Levels of the noise trajectory; more is slower and finer.", rich_help_panel=_RUN)
]
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
MaxBatch = Annotated[
    int | None,
    typer.Option(help="Most latents in one call of the network: 1 needs least memory.", rich_help_panel=_MODEL),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel=_OUTPUT)]
Json = Annotated[bool, typer.Option("--json", help="Print a summary as one line of JSON.", rich_help_panel=_OUTPUT)]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks and the libraries' own messages.", rich_help_panel=_OUTPUT)
]


def output(help: str = "Where the result goes (.png); it carries its recipe.") -> object:
    """Return the option -o of a command that must be told where to write."""
    return typer.Option("--output", "-o", metavar="OUT.png", help=help, rich_help_panel=_OUTPUT)


def file_option(metavar: str, help: str) -> object:
    """Return an option that names a further file to write."""
    return typer.Option(metavar=metavar, help=help, rich_help_panel=_OUTPUT)


@dataclass
class Loading:
    """Which model is run, and where and how."""

    model: Model = "bundled"
    revision: Revision = None
    max_batch: MaxBatch = None
    run: RunSettings = field(default_factory=RunSettings)

    def prior(self, console: Console, method: str = "") -> Prior:
        """Return the model, loaded as the method wants it, with a spinner where somebody watches."""
        from ...methods.registry import loader_of

        load = loader_of(method)
        with console.busy(f"loading {self.model}"):
            return load(
                self.model, revision=self.revision, max_batch=self.max_batch, device=self.run.device,
                dtype=self.run.dtype, prediction_type=self.run.prediction_type,
            )  # fmt: skip


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace a command's arguments whose type is a dataclass by the options that it is made of, behind its own.

    A settings class gives one option for each declared value, and `--preset` if it has presets; what is not given
    comes from the preset and the declaration. Any other dataclass gives its annotated fields, nested groups included.
    """
    parameters = inspect.signature(command, eval_str=True).parameters
    own = [p for p in parameters.values() if not dataclasses.is_dataclass(p.annotation)]
    groups = {name: p.annotation for name, p in parameters.items() if dataclasses.is_dataclass(p.annotation)}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        made = {name: _made(kind, given) for name, kind in groups.items()}
        rest = {p.name: given[p.name] for p in own}
        command(**rest, **made)

    flat = [p for kind in groups.values() for p in _parameters(kind)]
    keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*own, *flat]]
    run.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    return run


def _is_settings(kind: Any) -> bool:
    return bool(kind.__dataclass_params__.frozen)


def _parameters(kind: Any) -> list[inspect.Parameter]:
    """The options of a settings class or of a group."""
    if not _is_settings(kind):
        flat: list[inspect.Parameter] = []
        for parameter in inspect.signature(kind, eval_str=True).parameters.values():
            nested = dataclasses.is_dataclass(parameter.annotation)
            flat += _parameters(parameter.annotation) if nested else [parameter]
        return flat
    panel = _MODEL if kind is RunSettings else "Settings"
    made = [_parameter(option, panel) for option in options_of(kind)]
    if presets := getattr(kind, "PRESETS", None):
        text = "A named set of values; options beside it win."
        declared = typer.Option(metavar="|".join(presets), help=text, rich_help_panel=panel)
        made.append(_keyword("preset", Annotated[str | None, declared], None))
    return made


def _parameter(option: Option, panel: str) -> inspect.Parameter:
    """The option of one declared value; it is None unless given, so that a preset shows through."""
    required = option.default is dataclasses.MISSING
    shown = False if required or option.default in (None, "", False) else str(option.default)
    names: tuple[str, ...] = ()
    if option.kind is bool:
        word = option.name.replace("_", "-")
        names, shown = (f"--{word}/--no-{word}",), word if option.default else f"no-{word}"
    metavar = "|".join(option.choices) or None
    declared = typer.Option(*names, help=option.help, metavar=metavar, show_default=shown, rich_help_panel=panel)
    kind: Any = list[option.kind] if option.many else option.kind  # type: ignore[name-defined]
    return _keyword(option.name, Annotated[kind if required else kind | None, declared], _Empty if required else None)


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _made(kind: Any, given: dict[str, Any]) -> Any:
    """The instance that the given options make."""
    if not _is_settings(kind):
        fields = inspect.signature(kind, eval_str=True).parameters
        return kind(
            **{
                name: _made(p.annotation, given) if dataclasses.is_dataclass(p.annotation) else given[name]
                for name, p in fields.items()
            }
        )
    values = {}
    for option in options_of(kind):
        value = given[option.name]
        if isinstance(value, list):
            # one value for all, or several
            value = None if not value else value[0] if len(value) == 1 else tuple(value)
        if value is not None:
            values[option.name] = value
    return make(kind, values, given.get("preset") if hasattr(kind, "PRESETS") else None)
