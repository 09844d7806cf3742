"""The models that benchmarks use when they are given none."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ..core.errors import ModelError
from ..metrics.encoder import ClipEncoder


def bundled_judge_folder() -> Path:
    """Folder of the judge, the small CLIP model of Icon World that comes with the package.

    Raises:
        ModelError: this installation has none.
    """
    folder = Path(str(resources.files("dreamsampler") / "weights" / "judge"))
    if not (folder / "config.json").is_file():
        raise ModelError(
            "the bundled judge is not in this installation (its weights are not part of it yet): pass the folder of a "
            "CLIPModel with its tokenizer and preprocessor config instead"
        )
    return folder


def load_judge(folder: str | Path | None = None) -> ClipEncoder:
    """The judge of a folder, or the bundled one."""
    return ClipEncoder.load(bundled_judge_folder() if folder is None else folder)
