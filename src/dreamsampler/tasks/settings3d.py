"""The numbers of the tasks in 3D, each declared once."""

from __future__ import annotations

from typing import Annotated, Literal

from ..core.settings import Doc, Ge, Gt, Le, settings

Field = Annotated[
    Literal["triplane", "frequency"],
    Doc("Three feature planes (fast), or the paper's network on frequencies (extrapolates better to unseen sides)."),
]
Samples = Annotated[int, Ge(2), Le(1024), Doc("Samples along each ray.")]
Fine = Annotated[int, Ge(0), Le(1024), Doc("Further samples where a first pass found weight, smoothed as in HiFA.")]
Visits = Annotated[int, Ge(0), Le(10_000), Doc("Levels of the noise path that the prior visits.")]
Inner = Annotated[int, Ge(1), Le(1000), Doc("Gradient steps a level, each on one view.")]
Denoise = Annotated[float, Gt(0), Le(1), Doc("Share of the noise path that is walked; what diffusers calls strength.")]
Guidance = Annotated[float, Ge(0), Le(1000), Doc("Classifier-free guidance.")]
Latent = Annotated[float, Ge(0), Le(1e6), Doc("Weight of the latent pull, eq. 39.")]
Pixel = Annotated[float, Ge(0), Le(1e6), Doc("Weight of the pixel pull, eq. 40.")]
Variance = Annotated[float, Ge(0), Le(1000), Doc("Weight of the variance of distances along rays (HiFA).")]
Rate = Annotated[float, Gt(0), Le(1), Doc("Learning rate while the prior takes part.")]
Sampling = Annotated[
    Literal["dreamsampler", "sds"],
    Doc("Descending levels with the estimated noise, or DreamFusion's random levels with fresh noise."),
]
ViewWords = Annotated[bool, Doc("Add to the prompt where each view is seen from.")]


@settings
class ReconstructSettings:
    """Numbers of `reconstruct`."""

    iterations: Annotated[int, Ge(1), Le(1_000_000), Doc("Gradient steps on the measurements alone.")] = 600
    loss: Annotated[Literal["l1", "l2"], Doc("Between measured renderings and the views.")] = "l2"
    field: Field = "triplane"
    samples: Samples = 64
    fine: Fine = 0
    visits: Visits = 20
    inner: Inner = 16
    denoise: Denoise = 0.5
    guidance_scale: Guidance = 7.5
    latent_weight: Latent = 0.02
    pixel_weight: Pixel = 0.1
    variance: Variance = 0.01
    learning_rate: Rate = 0.005
    sampling: Sampling = "dreamsampler"
    view_words: ViewWords = True


@settings
class TextTo3dSettings:
    """Numbers of `text-to-3d`."""

    views: Annotated[int, Ge(2), Le(64), Doc("Cameras on a ring, each with its own noise.")] = 8
    elevation: Annotated[float, Ge(-60), Le(80), Doc("Of the ring, degrees.")] = 20.0
    field: Field = "triplane"
    samples: Samples = 48
    fine: Fine = 0
    visits: Visits = 40
    inner: Inner = 16
    denoise: Denoise = 1.0
    guidance_scale: Guidance = 7.5
    latent_weight: Latent = 0.02
    pixel_weight: Pixel = 1.0
    variance: Variance = 0.01
    learning_rate: Rate = 0.01
    sampling: Sampling = "dreamsampler"
    view_words: ViewWords = True
