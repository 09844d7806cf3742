"""The examples of the guide run, in order, beside a small stand-in for the clone that it speaks of."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "icon-world.md"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#123456"/></svg>'


def test_examples_of_the_guide_run(tmp_path, monkeypatch):
    folder = tmp_path / "noto-emoji" / "svg"
    folder.mkdir(parents=True)
    for code in range(0x1F400, 0x1F43F):
        (folder / f"emoji_u{code:x}.svg").write_text(SVG)
    (folder / "emoji_u1f468_200d_1f4bb.svg").write_text(SVG)
    (folder / "emoji_u1f600.svg").write_text(SVG.replace("<rect", "<script/><rect"))
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 8
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)
    table = (folder / "names.tsv").read_text().splitlines()
    assert "emoji_u1f431.svg\tcat face" in table
    assert len(table) == 64
    assert "1f600" not in "".join(table)
