"""What a drawn scene, a scene of a real icon and a view of solids have in common."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iconworld.scenes.backgrounds import Background


class AnyScene(Protocol):
    """A picture with known answers: training, evaluating and measuring need no more than this."""

    @property
    def nouns(self) -> tuple[str, ...]:
        """What is shown, left to right."""

    @property
    def background(self) -> Background:
        """What is behind it; `background.color` is its name."""

    def picture(self, size: int = 128) -> NDArray[np.uint8]:
        """The picture, uint8 `[size, size, 3]`."""

    def masks(self, size: int = 128) -> dict[str, NDArray[np.bool_]]:
        """Masks by name, bool `[size, size]`; "background" and "figure 0" are always there."""

    def full_caption(self) -> str:
        """The caption that names everything."""

    def caption(self, seed: int | None = None) -> str:
        """A caption from varied templates; `seed` defaults to the scene's own."""
