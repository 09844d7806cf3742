"""What the benchmarks on scenes share: which scenes may be measured, by whose weights, and where pictures are kept."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from iconworld import SPLITS

from ..core.errors import InputError
from ..priors.weights import fingerprint

MEASURED = tuple(split for split in SPLITS if split != "train")


def check_scenes(n: int, split: str) -> None:
    """Raise `InputError` unless there is a scene to measure, and none that a prior may have been trained on."""
    if n < 1:
        raise InputError(f"n={n}: expected at least 1")
    if split == "train":
        raise InputError("split='train': priors have seen these scenes, so they tell nothing; use 'dev' or 'test'")
    if split not in MEASURED:
        raise InputError(f"split={split!r}: expected 'dev' (to choose settings) or 'test' (to report)")


def weights_id(*models: nn.Module) -> str:
    """Which weights judged: another judge's results are other results."""
    return " ".join(str(fingerprint(model.state_dict().items()))[:16] for model in models)


def picture_path(out: Path, key: str) -> Path:
    """Where the picture of the result `key` is kept in a benchmark's folder."""
    return out / "pictures" / f"{key[:24]}.png"
