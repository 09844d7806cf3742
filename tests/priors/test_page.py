"""The examples of docs/priors.md run, on a tiny model in place of the one they name."""

import re
from pathlib import Path

import pytest
from PIL import Image

from dreamsampler.priors import families

PAGE = Path(__file__).parents[2] / "docs" / "priors.md"


def test_examples_run(
    sd1_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 3
    code = "\n".join(blocks).replace('load("bundled")', f"load({str(sd1_folder)!r})")
    code = code.replace("models/sd15", str(sd1_folder))
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64)).save("cat.png")
    monkeypatch.setattr(families, "FAMILIES", dict(families.FAMILIES))
    exec(compile(code, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.startswith("sd1 eps 64 ")
