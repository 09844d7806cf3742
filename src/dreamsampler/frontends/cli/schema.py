"""`dreamsampler schema`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .console import Console
from .options import with_options


@with_options
def schema(
    console: Console,
    task: Annotated[str, typer.Argument(metavar="TASK", help="edit, invert, generate, inpaint, restore or vectorize.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="A table for readers instead.")] = False,
) -> None:
    """Print the numbers of a task: names, types, ranges, defaults and help, as a JSON schema.

    **Examples**

    ```
    dreamsampler schema edit
    dreamsampler schema vectorize --markdown
    ```
    """
    from ...core.schema import json_schema, table
    from ...runs.registry import task_of

    cls = task_of(task).settings
    presets = dict(getattr(cls, "PRESETS", {}))
    described = json_schema(cls) | ({"presets": presets} if presets else {})
    if not console.quiet:
        print(table(cls) if markdown else json.dumps(described, indent=1, ensure_ascii=False))
