"""The models that come with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ..core.errors import ModelError


def shipped_folder(name: str, needed: str, otherwise: str) -> Path:
    """Folder of the weights `name` that come with the package.

    Args:
        needed: a file that is in it where it is whole.
        otherwise: what to pass in its place.

    Raises:
        ModelError: this installation has none.
    """
    folder = Path(str(resources.files("dreamsampler") / "weights" / name))
    if not (folder / needed).is_file():
        raise ModelError(f"the bundled {name} is not in this installation: pass {otherwise} instead")
    return folder


def bundled_folder() -> Path:
    """Folder of the prior that comes with the package.

    Raises:
        ModelError: this installation has none.
    """
    return shipped_folder("prior", "model_index.json", "a Hub id, a diffusers folder or a .safetensors file")
