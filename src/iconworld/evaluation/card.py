"""Last stage: measure the finished prior on fresh scenes and write its model card from the numbers."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open
from transformers import CLIPModel, CLIPTokenizer

from dreamsampler.core.errors import InputError
from iconworld.evaluation import quality
from iconworld.evaluation.details import QUESTIONS, Asking
from iconworld.scenes.iconset import IconSet, load_icons
from iconworld.scenes.solids import SHAPES
from iconworld.scenes.vocabulary import NOUNS
from iconworld.training.checkpoint import writing
from iconworld.training.names import CLEAR_NAMES, choose_icons
from iconworld.training.sheets import save_sheet
from iconworld.training.worlds import drawn_scene, icon_scene

TEMPLATE = """---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---
# The bundled prior: a small latent diffusion model of Icon World

Text to 128x128 icons, in the form of Stable Diffusion: `StableDiffusionPipeline.from_pretrained(folder)` loads it.
It exists so that methods which steer diffusion models can be tried, tested and measured in seconds on a CPU. It knows
{nouns} nouns on {backgrounds} background colors, four solids from all sides, some styles, and nothing else.

```python
from diffusers import StableDiffusionPipeline

pipe = StableDiffusionPipeline.from_pretrained(folder)
pipe("a smiling cat face on a blue background", guidance_scale=4.0, height=128, width=128).images[0]
pipe("a red torus on a white background, seen from above", guidance_scale=4.0, height=128, width=128).images[0]
```

## Parts

| part | form | parameters |
|---|---|---|
| vae | AutoencoderKL, 128x128x3 to 16x16x{channels} | {vae} |
| text_encoder | CLIPTextModel, {tokens} tokens, prompts of at most {length} | {text} |
| unet | UNet2DConditionModel, noise prediction, Stable Diffusion 1.5's schedule | {unet} |

## Training

{training}

Scenes: Icon World's training split (drawn by this package's own code) and{real} icons of
[Noto Emoji](https://github.com/googlefonts/noto-emoji) (Copyright Google, Apache-2.0) on its backgrounds. Icons whose
file names hash into the held-out tenth were in no training data; nor was any scene measured below.

## Measured

On fresh scenes of the test split (`seed {seed}`), by the separately trained evaluator beside this folder.

| | measured |
|---|---|
{rows}

## Limits

One or two flat figures on a background; words outside the vocabulary do nothing sensible. Small details (glasses,
mouths) are less reliable than the noun and the colors. People are drawn as simple symbols.
"""


def write_card(out: Path, icons: Path | None, seed: int, n: int, steps: int = 50) -> dict[str, Any]:
    """Measure ``out/prior`` with ``out/judge``; write ``measured.json`` and ``README.md`` into the prior's folder.

    What a ``notes.md`` in ``out`` says of the run is quoted in the card.
    """
    for needed in ("prior/model_index.json", "judge/config.json"):
        if not (out / needed).is_file():
            raise InputError(f"{out / needed} is missing: run the stages autoencoder, diffusion and evaluator first")
    pipeline = StableDiffusionPipeline.from_pretrained(out / "prior", torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    evaluator = load_evaluator(out / "judge")
    known = set(evaluator.nouns) - {*NOUNS, *SHAPES}
    chosen = learned_icons(icons, known)
    measured = measure(pipeline, evaluator, chosen if chosen.icons else None, seed, n, out / "sheets", steps)
    measured["training"] = training_lengths(out)
    notes = out / "notes.md"
    measured["notes"] = notes.read_text().strip() if notes.exists() else ""
    with writing(out / "prior"):
        (out / "prior" / "measured.json").write_text(json.dumps(measured, indent=1) + "\n")
        (out / "prior" / "README.md").write_text(render(measured, pipeline, evaluator, len(chosen.icons)))
    return measured


def learned_icons(folder: Path | None, known: Collection[str]) -> IconSet:
    """The icons of a folder whose nouns an evaluator knows: those that its prior was trained on."""
    if folder is None:
        return IconSet(())
    chosen = choose_icons(load_icons(folder), NOUNS, everything=len(known) > len(CLEAR_NAMES))
    return chosen.where(lambda icon: icon.name in known)


def load_evaluator(folder: Path) -> quality.Evaluator:
    """The evaluator of a folder that the stage 'evaluator' wrote."""
    words = json.loads((folder / "vocabulary.json").read_text())
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    return quality.Evaluator(model, tokenizer, tuple(words["nouns"]), tuple(words["backgrounds"]))


def measure(
    pipeline: StableDiffusionPipeline,
    evaluator: quality.Evaluator,
    real: IconSet | None,
    seed: int,
    n: int,
    sheets: Path,
    steps: int = 50,
) -> dict[str, Any]:
    """All numbers of the card."""

    def drawn(number: int) -> quality.Drawn:
        return drawn_scene(number, "test")

    trip = quality.inversion_round_trip(pipeline, drawn, max(1, n // 4), seed, steps)
    samples = quality.text_to_image_accuracy(pipeline, evaluator, n, seed, steps)
    save_sheet(samples.pictures[:96], 12, sheets / "card.png")
    named, colored = quality.evaluator_accuracy(evaluator, drawn, 2 * n, seed)
    measured: dict[str, Any] = {
        "seed": seed,
        "autoencoder_psnr_drawn": quality.autoencoder_psnr(pipeline.vae, drawn, n, seed),
        "text_to_image_noun": asdict(samples.noun),
        "text_to_image_background": asdict(samples.background),
        "inversion": {"autoencoder": trip.autoencoder, "round_trip": trip.round_trip, "loss": trip.loss},
        "evaluator_noun_drawn": asdict(named),
        "evaluator_background_drawn": asdict(colored),
        "steps": steps,
        "details": {},
    }
    for name in QUESTIONS:
        asked = Asking(max(1, n // 4), seed, steps)(pipeline, evaluator, name)
        measured["details"][name] = {"samples": asdict(asked.samples), "drawn": asdict(asked.drawn)}
    if real is not None:

        def placed(number: int) -> quality.Drawn:
            return icon_scene(real, number, "test")

        named, colored = quality.evaluator_accuracy(evaluator, placed, 2 * n, seed)
        measured["autoencoder_psnr_real"] = quality.autoencoder_psnr(pipeline.vae, placed, n, seed)
        measured["evaluator_noun_real"] = asdict(named)
        measured["evaluator_background_real"] = asdict(colored)
    return measured


def training_lengths(out: Path) -> dict[str, dict[str, Any]]:
    """Steps, minutes and settings of every stage whose state is in ``out``."""
    lengths = {}
    for stage in ("autoencoder", "decoder", "diffusion", "evaluator"):
        if (out / f"{stage}.safetensors").exists():
            with safe_open(out / f"{stage}.safetensors", "pt") as file:
                state = json.loads(file.metadata()["state"])
            minutes = round(state["seconds"] / 60, 1)
            lengths[stage] = {"steps": state["step"], "minutes": minutes, "settings": state["settings"]}
    return lengths


def render(measured: dict[str, Any], pipeline: StableDiffusionPipeline, evaluator: quality.Evaluator, real: int) -> str:
    """The card's text."""

    def millions(module: torch.nn.Module) -> str:
        return f"{sum(p.numel() for p in module.parameters()) / 1e6:.2f} M"

    training = "\n".join(
        f"- {stage}: {run['steps']} steps in {run['minutes']} minutes, preset '{run['settings']['preset']}'"
        for stage, run in measured["training"].items()
    )
    if measured["notes"]:
        training += f"\n\n{measured['notes']}"
    return TEMPLATE.format(
        nouns=len(evaluator.nouns),
        backgrounds=len(evaluator.backgrounds),
        channels=pipeline.vae.config.latent_channels,
        tokens=len(pipeline.tokenizer),
        length=pipeline.tokenizer.model_max_length,
        vae=millions(pipeline.vae),
        text=millions(pipeline.text_encoder),
        unet=millions(pipeline.unet),
        training=training,
        real=f" {real}" if real else " no",
        seed=measured["seed"],
        rows="\n".join(f"| {name} | {value} |" for name, value in _rows(measured)),
    )


def _rows(measured: dict[str, Any]) -> list[tuple[str, str]]:
    def percent(key: str) -> str:
        return _percent(measured[key])

    steps = measured["steps"]
    details = [
        (f"... {name}, asked of samples; of drawn scenes", f"{_percent(part['samples'])}; {part['drawn']['value']:.1%}")
        for name, part in measured["details"].items()
    ]
    trip = measured["inversion"]
    rows = [
        ("autoencoder PSNR, drawn scenes", f"{measured['autoencoder_psnr_drawn']:.2f} dB"),
        (
            f"text to image, guidance 4, {steps} steps: evaluator names the icon asked for",
            percent("text_to_image_noun"),
        ),
        ("... and the background color", percent("text_to_image_background")),
        *details,
        (
            f"DDIM inversion and back, {steps} steps: loss against the autoencoder's PSNR on the same scenes",
            f"{trip['loss']:.2f} dB ({trip['autoencoder']:.2f} to {trip['round_trip']:.2f})",
        ),
        ("evaluator on drawn scenes: noun", percent("evaluator_noun_drawn")),
        ("evaluator on drawn scenes: background", percent("evaluator_background_drawn")),
    ]
    if "evaluator_noun_real" in measured:
        rows[1:1] = [("autoencoder PSNR, scenes of real icons", f"{measured['autoencoder_psnr_real']:.2f} dB")]
        rows.append(("evaluator on scenes of real icons: noun", percent("evaluator_noun_real")))
        rows.append(("evaluator on scenes of real icons: background", percent("evaluator_background_real")))
    return rows


def _percent(part: dict[str, Any]) -> str:
    return f"{part['value']:.1%} ({part['low']:.1%} to {part['high']:.1%}, n = {part['count']})"
