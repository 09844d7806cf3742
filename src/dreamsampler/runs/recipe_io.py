"""Recipes on disk: inside a PNG or an SVG beside what it shows, or as a JSON file; and the input files that they refer
to."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError
from ..io.atomic import write_text
from ..io.content import read_bytes, sha256_file
from ..io.png import read_recipe_text, write_png
from .recipe import MAX_CHARACTERS, InputRef, Recipe

if TYPE_CHECKING:
    from ..generators.svg.drawing import Drawing


def save_picture(path: str | os.PathLike[str], pixels: NDArray[np.uint8] | Image.Image, recipe: Recipe) -> None:
    """Write a PNG that carries its recipe, whole or not at all.

    Raises:
        InputError: the path does not end in .png or cannot be written.
    """
    write_png(path, pixels, recipe.to_json())


def save_drawing(path: str | os.PathLike[str], drawing: Drawing, recipe: Recipe) -> Path:
    """Write an SVG that carries its recipe, whole or not at all.

    Raises:
        InputError: the path does not end in .svg or cannot be written.
    """
    write_text(path, drawing_text(drawing, recipe, json.loads(recipe.to_json())), (".svg",))
    return Path(path)


def drawing_text(drawing: Drawing, recipe: Recipe, document: Any) -> str:
    """Return the text of such a file; `document` is the recipe as JSON has it."""
    from ..generators.svg.writer import svg_text

    return svg_text(drawing, title=" ".join(recipe.prompts), provenance={"recipe": document})


def load_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Return the recipe of a PNG, an SVG or a JSON file, checked.

    Raises:
        InputError: the file is unreadable, carries no recipe, or one that is not valid; names the file and the field.
    """
    data = read_bytes(path)
    name = os.fspath(path)
    if data.startswith(b"\x89PNG"):
        text = read_recipe_text(data, name)
    elif is_svg(data):
        text = json.dumps(svg_document(data, name))
    elif len(data) > 4 * MAX_CHARACTERS:
        raise InputError(f"{name}: {len(data)} bytes; no recipe is that large")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{name}: is neither PNG, SVG nor JSON text; expected what dreamsampler wrote") from error
    try:
        return Recipe.from_json(text)
    except InputError as error:
        raise InputError(f"{name}: its recipe is not valid: {error}") from error


def is_svg(data: bytes) -> bool:
    """Return True if a file looks like XML (or compressed, as .svgz is)."""
    return data.startswith(b"\x1f\x8b") or data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def svg_document(data: bytes, name: str) -> Any:
    """Return the recipe of an SVG file as JSON has it.

    Raises:
        InputError: broken XML, or no recipe.
    """
    from ..generators.svg.reader import read_provenance

    try:
        found = read_provenance(data)
    except InputError as error:
        raise InputError(str(error).replace("svg:", f"{name}:", 1)) from error
    if found is None or not isinstance(found.get("recipe"), dict):
        raise InputError(f"{name}: carries no recipe; dreamsampler writes one into the metadata of its SVG files")
    return found["recipe"]


def input_ref(
    role: str,
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    sha256: str | None = None,
    prompt: int | None = None,
    inverted: bool = False,
) -> InputRef:
    """Return a reference to an input file.

    Args:
        role: "image", "mask", ...
        path: the file.
        folder: where the result goes. A file below it is named by its relative path, any other by its bare name, so
            that a shared result tells nothing of the disk that it was made on.
        sha256: of the content, where it is known already.
        prompt: index of the prompt that a mask belongs to.
        inverted: for a mask that is read inverted.
    """
    file, base = Path(os.path.abspath(path)), Path(os.path.abspath(folder))
    name = file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name
    if "\\" in name or ":" in name:
        name = ""  # such names mean something else on other systems; the digest still identifies the file
    return InputRef(role, sha256 or sha256_file(file), name, prompt, inverted)


def find_inputs(recipe: Recipe, folders: Sequence[str | os.PathLike[str]]) -> tuple[Path, ...]:
    """Return the recipe's input files, in its order, each verified by its digest.

    Args:
        recipe: what asks for them.
        folders: where to look, first to last: the result's folder, and those that the reader names.

    Raises:
        InputError: a file is missing, has changed, or never was a file.
    """
    return tuple(_find(item, folders) for item in recipe.inputs)


def _find(item: InputRef, folders: Sequence[str | os.PathLike[str]]) -> Path:
    if not item.name:
        raise InputError(f"{item.role}: was not read from a named file; pass it again (SHA-256 {item.sha256[:12]}...)")
    changed: list[str] = []
    for folder in folders:
        candidate = Path(folder) / item.name
        if candidate.is_file():
            if sha256_file(candidate) == item.sha256:
                return candidate
            changed.append(os.fspath(candidate))
    if changed:
        raise InputError(
            f"{changed[0]}: is not the {item.role} of this recipe; it has changed since (its SHA-256 differs)"
        )
    places = ", ".join(os.fspath(folder) or "." for folder in folders) or "no folder"
    raise InputError(f"{item.role} {item.name!r}: not found in {places}; put it there or name its folder")
