"""Scenes cached on disk as bytes: training reads them many times, drawing happens once.

A pool is a folder with ``pictures.npy`` (n, 128, 128, 3) uint8, opened as a memory map, and ``scenes.json``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SIZE = 128
TWIN_SHARE = 0.375  #: of a batch: scenes beside their twins


class Record(NamedTuple):
    """What is true of a scene: its world, the nouns in it from left to right, the background, some captions.

    A ``twin`` is the scene before it in the pool with one small thing changed, which only the full captions tell.
    ``others`` are captions that are wrong in one thing, where the first of ``captions`` is right.
    """

    world: str
    nouns: tuple[str, ...]
    background: str
    captions: tuple[str, ...]
    twin: bool = False
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pool:
    """Cached scenes: the pictures (n, 128, 128, 3) and, in the same order, what is true of each."""

    pictures: NDArray[np.uint8]
    records: list[Record]

    def __len__(self) -> int:
        return len(self.pictures)

    @classmethod
    def open(cls, folder: Path) -> Pool:
        """The pool in ``folder``, its pictures still on disk."""
        rows = json.loads((folder / "scenes.json").read_text())
        records = [
            Record(
                row["world"],
                tuple(row["nouns"]),
                row["background"],
                tuple(row["captions"]),
                row.get("twin", False),
                tuple(row.get("others", ())),
            )
            for row in rows
        ]
        return cls(np.load(folder / "pictures.npy", mmap_mode="r"), records)


class Draw:
    """Random batches of records: any scenes first, then pairs of a scene and its twin side by side.

    A smile is a few pixels of a face: among random scenes nothing makes a network look there. Beside a twin whose
    caption differs in that word alone, it is all that there is to learn.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.count = len(records)
        self.twins = 1 + np.flatnonzero([record.twin for record in records[1:]])

    def pairs(self, batch: int) -> int:
        """How many pairs a batch holds; they are its last rows."""
        return int(TWIN_SHARE * batch) // 2 if len(self.twins) else 0

    def __call__(self, rng: np.random.Generator, batch: int) -> NDArray[np.int64]:
        """The numbers of ``batch`` scenes."""
        pairs = self.pairs(batch)
        scenes = rng.integers(0, self.count, batch - 2 * pairs)
        if not pairs:
            return scenes
        second = self.twins[rng.integers(0, len(self.twins), pairs)]
        return np.concatenate([scenes, np.stack([second - 1, second], 1).ravel()])


def to_tensor(pictures: NDArray[np.uint8]) -> Tensor:
    """(b, h, w, 3) bytes to (b, 3, h, w) floats in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def to_bytes(images: Tensor) -> NDArray[np.uint8]:
    """(b, 3, h, w) in [-1, 1] to (b, h, w, 3) bytes, rounded and clipped."""
    scaled = ((images.detach().float() + 1) * 127.5).round().clamp(0, 255)
    return scaled.permute(0, 2, 3, 1).to("cpu", torch.uint8).numpy()


def crops(pool: Pool, count: int, side: int, rng: np.random.Generator) -> Tensor:
    """(count, 3, side, side) random crops of random pictures, mirrored half the time."""
    picked = np.empty((count, side, side, 3), np.uint8)
    for i in range(count):
        picture = pool.pictures[rng.integers(len(pool))]
        top, left = rng.integers(0, SIZE - side + 1, 2)
        crop = picture[top : top + side, left : left + side]
        picked[i] = crop[:, ::-1] if rng.random() < 0.5 else crop
    return to_tensor(picked)
