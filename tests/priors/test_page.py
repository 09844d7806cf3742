"""The examples of docs/priors.md run, on a tiny model in place of the one they name."""

import re
from pathlib import Path

import pytest
import torch

PAGE = Path(__file__).parents[2] / "docs" / "priors.md"


def test_examples_run(sd1_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 2
    code = "\n".join(blocks).replace("models/sd15", str(sd1_folder))
    names = {"images": torch.zeros(1, 3, 64, 64)}
    exec(compile(code, str(PAGE), "exec"), names)
    assert capsys.readouterr().out.startswith("sd1 eps 64 ")
