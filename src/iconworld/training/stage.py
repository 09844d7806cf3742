"""What the stages of training share: their options, the check of them, and the run's folder with icons and scenes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dreamsampler.core.errors import InputError
from dreamsampler.io.atomic import make_folder
from dreamsampler.io.weights import check_safetensors
from iconworld.scenes.captions import SINGLE
from iconworld.scenes.iconset import IconSet, load_icons
from iconworld.scenes.palette import BACKGROUNDS
from iconworld.scenes.solids import SHAPES
from iconworld.scenes.vocabulary import NOUNS, STYLE_WORDS, WORDS
from iconworld.training import presets
from iconworld.training.names import choose_icons

if TYPE_CHECKING:
    from diffusers import AutoencoderKL
    from transformers import CLIPTokenizer

    from iconworld.training.latents import LatentPool
    from iconworld.training.loop import Budget
    from iconworld.training.pool import Pool

_LENGTH, _FILES, _SIZE = "How long (give one of --minutes and --steps)", "Files", "What and where"

Out = Annotated[
    Path,
    typer.Option(
        metavar="DIR",
        rich_help_panel=_FILES,
        help="Folder of the run: scenes, states, sheets and results of all stages.",
    ),
]
Icons = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", rich_help_panel=_FILES, help="SVG files with a names.tsv, mixed in as 35 % of the scenes."
    ),
]
Start = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", rich_help_panel=_FILES, help="Begin with the weights of this finished prior (or evaluator)."
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", rich_help_panel=_FILES, help="Continue the stage's state in --out, if there is one.")
]
Minutes = Annotated[
    float | None, typer.Option(rich_help_panel=_LENGTH, help="Time to train; the learning rate falls to its end.")
]
Steps = Annotated[
    int | None, typer.Option(rich_help_panel=_LENGTH, help="Steps to train instead: two runs with one seed then agree.")
]
SaveEvery = Annotated[
    float, typer.Option(metavar="SECONDS", rich_help_panel=_LENGTH, help="How often the state is written.")
]
SheetEvery = Annotated[
    float,
    typer.Option(metavar="SECONDS", rich_help_panel=_FILES, help="How often samples are drawn; it takes a while."),
]
Preset = Annotated[
    presets.Name,
    typer.Option(
        rich_help_panel=_SIZE, help="cpu: an afternoon on one core. full: for a GPU. tiny: to try a command, no more."
    ),
]
Device = Annotated[Literal["cpu", "cuda"], typer.Option(rich_help_panel=_SIZE, help="Where to train.")]
Seed = Annotated[int, typer.Option(min=0, rich_help_panel=_SIZE, help="Chooses initial weights and every random draw.")]
Scenes = Annotated[
    int | None,
    typer.Option(
        min=1,
        rich_help_panel=_SIZE,
        show_default="24000; tiny: 48",
        help="Training scenes to draw and cache, the same for all stages.",
    ),
]


@dataclass(frozen=True)
class Run:
    """One stage's options once they are checked, and what every stage finds in the run's folder."""

    out: Path
    preset: presets.Name
    budget: Budget
    device: str
    seed: int
    scenes: presets.Scenes
    start: Path | None
    resume: bool
    icons: IconSet

    @property
    def nouns(self) -> tuple[str, ...]:
        """The nouns of all worlds."""
        return (*NOUNS, *SHAPES, *(icon.name for icon in self.icons.icons))

    @property
    def backgrounds(self) -> tuple[str, ...]:
        """The names of the background colors."""
        return tuple(BACKGROUNDS)

    def pool(self, split: Literal["train", "dev"]) -> Pool:
        """The cached scenes of a split, drawn at the first call."""
        from iconworld.training.loop import busy
        from iconworld.training.parallel import first_process_first
        from iconworld.training.worlds import build_pool

        count = self.scenes.train if split == "train" else self.scenes.dev
        with first_process_first(), busy(f"drawing {count} {split} scenes"):
            return build_pool(self.out / "scenes" / split, count, split, self.icons if self.icons.icons else None)

    def latents(self, split: Literal["train", "dev"], vae: AutoencoderKL) -> LatentPool:
        """The cached latents of a split, encoded at the first call."""
        from iconworld.training.latents import encode_pool
        from iconworld.training.loop import busy
        from iconworld.training.parallel import first_process_first

        pool = self.pool(split)
        with first_process_first(), busy(f"encoding {len(pool)} {split} scenes"):
            return encode_pool(pool, vae.to(self.device), self.out / f"latents_{split}.safetensors")

    def tokenizer(self) -> CLIPTokenizer:
        """The tokenizer of this run's words."""
        from iconworld.training.text import build_tokenizer, words_of

        return build_tokenizer(words_of([*WORDS, *STYLE_WORDS, *self.nouns, *(s.format("", "") for s in SINGLE)]))

    def vae(self) -> AutoencoderKL:
        """The autoencoder of stage 1, or of the prior to start with."""
        from diffusers import AutoencoderKL

        from iconworld.training.parallel import first_process_first
        from iconworld.training.start import take_autoencoder

        if self.start is not None:
            with first_process_first():
                take_autoencoder(self.start, self.out)
        folder = self.out / "vae"
        if not (folder / "config.json").is_file():
            raise InputError(
                f"{folder} holds no autoencoder: run the stage 'autoencoder' with this --out first, or give --start"
            )
        check_safetensors(folder / "diffusion_pytorch_model.safetensors")
        return AutoencoderKL.from_pretrained(folder).eval()


def stage(app: typer.Typer, seed: int = 0) -> Callable[[Callable[[Run], None]], Callable[[Run], None]]:
    """Make ``work(run)`` a command of ``app`` with the options of a stage; its docstring is the command's help.

    Args:
        seed: the stage's default; two networks that must not resemble each other begin with different ones.
    """

    def register(work: Callable[[Run], None]) -> Callable[[Run], None]:
        def command(
            out: Out,
            minutes: Minutes = None,
            steps: Steps = None,
            save_every: SaveEvery = 120.0,
            sheet_every: SheetEvery = 300.0,
            icons: Icons = None,
            start: Start = None,
            resume: Resume = False,
            preset: Preset = "cpu",
            device: Device = "cpu",
            seed: Seed = seed,
            scenes: Scenes = None,
        ) -> None:
            from dreamsampler.priors.placement import choose_device
            from iconworld.training.lock import only_run
            from iconworld.training.loop import Budget, refuse_overwriting
            from iconworld.training.parallel import join_group

            budget = Budget(minutes, steps, save_every, sheet_every)
            choose_device(device)
            join_group(device)
            if start is not None and not start.is_dir():
                raise InputError(
                    f"--start {start}: there is no such folder; name one with a finished prior or evaluator"
                )
            checkpoint = make_folder(out) / f"{work.__name__}.safetensors"
            refuse_overwriting(checkpoint, resume)
            usual = presets.SCENES[preset]
            counts = usual if scenes is None else presets.Scenes(scenes, usual.dev)
            run = Run(out, preset, budget, device, seed, counts, start, resume, read_icons(icons, preset))
            with only_run(checkpoint):
                work(run)

        command.__doc__ = work.__doc__
        app.command(work.__name__)(command)
        return work

    return register


def read_icons(folder: Path | None, preset: presets.Name) -> IconSet:
    """The real icons that a run learns; none without a folder of them."""
    if folder is None:
        return IconSet(())
    return choose_icons(load_icons(folder), NOUNS, everything=preset == "full")
