"""Every Python block of the documents that run on the exact prior is run, in order, as a reader would."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [
    "docs/tutorial.md",
    "docs/loop.md",
    "docs/editing.md",
    "docs/inverse-problems.md",
    "docs/methods.md",
    "CONTRIBUTING.md",
]


@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page):
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    assert blocks, f"{page} has no examples"
    names: dict = {"__name__": page}
    exec(compile("\n".join(blocks), page, "exec"), names)
    for name, value in names.items():
        if name.startswith("test_"):
            value()  # a page that shows a test shows one that passes


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}, which is not there"
