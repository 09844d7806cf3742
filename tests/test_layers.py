"""Imports point one way: each layer knows the ones before it and nothing of those after it."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "dreamsampler"

LAYERS = (
    ("core",),
    ("io",),
    ("priors", "operators", "generators"),
    ("steering",),
    ("tasks", "methods"),
    ("runs",),
    ("bench",),
    ("frontends",),
)
OURS = {"dreamsampler", "iconworld"}
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
# import name -> distribution, where the two differ and the distribution may not be installed
DISTRIBUTIONS = {
    "PIL": "pillow",
    "resvg_py": "resvg-py",
    "huggingface_hub": "huggingface-hub",
    "skimage": "scikit-image",
}
# compared with where a reader has built them; no package index has them, so no extra can ask for them
UNPUBLISHED = {"pydiffvg"}


class Import(NamedTuple):
    file: Path
    line: int
    target: str
    lazy: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.target}"


def layer_of(module: str) -> str | None:
    """The layer that a module belongs to; None for the package's own top level and for other packages."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "dreamsampler" else None


def imports_of(text: str, file: Path, package: str) -> list[Import]:
    """Every import in a module's text, relative ones resolved; `package` is the dotted package that the file is in."""
    tree = ast.parse(text)
    nested = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            # "from dreamsampler import core" names the layer only in the alias
            targets = [f"{module}.{alias.name}" if module == "dreamsampler" else module for alias in node.names]
        else:
            continue
        found += [Import(file, node.lineno, target, id(node) in nested) for target in dict.fromkeys(targets)]
    return found


def all_imports(folder: Path, root: Path) -> list[Import]:
    found = []
    for file in sorted(folder.rglob("*.py")):
        package = ".".join(file.relative_to(root).parent.parts)
        found += imports_of(file.read_text("utf-8"), file.relative_to(root), package)
    return found


def misdirected(imports: list[Import]) -> list[str]:
    """The imports that point to a later layer, or into an unlisted one."""
    wrong = []
    for item in imports:
        if len(item.file.parts) < 3:  # dreamsampler/__init__.py offers the other layers' names
            continue
        here, there = item.file.parts[1], layer_of(item.target)
        if there in RANK and RANK[there] > RANK[here]:
            wrong.append(str(item))
    return wrong


@pytest.fixture(scope="module")
def source_imports() -> list[Import]:
    return all_imports(PACKAGE, SOURCE)


def test_every_folder_is_a_layer() -> None:
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/**/*.py")}
    assert folders <= RANK.keys()


def test_imports_point_only_to_earlier_layers(source_imports: list[Import]) -> None:
    assert misdirected(source_imports) == []


def test_layers_of_one_rank_do_not_import_each_other_both_ways(source_imports: list[Import]) -> None:
    edges = {(item.file.parts[1], layer_of(item.target)) for item in source_imports if len(item.file.parts) > 2}
    both = {(a, b) for a, b in edges if a != b and (b, a) in edges}
    assert both == set()


def test_only_benchmarks_and_front_ends_know_the_icon_world(source_imports: list[Import]) -> None:
    users = {item.file.parts[1] for item in source_imports if item.target.split(".")[0] == "iconworld"}
    assert users <= {"bench", "frontends"}


@pytest.mark.parametrize(
    "line",
    ["from ..tasks import edit", "import dreamsampler.bench.speed", "from dreamsampler import frontends"],
)
def test_the_check_sees_a_wrong_import(line: str) -> None:
    file = Path("dreamsampler/steering/guidance.py")
    assert misdirected(imports_of(line, file, "dreamsampler.steering"))
    assert misdirected(imports_of(f"def f():\n    {line}", file, "dreamsampler.steering")), "a lazy import counts too"


def third_party(imports: list[Import]) -> dict[str, set[Path]]:
    """Import name -> the files that import it, for what is neither ours nor the standard library's."""
    users: dict[str, set[Path]] = {}
    for item in imports:
        root = item.target.split(".")[0]
        if root not in OURS and root not in sys.stdlib_module_names:
            users.setdefault(root, set()).add(item.file)
    return users


def distribution(name: str) -> str:
    known = metadata.packages_distributions().get(name, [DISTRIBUTIONS.get(name, name)])
    return DISTRIBUTIONS.get(name, known[0]).lower().replace("_", "-")


def declared() -> tuple[set[str], set[str]]:
    """(required distributions, those of the extras), from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def names(requirements: list[str]) -> set[str]:
        cut = str.maketrans(dict.fromkeys("[<>=!~; ", " "))
        return {line.translate(cut).split()[0].lower().replace("_", "-") for line in requirements}

    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return names(project["dependencies"]), names(extras) - names(project["dependencies"])


def test_core_imports_torch_and_what_declares_settings(source_imports: list[Import]) -> None:
    core = [item for item in source_imports if item.file.parts[1] == "core"]
    assert third_party(core).keys() == {"torch", "annotated_doc", "annotated_types", "pydantic"}


def test_an_optional_dependency_is_imported_in_one_file_only(source_imports: list[Import]) -> None:
    required, optional = declared()
    optional_users = {
        name: sorted(map(str, users))
        for name, users in third_party(source_imports).items()
        if distribution(name) not in required
    }
    unknown = {
        name: users for name, users in optional_users.items() if distribution(name) not in optional | UNPUBLISHED
    }
    assert unknown == {}, "declared nowhere in pyproject.toml"
    assert {name: users for name, users in optional_users.items() if len(users) > 1} == {}


def test_an_optional_dependency_is_imported_where_it_is_used(source_imports: list[Import]) -> None:
    required, _ = declared()
    eager = [item for item in source_imports if not item.lazy]
    for name, users in third_party(eager).items():
        assert distribution(name) in required, f"{name} is optional: import it inside a function in {users}"


def test_nothing_imports_torchvision(source_imports: list[Import]) -> None:
    everything = source_imports + all_imports(ROOT / "tests", ROOT)
    assert [str(item) for item in everything if item.target.split(".")[0] == "torchvision"] == []


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after running `code`."""
    tell = "\nimport sys\nprint('\\n' + ' '.join({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code + tell], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"torch", "torchvision", "diffusers", "transformers"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import dreamsampler") & HEAVY == set()


def test_importing_the_core_loads_only_torch() -> None:
    modules = " ,".join(f"dreamsampler.core.{path.stem}" for path in (PACKAGE / "core").glob("[!_]*.py"))
    assert loaded_after(f"import {modules}") & HEAVY == {"torch"}


def test_help_loads_no_model_library() -> None:
    if not (PACKAGE / "frontends/cli/main.py").exists():
        pytest.skip("no command line yet")
    code = """
import sys
from dreamsampler.frontends.cli.main import main
sys.argv = ["dreamsampler", "--help"]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
"""
    assert loaded_after(code) & HEAVY == set()
