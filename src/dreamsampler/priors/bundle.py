"""The prior that comes with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ..core.errors import ModelError


def bundled_folder() -> Path:
    """Folder of the prior that comes with the package.

    Raises:
        ModelError: this installation has none.
    """
    folder = Path(str(resources.files("dreamsampler") / "weights" / "prior"))
    if not (folder / "model_index.json").is_file():
        raise ModelError(
            "the bundled prior is not in this installation (its weights are not part of it yet): pass a Hub id, a "
            "diffusers folder or a .safetensors file instead"
        )
    return folder
