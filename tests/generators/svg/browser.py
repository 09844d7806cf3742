"""What a browser shows of SVG files, beside our own rendering of them.

    python -m tests.generators.svg.browser FOLDER [--count 20] [--size 256]

reads that many files of a folder (evenly over its sorted names), writes them with our writer, and prints for each the
mean difference, in 8-bit levels, of our rendering to what the browser shows of the written file and of the original.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from dreamsampler.generators.svg.drawing import Drawing
from dreamsampler.generators.svg.reader import read_svg
from dreamsampler.generators.svg.writer import write_svg

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
COLUMNS = 5


def find_browser() -> str | None:
    """A browser of the Chromium family on the search path."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def shown(browser: str, files: Sequence[Path], size: int) -> list[np.ndarray]:
    """Screenshots of files, each laid on white and fitted into size x size pixels: [size, size, 3], 0 to 255."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        rows = -(-len(files) // COLUMNS)
        images = "".join(f'<img src="{path.absolute().as_uri()}" width="{size}" height="{size}">' for path in files)
        style = f"body{{margin:0;background:#fff;width:{COLUMNS * size}px;font-size:0}}img{{object-fit:contain}}"
        page, shot = folder / "page.html", folder / "shot.png"
        page.write_text(f"<!DOCTYPE html><style>{style}</style>{images}", encoding="utf-8")
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb"]
        flags += ["--force-device-scale-factor=1", f"--user-data-dir={folder / 'profile'}"]
        flags += [f"--window-size={COLUMNS * size},{rows * size}", f"--screenshot={shot}"]
        subprocess.run([browser, *flags, page.as_uri()], check=True, capture_output=True, timeout=300)
        pixels = np.asarray(Image.open(shot).convert("RGB"), dtype=float)
    places = [divmod(k, COLUMNS) for k in range(len(files))]
    return [pixels[row * size : (row + 1) * size, column * size : (column + 1) * size] for row, column in places]


def levels(drawing: Drawing) -> np.ndarray:
    """Our rendering, [H, W, 3], 0 to 255."""
    return drawing.render()[0].permute(1, 2, 0).double().numpy() * 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--size", type=int, default=256)
    asked = parser.parse_args()
    browser = find_browser()
    if browser is None:
        parser.error(f"no browser found; install one of {', '.join(NAMES)}")
    found = sorted(asked.folder.glob("*.svg"))
    files = [found[k * len(found) // asked.count] for k in range(asked.count)]
    with tempfile.TemporaryDirectory() as made:
        drawings = [read_svg(path, (asked.size, asked.size)) for path in files]
        names = [Path(made) / path.name for path in files]
        written = [write_svg(drawing, name) for drawing, name in zip(drawings, names, strict=True)]
        pictures = shown(browser, [*written, *files], asked.size)
    print(f"{'file':40} {'written':>8} {'original':>8}  approximated")
    for k, (path, drawing) in enumerate(zip(files, drawings, strict=True)):
        ours = levels(drawing)
        differences = [np.abs(ours - pictures[at]).mean() for at in (k, k + len(files))]
        print(f"{path.name:40} {differences[0]:8.3f} {differences[1]:8.3f}  {'; '.join(drawing.notes) or '-'}")


if __name__ == "__main__":
    main()
