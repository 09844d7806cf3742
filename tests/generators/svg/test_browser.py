"""A browser shows the files that we write as we render them (skipped where none is installed)."""

from pathlib import Path

import numpy as np
import pytest

from dreamsampler.generators.svg.reader import read_svg
from dreamsampler.generators.svg.writer import write_svg

from .browser import find_browser, levels, shown
from .features import EXACT, svg
from .test_reader import IGNORED, scene
from .test_writer import FILLED, _drawing

SIZE = 128
FOREIGN = "switch"
"""Takes the first child that can be shown, which for a browser is the foreign object."""


@pytest.mark.skipif(find_browser() is None, reason="no browser: needs chromium or chrome on the search path")
def test_a_browser_shows_what_we_wrote_and_what_we_read(tmp_path: Path) -> None:
    sources = {name: svg(body) for name, body in EXACT.items()} | {"fills": FILLED.encode()}
    names, originals, written, drawings = [], [], [], []
    for number, (name, data) in enumerate(sources.items()):
        original = tmp_path / f"{number}.svg"
        original.write_bytes(data)
        names.append(name)
        originals.append(original)
        drawings.append(read_svg(data, (SIZE, SIZE)))
        written.append(write_svg(drawings[-1], tmp_path / f"{number}w.svg"))
    for seed in range(3):
        names.append(f"random {seed}")
        written.append(write_svg(_drawing(12, SIZE, seed), tmp_path / f"r{seed}.svg"))
        originals.append(written[-1])
        drawings.append(read_svg(written[-1]))  # with colors of 8 bits, as the file has them
    pictures = shown(str(find_browser()), [*written, *originals], SIZE)
    for k, (name, drawing) in enumerate(zip(names, drawings, strict=True)):
        # browsers measure the arcs under dashes coarsely
        limits = {"written": 0.7, "original": 1.5 if "dash" in name else 1.0}
        for what, picture in (("written", pictures[k]), ("original", pictures[k + len(names)])):
            if (name, what) == (FOREIGN, "original"):
                continue
            assert picture.std() > 5, f"{name}, {what}: the browser shows nothing"
            difference = np.abs(levels(drawing) - picture).mean()
            assert difference < limits[what], f"{name}, {what}: {difference:.2f} levels"


@pytest.mark.skipif(find_browser() is None, reason="no browser: needs chromium or chrome on the search path")
def test_a_browser_ignores_the_values_that_we_ignore(tmp_path: Path) -> None:
    cases = [(key, values[0], value) for key, values in IGNORED.items() for value in values[1:]]
    files = []
    for number, (key, inherited, value) in enumerate(cases):
        files.append(tmp_path / f"{number}.svg")
        files[-1].write_bytes(svg(scene(key, inherited, f'{key}="{value}"')))
    for case, file, picture in zip(cases, files, shown(str(find_browser()), files, SIZE), strict=True):
        difference = np.abs(levels(read_svg(file, (SIZE, SIZE))) - picture).mean()
        assert difference < 1.0, f"{case}: {difference:.2f} levels"
