"""Models by id: against a server on this machine that answers as the Hub does, and from the cache without it."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants as constants
import pytest

from dreamsampler.core.errors import ModelError
from dreamsampler.priors import catalog
from dreamsampler.priors.load import load
from dreamsampler.priors.load.hub import is_repo_id, wanted_files
from tests import tiny
from tests.priors import ldm

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "someone/tiny"


class Hub(BaseHTTPRequestHandler):
    """As much of the Hub's interface as a download needs."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = self.path.split("?")[0].strip("/")
        self.asked.append(path)
        if "someone/gated" in path:
            return self.say(403, {}, {"X-Error-Code": "GatedRepo"}, body)
        if "someone/broken" in path:
            return self.say(418, {}, {}, body)
        if REPO not in path:
            return self.say(404, {}, {"X-Error-Code": "RepoNotFound"}, body)
        if "wrong-revision" in path:
            return self.say(404, {}, {"X-Error-Code": "RevisionNotFound"}, body)
        if path.startswith("api/") and "/tree/" in path:
            entries = [
                {"type": "file", "path": f.relative_to(self.folder).as_posix(), "size": f.stat().st_size, "oid": "x"}
                for f in sorted(self.folder.rglob("*"))
                if f.is_file()
            ]
            return self.say(200, entries, {}, body)
        if path.startswith("api/"):
            names = [
                {"rfilename": f.relative_to(self.folder).as_posix()} for f in self.folder.rglob("*") if f.is_file()
            ]
            return self.say(200, {"id": REPO, "sha": COMMIT, "siblings": names}, {}, body)
        file = self.folder / path.split("/resolve/")[-1].split("/", 1)[-1]
        if not file.is_file():
            return self.say(404, {}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, body)
        content = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{abs(hash(content)):x}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def say(self, code: int, content: object, headers: dict[str, str], body: bool) -> None:
        text = json.dumps(content).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hub(tmp_path: Path, sd1_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    """A Hub with one model, its weights also as a pickle and in float16, and an empty cache."""
    folder = Path(shutil.copytree(sd1_folder, tmp_path / "remote"))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.copy(weights, folder / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    (folder / "v1-whole.safetensors").write_bytes(b"gigabytes")
    handler = type("Handler", (Hub,), {"folder": folder, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Hub out of reach: nobody listens there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return endpoint


def downloaded(cache: Path) -> set[str]:
    snapshot = cache / "models--someone--tiny" / "snapshots" / COMMIT
    return {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()}


def test_a_model_is_downloaded_once_without_pickles_and_spare_weights(hub: type[Hub], tmp_path: Path) -> None:
    prior = load(REPO)
    assert prior.info.revision == COMMIT
    assert prior.info.model == REPO
    files = downloaded(tmp_path / "cache")
    assert "unet/diffusion_pytorch_model.safetensors" in files
    assert not any(name.endswith(".bin") or "fp16" in name or "whole" in name for name in files)
    hub.asked.clear()
    load(REPO, local_files_only=True)
    assert hub.asked == []


def test_half_precision_takes_the_half_weights(hub: type[Hub], tmp_path: Path) -> None:
    prior = load(REPO, dtype="float16")
    names = [name for name in downloaded(tmp_path / "cache") if name.startswith("unet/")]
    assert sorted(names) == ["unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors"]
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in prior.info.sha256


@pytest.mark.parametrize(
    ("model", "revision", "words"),
    [
        ("someone/else", None, r"no such model on the Hub \(or it is private\), and no file or folder"),
        ("someone/gated", None, "is gated: accept its license.*hf auth login"),
        ("someone/broken", None, "not in the local cache, and the Hub cannot be reached"),
        (REPO, "wrong-revision", "no revision 'wrong-revision'"),
    ],
)
def test_refusals_of_the_hub_are_said_in_words(hub: type[Hub], model: str, revision: str | None, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        load(model, revision=revision)
    assert "\n" not in str(caught.value)


def test_a_repository_that_is_no_pipeline(hub: type[Hub]) -> None:
    (hub.folder / "model_index.json").unlink()
    with pytest.raises(ModelError, match="not a diffusers pipeline"):
        load(REPO)


def test_without_a_network_the_cache_serves(hub: type[Hub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(REPO)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/{revision}/{filename}")
    assert load(REPO).info.revision == COMMIT
    shutil.rmtree(tmp_path / "cache" / "models--someone--tiny" / "snapshots" / COMMIT / "unet")
    with pytest.raises(ModelError, match="unet cannot be read"):
        load(REPO)


def test_without_a_network_and_without_the_model(dead: str) -> None:
    for local in (False, True):
        with pytest.raises(ModelError, match="is not in the local cache, and the Hub cannot be reached"):
            load(REPO, local_files_only=local)


def test_a_single_file_fetches_the_vocabulary_and_nothing_else(
    hub: type[Hub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamsampler.priors.load.tokenizers.SOURCE", REPO)
    tiny.write_tokenizer_files(hub.folder)
    path = ldm.write(tmp_path / "m.safetensors", ldm.checkpoint(ldm.make(tmp_path / "words", "sd1"), "sd1"))
    load(path)
    assert downloaded(tmp_path / "cache") == {"vocab.json", "merges.txt"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/b", True), ("org-1/model_2.0", True), ("a", False), ("a/b/c", False), ("../a", False), ("a b/c", False)],
)
def test_what_an_id_looks_like(name: str, expected: bool) -> None:
    assert is_repo_id(name) is expected


def test_files_to_download() -> None:
    names = ["unet/config.json", "unet/a.safetensors", "unet/a.fp16.safetensors", "vae/b.fp16.safetensors", "vae/b.bin"]
    assert wanted_files(names, half=False) == ["unet/config.json", "unet/a.safetensors", "vae/b.fp16.safetensors"]
    assert wanted_files(names, half=True)[1:] == ["unet/a.fp16.safetensors", "vae/b.fp16.safetensors"]


def test_the_catalog_knows_what_is_in_the_cache(hub: type[Hub], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert catalog.others_in_cache(cache) == []
    assert all(line.place is None for line in catalog.listing(cache))
    load(REPO)
    hub.asked.clear()
    assert catalog.others_in_cache(cache) == [REPO]
    known = cache / "models--stable-diffusion-v1-5--stable-diffusion-v1-5"
    shutil.copytree(cache / "models--someone--tiny", known, symlinks=True)
    lines = {line.known.model: line.place for line in catalog.listing(cache)}
    assert lines["stable-diffusion-v1-5/stable-diffusion-v1-5"] == known / "snapshots" / COMMIT
    assert sum(place is not None for place in lines.values()) == 1
    assert hub.asked == []
