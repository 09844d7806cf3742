"""``python -m dreamsampler.iconworld.train``: one command a stage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from diffusers import AutoencoderKL

from dreamsampler.core.errors import DreamSamplerError, InputError
from dreamsampler.iconworld.captions import SINGLE
from dreamsampler.iconworld.iconset import IconSet, load_icons
from dreamsampler.iconworld.palette import BACKGROUNDS
from dreamsampler.iconworld.train import presets
from dreamsampler.iconworld.train.autoencoder import train_autoencoder
from dreamsampler.iconworld.train.card import write_card
from dreamsampler.iconworld.train.decoder import train_decoder
from dreamsampler.iconworld.train.diffusion import train_diffusion
from dreamsampler.iconworld.train.judge import train_judge
from dreamsampler.iconworld.train.latents import encode_pool
from dreamsampler.iconworld.train.loop import Budget, console
from dreamsampler.iconworld.train.names import choose_icons
from dreamsampler.iconworld.train.parallel import join_group
from dreamsampler.iconworld.train.pool import Pool
from dreamsampler.iconworld.train.start import take_autoencoder
from dreamsampler.iconworld.train.text import build_tokenizer, words_of
from dreamsampler.iconworld.train.worlds import build_pool
from dreamsampler.iconworld.vocabulary import NOUNS, WORDS

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Train the bundled prior, a stage at a time.")

Out = Annotated[Path, typer.Option(help="Folder of the run: scenes, states, sheets and results of all stages.")]
Icons = Annotated[Path | None, typer.Option(help="Folder of SVG files with a names.tsv, mixed in as 35 % of scenes.")]
Minutes = Annotated[float | None, typer.Option(help="Time to train; the learning rate falls to its end.")]
Steps = Annotated[int | None, typer.Option(help="Steps to train instead: two runs with one seed then agree.")]
Preset = Annotated[str, typer.Option(help="'cpu' (an afternoon on one core) or 'full' (a GPU).")]
Device = Annotated[str, typer.Option(help="'cpu' or 'cuda'.")]
Seed = Annotated[int, typer.Option(help="Chooses initial weights and every random draw.")]
Scenes = Annotated[int, typer.Option(help="Training scenes to draw and cache.")]
Start = Annotated[Path | None, typer.Option(help="Begin with the weights of this finished prior (or judge).")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the stage's checkpoint in --out.")]


class Workplace:
    """What every stage needs of a run's folder: icons, words, cached scenes."""

    def __init__(self, out: Path, icons: Path | None, preset: str, scenes: int) -> None:
        if preset not in presets.AUTOENCODER:
            raise InputError(f"--preset {preset!r}: choose one of {', '.join(presets.AUTOENCODER)}")
        self.out, self.preset, self.scenes = out, preset, scenes
        chosen = IconSet(())
        if icons is not None:
            chosen = choose_icons(load_icons(icons), NOUNS, everything=preset == "full")
        self.real = chosen if chosen.icons else None
        self.nouns = (*NOUNS, *(icon.name for icon in chosen.icons))
        self.backgrounds = tuple(BACKGROUNDS)

    def pool(self, split: str) -> Pool:
        """The cached scenes of a split, drawn at the first call."""
        count = self.scenes if split == "train" else 400
        with console.status(f"drawing {count} {split} scenes"):
            return build_pool(self.out / "scenes" / split, count, split, self.real)

    def tokenizer(self):
        """The tokenizer of this run's words."""
        return build_tokenizer(words_of([*WORDS, *self.nouns, *(s.format("", "") for s in SINGLE)]))

    def vae(self) -> AutoencoderKL:
        """The autoencoder of stage 1."""
        folder = self.out / "vae"
        if not (folder / "config.json").is_file():
            raise InputError(f"{folder} holds no autoencoder: run the stage 'autoencoder' with this --out first")
        return AutoencoderKL.from_pretrained(folder).eval()


@app.command()
def autoencoder(
    out: Out,
    icons: Icons = None,
    minutes: Minutes = None,
    steps: Steps = None,
    preset: Preset = "cpu",
    device: Device = "cpu",
    seed: Seed = 0,
    scenes: Scenes = 24000,
    start: Start = None,
    resume: Resume = False,
) -> None:
    """Stage 1: pictures to latents and back."""
    budget, place = Budget(minutes, steps), Workplace(out, icons, preset, scenes)
    train_autoencoder(
        place.pool("train"),
        place.pool("dev"),
        out,
        presets.AUTOENCODER[preset],
        budget,
        seed=seed,
        device=device,
        resume=resume,
        start=start,
    )


@app.command()
def decoder(
    out: Out,
    icons: Icons = None,
    minutes: Minutes = None,
    steps: Steps = None,
    preset: Preset = "cpu",
    device: Device = "cpu",
    seed: Seed = 0,
    scenes: Scenes = 24000,
    resume: Resume = False,
) -> None:
    """Stage 1b, optional, beside stage 2: the decoder alone, from frozen latents."""
    budget, place = Budget(minutes, steps), Workplace(out, icons, preset, scenes)
    train, dev, vae = place.pool("train"), place.pool("dev"), place.vae().to(device)
    latents = encode_pool(train, vae, out / "latents_train.npy"), encode_pool(dev, vae, out / "latents_dev.npy")
    train_decoder(
        out / "vae",
        train,
        latents[0],
        dev,
        latents[1],
        out,
        presets.AUTOENCODER[preset],
        budget,
        seed=seed,
        device=device,
        resume=resume,
    )


@app.command()
def diffusion(
    out: Out,
    icons: Icons = None,
    minutes: Minutes = None,
    steps: Steps = None,
    preset: Preset = "cpu",
    device: Device = "cpu",
    seed: Seed = 0,
    scenes: Scenes = 24000,
    start: Start = None,
    resume: Resume = False,
) -> None:
    """Stage 2: text encoder and UNet, on the latents of stage 1."""
    budget, place = Budget(minutes, steps), Workplace(out, icons, preset, scenes)
    if start is not None:
        take_autoencoder(start, out)
    vae = place.vae()
    latents = encode_pool(place.pool("train"), vae.to(device), out / "latents_train.npy")
    train_diffusion(
        latents,
        vae,
        place.tokenizer(),
        out,
        presets.DIFFUSION[preset],
        budget,
        seed=seed,
        device=device,
        resume=resume,
        start=start,
    )


@app.command()
def judge(
    out: Out,
    icons: Icons = None,
    minutes: Minutes = None,
    steps: Steps = None,
    preset: Preset = "cpu",
    device: Device = "cpu",
    seed: Seed = 1,
    scenes: Scenes = 24000,
    start: Start = None,
    resume: Resume = False,
) -> None:
    """Stage 3: the judge, from pixels."""
    budget, place = Budget(minutes, steps), Workplace(out, icons, preset, scenes)
    train_judge(
        place.pool("train"),
        place.pool("dev"),
        place.tokenizer(),
        place.nouns,
        place.backgrounds,
        out,
        presets.JUDGE[preset],
        budget,
        seed=seed,
        device=device,
        resume=resume,
        start=start,
    )


@app.command()
def card(
    out: Out,
    icons: Icons = None,
    seed: Seed = 7,
    count: Annotated[int, typer.Option("--n", help="Samples and scenes of each measurement.")] = 200,
) -> None:
    """Measure the finished prior on fresh scenes; write measured.json and the model card into its folder."""
    measured = write_card(out, icons, seed, count)
    console.print(json.dumps(measured, indent=1))


def main() -> None:
    """Run the command; a user's mistake is one line and exit code 2."""
    try:
        join_group()
        app()
    except DreamSamplerError as error:
        console.print(f"error: {error}")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
