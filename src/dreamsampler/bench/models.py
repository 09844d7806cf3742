"""The models that benchmarks use when they are given none."""

from __future__ import annotations

from pathlib import Path

from ..priors.bundle import shipped_folder
from .metrics.encoder import ClipEncoder


def bundled_judge_folder() -> Path:
    """Folder of the judge, the small CLIP model of Icon World that comes with the package.

    Raises:
        ModelError: this installation has none.
    """
    return shipped_folder(
        "judge", "config.json", "the folder of a CLIPModel with its tokenizer and preprocessor config"
    )


def load_judge(folder: str | Path | None = None) -> ClipEncoder:
    """The judge of a folder, or the bundled one."""
    return ClipEncoder.load(bundled_judge_folder() if folder is None else folder)
