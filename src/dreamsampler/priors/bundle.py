"""The models that come with the package, their weights checked against the digests that come along.

`python -m dreamsampler.priors.bundle` (`make digests`) writes the digests anew after a training.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from ..core.errors import ModelError
from .weights import sha256

DIGESTS = "sha256.json"


def shipped_folder(name: str, needed: str, otherwise: str) -> Path:
    """Folder of the weights `name` that come with the package.

    Args:
        needed: a file that is in it where it is whole.
        otherwise: what to pass in its place.

    Raises:
        ModelError: this installation has none, or its weights were changed.
    """
    folder = Path(str(resources.files("dreamsampler") / "weights" / name))
    if not (folder / needed).is_file():
        raise ModelError(f"the bundled {name} is not in this installation: pass {otherwise} instead")
    check_digests(folder)
    return folder


def check_digests(folder: Path) -> None:
    """Compare the weights of a folder with its `sha256.json`, once a process for each version of a file (0.03 s).

    Raises:
        ModelError: a file is missing or has another content; a flipped bit is enough.
    """
    path = folder / DIGESTS
    if not path.is_file():
        return
    for name, digest in json.loads(path.read_text("utf-8")).items():
        file = folder / name
        if not file.is_file() or sha256(file) != digest:
            raise ModelError(
                f"{file} is not the file that came with this version (see {DIGESTS}); install "
                "dreamsampler again, or after a training of your own run `make digests`"
            )


def write_digests(folder: Path) -> None:
    """Write `sha256.json` over all weights of a folder."""
    files = sorted(folder.rglob("*.safetensors"))
    table = {file.relative_to(folder).as_posix(): sha256(file) for file in files}
    (folder / DIGESTS).write_text(json.dumps(table, indent=2) + "\n", "utf-8")


def bundled_folder() -> Path:
    """Folder of the prior that comes with the package.

    Raises:
        ModelError: this installation has none.
    """
    return shipped_folder("prior", "model_index.json", "a Hub id, a diffusers folder or a .safetensors file")


if __name__ == "__main__":
    for part in ("prior", "judge"):
        write_digests(Path(str(resources.files("dreamsampler") / "weights" / part)))
