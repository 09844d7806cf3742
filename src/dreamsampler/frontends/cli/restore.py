"""`dreamsampler restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...tasks.settings import RestoreSettings
from . import options as opt
from .console import Console
from .options import Loading, with_options
from .task import PNG, check_outputs, request, run, tell, write_results


@with_options
def restore(
    settings: RestoreSettings,
    loading: Loading,
    console: Console,
    measurement: Annotated[
        Path, typer.Argument(metavar="Y.png", help="The measurement: a picture, .npy or .safetensors (floats -1 to 1).")
    ],
    out: Annotated[Path, opt.output()],
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="What the scene shows.")] = "",
    seed: opt.Seed = 0,
) -> None:
    """Restore a picture from a blurred, small, gray or incomplete one.

    The result has the size of the scene, not of the measurement.

    **Examples**

    ```
    dreamsampler restore small.png --operator sr:factor=4 -p "a red heart" -o heart.png
    dreamsampler restore y.npy --operator blur:sigma=3,size=21 --noise-std 0.01 -p "a cat" -o cat.png
    dreamsampler restore y.png --operator grey --operator sr:factor=2,kind=box -o out.png
    ```
    """
    check_outputs((("-o", out, PNG),), (measurement,))
    result = run(console, loading, [request(loading, settings, measurement, prompt, seed=seed)])
    tell(console, result, write_results(result, out))
