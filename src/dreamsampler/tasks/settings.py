"""The numbers of the tasks, each declared once. Torch is not imported here, so that a command line can be made of them.

The drawing task's are in `tasks.vectorize.settings`. A new number is one line: options of the command line, Python
keywords, recipes, schemas and the tables of docs/cli.md follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, ClassVar, Literal

from ..core.errors import InputError
from ..core.settings import Doc, Ge, Le, settings
from .options import Denoise, Inversion, NegativePrompt, Steps
from .words import check_size, sides

SourcePrompt = Annotated[str, Doc("What the picture shows; the edit is then the difference. Empty as in the paper.")]
Rounds = Annotated[int, Ge(1), Le(100), Doc("Refinements of the inversion fixed-point.")]
Composite = Annotated[bool, Doc("Put the picture's own pixels back outside the masks, given or found, byte for byte.")]
Size = Annotated[
    str,
    Doc(
        "What the model works on: its native size, the picture's own (keep), or N pixels on the shorter side. The "
        "result always has the picture's size."
    ),
]
NoiseStd = Annotated[float, Ge(0), Le(1e3), Doc("Standard deviation of the noise; white minus black is 2.")]
MethodName = Annotated[
    str,
    Doc(
        "NAME[:OPTION=VALUE,...]: dreamsampler, or another: latent-dps, psld, treg, repaint, resample, p2l, diffpir, "
        "ddnm, flowdps, stable-inpaint (with an inpainting model)."
    ),
]
Operators = Annotated[
    str | tuple[str, ...],
    Doc(
        "What was done to the scene: blur:sigma=3,size=21, motion:length=15,angle=30, kernel:file=K.npy, "
        "sr:factor=4,kind=bicubic, mask:rows=10-40,cols=8-55, mask:file=M.png, grey. Several: the first came first."
    ),
]
Pull = Annotated[
    float | None,
    Ge(0),
    Le(1e3),
    Doc("c_g of the paper's pull c_g a^2 / (a^2 + b^2), 0 to 1, on data-consistency steps, instead of guidance."),
]
Eta = Annotated[
    float,
    Ge(0),
    Le(1),
    Doc("With strength: fresh noise on data-consistency steps, relative to the released sqrt(abar_t)."),
]
Dps = Annotated[
    float,
    Ge(0),
    Le(1e6),
    Doc("Size of the DPS steps, relative to the released a' (with guidance, to a' min(1, 100 / steps))."),
]
Period = Annotated[int, Ge(1), Le(10_000), Doc("Every which step is a data-consistency step; as released 3.")]
Until = Annotated[
    float, Ge(0), Le(1), Doc("Share of the steps after which there are no more of them; as released 0.85.")
]
Lean = Annotated[bool, Doc("Compute the decoder's activations again in DPS steps instead of keeping them.")]


@settings
class RunSettings:
    """What every run has: where and how precisely the networks are evaluated."""

    device: Annotated[str | None, Doc("cpu, cuda, cuda:1 or mps; by default the best there is.")] = None
    dtype: Annotated[
        Literal["float32", "float16", "bfloat16", "float64"] | None,
        Doc("Precision of the networks; by default float16 on CUDA, else float32."),
    ] = None
    prediction_type: Annotated[
        Literal["eps", "v", "x0"] | None, Doc("What the network predicts, against what its files say.")
    ] = None


@settings
class EditNumbers:
    """Numbers of Algorithm 3 and eq. 19."""

    strength: Annotated[
        float | tuple[float, ...],
        Ge(0),
        Le(1e3),
        Doc("0 reconstructs, 1 is the default, 2 is strong; one value, or one a prompt."),
    ] = 1.0
    steps: Steps = 50
    inversion: Inversion = "two-step"
    rounds: Rounds = 2
    denoise: Denoise = 1.0
    bound: Annotated[float, Ge(0), Le(1e3), Doc("Leave the prompts out of steps where they all weigh less.")] = 0.0
    found_mask: Annotated[
        bool, Doc("Confine the edit to where the prompts' predictions differ from the source's; costs no evaluation.")
    ] = False


@settings
class EditSettings(EditNumbers):
    """Numbers of the task "edit"."""

    paper_c: Annotated[
        float | None, Ge(0), Le(1e3), Doc("The paper's own weight in place of strength; 0.2 with 200 steps.")
    ] = None
    strength_kind: Annotated[
        Literal["strength", "guidance", "cfgpp"],
        Doc("What strength means: independent of the steps, a guidance scale on each, or a weight of CFG++."),
    ] = "strength"
    source_prompt: SourcePrompt = ""
    composite: Composite = True
    size: Size = "native"

    PRESETS: ClassVar[Mapping[str, Any]] = {
        "paper": {"steps": 200, "paper_c": 0.2, "inversion": "plain"},
        # with --source-prompt; 18 evaluations
        "quick": {"steps": 6, "strength": 1.5, "strength_kind": "guidance", "found_mask": True},
    }

    def __post_init__(self) -> None:
        check_size(self.size)
        if self.paper_c is not None and (self.strength != 1.0 or self.strength_kind != "strength"):
            raise InputError(f"strength={self.strength} and paper_c={self.paper_c}: give one of the two")
        if self.strength_kind != "strength" and isinstance(self.strength, tuple):
            raise InputError(f"strength: several values with strength_kind={self.strength_kind!r}; expected one")


@settings
class InvertSettings:
    """Numbers of an inversion and its way back."""

    source_prompt: Annotated[str, Doc("Invert under this prompt instead of the empty one.")] = ""
    steps: Steps = 50
    inversion: Inversion = "two-step"
    rounds: Rounds = 2
    denoise: Denoise = 1.0
    size: Size = "native"

    def __post_init__(self) -> None:
        check_size(self.size)


@settings
class GenerateSettings:
    """Numbers of the plain sampler."""

    negative_prompt: NegativePrompt = ""
    guidance_scale: Annotated[
        float, Ge(0), Le(1e3), Doc("How closely the pictures follow the prompt; with renoise=uncond 0 to 1.")
    ] = 7.5
    renoise: Annotated[
        Literal["guided", "uncond"],
        Doc("The noise that goes back: the guided one (DDIM), or the null prompt's (CFG++)."),
    ] = "guided"
    steps: Steps = 50
    size: Annotated[str, Doc("In pixels, N or WxH; native is the model's own.")] = "native"

    def __post_init__(self) -> None:
        sides(self.size)


@settings
class InpaintNumbers:
    """Numbers of inpainting, after Algorithm 4.

    The defaults are ours, the preset "released" has the script's, number by number.
    """

    steps: Steps = 100
    negative_prompt: NegativePrompt = ""
    guidance_scale: Annotated[
        float, Ge(0), Le(1e3), Doc("Scale towards each hole's prompt: 1 follows it, above 1 goes beyond it.")
    ] = 2.0
    strength: Pull = None
    eta: Eta = 1.0
    rho: Annotated[float, Ge(0), Le(1e6), Doc("Weight of the estimate in a data-consistency step.")] = 1e-4
    iterations: Annotated[
        int | None, Ge(1), Le(10_000), Doc("Conjugate-gradient iterations; by default the exact step, as masks allow.")
    ] = None
    dps: Dps = 1.0
    period: Period = 3
    until: Until = 1.0
    noise_std: Annotated[float, Ge(0), Le(1e3), Doc("Standard deviation of noise added to the known pixels.")] = 0.0
    overlap: Annotated[
        Literal["share", "released"], Doc("Prompts of overlapping holes share them, or (with strength) count twice.")
    ] = "share"
    latent_mask: Annotated[Literal["area", "cover", "nearest"], Doc("How a hole becomes a mask of the latent.")] = (
        "area"
    )
    inversion: Annotated[
        Literal["none", "plain", "two-step", "fixed-point"],
        Doc("Begin with noise in the holes, or, as released, with an inversion (N more evaluations)."),
    ] = "none"
    lean: Lean = True

    PRESETS: ClassVar[Mapping[str, Any]] = {
        "released": {
            "negative_prompt": "out of focus, depth of field",
            "steps": 200,
            "strength": 1.0,
            "until": 0.85,
            "inversion": "plain",
            "noise_std": 0.01,
            "iterations": 10,
            "overlap": "released",
            "latent_mask": "nearest",
        }
    }

    def __post_init__(self) -> None:
        _one_rule(self.strength, self.guidance_scale, 2.0, self.eta)
        if self.strength is None and self.overlap != "share":
            raise InputError(f"overlap={self.overlap!r}: a choice of the published pull; give a strength with it")


@settings
class InpaintSettings(InpaintNumbers):
    """Numbers of the task "inpaint"; the algorithm's own are dreamsampler's, other methods have theirs.

    The released script's masks are white on the known pixels; here white is the hole.
    """

    method: MethodName = "dreamsampler"
    feather: Annotated[int, Ge(0), Le(10_000), Doc("Fade over this many pixels inside each hole's edge.")] = 0
    composite: Composite = True
    size: Size = "native"

    def __post_init__(self) -> None:
        check_size(self.size)


@settings
class RestoreNumbers:
    """Numbers of a restoration. The defaults are ours; `strength` brings the pulls of equations 31 to 38."""

    steps: Steps = 100
    guidance_scale: Annotated[
        float, Ge(0), Le(1e3), Doc("Scale towards the prompt: 1 follows it; others cost twice as much.")
    ] = 1.0
    strength: Pull = None
    negative_prompt: NegativePrompt = ""
    eta: Eta = 1.0
    rho: Annotated[
        float | None,
        Ge(0),
        Le(1e6),
        Doc("Weight of the estimate in a data-consistency step; by default what the noise and the level call for."),
    ] = None
    dps: Dps = 1.0
    period: Annotated[
        int | None,
        Ge(1),
        Le(10_000),
        Doc("Every so many steps is a data-consistency step; by default 3 with strength or begin=inversion, else 1."),
    ] = None
    until: Until = 1.0
    begin: Annotated[
        Literal["guess", "noise", "inversion"],
        Doc(
            "Begin with a first guess under noise, 0.6 of the way up, with noise alone, or with the guess's inversion."
        ),
    ] = "guess"
    lean: Lean = True

    def __post_init__(self) -> None:
        _one_rule(self.strength, self.guidance_scale, 1.0, self.eta)


@settings
class RestoreSettings(RestoreNumbers):
    """Numbers of the task "restore"; the algorithm's own are dreamsampler's, other methods have theirs."""

    operator: Operators = field(kw_only=True)
    noise_std: NoiseStd = 0.0
    method: MethodName = "dreamsampler"


def _one_rule(strength: float | None, guidance_scale: float, usual: float, eta: float) -> None:
    """Raise `InputError` if a number is set that nothing uses."""
    if strength is not None and guidance_scale != usual:
        raise InputError(
            f"guidance_scale={guidance_scale}, strength={strength}: the published pull replaces guidance; give one"
        )
    if strength is None and eta != 1.0:
        raise InputError(f"eta={eta}: a number of the published pull; give a strength with it")
