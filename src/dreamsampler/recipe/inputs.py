"""What a run reads: a picture and masks, each known by its content, wherever it lies."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import DreamSamplerError, InputError
from ..files.content import sha256_file
from ..files.images import Picture, Source, read_image, sha256_pixels
from ..files.masks import Mask, read_mask
from .carry import find_inputs, input_ref
from .recipe import InputRef, Recipe


@dataclass(frozen=True, eq=False)
class Inputs:
    """A picture and the masks that belong to it.

    Attributes:
        picture: None for tasks that need none.
        masks: of the picture's size.
        paths: where picture and masks were read from, in that order; None for what was no file.
    """

    picture: Picture | None = None
    masks: tuple[Mask, ...] = ()
    paths: tuple[Path | None, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the files, in words."""
        notes = () if self.picture is None else self.picture.notes
        return (*notes, *(f"mask {k + 1}: {note}" for k, mask in enumerate(self.masks) for note in mask.notes))

    def refs(self, prompts: Sequence[int | None]) -> tuple[InputRef, ...]:
        """The inputs as a recipe names them, by bare names; `prompts` holds the index of each mask's prompt."""
        if self.picture is None:
            return ()
        contents: list[tuple[str, str, int | None]] = [("image", self.picture.sha256, None)]
        contents += [("mask", mask.sha256, prompt) for mask, prompt in zip(self.masks, prompts, strict=True)]
        return tuple(
            InputRef(role, digest, "", prompt)
            if path is None
            else input_ref(role, path, path.parent, sha256=digest, prompt=prompt)
            for (role, digest, prompt), path in zip(contents, self.paths, strict=True)
        )

    def named_from(self, recipe: Recipe, folder: Path) -> Recipe:
        """The recipe with its inputs named as seen from a folder, where they lie in it."""
        refs = tuple(
            ref if path is None else input_ref(ref.role, path, folder, sha256=ref.sha256, prompt=ref.prompt)
            for ref, path in zip(recipe.inputs, self.paths, strict=True)
        )
        return dataclasses.replace(recipe, inputs=refs, tasks=None)


def read_inputs(
    image: Source, masks: Sequence[Source] = (), *, value_range: tuple[float, float] = (0.0, 1.0)
) -> Inputs:
    """Read and check a picture and its masks.

    Raises:
        InputError: see `files.images.read_image` and `files.masks.read_mask`.
    """
    picture = read_image(image, value_range=value_range)
    read = tuple(
        read_mask(mask, picture.size, name=None if _path(mask) else f"mask {k + 1}") for k, mask in enumerate(masks)
    )
    return Inputs(picture, read, tuple(_path(source) for source in (image, *masks)))


def locate_inputs(recipe: Recipe, folders: Sequence[Path], given: Sequence[Path] = ()) -> Inputs:
    """The inputs of a recipe, found by their content and read.

    Args:
        recipe: whose inputs to find.
        folders: where they may lie under the names that the recipe has for them.
        given: files that the user says are the inputs, under any name.

    Raises:
        InputError: one is missing, or was changed since; says which and what to do.
    """
    if not recipe.inputs:
        return Inputs()
    paths = [_locate(recipe, ref, folders, given) for ref in recipe.inputs]
    images = [path for ref, path in zip(recipe.inputs, paths, strict=True) if ref.role == "image"]
    if len(images) != 1:
        raise InputError(f"recipe: names {len(images)} pictures; expected one")
    masks = [path for ref, path in zip(recipe.inputs, paths, strict=True) if ref.role == "mask"]
    return read_inputs(images[0], masks)


def _locate(recipe: Recipe, ref: InputRef, folders: Sequence[Path], given: Sequence[Path]) -> Path:
    for path in given:
        if _holds(path, ref):
            return path
    try:
        return find_inputs(dataclasses.replace(recipe, inputs=(ref,), tasks=None), folders)[0]
    except InputError as error:
        raise InputError(f"{error}; or name the file with --input") from error


def _holds(path: Path, ref: InputRef) -> bool:
    """Whether a file has the content that is looked for: its bytes, or for what was no file the pixels it shows."""
    if sha256_file(path) == ref.sha256:
        return True
    try:
        picture = read_image(path)
        if ref.role == "image":
            return sha256_pixels(picture.pixels, picture.alpha) == ref.sha256
        # a mask given as an array is known by its values
        return read_mask(read_mask(path, picture.size).values, picture.size).sha256 == ref.sha256
    except DreamSamplerError:
        return False  # a file that is no picture is not the one


def _path(source: Source) -> Path | None:
    return Path(source).absolute() if isinstance(source, str | os.PathLike) else None
