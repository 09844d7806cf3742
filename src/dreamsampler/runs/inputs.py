"""What a run reads: a picture and masks, each known by its content, wherever it lies."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..core.errors import DreamSamplerError, InputError
from ..io.content import sha256_file
from ..io.images import Picture, Source, read_image, sha256_pixels
from ..io.masks import Mask, read_mask
from ..io.measured import Measured, read_measurement
from ..operators.parse import operator_files
from .recipe import InputRef, Recipe
from .recipe_io import find_inputs, input_ref


class NamedFile(NamedTuple):
    """A file that a setting names: the words for it there, where it lies now, its content's digest.

    Its role is "operator" for masks and kernels of an operator, "start" for a drawing to start from.
    """

    words: str
    path: Path
    sha256: str
    role: str = "operator"


@dataclass(frozen=True, eq=False)
class Inputs:
    """A picture and the masks that belong to it, or a measurement.

    Attributes:
        picture: None for tasks that need none.
        masks: of the picture's size.
        paths: where picture and masks, or measurement and aids, were read from, in that order; None for what was no
            file.
        measured: of tasks that restore.
        aids: files that the settings name.
    """

    picture: Picture | None = None
    masks: tuple[Mask, ...] = ()
    paths: tuple[Path | None, ...] = ()
    measured: Measured | None = None
    aids: tuple[NamedFile, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the files, in words."""
        read = self.measured if self.picture is None else self.picture
        notes = () if read is None else read.notes
        return (*notes, *(f"mask {k + 1}: {note}" for k, mask in enumerate(self.masks) for note in mask.notes))

    def refs(self, prompts: Sequence[int | None]) -> tuple[InputRef, ...]:
        """The inputs as a recipe names them, by bare names; `prompts` holds the index of each mask's prompt."""
        contents: list[tuple[str, str, int | None]] = []
        if self.measured is not None:
            contents = [("measurement", self.measured.sha256, None)]
        elif self.picture is not None:
            contents = [("image", self.picture.sha256, None)]
        contents += [(aid.role, aid.sha256, None) for aid in self.aids]
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
        return dataclasses.replace(recipe, inputs=refs)


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


def read_measured(
    measurement: Source | None, aids: Sequence[tuple[str, Path]] = (), start: tuple[str, Path] | None = None
) -> Inputs:
    """Read and check a measurement and note the files that the settings name.

    Args:
        measurement: None where nothing was measured.
        aids: the words for each file in the operator, and where it lies.
        start: the same of a drawing to start from.

    Raises:
        InputError: see `files.measured.read_measurement`; or a file is not there.
    """
    measured = None if measurement is None else read_measurement(measurement)
    named = [(*aid, "operator") for aid in aids] + ([(*start, "start")] if start else [])
    found = tuple(NamedFile(words, path.absolute(), sha256_file(path), role) for words, path, role in named)
    read = () if measurement is None else (_path(measurement),)
    return Inputs(None, (), (*read, *(aid.path for aid in found)), measured, found)


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
    if recipe.inputs[0].role in ("measurement", "start"):
        return _located_measured(recipe, paths)
    images = [path for ref, path in zip(recipe.inputs, paths, strict=True) if ref.role == "image"]
    if len(images) != 1:
        raise InputError(f"recipe: names {len(images)} pictures; expected one")
    masks = [path for ref, path in zip(recipe.inputs, paths, strict=True) if ref.role == "mask"]
    return read_inputs(images[0], masks)


def _located_measured(recipe: Recipe, paths: Sequence[Path]) -> Inputs:
    """The inputs of a recipe that measures, at these paths."""
    by_role: dict[str, list[Path]] = {"measurement": [], "operator": [], "start": []}
    for ref, path in zip(recipe.inputs, paths, strict=True):
        by_role.setdefault(ref.role, []).append(path)
    words, start = operator_files(getattr(recipe.settings, "operator", ())), by_role["start"]
    if len(words) != len(by_role["operator"]):
        raise InputError(f"recipe: its operator names {len(words)} files, its inputs hold {len(by_role['operator'])}")
    if len(by_role["measurement"]) > 1 or len(start) > 1:
        raise InputError("recipe: names several measurements or starts; expected one")
    measurement = next(iter(by_role["measurement"]), None)
    aids = list(zip(words, by_role["operator"], strict=True))
    return read_measured(measurement, aids, (str(getattr(recipe.settings, "init", "")), start[0]) if start else None)


def _locate(recipe: Recipe, ref: InputRef, folders: Sequence[Path], given: Sequence[Path]) -> Path:
    for path in given:
        if _holds(path, ref):
            return path
    try:
        return find_inputs(dataclasses.replace(recipe, inputs=(ref,)), folders)[0]
    except InputError as error:
        raise InputError(f"{error}; or name the file with --input") from error


def _holds(path: Path, ref: InputRef) -> bool:
    """Whether a file has the content that is looked for: its bytes, or for what was no file the pixels it shows."""
    if sha256_file(path) == ref.sha256:
        return True
    try:
        if ref.role == "measurement":
            return read_measurement(path).sha256 == ref.sha256
        picture = read_image(path)
        if ref.role == "image":
            return sha256_pixels(picture.pixels, picture.alpha) == ref.sha256
        # a mask given as an array is known by its values
        return read_mask(read_mask(path, picture.size).values, picture.size).sha256 == ref.sha256
    except DreamSamplerError:
        return False  # a file that is no picture is not the one


def _path(source: Source) -> Path | None:
    return Path(source).absolute() if isinstance(source, str | os.PathLike) else None
