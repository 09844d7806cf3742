"""`dreamsampler text-to-3d`."""

from __future__ import annotations

from typing import Annotated

import typer

from ...tasks.settings3d import TextTo3dSettings
from . import options as opt
from .asset import Asset, Renders, Turntable, check_asset_outputs, write_asset
from .console import Console
from .options import Loading, with_options
from .reconstruct import told


@with_options
def text_to_3d(
    settings: TextTo3dSettings,
    loading: Loading,
    console: Console,
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="What the object is.")],
    out: Asset,
    negative_prompt: Annotated[str, typer.Option(help="What it is not.")] = "",
    turntable: Turntable = None,
    renders: Renders = None,
    seed: opt.Seed = 0,
) -> None:
    """Make an object in 3D of a prompt.

    **Examples**

    ```
    dreamsampler text-to-3d --prompt "a red torus" -o torus.glb --turntable torus.gif
    ```
    """
    from ...io.cameras import look_at
    from ...tasks.text3d import FOV, RADIUS
    from ...tasks.text3d import text_to_3d as run

    check_asset_outputs(out, turntable, renders)
    prior = loading.prior(console)
    fit = run(prior, prompt, settings, negative_prompt=negative_prompt, seed=seed, callback=told(console))
    ring = [look_at(90.0 * k, settings.elevation, RADIUS, FOV, 128) for k in range(4)]
    write_asset(console, fit, ring, 128, out, turntable, renders)
