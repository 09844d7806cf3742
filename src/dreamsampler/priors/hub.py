"""Models on the Hugging Face Hub: from an id to a folder in the local cache."""

from __future__ import annotations

import re
from pathlib import Path

from ..core.errors import ModelError
from .folder import HALF, NETWORKS

REPO_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")
SMALL = ("*.json", "*.txt", "*.model")
TIMEOUT = 10.0
"""Seconds to wait for the Hub's first answer."""


def is_repo_id(name: str) -> bool:
    """True for "owner/name"."""
    return REPO_ID.match(name) is not None


def fetch(repo: str, revision: str | None, half: bool, local_only: bool) -> tuple[Path, str]:
    """The model's folder in the cache and its commit; what is not there yet is downloaded, weights as safetensors only.

    Without a network, a model that is in the cache is used as it is.

    Args:
        repo: "owner/name".
        revision: branch, tag or commit; None for the main branch.
        half: take the weights stored in float16 where the model has some.
        local_only: never ask the Hub.

    Raises:
        ModelError: unknown, private or gated, not a diffusers model, or neither reachable nor in the cache.
    """
    from huggingface_hub import hf_hub_download, snapshot_download
    from huggingface_hub.errors import DryRunError, IncompleteSnapshotError

    with explained(repo, revision):
        index = Path(
            hf_hub_download(
                repo, "model_index.json", revision=revision, etag_timeout=TIMEOUT, local_files_only=local_only
            )
        )
    folder = index.parent
    if local_only:
        return folder, folder.name
    patterns = [f"{part}/*" for part in (*NETWORKS, "scheduler", "tokenizer", "tokenizer_2")]
    with explained(repo, revision):
        try:
            listed = snapshot_download(repo, revision=folder.name, allow_patterns=patterns, dry_run=True)
        except DryRunError:
            # the Hub went out of reach: the cache may well be complete, and the folder's own check will say
            return folder, folder.name
        wanted = wanted_files([file.filename for file in listed], half)  # type: ignore[union-attr]
        try:
            snapshot_download(repo, revision=folder.name, allow_patterns=wanted, etag_timeout=TIMEOUT)
        except IncompleteSnapshotError as error:
            raise ModelError(
                f"{repo}: the download is incomplete and the Hub cannot be reached; connect and try again"
            ) from error
    return folder, folder.name


def wanted_files(names: list[str], half: bool) -> list[str]:
    """Of a repository's files those to download: the small ones, and for each network one set of safetensors."""
    wanted = [name for name in names if name.endswith(tuple(pattern.lstrip("*") for pattern in SMALL))]
    for part in NETWORKS:
        weights = [name for name in names if name.startswith(f"{part}/") and name.endswith(".safetensors")]
        halves = [name for name in weights if HALF.search(name)]
        plain = [name for name in weights if name.count(".") == 1]
        wanted += halves if halves and (half or not plain) else plain
    return wanted


class explained:
    """Context in which the Hub's errors become `ModelError`s that say what to do."""

    def __init__(self, repo: str, revision: str | None) -> None:
        self.repo, self.revision = repo, revision

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        from huggingface_hub import errors as hub

        if error is None or isinstance(error, ModelError):
            return
        # the base of the HTTP library's errors, whichever one the installed huggingface_hub stands on
        transport = next(
            base for base in hub.HfHubHTTPError.__mro__ if base.__name__ in ("HTTPError", "RequestException")
        )
        where = f"https://huggingface.co/{self.repo}"
        if isinstance(error, hub.GatedRepoError):
            text = f"{self.repo} is gated: accept its licence at {where} and log in with `hf auth login`"
        elif isinstance(error, hub.LocalEntryNotFoundError | hub.OfflineModeIsEnabled):
            text = (
                f"{self.repo} is not in the local cache and the Hub cannot be reached or must not be asked; connect "
                "once to download it, or pass the path of a model folder or .safetensors file"
            )
        elif isinstance(error, hub.RepositoryNotFoundError):
            text = f"{self.repo}: no such model on the Hub, or it is private; check the spelling at {where}"
        elif isinstance(error, hub.RevisionNotFoundError):
            text = f"{self.repo}: no revision {self.revision!r}; see {where}/tree/main"
        elif isinstance(error, hub.EntryNotFoundError):
            text = (
                f"{self.repo} is not a diffusers pipeline (no model_index.json); if it holds a whole checkpoint as one "
                ".safetensors file, download that and pass its path"
            )
        elif isinstance(error, hub.HFValidationError):
            text = f"{self.repo!r} is not a Hub id (owner/name)"
        elif isinstance(error, hub.HfHubHTTPError):
            text = (
                f"{self.repo}: the Hub answered with an error ({' '.join(str(error).split())[:200]}); try again later"
            )
        elif isinstance(error, OSError | transport):
            reason = " ".join(str(error).split())[:200]
            text = f"{self.repo}: cannot be downloaded ({reason}); see to disk space, permissions and the network"
        else:
            return
        raise ModelError(text) from error
