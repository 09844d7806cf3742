"""Pictures of one object from known cameras: a strip, a grid, a folder with a rig, or a transforms.json."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..core.errors import InputError
from .cameras import Camera
from .images import Picture, read_image
from .rigs import make_rig
from .tensors import to_tensor
from .transforms import Shot, read_transforms

MOST_VIEWS = 1000
_MOST_PIXELS = 128_000_000
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif")


@dataclass(frozen=True, eq=False)
class Views:
    """Pictures and their cameras.

    Attributes:
        images: [N, 3, H, W] in [-1, 1]; transparent areas lie over white.
        cameras: one a picture.
        alpha: [N, 1, H, W] in [0, 1], or None where all pictures are opaque.
        names: what messages call them.
    """

    images: Tensor
    cameras: tuple[Camera, ...]
    alpha: Tensor | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, height, width = len(self.images), self.images.shape[-2], self.images.shape[-1]
        if self.images.ndim != 4 or self.images.shape[1] != 3 or not n:
            raise InputError(f"views: images of shape {list(self.images.shape)}; expected [N, 3, H, W] with N above 0")
        if len(self.cameras) != n:
            raise InputError(f"views: {n} pictures and {len(self.cameras)} cameras; expected as many")
        for k, camera in enumerate(self.cameras):
            if camera.size != (width, height):
                raise InputError(f"views: camera {k} is for {camera.size}, its picture is {(width, height)}")

    def chosen(self, places: list[int]) -> Views:
        """Return some of the views, in the order given.

        Raises:
            InputError: a place that there is not.
        """
        wrong = [k for k in places if not 0 <= k < len(self.cameras)]
        if wrong or not places:
            raise InputError(f"views: no view {wrong[:1] or places}; there are 0 to {len(self.cameras) - 1}")
        return replace(
            self,
            images=self.images[places],
            cameras=tuple(self.cameras[k] for k in places),
            alpha=None if self.alpha is None else self.alpha[places],
            names=tuple(self.names[k] for k in places) if self.names else (),
        )


def read_views(source: str | os.PathLike[str], rig: str | None = None, size: int | None = None) -> Views:
    """Return the views of a file or folder.

    Args:
        source: SyncDreamer's strip, Zero123++'s grid, a transforms.json, or a folder that holds one or pictures.
        rig: where the cameras stand (see `rigs.RIGS`); not for a transforms.json, which says it.
        size: side to scale the pictures to (area average); None keeps them.

    Raises:
        InputError: something that cannot be read, sizes that differ, or cameras that do not fit the pictures.
    """
    path = Path(source)
    if path.is_dir():
        for name in ("transforms.json", "transforms_train.json"):
            if rig is None and (path / name).is_file():
                return _of_shots(read_transforms(path / name), size)
        return _of_folder(path, rig, size)
    if path.suffix.lower() == ".json":
        if rig is not None:
            raise InputError(f"{path}: says itself where its cameras stand; leave the rig {rig!r} out")
        return _of_shots(read_transforms(path), size)
    if rig is None:
        raise InputError(f"{path}: where its cameras stand is not known; name a rig, such as syncdreamer")
    return _of_tiles(read_image(path), rig, size)


def cut_tiles(pixels: np.ndarray, columns: int, rows: int, name: str = "picture") -> list[np.ndarray]:
    """Return square tiles of uint8 [H, W, C], row by row.

    Raises:
        InputError: the picture is not `columns` x `rows` squares.
    """
    height, width = pixels.shape[:2]
    side = height // rows
    if side < 8 or (width, height) != (side * columns, side * rows):
        raise InputError(
            f"{name}: is {width} x {height} pixels; expected {columns} x {rows} square tiles, such as "
            f"{256 * columns} x {256 * rows}"
        )
    return [pixels[r * side : (r + 1) * side, c * side : (c + 1) * side] for r in range(rows) for c in range(columns)]


def _of_tiles(picture: Picture, rig: str, size: int | None) -> Views:
    kind = rig.partition(":")[0]
    grid = (2, 3) if kind.startswith("zero123plus") else None
    if grid is None:
        count = max(1, round(picture.width / picture.height))
        grid = (16, 1) if kind == "syncdreamer" else (count, 1)
    tiles = cut_tiles(picture.pixels, *grid, name=picture.name)
    images = to_tensor(np.stack(tiles))
    alpha = None
    if picture.alpha is not None:
        alpha = _alpha_tensor(np.stack(cut_tiles(picture.alpha, *grid, name=picture.name)))
    names = tuple(f"{picture.name}[{k}]" for k in range(len(tiles)))
    images, alpha = _scaled(images, alpha, size)
    cameras = make_rig(rig, images.shape[-1], len(tiles))
    return Views(images, tuple(cameras), alpha, names)


def _of_folder(folder: Path, rig: str | None, size: int | None) -> Views:
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in _SUFFIXES and not f.name.startswith("."))
    if not files:
        raise InputError(f"{folder}: holds no pictures and no transforms.json")
    if len(files) == 1 and rig is not None:
        return _of_tiles(read_image(files[0]), rig, size)
    if rig is None:
        raise InputError(f"{folder}: where its cameras stand is not known; name a rig, or add a transforms.json")
    pictures = _read_all(files)
    images, alpha = _scaled(*_stacked(pictures), size)
    if images.shape[-1] != images.shape[-2]:
        raise InputError(f"{folder}: pictures of {images.shape[-1]} x {images.shape[-2]}; a rig needs square ones")
    cameras = make_rig(rig, images.shape[-1], len(files))
    return Views(images, tuple(cameras), alpha, tuple(str(f) for f in files))


def _of_shots(shots: list[Shot], size: int | None) -> Views:
    pictures = _read_all([shot.file for shot in shots])
    images, alpha = _scaled(*_stacked(pictures), size)
    height, width = images.shape[-2:]
    cameras = []
    for shot in shots:
        ratio = (shot.camera.size[0] / shot.camera.size[1]) / (width / height)
        if abs(ratio - 1.0) > 0.02 and not shot.sized_by_file:
            raise InputError(
                f"{shot.file}: the file of cameras says {shot.camera.size[0]} x {shot.camera.size[1]} pixels, the "
                f"picture has the shape of {width} x {height}; correct w and h"
            )
        cameras.append(shot.of_size(*pictures[0].size).resized(width, height))
    return Views(images, tuple(cameras), alpha, tuple(str(shot.file) for shot in shots))


def _read_all(files: list[Path]) -> list[Picture]:
    if len(files) > MOST_VIEWS:
        raise InputError(f"views: {len(files)} pictures; at most {MOST_VIEWS} are read, leave some out")
    pictures: list[Picture] = []
    total = 0
    for file in files:
        pictures.append(read_image(file))
        total += pictures[-1].width * pictures[-1].height
        if pictures[-1].size != pictures[0].size:
            raise InputError(f"{file}: is {pictures[-1].size}, {files[0]} is {pictures[0].size}; make them one size")
        if total > _MOST_PIXELS:
            raise InputError(f"views: more than {_MOST_PIXELS / 1e6:g} megapixels together; make them smaller or fewer")
    return pictures


def _stacked(pictures: list[Picture]) -> tuple[Tensor, Tensor | None]:
    images = to_tensor(np.stack([picture.pixels for picture in pictures]))
    if all(picture.alpha is None for picture in pictures):
        return images, None
    opaque = np.full((pictures[0].height, pictures[0].width), 255, np.uint8)
    return images, _alpha_tensor(np.stack([opaque if p.alpha is None else p.alpha for p in pictures]))


def _alpha_tensor(alpha: np.ndarray) -> Tensor:
    return torch.from_numpy(alpha.astype(np.float32) / 255.0)[:, None]


def _scaled(images: Tensor, alpha: Tensor | None, size: int | None) -> tuple[Tensor, Tensor | None]:
    """Return the pictures with their longer side at `size`."""
    if size is None:
        return images, alpha
    if not 8 <= size <= 4096:
        raise InputError(f"size={size}: expected 8 to 4096 pixels")
    height, width = images.shape[-2:]
    longer = max(height, width)
    target = (max(1, round(height * size / longer)), max(1, round(width * size / longer)))
    if target == (height, width):
        return images, alpha

    def change(x: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(x, target, mode="bilinear", antialias=True)

    return change(images).clamp(-1.0, 1.0), None if alpha is None else change(alpha).clamp(0.0, 1.0)
