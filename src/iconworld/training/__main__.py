"""``python -m iconworld.training``: one command a stage."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated

import typer

from dreamsampler.core.errors import DreamSamplerError
from iconworld.training import presets
from iconworld.training.stage import Icons, Out, Run, Seed, stage

PROGRAM = "python -m iconworld.training"
INTERRUPTED = 130

app = typer.Typer(
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def stages(context: typer.Context) -> None:
    """Train the bundled prior, a stage at a time, all in one folder: autoencoder, diffusion, evaluator, card.

    **A prior in an afternoon on one core, killed and resumed as often as you like**

    ```
    python -m iconworld.training autoencoder --out runs/prior --minutes 40
    python -m iconworld.training diffusion --out runs/prior --minutes 90
    python -m iconworld.training evaluator --out runs/prior --minutes 15
    python -m iconworld.training card --out runs/prior
    ```

    `--preset tiny --steps 20` tries a stage in seconds; `docs/training.md` explains the choices.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


@stage(app)
def autoencoder(run: Run) -> None:
    """Stage 1: pictures to latents and back.

    **Examples**

    ```
    python -m iconworld.training autoencoder --out runs/prior --minutes 40 --icons icons/noto
    python -m iconworld.training autoencoder --out runs/try --preset tiny --steps 20
    ```

    Writes `vae/` into the run's folder, and sheets of pictures before and after.
    """
    from iconworld.training.autoencoder import train_autoencoder
    from iconworld.training.start import check_autoencoder

    preset = presets.AUTOENCODER[run.preset]
    if run.start is not None:
        check_autoencoder(run.start, preset)
    train_autoencoder(
        run.pool("train"), run.pool("dev"), run.out, preset, run.budget,
        seed=run.seed, device=run.device, resume=run.resume, start=run.start,
    )  # fmt: skip


@stage(app)
def decoder(run: Run) -> None:
    """Stage 1b, optional, beside or after stage 2: the decoder alone, from frozen latents.

    **Examples**

    ```
    python -m iconworld.training decoder --out runs/prior --minutes 20
    ```

    Needs `vae/` in the run's folder, or --start, and improves it; the latents stay what they were.
    """
    from iconworld.training.decoder import train_decoder

    vae = run.vae()
    train_decoder(
        run.out / "vae", run.pool("train"), run.latents("train", vae), run.pool("dev"), run.latents("dev", vae),
        run.out, presets.AUTOENCODER[run.preset], run.budget, seed=run.seed, device=run.device, resume=run.resume,
    )  # fmt: skip


@stage(app)
def diffusion(run: Run) -> None:
    """Stage 2: text encoder and UNet, on the latents of stage 1.

    **Examples**

    ```
    python -m iconworld.training diffusion --out runs/prior --minutes 90 --icons icons/noto
    python -m iconworld.training diffusion --out runs/prior --minutes 90 --icons icons/noto --resume
    torchrun --nproc-per-node 2 -m iconworld.training diffusion --out runs/prior --minutes 60
    ```

    Needs `vae/` in the run's folder, or --start; writes `prior/`, an ordinary diffusers folder.
    """
    from iconworld.training.diffusion import train_diffusion
    from iconworld.training.start import check_diffusion

    preset = presets.DIFFUSION[run.preset]
    if run.start is not None:
        check_diffusion(run.start, preset)
    vae = run.vae()
    train_diffusion(
        run.latents("train", vae), vae, run.tokenizer(), run.out, preset, run.budget,
        seed=run.seed, device=run.device, resume=run.resume, start=run.start,
    )  # fmt: skip


@stage(app, seed=1)
def evaluator(run: Run) -> None:
    """Stage 3: the evaluator, from pixels alone.

    **Examples**

    ```
    python -m iconworld.training evaluator --out runs/prior --minutes 15 --icons icons/noto
    ```

    Writes `judge/`, an ordinary CLIPModel with the words that it chooses among.
    """
    from iconworld.training.evaluator import train_evaluator

    train_evaluator(
        run.pool("train"), run.pool("dev"), run.tokenizer(), run.nouns, run.backgrounds, run.out,
        presets.EVALUATOR[run.preset], run.budget, seed=run.seed, device=run.device, resume=run.resume, start=run.start,
    )  # fmt: skip


@app.command()
def card(
    out: Out,
    icons: Icons = None,
    seed: Seed = 7,
    count: Annotated[int, typer.Option("-n", "--n", min=1, help="Samples and scenes of each measurement.")] = 200,
) -> None:
    """Last stage: measure the finished prior on fresh scenes; write measured.json and the model card beside it.

    **Examples**

    ```
    python -m iconworld.training card --out runs/prior --icons icons/noto
    python -m iconworld.training card --out runs/try --n 4
    ```
    """
    from iconworld.evaluation.card import write_card

    print(json.dumps(write_card(out, icons, seed, count), indent=1))


def main(words: Sequence[str] | None = None) -> None:
    """Run the command; a user's mistake or a full disk is one line on stderr and exit code 2."""
    code = INTERRUPTED
    _quiet_libraries()
    try:
        code = app(words, prog_name=PROGRAM, standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted; go on with --resume")
    except (DreamSamplerError, OSError) as error:
        code = _complain(str(error))
    except Exception as error:
        # usage errors of the parser: the class has changed its home between versions, its form has not
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        code = _complain(f"{usage()} (see {getattr(getattr(error, 'ctx', None), 'command_path', PROGRAM)} --help)")
    finally:
        if "torch" in sys.modules:
            from iconworld.training.parallel import leave_group

            leave_group()
    sys.exit(code)


def _quiet_libraries() -> None:
    """What they warn of is nothing that a reader here can change; to be called before they are imported."""
    for name in ("TRANSFORMERS_VERBOSITY", "DIFFUSERS_VERBOSITY"):
        os.environ.setdefault(name, "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", category=FutureWarning)


def _complain(text: str) -> int:
    process = os.environ.get("RANK", "0")
    print(("" if process == "0" else f"process {process}: ") + "error: " + " ".join(text.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
