"""Mutated model folders and checkpoint files, and what a run does with those that load."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch

from dreamsampler.priors.load import load
from tests import tiny
from tests.fuzz.harness import Case, Target
from tests.priors import ldm

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 10**6, 10**9, 10**30, -(10**9), 0.5, -0.5, 1e-30, 1e300, float("nan"),
    float("inf"), "", "x", "silu", "../../etc/passwd", "é\ud800", "9" * 400, [], [0], [1], [-1], [None], ["x"],
    [1] * 5, [[1]], [[[[[[[[[[1]]]]]]]]]], {}, {"a": 1}, {"auto_map": {"AutoTokenizer": ["x.X", None]}},
)  # fmt: skip
"""Values that belong nowhere in particular."""


def mutate_json(rng: random.Random, content: Any) -> Any:
    """Return a JSON value with one place of it changed: deleted, replaced, scaled, repeated, renamed or nested."""
    if isinstance(content, dict) and content and rng.random() < 0.9:
        key = rng.choice(sorted(content))
        kind = rng.random()
        if kind < 0.12:
            return {k: v for k, v in content.items() if k != key}
        if kind < 0.18:
            return {(k + "_" if k == key else k): v for k, v in content.items()}
        return content | {key: mutate_json(rng, content[key])}
    if isinstance(content, list) and content and rng.random() < 0.6:
        at = rng.randrange(len(content))
        kind = rng.random()
        if kind < 0.2:
            return content[:at] + content[at + 1 :]
        if kind < 0.4:
            return content + [content[at]] * rng.choice([1, 2, 30, 100_001])
        return [*content[:at], mutate_json(rng, content[at]), *content[at + 1 :]]
    if isinstance(content, bool) or content is None:
        return rng.choice(STRANGE)
    if isinstance(content, int | float) and rng.random() < 0.5:
        return rng.choice([content + 1, content - 1, content * 2, -content, content * 10**6, content / 3, str(content)])
    return rng.choice(STRANGE)


@cache
def originals() -> tuple[Path, dict[str, Any]]:
    """Return a tiny model's folder and its JSON files by name."""
    folder = tiny.write_sd1(Path(tempfile.mkdtemp(prefix="fuzz-")) / "model")
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.json") if p.name != "tokenizer.json")
    return folder, {name: json.loads((folder / name).read_text("utf-8")) for name in names}


def mutated_config(rng: random.Random) -> tuple[str, Any]:
    """Return (file, new content): a JSON file of the model with one to three places changed, or other bytes."""
    _, files = originals()
    name = rng.choice([name for name in files if not name.endswith("vocab.json")])
    if rng.random() < 0.08:
        return name, rng.choice([b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 5000, b'{"a": 1e999}', b"{}" * 2])
    content = files[name]
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        content = mutate_json(rng, content)
    return name, content


def load_mutated(case: tuple[str, Any]) -> None:
    """Load the model with one file replaced, and use it: encode, one prediction, decode."""
    name, content = case
    folder, _ = originals()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        place = Path(scratch) / "model"
        # links, so that a thousand copies cost nothing; the file to change becomes one of its own
        shutil.copytree(folder, place, copy_function=os.link)
        (place / name).unlink()
        data = content if isinstance(content, bytes) else json.dumps(content).encode("utf-8", "surrogatepass")
        (place / name).write_bytes(data)
        use(place)


def use(place: Path) -> None:
    """Load a model and run each of its networks once."""
    prior = load(place, device="cpu")
    side = prior.space.multiple
    if side > 256:
        return
    latent = prior.space.encode(torch.zeros(1, 3, side, side))
    step = prior.schedule.visits(2)[0]
    prior.predict([latent], step, [prior.embed(["a red cat"])])
    prior.space.decode(latent)


@cache
def checkpoint() -> tuple[dict[str, Any], bytes, Path]:
    """Return header, data and tokenizer folder of a tiny single-file checkpoint."""
    scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))
    path = ldm.write(scratch / "m.safetensors", ldm.checkpoint(ldm.make(scratch / "words", "sd1"), "sd1"))
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :], scratch / "words"


def mutated_header(rng: random.Random) -> dict[str, Any]:
    """Return a header with a few tensors of another shape, none at all, or another name; the bytes stay covered."""
    header, _, _ = checkpoint()
    changed = dict(header)
    for name in rng.sample(sorted(n for n in header if n != "__metadata__"), rng.choice([1, 1, 2, 5])):
        entry = dict(changed.pop(name))
        count = 1
        for n in entry["shape"]:
            count *= n
        kind = rng.random()
        if kind < 0.5:
            shapes = [[count], [1, count], [count, 1], [1] * 6 + [count], [0, count], []]
            entry["shape"] = rng.choice(shapes)
            changed[name] = entry
        elif kind < 0.75:
            changed[name + "x"] = entry
        else:
            changed[name] = mutate_json(rng, entry)
    return changed


def load_header(header: dict[str, Any]) -> None:
    """Load a checkpoint with this header over the old bytes."""
    _, data, words = checkpoint()
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        path = Path(scratch) / "m.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)
        load(path, device="cpu", tokenizer=words, local_files_only=True)


def endless(make: Callable[[random.Random], Any]) -> Callable[[random.Random], Iterator[Case]]:
    """Return a generator of cases, each drawn from a generator of its own."""

    def cases(rng: random.Random) -> Iterator[Case]:
        while True:
            seed = rng.getrandbits(32)
            yield f"seed {seed}", make(random.Random(seed))

    return cases


TARGETS = (
    Target("models: configurations", endless(mutated_config), load_mutated, count=1000, sample=8),
    Target("models: headers of single files", endless(mutated_header), load_header, count=300, sample=4),
)
