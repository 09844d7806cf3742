"""The recipe of a run: a small JSON document from which the run can be repeated and its result verified."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from ..core.errors import InputError
from ..core.settings import check, dump
from ..tasks.settings import RunSettings
from . import checks
from .registry import task_of
from .upgrade import upgraded

S = TypeVar("S")
Scalar = bool | int | float | str | None
FORMAT = 2
MAX_CHARACTERS = 2**20
_ROLE = re.compile(r"[a-z][a-z_]{0,31}")
_PACKAGES = ("dreamsampler", "torch", "diffusers", "transformers", "numpy", "pillow")


@dataclass(frozen=True)
class ModelRef:
    """Which checkpoint.

    Attributes:
        id: Hub id, name of a local folder or file, or "bundled".
        revision: commit on the Hub, where there is one.
        sha256: digest of each weights file by its path inside the model.
    """

    id: str
    revision: str | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.text(self.id, "model.id", 1024, empty=False)
        if self.revision is not None:
            checks.text(self.revision, "model.revision", 256, empty=False)
        digests = checks.texts(self.sha256, "model.sha256", 1000, checks.sha256)
        object.__setattr__(self, "sha256", MappingProxyType(digests))


@dataclass(frozen=True)
class InputRef:
    """A file that the run read.

    Attributes:
        role: what it was: "image", "mask", "measurement", ...
        sha256: of its content.
        name: its path relative to the result's folder, with forward slashes and never upwards; "" if it was no file.
        prompt: index of the prompt that a mask belongs to.
        inverted: a mask that was inverted.
    """

    role: str
    sha256: str
    name: str = ""
    prompt: int | None = None
    inverted: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.role, str) or not _ROLE.fullmatch(self.role):
            raise InputError(f"inputs.role: {checks.kind(self.role)}; expected a word in lower case, such as image")
        checks.sha256(self.sha256, f"inputs.{self.role}.sha256")
        name = checks.text(self.name, f"inputs.{self.role}.name", 1024)
        path = PurePosixPath(name)
        # a recipe may come from a stranger's picture: it must not point at files anywhere on this disk
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise InputError(
                f"inputs.{self.role}.name: {name[:80]!r}; expected a relative path that stays in its folder"
            )
        if self.prompt is not None:
            checks.integer(self.prompt, f"inputs.{self.role}.prompt", 0, 63)
        if not isinstance(self.inverted, bool):
            raise InputError(f"inputs.{self.role}.inverted: {checks.kind(self.inverted)}; expected true or false")


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a result, and what happened on the way to it.

    Attributes:
        task: a name in `registry.TASKS`.
        model: the checkpoint.
        prompts: the target prompts.
        inputs: the files that were read.
        settings: every number and choice of the task, an instance of its settings class; a mapping is made one.
        run: where and how precisely it was computed.
        seeds: one for each item of the batch.
        versions: of the packages that computed it.
        notes: the receipt: resizes, fallbacks, warnings. Not part of the hash.

    Example:
        >>> recipe = Recipe("generate", ModelRef("bundled"), ("a red heart",), settings={"steps": 20})
        >>> Recipe.from_json(recipe.to_json()) == recipe
        True
    """

    task: str
    model: ModelRef
    prompts: tuple[str, ...] = ()
    inputs: tuple[InputRef, ...] = ()
    settings: Any = field(default_factory=dict)
    run: RunSettings = field(default_factory=RunSettings)
    seeds: tuple[int, ...] = (0,)
    versions: Mapping[str, str] = field(default_factory=lambda: current_versions())
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        known = task_of(checks.text(self.task, "task", 64, empty=False)).settings
        put("settings", self._checked(self.settings, known, "settings"))
        put("run", self._checked(self.run, RunSettings, "run"))
        put("prompts", checks.sequence(self.prompts, "prompts", 64, lambda v, w: checks.text(v, w, 10_000)))
        put(
            "seeds",
            checks.sequence(self.seeds, "seeds", 65_536, lambda v, w: checks.integer(v, w, -(2**63), 2**64 - 1)),
        )
        put(
            "versions",
            MappingProxyType(checks.texts(self.versions, "versions", 100, lambda v, w: checks.text(v, w, 100))),
        )
        put("notes", checks.sequence(self.notes, "notes", 1000, lambda v, w: checks.text(v, w, 2000)))
        put("inputs", checks.sequence(self.inputs, "inputs", 1000, _is_input))
        if not isinstance(self.model, ModelRef):
            raise InputError(f"model: {checks.kind(self.model)}; expected a ModelRef")
        if not self.seeds:
            raise InputError("seeds: empty; expected one for each item")
        for item in self.inputs:
            if item.prompt is not None and item.prompt >= len(self.prompts):
                raise InputError(f"inputs.{item.role}.prompt: {item.prompt}; there are {len(self.prompts)} prompts")

    @staticmethod
    def _checked(value: Any, cls: type[Any], where: str) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: {checks.kind(value)}; expected an object")
        return check(cls, value, f"{where}.")

    def __hash__(self) -> int:
        return hash(self.recipe_hash())

    def __reduce__(self) -> tuple[Any, ...]:
        # read-only mappings cannot be pickled or deep-copied; plain ones can
        state = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        model = (self.model.id, self.model.revision, dict(self.model.sha256))
        return _revive, (state | {"versions": dict(self.versions), "model": model},)

    def settings_as(self, cls: type[S]) -> S:
        """Return the settings in the type that the caller knows them by.

        Raises:
            InputError: the recipe is of another task.
        """
        if not isinstance(self.settings, cls):
            raise InputError(f"task: {self.task!r}; its settings are no {cls.__name__}")
        return self.settings

    def with_notes(self, *notes: str) -> Recipe:
        """The same recipe with more lines on its receipt."""
        return dataclasses.replace(self, notes=(*self.notes, *notes))

    def recipe_hash(self) -> str:
        """SHA-256 of the canonical JSON without the notes: equal for runs that must give equal results."""
        return digest(self._document(notes=False))

    def to_json(self) -> str:
        """The document as indented JSON."""
        return json.dumps(self._document(notes=True), indent=1, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """The recipe of a document that anyone may have written.

        Raises:
            InputError: no JSON, another format, an unknown or missing field, a wrong type or range; names the field.
        """
        return _from_document(checks.parse_object(text, "recipe", MAX_CHARACTERS))

    def _document(self, notes: bool) -> dict[str, Any]:
        document: dict[str, Any] = {
            "format": FORMAT,
            "task": self.task,
            "model": {"id": self.model.id, "revision": self.model.revision, "sha256": dict(self.model.sha256)},
            "prompts": list(self.prompts),
            "inputs": [dataclasses.asdict(item) for item in self.inputs],
            "settings": dump(self.settings),
            "run": dump(self.run),
            "seeds": list(self.seeds),
            "versions": dict(self.versions),
        }
        return document | {"notes": list(self.notes)} if notes else document


def _revive(state: dict[str, Any]) -> Recipe:
    return Recipe(**(state | {"model": ModelRef(*state["model"])}))


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def case_key(
    task: str, model: ModelRef, prompts: Sequence[str], settings: Mapping[str, Any], seeds: Sequence[int]
) -> str:
    """Return what identifies a benchmark's case in a store: a digest of all that determines its result."""
    identity = {"id": model.id, "revision": model.revision, "sha256": dict(model.sha256)}
    document = {"task": task, "model": identity, "prompts": list(prompts), "settings": dict(settings)}
    return digest(document | {"seeds": list(seeds), "versions": current_versions()})


def current_versions() -> dict[str, str]:
    """Versions of the packages that have a say in a result; those not installed are left out."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _is_input(value: Any, where: str) -> InputRef:
    if not isinstance(value, InputRef):
        raise InputError(f"{where}: {checks.kind(value)}; expected an InputRef")
    return value


def _from_document(document: dict[str, Any]) -> Recipe:
    if "format" not in document:
        raise InputError("recipe: lacks the field 'format'")
    version = checks.integer(document["format"], "format", 1, 2**31)
    if version > FORMAT:
        raise InputError(f"format: {version}; this dreamsampler reads up to {FORMAT}, use a newer one")
    names = ("format", "task", "model", "prompts", "inputs", "settings", "run", "seeds", "versions", "notes")
    found = checks.fields(upgraded(document) if version == 1 else document, "recipe", dict.fromkeys(names, True))
    model = checks.fields(found["model"], "model", {"id": True, "revision": True, "sha256": True})
    inputs = checks.sequence(found["inputs"], "inputs", 1000, _input_from)
    rest = {name: found[name] for name in names if name not in ("format", "model", "inputs")}
    return Recipe(model=ModelRef(**model), inputs=inputs, **rest)


def _input_from(value: Any, where: str) -> InputRef:
    required = {"role": True, "sha256": True, "name": True, "prompt": False, "inverted": False}
    return InputRef(**checks.fields(value, where, required))
