"""Training and held-out scenes of both worlds: drawn scenes of Icon World, and real icons on its backgrounds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dreamsampler.core.errors import InputError
from iconworld.scenes import sampling
from iconworld.scenes.captions import face_phrase
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.characters.skeleton import Wear
from iconworld.scenes.edits import dark_face
from iconworld.scenes.iconset import IconSet
from iconworld.scenes.sampling import sample_scene, sample_styled
from iconworld.scenes.scene import Scene
from iconworld.scenes.solid_scenes import SolidScene, sample_solids
from iconworld.scenes.solids import Camera
from iconworld.scenes.styles import Style
from iconworld.training.alternatives import wrong_captions
from iconworld.training.checkpoint import writing
from iconworld.training.pool import SIZE, Pool, Record

CAPTIONS = 4  #: varied captions kept of each scene
FACES = 100  #: stream of the close-ups
CAMERAS = 101  #: stream of the cameras that look at solids

Split = Literal["train", "dev", "test"]


def icon_scene(icons: IconSet, seed: int, split: Split) -> tuple[NDArray[np.uint8], Record]:
    """Scene ``seed`` of the real icons that are learned; dev and test show them on the colors held out for them."""
    scene = icons.sample_scene(seed, split, unseen=False)
    captions = (scene.full_caption(), *(scene.caption(k) for k in range(seed, seed + CAPTIONS - 1)))
    return scene.picture(SIZE), Record("real", scene.nouns, scene.background.color, captions)


def drawn_scene(seed: int, split: Split) -> tuple[NDArray[np.uint8], Record]:
    """Scene ``seed`` of Icon World; its first caption is the full one."""
    return _recorded(sample_scene(seed, split), "drawn", seed)


def styled_scene(seed: int, split: Split) -> tuple[NDArray[np.uint8], Record]:
    """Scene ``seed`` of Icon World, painted in a style that its captions name."""
    return _recorded(sample_styled(seed, split), "styled", seed)


def unseen_style_scene(seed: int, split: Split = "test") -> tuple[NDArray[np.uint8], Record]:
    """Scene ``seed`` of Icon World in the style that training never draws: two tones with an outline."""
    scene = sample_scene(seed, split)
    painted = Style(round(float(sampling.stream(seed, split, sampling.STYLED).uniform(1.0, 4.0)), 2), tones="two")
    return _recorded(replace(scene, figures=tuple(replace(f, style=painted) for f in scene.figures)), "styled", seed)


def view_of_solids(seed: int, split: Split) -> SolidScene:
    """Solids number ``seed`` from a camera anywhere around them: three of five near the ring, one above, one below."""
    rng = sampling.stream(seed, split, CAMERAS)
    scene = sample_solids(seed, split)
    low, high = ((-15, 45), (-15, 45), (-15, 45), (50, 85), (-85, -50))[int(rng.integers(5))]
    azimuth, elevation = (round(float(rng.uniform(*ends)), 1) for ends in ((-180, 180), (low, high)))
    return scene.seen_from(Camera(azimuth, elevation, scene.camera.distance))


def solid_scene(seed: int, split: Split) -> tuple[NDArray[np.uint8], Record]:
    """A captioned view of solids."""
    return _recorded(view_of_solids(seed, split), "solids", seed)


def _recorded(scene: Scene | SolidScene, world: str, seed: int) -> tuple[NDArray[np.uint8], Record]:
    captions = (scene.full_caption(), *(scene.caption(k) for k in range(seed, seed + CAPTIONS - 1)))
    wrong = wrong_captions(scene)
    return scene.picture(SIZE), Record(world, scene.nouns, scene.background.color, captions, others=wrong)


def face_and_twin(seed: int, split: Split) -> tuple[Scene, Scene]:
    """A close-up of a face, and the same scene with another expression or with other things on its eyes."""
    rng = sampling.stream(seed, split, FACES)
    figure = sampling.alone(rng, sampling.character(rng, view="face"))
    scene = Scene((figure,), sampling.background(rng, (figure,)), seed)
    worn = [w for w in figure.wears if ACCESSORIES[w.kind].place == "eyes"]
    if rng.random() < 0.5 or dark_face(figure):
        others = [e for e in EXPRESSIONS if e != figure.expression]
        return scene, scene.with_figure(0, expression=sampling.pick(rng, others))
    kinds = [k for k, a in ACCESSORIES.items() if a.place == "eyes" and k not in {w.kind for w in worn}]
    kept = tuple(w for w in figure.wears if w not in worn)
    if worn and rng.random() < 0.5:
        return scene, scene.with_figure(0, wears=kept)
    kind = sampling.pick(rng, kinds)
    colors = ACCESSORIES[kind].colors
    color = colors[0] if rng.random() < 0.5 else sampling.pick(rng, colors)  # the usual one, which goes unsaid
    return scene, scene.with_figure(0, wears=(Wear(kind, color), *kept))


def twin_scene(seed: int, split: Split) -> tuple[NDArray[np.uint8], Record]:
    """One half of a pair: the face for an even ``seed``, its twin for the odd one after it.

    One caption in three is what people say who fill a hole: "a face wearing glasses", not whose.
    """
    scene = face_and_twin(seed - seed % 2, split)[seed % 2]
    said = (scene.full_caption(), scene.full_caption(), face_phrase(scene.figures[0]))
    return scene.picture(SIZE), Record("drawn", scene.nouns, scene.background.color, said, seed % 2 == 1)


def scene_of(seed: int, split: Split, real: IconSet | None, share: float) -> tuple[NDArray[np.uint8], Record]:
    """Scene ``seed``: of the drawn world, or for a ``share`` of the seeds (a low-discrepancy choice) a real icon.

    Of eight scenes one is painted in a style, two are solids and, in training, the last two a face and its twin.
    """
    if split == "train" and seed % 8 >= 6:
        return twin_scene(seed, split)
    if seed % 8 == 3:
        return styled_scene(seed, split)
    if seed % 8 in (4, 5):
        return solid_scene(seed, split)
    if real is not None and (seed * 0.6180339887498949) % 1 < share:
        return icon_scene(real, seed, split)
    return drawn_scene(seed, split)


def build_pool(
    folder: Path, count: int, split: Split, real: IconSet | None, share: float = 0.35, first: int = 0
) -> Pool:
    """Draw scenes ``first`` to ``first + count`` into ``folder``, unless it holds them already.

    Raises:
        InputError: it holds another number of scenes, or cannot be written to.
    """
    if (folder / "scenes.json").exists():
        pool = Pool.open(folder)
        if len(pool) != count:
            raise InputError(
                f"{folder} holds {len(pool)} scenes, not {count}: pass --scenes {len(pool)} or another --out"
            )
        return pool
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        records = []
        # written piece by piece, not through a memory map: there a full disk would end the process without a word
        with (folder / "pictures.npy").open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (count, SIZE, SIZE, 3)}
            np.lib.format.write_array_header_1_0(file, header)
            for i in range(count):
                picture, record = scene_of(first + i, split, real, share)
                file.write(picture.tobytes())
                records.append(record)
        temporary = folder / "scenes.tmp"
        temporary.write_text(json.dumps([record._asdict() for record in records]))
        temporary.replace(folder / "scenes.json")  # last: its presence says that the pictures are complete
    return Pool.open(folder)
