"""Results on disk, one line each, so that a benchmark that was killed goes on where it stood."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ..core.errors import InputError
from ..io.atomic import make_folder as make_writable

Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Result:
    """What one recipe gave.

    Attributes:
        key: the recipe's hash.
        labels: what the row is about: {"method": "sdedit", "task": "cat2dog", ...}.
        values: numbers by name; None where undefined.
        note: what went wrong, if something did.
    """

    key: str
    labels: Mapping[str, str]
    values: Values
    note: str = ""

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            if value is not None and not math.isfinite(value):
                raise InputError(f"{name}={value}: a result is a finite number, or None where it is undefined")
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def to_line(self) -> str:
        document = {"key": self.key, "labels": dict(self.labels), "values": dict(self.values), "note": self.note}
        return json.dumps(document, ensure_ascii=True, allow_nan=False) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Result:
        document = json.loads(line)
        return cls(document["key"], document["labels"], document["values"], document["note"])


def make_folder(out: Path | None) -> None:
    """Make the folder of results, if one is wanted, before the work begins.

    Raises:
        InputError: it cannot be made or written to.
    """
    if out is not None:
        make_writable(out)


@dataclass
class Store:
    """Finished results, in memory and, with a path, in a `.jsonl` file that each is appended to and synced.

    A half line at the end, which a kill in mid-write leaves, is cut off when the file is opened.

    Raises:
        InputError: the file cannot be read or written, or holds something else.

    Example:
        >>> store = Store()
        >>> store.add(Result("1f", {"method": "sdedit"}, {"PSNR": 20.0}))
        >>> "1f" in store.results
        True
    """

    path: Path | None = None
    results: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            data = self.path.read_bytes() if self.path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            if len(whole) != len(data):
                with self.path.open("rb+") as stream:
                    stream.truncate(len(whole))
            else:
                self.path.touch()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be opened ({error.strerror or error})") from error
        for number, line in enumerate(whole.decode("utf-8", "replace").splitlines(), 1):
            try:
                result = Result.from_line(line)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(f"{self.path}, line {number}: no benchmark result; use another --out") from error
            self.results[result.key] = result

    def add(self, result: Result) -> None:
        """Keep a result, on disk before this returns."""
        self.results[result.key] = result
        if self.path is None:
            return
        try:
            with self.path.open("ab") as stream:
                stream.write(result.to_line().encode("ascii"))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror or error})") from error


@dataclass(frozen=True)
class Item:
    """One piece of work: `work()` gives its result, `key` says whether that is known already."""

    key: str
    title: str
    work: Callable[[], Result]


OnItem = Callable[[int, int, str], None]
"""(items done, items in all, the title of the one that comes next or "")"""


def work_through(items: Sequence[Item], store: Store, on_item: OnItem | None = None) -> list[Result]:
    """The result of every item, in order, those already in the store not computed again."""
    for done, item in enumerate(items):
        if on_item is not None:
            on_item(done, len(items), item.title)
        if item.key not in store.results:
            store.add(item.work())
    if on_item is not None:
        on_item(len(items), len(items), "")
    return [store.results[item.key] for item in items]
