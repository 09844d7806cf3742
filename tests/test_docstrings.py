"""Every example in a docstring runs as it stands and prints what it shows."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import dreamsampler
import iconworld

PACKAGES = (dreamsampler, iconworld)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


def modules() -> list[str]:
    names = [m.name for package in PACKAGES for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    return sorted(name for name in names if not name.endswith("__main__"))


def examples(module: ModuleType) -> list[doctest.DocTest]:
    """The tests of a module's docstrings that hold at least one example."""
    found = doctest.DocTestFinder(exclude_empty=True).find(module, globs=scope(module))
    return [test for test in found if test.examples]


def scope(module: ModuleType) -> dict[str, object]:
    """What an example may use without importing it: the module's own names and torch."""
    import torch

    return {"torch": torch, "dreamsampler": dreamsampler, **vars(module)}


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_run(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    report: list[str] = []
    for test in examples(importlib.import_module(name)):
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_a_wrong_example_is_seen() -> None:
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(wrong, out=lambda text: None)
    assert runner.failures == 1
