"""How far the reader's pictures of SVG files are from resvg's, and how long reading takes.

    python -m tests.generators.svg.fidelity FOLDER [--count 98] [--size 128]

reads that many files of a folder (evenly over its sorted names) and the feature files of the tests, and prints mean and
largest difference to resvg's picture, which is drawn at eight times the size and averaged, in 8-bit levels.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

from dreamsampler.core.errors import DreamSamplerError
from dreamsampler.generators.svg.reader import read_svg

from .features import EXACT, svg

FACTOR = 8


def resvg(data: bytes, width: int) -> np.ndarray:
    """resvg's picture on white, [H, W, 3], averaged down, since its own anti-aliasing is coarser than ours."""
    png = resvg_py.svg_to_bytes(
        svg_string=data.decode(), width=width * FACTOR, background="#ffffff", dpi=96, skip_system_fonts=True
    )
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)
    height = picture.shape[0] // FACTOR
    return picture[: height * FACTOR].reshape(height, FACTOR, width, FACTOR, 3).mean((1, 3))


def measure(files: dict[str, bytes], size: int) -> None:
    """Print each file's differences and the summary of all."""
    rows, seconds, failed = [], [], 0
    for name, data in files.items():
        start = time.process_time()
        try:
            drawing = read_svg(data, size)
        except DreamSamplerError as error:
            failed += 1
            print(f"{name:36} {error}")
            continue
        seconds.append(time.process_time() - start)
        theirs = resvg(data, drawing.size[1])
        ours = drawing.render()[0].permute(1, 2, 0).double().numpy() * 255
        gap = np.abs(ours[: len(theirs)] - theirs[: len(ours)])
        rows.append((gap.mean(), gap.max()))
        print(f"{name:36} {gap.mean():8.4f} {gap.max():6.1f} {1000 * seconds[-1]:7.1f} ms  {'; '.join(drawing.notes)}")
    mean, worst = np.array(rows).T
    print(f"{len(rows)} read, {failed} refused")
    print(f"difference: mean {mean.mean():.4f}, worst file {mean.max():.3f}, largest pixel {worst.max():.0f}")
    spent = 1000 * np.array(seconds)
    print(f"CPU ms a file: mean {spent.mean():.1f}, median {np.median(spent):.1f}, most {spent.max():.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=98)
    parser.add_argument("--size", type=int, default=128)
    asked = parser.parse_args()
    found = sorted(asked.folder.glob("*.svg"))
    files = [found[k * len(found) // asked.count] for k in range(asked.count)]
    measure({path.name: path.read_bytes() for path in files}, asked.size)
    measure({name: svg(body) for name, body in EXACT.items()}, 64)


if __name__ == "__main__":
    main()
