"""`bench vectorize`: drawings out of degraded pictures, measured against the true drawing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from iconworld import IconSet, sample_scene

from ..core.errors import InputError, NonFinite
from ..core.types import Prior
from ..generators.svg.crossing import self_intersections
from ..generators.svg.drawing import Drawing
from ..generators.svg.reader import read_svg
from ..generators.svg.writer import svg_text
from ..io.atomic import write_bytes
from ..io.content import sha256_bytes
from ..io.png import write_png
from ..io.sheets import picture_sheet
from ..io.tensors import to_pixels, to_tensor
from ..methods.drawing.registry import Drawer
from ..operators import Measurement, degrade, downsample, gaussian_blur
from ..runs.model import model_ref
from ..runs.recipe import ModelRef, case_key
from ..tasks.vectorize.settings import VectorSettings
from .metrics.base import Sample
from .metrics.clip import ClipAccuracy
from .metrics.encoder import ClipEncoder
from .metrics.psnr import decibels
from .metrics.ssim import WINDOW, ssim
from .shared import check_scenes, weights_id
from .store import Item, OnItem, Result, Store, work_through
from .tables import Column, Table, summarize, write_tables

TASKS = {
    "blur": lambda: gaussian_blur(4.0),
    "sr x4": lambda: downsample(4),
    "sr x8": lambda: downsample(8),
}
"""What is done to the scenes, before noise of `NOISE`."""

NOISE = 0.02
"""Standard deviation, in units of pictures from -1 to 1."""

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
    "first guess",
)
"""What is compared unless told otherwise; "first guess" is the picture A^+ y itself, no drawing."""

COLUMNS = (
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("SSIM", "higher", 3),
    Column("CLIP-Acc", "higher", 1, 100.0, "%"),
    Column("misfit", "lower", 4),
    Column("paths", "", 0),
    Column("bytes", "lower", 0),
    Column("self-intersections", "lower", 1),
    Column("evaluations", "lower", 0),
    Column("seconds", "lower", 2),
)


@dataclass(frozen=True)
class VectorBenchmark:
    """Everything that was measured: a table by task, the results behind it, the files written."""

    table: Table
    results: tuple[Result, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """One scene to draw.

    Attributes:
        truth: [1, 3, H, W] in [-1, 1].
        prompt: its caption.
        other: the caption of another scene, for CLIP-Acc.
        key: identifies the scene.
    """

    truth: Tensor
    prompt: str
    other: str
    key: str


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
) -> VectorBenchmark:
    """Draw degraded scenes by every method and measure the saved files.

    Args:
        prior: the diffusion model; None leaves out the methods that need one.
        judge: a CLIP model that knows this world: is a drawing nearer to its caption than to another scene's?
        methods: names in `methods.registry` with options ("sds:guidance_scale=20"), or "first guess".
        tasks: names in `TASKS`.
        split: "dev" or "test". Choose settings on "dev" only.
        n, first: how many scenes, and the number of the first.
        icons: draw these real icons instead of Icon World's; those that no prior was trained on.
        settings: of every method: paths, segments, steps, ...
        size: side in pixels; by default what the prior was trained on, else 128.
        seed: scene k is measured and drawn with seed + k.
        out: folder for results (an interrupted run goes on), tables, the SVG files and a picture sheet.
        sheet: scenes of each task that the sheet shows.
        on_item: progress.

    Raises:
        InputError: an unknown method, task or split, n < 1, or a folder that cannot be written.

    Example: docs/svg.md.
    """
    check_scenes(n, split)
    for task in tasks:
        if task not in TASKS:
            raise InputError(f"task {task!r}: expected one of {', '.join(TASKS)}")
    drawers = {text: None if text == "first guess" else Drawer.parse(text) for text in methods}
    chosen = [text for text, drawer in drawers.items() if prior or drawer is None or not drawer.needs_prior]
    if not chosen:
        raise InputError(f"methods: {', '.join(methods)} need a model; give one")
    side = size or prior.native_size or 128
    judged = "" if judge is None else weights_id(judge.model)
    bench = _Bench(prior, judge, settings or VectorSettings(), model_ref(prior) if prior else ModelRef("none"), judged)
    bench.out = out
    items, cases = [], {k: case_of(k, split, side, icons) for k in range(first, first + n)}
    for task in tasks:
        for k, case in cases.items():
            items += [bench.item(text, drawers[text], case, task, split, k, seed + k) for text in chosen]
    results = work_through(items, Store(None if out is None else out / "results.jsonl"), on_item)
    world = "Icon World" if icons is None else "real icons"
    title = f"Vectorization, {world}, {split} split, {n} scenes a task, noise {NOISE}, {bench.model.id}"
    table = summarize(results, ("task", "method"), COLUMNS, title)
    files = [] if out is None else write_tables(out, "vectorize", (table,))
    if out is not None and sheet:
        files.append(out / "vectorize.png")
        shown = {k: case for k, case in cases.items() if k < first + sheet}
        write_png(files[-1], bench.sheet(results, tasks, shown, chosen, seed))
    return VectorBenchmark(table, tuple(results), tuple(files))


def case_of(number: int, split: str, side: int, icons: IconSet | None = None) -> Case:
    """Scene `number` of a split; the same numbers always give the same scene."""
    scenes = [
        sample_scene(k, split) if icons is None else icons.sample_scene(k, split, unseen=True)
        for k in (number, number + 1)
    ]
    here, other = scenes
    key = sha256_bytes(here.svg().encode())
    return Case(to_tensor(here.picture(side)), here.full_caption(), other.full_caption(), key)


def measure(task: str, case: Case, seed: int) -> Measurement:
    """What a method is given."""
    return degrade(case.truth, TASKS[task](), NOISE, seeds=[seed])


@dataclass
class _Bench:
    """What all items of one benchmark share."""

    prior: Prior | None
    judge: ClipEncoder | None
    settings: VectorSettings
    model: ModelRef
    judged: str
    out: Path | None = None
    made: dict[str, Tensor] = field(default_factory=dict)

    def item(self, text: str, drawer: Drawer | None, case: Case, task: str, split: str, number: int, seed: int) -> Item:
        settings: dict[str, Any] = dataclasses.asdict(self.settings)
        settings |= {"method": text, "task": task, "scene": case.key, "size": case.truth.shape[-1]}
        settings |= {"judge": self.judged, "noise": NOISE}
        key = case_key("bench-vectorize", self.model, (case.prompt,), settings, (seed,))
        labels = {"task": task, "method": text, "split": split, "scene": str(number)}
        return Item(key, f"{task} {number}: {text}", lambda: self._measure(drawer, case, task, seed, key, labels))

    def _measure(
        self, drawer: Drawer | None, case: Case, task: str, seed: int, key: str, labels: Mapping[str, str]
    ) -> Result:
        measurement = measure(task, case, seed)
        if drawer is None:
            return Result(key, labels, self._compare(measurement.first_guess(), measurement, case))
        begun = time.perf_counter()
        try:
            done = drawer(self.prior, measurement, case.prompt, settings=self.settings, seeds=[seed])
        except NonFinite as error:
            return Result(key, labels, {column.name: None for column in COLUMNS}, str(error))
        seconds = time.perf_counter() - begun
        data = svg_text(done.drawings[0], title=case.prompt).encode()
        saved = read_svg(data, done.drawings[0].size)
        image = 2 * saved.render() - 1
        self._keep(key, data, image)
        values = self._compare(image, measurement, case) | described(saved, data)
        return Result(key, labels, values | {"evaluations": float(done.receipt.evaluations), "seconds": seconds})

    def _compare(self, image: Tensor, measurement: Measurement, case: Case) -> dict[str, float | None]:
        values: dict[str, float | None] = {
            "PSNR": decibels(image[0], case.truth[0]),
            "SSIM": ssim(image[0], case.truth[0]) if min(image.shape[-2:]) >= WINDOW else None,
            "misfit": measurement.misfit(image)[0],
        }
        if self.judge is not None:
            sample = Sample(image[0], source_text=case.other, target_text=case.prompt)
            values["CLIP-Acc"] = ClipAccuracy(self.judge)(sample)
        return values

    def _keep(self, key: str, data: bytes, image: Tensor) -> None:
        if self.out is None:
            self.made[key] = image
            return
        (self.out / "drawings").mkdir(parents=True, exist_ok=True)
        write_bytes(self._path(key), data)

    def _path(self, key: str) -> Path:
        return (self.out or Path()) / "drawings" / f"{key[:24]}.svg"

    def _picture(self, key: str | None) -> np.ndarray | None:
        if key is None or self.out is None or not self._path(key).exists():
            return None
        return to_pixels(2 * read_svg(self._path(key)).render() - 1)[0]

    def sheet(
        self,
        results: Sequence[Result],
        tasks: Sequence[str],
        cases: Mapping[int, Case],
        methods: Sequence[str],
        seed: int,
    ) -> Any:
        """The first guess, every method's drawing, the truth; a row a scene."""
        keys = {(r.labels["task"], r.labels["scene"], r.labels["method"]): r.key for r in results}
        drawn = [text for text in methods if text != "first guess"]
        rows, labels = [], []
        for task in tasks:
            for k, case in cases.items():
                cells = [self._picture(keys.get((task, str(k), text))) for text in drawn]
                guess = to_pixels(measure(task, case, seed + k).first_guess())[0]
                rows.append([guess, *cells, to_pixels(case.truth)[0]])
                labels.append([f"given: {task}", *drawn, f"truth: {case.prompt}"])
        return picture_sheet(rows, labels, cell=max(case.truth.shape[-1], 160))


def described(drawing: Drawing, data: bytes) -> dict[str, float | None]:
    """What a saved drawing is made of."""
    return {
        "paths": float(drawing.structure.path_count),
        "bytes": float(len(data)),
        "self-intersections": float(self_intersections(drawing.points, drawing.structure).sum()),
    }
