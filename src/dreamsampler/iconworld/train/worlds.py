"""Training and held-out scenes of both worlds: drawn scenes of Icon World, and real icons on its backgrounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dreamsampler.core.errors import InputError
from dreamsampler.iconworld.captions import SINGLE, article
from dreamsampler.iconworld.sampling import background, sample_scene
from dreamsampler.iconworld.scene import Scene
from dreamsampler.iconworld.train.icons import Icon, Split, place_icon, render_icon
from dreamsampler.iconworld.train.names import noun_of
from dreamsampler.iconworld.train.pool import SIZE, Pool, Record

CAPTIONS = 4  #: varied captions kept of each scene

_PURPOSE = {"train": 11, "dev": 12, "test": 13}


class RealWorld:
    """Scenes of chosen real icons, each a function of (seed, split)."""

    def __init__(self, icons: Sequence[Icon]) -> None:
        self.icons = tuple(icons)
        self._rendered: dict[int, NDArray[np.uint8]] = {}

    def scene(self, seed: int, split: Split) -> tuple[NDArray[np.uint8], Record]:
        """The picture (128, 128, 3) and what is true of it."""
        rng = np.random.default_rng((_PURPOSE[split], seed))
        index = int(rng.integers(len(self.icons)))
        if index not in self._rendered:
            self._rendered[index] = render_icon(self.icons[index])
        behind = background(rng, ())
        canvas = Scene((), behind).picture(SIZE)
        noun = noun_of(self.icons[index].name)
        captions = [str(rng.choice(SINGLE)).format(article(noun), behind.colour) for _ in range(CAPTIONS - 1)]
        captions = [f"{article(noun)} on a {behind.colour} background", *captions]
        captions = [caption.replace(" a orange", " an orange") for caption in captions]
        return place_icon(self._rendered[index], canvas, rng), Record("real", (noun,), behind.colour, tuple(captions))


def drawn_scene(seed: int, split: Split) -> tuple[NDArray[np.uint8], Record]:
    """Scene ``seed`` of Icon World; its first caption is the full one."""
    scene = sample_scene(seed, split)
    captions = (scene.full_caption(), *(scene.caption(k) for k in range(seed, seed + CAPTIONS - 1)))
    return scene.picture(SIZE), Record("drawn", scene.nouns, scene.background.colour, captions)


def scene_of(seed: int, split: Split, real: RealWorld | None, share: float) -> tuple[NDArray[np.uint8], Record]:
    """Scene ``seed``: of the drawn world, or for a ``share`` of the seeds (a low-discrepancy choice) a real icon."""
    if real is not None and (seed * 0.6180339887498949) % 1 < share:
        return real.scene(seed, split)
    return drawn_scene(seed, split)


def build_pool(
    folder: Path, count: int, split: Split, real: RealWorld | None, share: float = 0.35, first: int = 0
) -> Pool:
    """Draw scenes ``first`` to ``first + count`` into ``folder``, unless it holds them already."""
    if (folder / "scenes.json").exists():
        pool = Pool.open(folder)
        if len(pool) != count:
            raise InputError(
                f"{folder} holds {len(pool)} scenes, not {count}: pass --scenes {len(pool)} or another --out"
            )
        return pool
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.lib.format.open_memmap(folder / "pictures.npy", "w+", np.uint8, (count, SIZE, SIZE, 3))
    records = []
    for i in range(count):
        pictures[i], record = scene_of(first + i, split, real, share)
        records.append(record)
    pictures.flush()
    temporary = folder / "scenes.tmp"
    temporary.write_text(json.dumps([record._asdict() for record in records]))
    temporary.replace(folder / "scenes.json")  # last: its presence says that the pictures are complete
    return Pool.open(folder)
