"""Models on the Hugging Face Hub: from an id to a folder in the local cache."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import NoReturn

from ...core.errors import ModelError
from .folder import HALF, NETWORKS

log = logging.getLogger(__name__)

REPO_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")
SMALL = (".json", ".txt", ".model")
TIMEOUT = 10.0
"""Seconds to wait for the Hub's first answer."""


def is_repo_id(name: str) -> bool:
    """True for "owner/name"."""
    return REPO_ID.match(name) is not None


def fetch(repo: str, revision: str | None, half: bool, local_only: bool) -> tuple[Path, str]:
    """The model's folder in the cache and its commit; what is not there yet is downloaded, weights as safetensors only.

    The Hub is asked once, without retries; where it cannot be reached, a model in the cache is used as it is.

    Args:
        repo: "owner/name".
        revision: branch, tag or commit; None for the main branch.
        half: take the weights stored in float16 where the model has some.
        local_only: never ask the Hub.

    Raises:
        ModelError: unknown, private or gated, not a diffusers model, or neither reachable nor in the cache.
    """
    from huggingface_hub import snapshot_download

    listed = None if local_only else files_of(repo, revision)
    if listed is None:
        folder = cached_file(repo, "model_index.json", revision).parent
        return folder, folder.name
    if "model_index.json" not in listed:
        raise ModelError(
            f"{repo} is not a diffusers pipeline (no model_index.json); if it holds a whole checkpoint as one "
            ".safetensors file, download that and pass its path"
        )
    try:
        # by the branch's name, so that the cache remembers which commit it stands for
        wanted = wanted_files(listed, half)
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=wanted, etag_timeout=TIMEOUT))
    except _errors() as error:
        explain(error, repo, revision)
    return folder, folder.name


def files_of(repo: str, revision: str | None) -> list[str] | None:
    """Names of all files of a repository; None where the Hub cannot be reached or is out of order.

    Raises:
        ModelError: the Hub knows no such repository or revision, or refuses.
    """
    from huggingface_hub import HfApi
    from huggingface_hub import errors as hub

    try:
        info = HfApi().model_info(repo, revision=revision, timeout=TIMEOUT)
        return [file.rfilename for file in info.siblings or []]
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError, hub.HFValidationError) as error:
        explain(error, repo, revision)
    except _errors() as error:
        log.info("the Hub cannot be asked for %s: %s", repo, error)
        return None


def cached_file(repo: str, name: str, revision: str | None = None) -> Path:
    """A file of a repository in the local cache.

    Raises:
        ModelError: it is not there.
    """
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, name, revision=revision)
    if not isinstance(found, str):
        at = "" if revision is None else f" at revision {revision!r}"
        raise ModelError(
            f"{repo}{at} is not in the local cache, and the Hub cannot be reached or must not be asked; connect once "
            "to download it, or pass the path of a model folder or .safetensors file"
        )
    return Path(found)


def wanted_files(names: list[str], half: bool) -> list[str]:
    """Of a repository's files those to download: the small ones of each part, and a set of weights for each network."""
    parts = (*NETWORKS, "scheduler", "tokenizer", "tokenizer_2")
    wanted = [
        name for name in names if name.endswith(SMALL) and (name.split("/")[0] in parts or name == "model_index.json")
    ]
    for part in NETWORKS:
        weights = [name for name in names if name.startswith(f"{part}/") and name.endswith(".safetensors")]
        halves = [name for name in weights if HALF.search(name)]
        plain = [name for name in weights if name.count(".") == 1]
        wanted += halves if halves and (half or not plain) else plain
    return wanted


def _errors() -> tuple[type[Exception], ...]:
    """What a download raises: the system's errors, huggingface_hub's, and those of the HTTP library below it."""
    from huggingface_hub import errors as hub

    below = [base for base in hub.HfHubHTTPError.__mro__ if base.__name__ in ("HTTPError", "RequestException")]
    return OSError, hub.HfHubHTTPError, hub.OfflineModeIsEnabled, hub.LocalEntryNotFoundError, *below


def explain(error: Exception, repo: str, revision: str | None) -> NoReturn:
    """Raise the `ModelError` that says what an error of the Hub means and what to do."""
    from huggingface_hub import errors as hub

    where = f"https://huggingface.co/{repo}"
    reason = " ".join(str(error).split())[:200]
    if isinstance(error, hub.GatedRepoError):
        text = f"{repo} is gated: accept its license at {where} and log in with `hf auth login`"
    elif isinstance(error, hub.RepositoryNotFoundError):
        text = f"{repo}: no such model on the Hub (or it is private), and no file or folder of that name here"
    elif isinstance(error, hub.RevisionNotFoundError):
        text = f"{repo}: no revision {revision!r}; see {where}/tree/main"
    elif isinstance(error, hub.HFValidationError):
        text = f"{repo!r} is not a Hub id (owner/name)"
    else:
        text = f"{repo} cannot be downloaded ({reason}); see to the network, disk space and permissions, and try again"
    raise ModelError(text) from error
