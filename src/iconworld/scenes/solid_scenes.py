"""Captioned views of solids: "a red torus, seen from the side"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iconworld.scenes import captions, sampling
from iconworld.scenes.backgrounds import Background
from iconworld.scenes.palette import BACKGROUNDS, COLORS, apart
from iconworld.scenes.solids import SHAPES, Camera, Solid, render_solids

_PURPOSE = 2000
VIEWS = ("front", "side", "back", "above", "below")


def view_name(camera: Camera) -> str:
    """Where a camera looks from, in a word of `VIEWS`. Azimuth 0 is the front."""
    if abs(camera.elevation) > 50.0:
        return "above" if camera.elevation > 0 else "below"
    turned = abs((camera.azimuth + 180.0) % 360.0 - 180.0)
    return "front" if turned < 45.0 else "side" if turned < 135.0 else "back"


@dataclass(frozen=True)
class SolidScene:
    """One or two solids, a camera and a plain background, with the same answers as a drawn `Scene`.

    Example:
        >>> sample_solids(3).full_caption().split(",")[-1]
        ' seen from the front'
    """

    solids: tuple[Solid, ...]
    camera: Camera
    background: Background
    seed: int = 0

    @property
    def figure(self) -> str:
        """The first shape."""
        return self.solids[0].shape

    @property
    def nouns(self) -> tuple[str, ...]:
        """The shapes."""
        return tuple(s.shape for s in self.solids)

    def seen_from(self, camera: Camera) -> SolidScene:
        """The same solids from another camera."""
        return SolidScene(self.solids, camera, self.background, self.seed)

    def picture(self, size: int = 128) -> NDArray[np.uint8]:
        """The view, uint8 `[size, size, 3]`."""
        return render_solids(self.solids, self.camera, BACKGROUNDS[self.background.color], size)[0]

    def masks(self, size: int = 128) -> dict[str, NDArray[np.bool_]]:
        """`"figure 0"`, `"figure 1"` and `"background"`, bool `[size, size]`."""
        which = render_solids(self.solids, self.camera, BACKGROUNDS[self.background.color], size, samples=1)[1]
        found = {f"figure {i}": which == i for i in range(len(self.solids))}
        return {**found, "background": which < 0}

    def subject(self) -> str:
        """The solids in words."""
        return " and ".join(captions.article(f"{s.color} {s.shape}") for s in self.solids)

    def full_caption(self) -> str:
        """What is seen, on what, from where."""
        what = captions.fill("{} on a {} background", self.subject(), self.background.color)
        return f"{what}, seen from {_place(view_name(self.camera))}"

    def caption(self, seed: int | None = None) -> str:
        """A varied caption."""
        rng = np.random.Generator(np.random.PCG64([_PURPOSE, self.seed if seed is None else seed]))
        what = captions.fill(str(rng.choice(captions.SINGLE)), self.subject(), self.background.color)
        if rng.random() < 0.25:
            what = self.subject()
        return f"{what}, seen from {_place(view_name(self.camera))}" if rng.random() < 0.8 else what


def _place(view: str) -> str:
    return view if view in ("above", "below") else f"the {view}"


def sample_solids(seed: int, split: str = "train") -> SolidScene:
    """Scene number `seed` of a split: one solid, or for a third of the numbers two."""
    rng = sampling.stream(seed, split, _PURPOSE)
    names = [c for c in COLORS if c not in ("black", "white")]
    shapes = rng.permutation(SHAPES)[:2].tolist()
    colors = rng.permutation(names)[:2].tolist()
    if rng.random() < 1 / 3:
        solids = tuple(Solid(s, c, (0.0, y, 0.0), 0.36) for s, c, y in zip(shapes, colors, (-0.36, 0.36), strict=True))
    else:
        solids = (Solid(shapes[0], colors[0]),)
    grounds = [b for b in BACKGROUNDS if all(apart(COLORS[s.color], BACKGROUNDS[b]) > 0.2 for s in solids)]
    distance = 1.72 if len(solids) == 1 else 2.35
    camera = Camera(round(float(rng.uniform(-180, 180)), 1), round(float(rng.uniform(-5, 75)), 1), distance)
    return SolidScene(solids, camera, Background(sampling.pick(rng, grounds)), int(seed))
