"""The numbers of a vectorization. Torch is not imported here, so that a command line can be made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from ...core.errors import InputError
from ...core.settings import Doc, Ge, Gt, Le, settings
from ..words import sides

MAX_PATHS = 4096
MAX_SEGMENTS = 256
MAX_SIDE = 16_384
STARTS = ("components", "random", "grid", "trace")
SVGS = (".svg", ".svgz")

RENAMED: Mapping[str, str] = {
    "sigma": "noise_std", "start": "denoise", "scale": "guidance_scale", "balance": "prior_weight",
    "fade": "final_weight", "crossing": "crossing_weight", "flat": "flatness_weight", "price": "penalty",
    "restore": "restore_steps", "trust": "estimate_std", "renew_every": "prune_every",
    "sample_scale": "sample_guidance_scale", "psld_scale": "psld_guidance_scale",
}  # fmt: skip
"""Words of before -> those of now."""


@settings
class VectorSettings:
    """Numbers of a vectorization; those that the paper does not give are ours.

    The paper names neither paths nor segments (VectorFusion: up to 128 x 4), has guidance of 100 for Stable Diffusion
    (1 was best for the bundled prior), starts at the top of the diffusion path and carries all noise (`eta=0`). Its
    weight lambda is lost: `prior_weight` is relative to the gradient of the measurement at mid-schedule.

    Carried noise keeps what the fit made of the measurement's noise: three development scenes, SR x8, without
    restoration and penalty, gained 0.8, 0.5 and 0.2 dB over the fit alone with it, 1.7, 1.9 and 1.0 with fresh noise.

    Example:
        >>> VectorSettings(paths=16).steps
        500
        >>> VectorSettings(fit=2.0)
        Traceback (most recent call last):
        ...
        dreamsampler.core.errors.InputError: fit=2.0: expected a number, 0 to 1
    """

    method: Annotated[
        str,
        Doc(
            "NAME[:OPTION=VALUE,...]: dreamsampler, sds, vectorfusion, pds, chain; without a model: data, live, trace."
        ),
    ] = "dreamsampler"
    operator: Annotated[
        str | tuple[str, ...], Doc("What was done to the picture, as in `restore`; several: the first came first.")
    ] = "identity"
    size: Annotated[
        str,
        Doc(
            "Canvas in pixels: N on the longer side of a picture, which is resized (not with an operator); without a "
            "picture N or WxH, by default the model's own. The SVG scales to any size anyway."
        ),
    ] = "native"
    paths: Annotated[int, Ge(1), Le(MAX_PATHS), Doc("Filled paths, at most.")] = 64
    segments: Annotated[int, Ge(2), Le(MAX_SEGMENTS), Doc("Cubic segments of each path.")] = 4
    steps: Annotated[int, Ge(1), Le(1_000_000), Doc("Gradient steps.")] = 500
    fit: Annotated[
        float, Ge(0), Le(1), Doc("Share of the steps that fits the measurement alone, before the prior takes part.")
    ] = 0.7
    denoise: Annotated[
        float, Gt(0), Le(1), Doc("Where the prior begins, as a share of the diffusion path; 1 is pure noise.")
    ] = 0.6
    guidance_scale: Annotated[float, Ge(0), Le(1e6), Doc("Classifier-free guidance.")] = 1.0
    prior_weight: Annotated[
        float,
        Ge(0),
        Le(1e6),
        Doc("Gradient of the prior relative to the measurement's on the picture at mid-schedule; 0: no prior."),
    ] = 1.0
    final_weight: Annotated[
        float, Ge(0), Le(1e6), Doc("The prior's weight after the last step relative to the first.")
    ] = 0.0
    eta: Annotated[
        float, Ge(0), Le(1), Doc("Share of fresh noise in each step (eq. 5); 0 carries all of it, as the paper does.")
    ] = 1.0
    crossing_weight: Annotated[
        float,
        Ge(0),
        Le(1e6),
        Doc("Weight of the loss against outlines that cross themselves (Xing); as released 1e-5."),
    ] = 1e-3
    flatness_weight: Annotated[
        float, Ge(0), Le(1e6), Doc("Weight of the picture's total variation: few and short edges.")
    ] = 5e-4
    penalty: Annotated[
        float,
        Ge(0),
        Le(1e6),
        Doc(
            "What each of a path's 6 S + 4 numbers must save of the negative log-likelihood for the path to stay: 1 is "
            "Akaike's criterion, half the logarithm of the values measured (3 to 5) Schwarz's; 0 keeps all paths."
        ),
    ] = 3.0
    rate: Annotated[
        float, Gt(0), Le(1e3), Doc("Peak learning rate of control points in pixels on a canvas of 128, scaled with it.")
    ] = 1.0
    color_rate: Annotated[float, Gt(0), Le(1e3), Doc("Peak learning rate of colors.")] = 0.05
    warm_up: Annotated[
        int,
        Ge(0),
        Le(1_000_000),
        Doc("Steps of rising learning rates, at most half of all; 500 in the paper, 0: a tenth."),
    ] = 0
    blur: Annotated[
        float, Ge(0), Le(1e4), Doc("Coarse to fine: the fit begins under a blur of so many pixels, which shrinks.")
    ] = 0.0
    init: Annotated[
        str,
        Doc("Where to start: components of the picture, random or grid circles, trace (vtracer's paths), or FILE.svg."),
    ] = "components"
    prune_every: Annotated[
        int, Ge(0), Le(1_000_000), Doc("Steps between removals of paths that do not pay, or are dead; 0: never.")
    ] = 50
    restore_steps: Annotated[
        int, Ge(0), Le(1_000_000), Doc("Steps of the restoration in pixels that the drawing starts from; 0: none.")
    ] = 100
    estimate_std: Annotated[
        float,
        Ge(0),
        Le(1e6),
        Doc("Standard deviation of that restoration's error, pictures in [0, 1], if it explains the measurement."),
    ] = 0.07
    noise_std: Annotated[
        float | None,
        Ge(0),
        Le(1e3),
        Doc("Standard deviation of the measurement's noise; white minus black is 2. By default it is estimated."),
    ] = None
    sample: Annotated[
        bool, Doc("Without a picture: draw the one that `generate` makes of the prompt; else follow the prior alone.")
    ] = True
    sample_steps: Annotated[int, Ge(1), Le(10_000), Doc("Sampling steps of that picture.")] = 50
    sample_guidance_scale: Annotated[float, Ge(0), Le(1e3), Doc("Its classifier-free guidance.")] = 7.5

    PRESETS: ClassVar[Mapping[str, Any]] = {
        # eq. 21 without its second term (ours, tried on the bundled prior): no fit, as there is nothing to fit; most of
        # the path and guidance, for nothing else says what to draw; no path has to pay, for it could explain nothing
        "prior-only": {
            "sample": False, "fit": 0.0, "final_weight": 0.5, "denoise": 0.8, "guidance_scale": 7.5, "penalty": 0.0,
            "flatness_weight": 0.0, "restore_steps": 0, "init": "random",
        },
        # the paper's numbers as far as they are known, VectorFusion's where it follows them; its lambda is lost
        "paper": {
            "steps": 1000, "fit": 0.0, "denoise": 1.0, "guidance_scale": 100.0, "eta": 0.0, "final_weight": 1.0,
            "crossing_weight": 1e-5, "flatness_weight": 0.0, "penalty": 0.0, "restore_steps": 0, "init": "random",
            "rate": 0.05, "color_rate": 0.01, "warm_up": 500,
        },
    }  # fmt: skip
    IMPLIED: ClassVar[Mapping[Any, str]] = {("sample", False): "prior-only"}

    def __post_init__(self) -> None:
        sides(self.size, MAX_SIDE)
        if self.init not in STARTS and not self.init.lower().endswith(SVGS):
            raise InputError(f"init={self.init!r}: expected one of {', '.join(STARTS)}, or an .svg file")
