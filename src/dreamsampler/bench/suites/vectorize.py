"""`bench vectorize`: drawings out of degraded pictures, measured on the saved file against the true drawing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from iconworld import IconSet, sample_scene

from ...core.errors import InputError
from ...core.types import Prior
from ...generators.svg.crossing import self_intersections
from ...generators.svg.drawing import Drawing
from ...generators.svg.reader import read_svg
from ...generators.svg.writer import svg_text
from ...io.tensors import to_tensor
from ...methods.drawing.registry import Drawer
from ...operators import Measurement, Operator, degrade, downsample, gaussian_blur
from ...runs.model import model_ref
from ...runs.recipe import ModelRef
from ...tasks.vectorize.settings import VectorSettings
from ..harness import Answer, Benchmark, Case, Row, Shown, Span, run_suite
from ..metrics.base import Sample
from ..metrics.clip import ClipAccuracy
from ..metrics.encoder import ClipEncoder
from ..metrics.psnr import decibels
from ..metrics.ssim import WINDOW, ssim
from ..shared import weights_id
from ..store import OnItem, Values
from ..tables import Column

TASKS: Mapping[str, Callable[[], Operator]] = {
    "blur": lambda: gaussian_blur(4.0),
    "sr x4": lambda: downsample(4),
    "sr x8": lambda: downsample(8),
}
"""What is done to the scenes, before noise of `NOISE`."""

NOISE = 0.02
"""Standard deviation, in units of pictures from -1 to 1."""

GUESS = "first guess"
"""A row that is no drawing: the picture A^+ y itself."""

METHODS = (
    "dreamsampler",
    "data",
    "sds",
    "vectorfusion",
    "pds",
    "live",
    "chain",
    "chain:then=vectorfusion",
    "chain:then=pds",
    "trace",
    GUESS,
)
"""What is compared unless told otherwise."""

COLUMNS = (
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("SSIM", "higher", 3),
    Column("CLIP-Acc", "higher", 1, 100.0, "%"),
    Column("misfit", "lower", 4),
    Column("paths", "", 0),
    Column("bytes", "lower", 0),
    Column("self-intersections", "lower", 1),
    Column("evaluations", "", 0),
)


class Scene(NamedTuple):
    """One scene to draw: the truth [1, 3, H, W] in [-1, 1], its caption, another scene's, what is done to it."""

    truth: Tensor
    prompt: str
    other: str
    operator: Operator


@dataclass(frozen=True)
class VectorSuite:
    """Degraded scenes; what is measured is the file that was saved, rendered anew."""

    judge: ClipEncoder | None
    side: int
    icons: IconSet | None
    seed: int
    device: torch.device
    name: str = "vectorize"
    columns: tuple[Column, ...] = COLUMNS

    @property
    def title(self) -> str:
        """Title of its tables."""
        return f"Vectorization, {'Icon World' if self.icons is None else 'real icons'}, noise {NOISE}"

    def case(self, task: str, split: str, number: int) -> Case:
        """Return a scene as a case; the same numbers always give the same scene."""
        if task not in TASKS:
            raise InputError(f"task {task!r}: expected one of {', '.join(TASKS)}")
        here, other = (self._scene(k, split) for k in (number, number + 1))
        scene = Scene(to_tensor(here.picture(self.side)), here.full_caption(), other.full_caption(), TASKS[task]())
        given = Shown(f"given: {task}", measurement_of(scene, self.seed + number).first_guess())
        truth = Shown(f"truth: {scene.prompt}", scene.truth)
        return Case(task, number, here.svg(), (scene.prompt,), scene, (given,), (truth,))

    def _scene(self, number: int, split: str):  # type: ignore[no-untyped-def]
        if self.icons is None:
            return sample_scene(number, split)
        return self.icons.sample_scene(number, split, unseen=True)

    def measure(self, answer: Answer, case: Case) -> Values:
        """Return the measures of one drawing, or of a picture."""
        scene: Scene = case.given
        image = answer.image
        values: dict[str, float | None] = {
            "PSNR": decibels(image[0], scene.truth[0]),
            "SSIM": ssim(image[0], scene.truth[0]) if min(image.shape[-2:]) >= WINDOW else None,
            "misfit": measurement_of(scene, self.seed + case.number).misfit(image)[0],
        }
        if self.judge is not None:
            sample = Sample(image[0], source_text=scene.other, target_text=scene.prompt)
            values["CLIP-Acc"] = ClipAccuracy(self.judge)(sample)
        if answer.document is not None:
            values |= described_drawing(answer.raw, answer.document[0])
        return values


def measurement_of(scene: Scene, seed: int) -> Measurement:
    """Return what a method is given."""
    return degrade(scene.truth, scene.operator, NOISE, seeds=[seed])


def row_of(text: str, settings: VectorSettings, prior: Prior | None) -> Row | None:
    """Return the row of a drawing method, written "sds:guidance_scale=20"; None if it needs a model and has none."""
    if text == GUESS:
        return Row(text, {}, lambda case, seed: Answer(measurement_of(case.given, seed).first_guess()))
    drawer = Drawer.parse(text)
    if prior is None and drawer.needs_prior:
        return None

    def answer(case: Case, seed: int) -> Answer:
        scene: Scene = case.given
        done = drawer(prior, measurement_of(scene, seed), scene.prompt, settings=settings, seeds=[seed])
        data = svg_text(done.drawings[0], title=scene.prompt).encode()
        saved = read_svg(data, done.drawings[0].size)
        return Answer(2 * saved.render() - 1, saved, done.receipt.evaluations, (data, ".svg"))

    return Row(text, {**dataclasses.asdict(settings), "written": text}, answer)


def described_drawing(drawing: Drawing, data: bytes) -> dict[str, float | None]:
    """Return what a saved drawing is made of."""
    return {
        "paths": float(drawing.structure.path_count),
        "bytes": float(len(data)),
        "self-intersections": float(self_intersections(drawing.points, drawing.structure).sum()),
    }


def run(
    prior: Prior | None,
    judge: ClipEncoder | None = None,
    *,
    methods: Sequence[str] = METHODS,
    tasks: Sequence[str] = tuple(TASKS),
    split: str = "test",
    n: int = 20,
    first: int = 0,
    icons: IconSet | None = None,
    settings: VectorSettings | None = None,
    size: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    sheet: int = 4,
    on_item: OnItem | None = None,
) -> Benchmark:
    """Draw degraded scenes by every method and measure the saved files.

    Args:
        prior: the diffusion model; None leaves out the methods that need one.
        judge: a CLIP model that knows this world: is a drawing nearer to its caption than to another scene's?
        methods: names in the registry of drawing methods with options ("sds:guidance_scale=20"), or "first guess".
        tasks: names in `TASKS`.
        split: "dev" or "test". Choose settings on "dev" only.
        n, first: how many scenes, and the number of the first.
        icons: draw these real icons instead of Icon World's; those that no prior was trained on.
        settings: of every method: paths, segments, steps, ...
        size: side in pixels; by default what the prior was trained on, else 128.
        seed: scene k is measured and drawn with seed + k.
        out, sheet, on_item: see `bench.harness.run_suite`.

    Raises:
        InputError: an unknown method, task or split, n < 1, or a folder that cannot be written.

    Example: docs/svg.md.
    """
    side = size or (None if prior is None else prior.native_size) or 128
    device = torch.device("cpu" if prior is None else prior.device)
    made = [row_of(text, settings or VectorSettings(), prior) for text in methods]
    rows = [row for row in made if row is not None]
    if not rows:
        raise InputError(f"methods: {', '.join(methods)} need a model; give one")
    suite = VectorSuite(judge, side, icons, seed, device)
    known = {"size": side, "judge": "" if judge is None else weights_id(judge.model), "noise": NOISE}
    model = ModelRef("none") if prior is None else model_ref(prior)
    span = Span(tuple(tasks), split, n, first, seed)
    return run_suite(suite, rows, span, model, known, out=out, sheet=sheet, on_item=on_item)
