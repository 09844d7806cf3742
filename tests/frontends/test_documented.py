"""Every command that docs/cli.md and docs/editing.md show is run as it stands there, on a tiny model with few steps."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from .conftest import Cli, box, picture

ROOT = Path(__file__).parents[2]
# commands that run a model, and therefore take --model and --steps
RUNS = ("edit", "generate", "invert", "demo")


def documented() -> list[str]:
    lines = []
    for page in ("docs/cli.md", "docs/editing.md"):
        for block in re.findall(r"^```bash\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S):
            lines += [line.split(" # ")[0] for line in block.splitlines() if line.startswith("dreamsampler ")]
    return lines


def test_the_pages_show_every_shared_command() -> None:
    shown = {line.split()[1] for line in documented()}
    assert {"edit", "generate", "invert", "models", "verify", "demo"} <= shown


def test_documented_commands_run(cli: Cli, sd1: Path, folder: Path) -> None:
    for name in ("cat", "face", "two"):
        picture().save(f"{name}.png")
    for name, left, right in (("eyes", 10, 30), ("left", 4, 22), ("right", 24, 44)):
        box(left=left, right=right).save(f"{name}.png")
    for line in documented():
        here = line.replace("/tmp/", "").replace("~/pictures/", "").replace("~/models/sd15", str(sd1))
        words = shlex.split(here)[1:]
        if words[0] in RUNS:
            # the last of a repeated option counts
            words += ["--model", str(sd1), "--steps", "1"]
        done = cli(*words)
        assert done.exit_code == 0, f"{line}: {done.stderr}"
        for out in re.findall(r"(?:-o|--grid|--animate) (\S+)", line):
            made = Path(out.replace("/tmp/", ""))
            assert made.exists() or made.with_name("cat-0.png").exists(), f"{line}: no {out}"


COMMANDS = ("edit", "generate", "invert", "inpaint", "restore", "vectorize", "verify", "demo", "models", "schema")


@pytest.mark.parametrize("page", ["docs/cli.md"])
def test_documented_options_exist(cli: Cli, page: str) -> None:
    known = "".join(cli(name, "--help").stdout for name in COMMANDS)
    text = (ROOT / page).read_text(encoding="utf-8")
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - {"--help"}:
        assert option in known, f"{page} speaks of {option}"
