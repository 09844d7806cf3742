"""`bench prior`: how good a prior of Icon World is, on scenes that no training run can draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from iconworld.evaluation import quality
from iconworld.evaluation.card import learned_icons, load_evaluator
from iconworld.evaluation.details import Asking
from iconworld.scenes.iconset import IconSet
from iconworld.scenes.solids import SHAPES
from iconworld.scenes.vocabulary import NOUNS
from iconworld.training.worlds import drawn_scene, icon_scene, unseen_style_scene

from ..core.errors import InputError, ModelError
from ..io.png import write_png
from ..io.sheets import picture_sheet
from ..priors.load.folder import quiet, readable
from ..priors.weights import fingerprint
from ..runs.recipe import ModelRef, Scalar, case_key
from .store import Item, OnItem, Result, Store, make_folder, work_through
from .tables import Cell, Column, Table, write_tables

AUTOENCODER = "autoencoder PSNR, drawn scenes (dB)"
NAMED = "text to image, guidance 4: evaluator names the icon asked for (%)"
COLORED = "text to image, guidance 4: evaluator names the background color (%)"
INVERSION = "inversion round trip, loss against the autoencoder (dB)"
EVALUATOR_NOUN = "evaluator on drawn scenes: noun (%)"
EVALUATOR_BACKGROUND = "evaluator on drawn scenes: background (%)"
AUTOENCODER_STYLE = "autoencoder PSNR, a style held out from training (dB)"
AUTOENCODER_REAL = "autoencoder PSNR, scenes of real icons (dB)"
EVALUATOR_NOUN_REAL = "evaluator on scenes of real icons: noun (%)"
EVALUATOR_BACKGROUND_REAL = "evaluator on scenes of real icons: background (%)"

DETAILS: dict[str, str] = {
    "glasses": "glasses, sunglasses or none, as asked (%)",
    "expression": "expression of a face, as asked (%)",
    "color": "color of an object, as asked (%)",
    "both figures": "two figures where two are asked for (%)",
    "style": "style, as asked (%)",
    "shape of a solid": "shape of a solid, as asked (%)",
    "color of a solid": "color of a solid, as asked (%)",
    "view of a solid": "view of a solid, as asked (%)",
}
"""A row for each detail of `iconworld.evaluation.details`; `DRAWN` rows are the evaluator's ceiling for it."""
DRAWN = "evaluator on drawn scenes: "

GOALS: dict[str, tuple[str, str]] = {
    AUTOENCODER: (">= 28", ">= 32"),
    NAMED: (">= 70", ">= 95"),
    COLORED: (">= 90", ">= 99"),
    **dict.fromkeys(DETAILS.values(), (">= 80", ">= 90")),
    DETAILS["shape of a solid"]: (">= 80", ">= 95"),
    DETAILS["color of a solid"]: (">= 80", ">= 95"),
    DETAILS["view of a solid"]: (">= 60", ">= 80"),
    AUTOENCODER_STYLE: (">= 26", ">= 30"),
    INVERSION: ("<= 2", "<= 1"),
    EVALUATOR_NOUN: (">= 95", ">= 98"),
    EVALUATOR_BACKGROUND: (">= 95", ">= 98"),
    **{DRAWN + row: (">= 90", ">= 95") for row in DETAILS.values()},
    AUTOENCODER_REAL: (">= 28", ">= 30.5"),
    EVALUATOR_NOUN_REAL: (">= 95", ">= 98"),
    EVALUATOR_BACKGROUND_REAL: (">= 95", ">= 98"),
}
"""Every measure with what a first prior, trained on a CPU, and a full one, trained on a GPU, should reach."""

SHEET = "prior.png"


@dataclass(frozen=True)
class PriorReport:
    """The table, and the files written, if a folder was given."""

    table: Table
    files: tuple[Path, ...] = ()


def run(
    prior: Path,
    evaluator: Path,
    *,
    icons: Path | None = None,
    n: int = 200,
    steps: int = 50,
    seed: int = 0,
    device: str = "cpu",
    out: Path | None = None,
    on_item: OnItem | None = None,
) -> PriorReport:
    """Measure a prior with its evaluator.

    Args:
        prior: folder of a StableDiffusionPipeline trained on Icon World.
        evaluator: folder of its evaluator, with `vocabulary.json`.
        icons: folder of SVG icons, if real icons were trained on; only those in the vocabulary are used.
        n: scenes or samples of each measure (a quarter of them for the round trip and for each detail).
        steps: of sampling and of the round trip.
        seed: another one measures on other scenes of the test split.
        device: where to run.
        out: folder for `prior.jsonl` (an interrupted run goes on), the table and a sheet of samples.

    Raises:
        InputError: n < 4. ModelError: a folder is missing or damaged.

    Example: docs/benchmarks.md.
    """
    if n < 4:
        raise InputError(f"n={n}: expected at least 4")
    for folder, needed in ((prior, "model_index.json"), (evaluator, "vocabulary.json")):
        if not (folder / needed).is_file():
            raise ModelError(f"{folder}: has no {needed}; expected what `python -m iconworld.training` writes")
    make_folder(out)
    bench = _open(prior, evaluator, icons, n, steps, seed, device, out)
    store = Store(None if out is None else out / "prior.jsonl")
    results = work_through(bench.items(), store, on_item)
    values = {name: value for result in results for name, value in result.values.items()}
    rows = []
    for name, goals in GOALS.items():
        if name in values:
            low, high, count = (values.get(f"{name}: {part}") for part in ("low", "high", "n"))
            rows.append(((name, *goals), (Cell(values[name], low, high, int(count or 0), 0),)))
    title = f"{prior.name}: test split, seed {seed}, {n} scenes a measure, {steps} steps"
    table = Table(title, ("measure", "first (CPU)", "full (GPU)"), (Column("measured", "", 2),), tuple(rows))
    files = [] if out is None else write_tables(out, "prior", (table,))
    if out is not None:
        sheets = (SHEET, *map(_sheet_of, DETAILS))
        files += [out / sheet for sheet in sheets if (out / sheet).exists()]
    return PriorReport(table, tuple(files))


@dataclass(frozen=True)
class _Bench:
    """The loaded models and the numbers that all measures share."""

    pipeline: Any
    evaluator: quality.Evaluator
    real: IconSet | None
    n: int
    steps: int
    seed: int
    out: Path | None

    def items(self) -> list[Item]:
        work: dict[str, Callable[[], dict[str, float | None]]] = {
            "autoencoder": lambda: self._autoencoder(AUTOENCODER, _drawn),
            "text to image": self._text_to_image,
            "inversion": self._round_trip,
            "evaluator": lambda: self._evaluated(EVALUATOR_NOUN, EVALUATOR_BACKGROUND, _drawn),
            "autoencoder, style held out": lambda: self._autoencoder(AUTOENCODER_STYLE, unseen_style_scene),
            **{name: partial(self._detail, name) for name in DETAILS},
        }
        if self.real is not None:
            world = self.real

            def placed(number: int) -> quality.Drawn:
                return icon_scene(world, number, "test")

            work["autoencoder, real icons"] = lambda: self._autoencoder(AUTOENCODER_REAL, placed)
            work["evaluator, real icons"] = lambda: self._evaluated(
                EVALUATOR_NOUN_REAL, EVALUATOR_BACKGROUND_REAL, placed
            )
        weights = self._digests()
        return [self._item(name, weights, function) for name, function in work.items()]

    def _item(self, name: str, weights: dict[str, str], work: Callable[[], dict[str, float | None]]) -> Item:
        settings: dict[str, Scalar] = {"measure": name, "n": self.n, "steps": self.steps}
        model = ModelRef("icon world prior", sha256=weights)
        key = case_key("bench-prior", model, (), settings, (self.seed,))
        return Item(key, name, lambda: Result(key, {"measure": name}, work()))

    def _digests(self) -> dict[str, str]:
        parts = {name: getattr(self.pipeline, name) for name in ("vae", "text_encoder", "unet")}
        return {
            name: str(fingerprint(m.state_dict().items()))
            for name, m in (parts | {"evaluator": self.evaluator.model}).items()
        }

    def _autoencoder(self, name: str, scenes: quality.Scenes) -> dict[str, float | None]:
        return {name: quality.autoencoder_psnr(self.pipeline.vae, scenes, self.n, self.seed), f"{name}: n": self.n}

    def _text_to_image(self) -> dict[str, float | None]:
        made = quality.text_to_image_accuracy(self.pipeline, self.evaluator, self.n, self.seed, self.steps)
        if self.out is not None:
            cells = list(made.pictures[:48])
            grid = [cells[i : i + 8] for i in range(0, len(cells), 8)]
            words = [made.prompts[i : i + 8] for i in range(0, len(cells), 8)]
            write_png(self.out / SHEET, picture_sheet(grid, words))
        return {**_share(NAMED, made.noun), **_share(COLORED, made.background)}

    def _detail(self, name: str) -> dict[str, float | None]:
        asked = Asking(max(1, self.n // 4), self.seed, self.steps)(self.pipeline, self.evaluator, name)
        if self.out is not None:
            row = 8
            cells = list(asked.pictures[: 3 * row])
            grid = [cells[i : i + row] for i in range(0, len(cells), row)]
            words = [asked.prompts[i : i + row] for i in range(0, len(cells), row)]
            write_png(self.out / _sheet_of(name), picture_sheet(grid, words))
        return {**_share(DETAILS[name], asked.samples), **_share(DRAWN + DETAILS[name], asked.drawn)}

    def _round_trip(self) -> dict[str, float | None]:
        count = max(1, self.n // 4)
        trip = quality.inversion_round_trip(self.pipeline, _drawn, count, self.seed, self.steps)
        return {INVERSION: trip.loss, f"{INVERSION}: n": count}

    def _evaluated(self, noun: str, background: str, scenes: quality.Scenes) -> dict[str, float | None]:
        named, colored = quality.evaluator_accuracy(self.evaluator, scenes, self.n, self.seed)
        return {**_share(noun, named), **_share(background, colored)}


def _open(
    prior: Path, evaluator: Path, icons: Path | None, n: int, steps: int, seed: int, device: str, out: Path | None
) -> _Bench:
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import logging as reports

    reports.disable_progress_bar()
    with quiet(), readable(prior):
        pipeline = StableDiffusionPipeline.from_pretrained(prior, dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    with quiet(), readable(evaluator):
        evaluated = load_evaluator(evaluator)
    module: torch.nn.Module = evaluated.model
    module.to(device)
    known = set(evaluated.nouns) - {*NOUNS, *SHAPES}
    chosen = learned_icons(icons, known)
    return _Bench(pipeline.to(device), evaluated, chosen if chosen.icons else None, n, steps, seed, out)


def _drawn(number: int) -> quality.Drawn:
    return drawn_scene(number, "test")


def _sheet_of(detail: str) -> str:
    return f"prior_{detail.replace(' ', '_')}.png"


def _share(name: str, share: quality.Share) -> dict[str, float | None]:
    """A share of hits in percent, with its Wilson interval."""
    # at the ends the interval's formula rounds to the wrong side of the share
    low, high = min(share.low, share.value), max(share.high, share.value)
    parts = {"": share.value, ": low": max(0.0, low), ": high": min(1.0, high)}
    return {**{name + part: 100.0 * value for part, value in parts.items()}, f"{name}: n": share.count}
