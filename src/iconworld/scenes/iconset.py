"""Real icons: a folder of SVG files with a `names.tsv`, each file checked before it is believed.

`names.tsv` is tab-separated text: a header line `file<TAB>name`, then a line an icon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from dreamsampler.core.errors import InputError
from iconworld.scenes import captions, sampling
from iconworld.scenes.backgrounds import Background
from iconworld.scenes.drawing import CANVAS, svg_document
from iconworld.scenes.render import rasterize
from iconworld.scenes.svgcheck import MAX_BYTES, parse_svg

MAX_ICONS = 20_000
MAX_NAME = 80
_PURPOSE = 1000


@dataclass(frozen=True)
class Icon:
    """One icon: its file's name, what it shows, and its SVG as an element that fills the canvas."""

    file: str
    name: str
    element: str

    @property
    def split(self) -> str:
        """ "train", "dev" or "test", by a hash of the file's name: about 90, 5 and 5 of a hundred."""
        first = hashlib.sha256(self.file.encode()).digest()[0]
        return "dev" if first < 13 else "test" if first < 26 else "train"


@dataclass(frozen=True)
class IconScene:
    """A real icon on a background, with the same answers as a drawn `Scene`.

    Attributes:
        icon: what is shown.
        background: what is behind it.
        x, y: middle of the icon, in canvas units.
        size: its side as a fraction of the canvas.
        flip: mirrored left to right.
        seed: chooses the varied caption.
    """

    icon: Icon
    background: Background
    x: float = CANVAS / 2
    y: float = CANVAS / 2
    size: float = 0.85
    flip: bool = False
    seed: int = 0

    @property
    def figure(self) -> str:
        """The icon's name."""
        return self.icon.name

    @property
    def nouns(self) -> tuple[str, ...]:
        """The icon's name."""
        return (self.icon.name,)

    def _placed(self) -> str:
        half = self.size * CANVAS / 2
        sx = -self.size if self.flip else self.size
        x = self.x + (half if self.flip else -half)
        return f'<g transform="translate({x:g} {self.y - half:g}) scale({sx:g} {self.size:g})">{self.icon.element}</g>'

    def svg(self) -> str:
        """The scene as an SVG document."""
        ground = (f'<path fill="{p.fill}" d="{p.data()}"/>' for p in self.background.paths())
        return svg_document([*ground, self._placed()])

    def picture(self, size: int = 128) -> NDArray[np.uint8]:
        """The picture, uint8 `[size, size, 3]` (sRGB)."""
        return rasterize(self.svg(), size)[..., :3].copy()

    def masks(self, size: int = 128) -> dict[str, NDArray[np.bool_]]:
        """`"figure 0"`, where the icon covers at least half of the pixel, and `"background"`, bool `[size, size]`."""
        inside = rasterize(svg_document([self._placed()]), size)[..., 3] >= 128
        return {"figure 0": inside, "background": ~inside}

    def full_caption(self) -> str:
        """The plain caption."""
        return captions.fill("{} on a {} background", captions.article(self.icon.name), self.background.color)

    def caption(self, seed: int | None = None) -> str:
        """A caption from varied templates."""
        rng = np.random.Generator(np.random.PCG64([_PURPOSE, self.seed if seed is None else seed]))
        subject = captions.article(self.icon.name)
        if rng.random() < 0.12:
            return str(rng.choice(captions.BARE)).format(subject)
        return captions.fill(str(rng.choice(captions.SINGLE)), subject, self.background.color)


@dataclass(frozen=True)
class IconSet:
    """The icons of a folder, and scenes of them.

    Example:
        >>> icons = load_icons("icons/noto")  # doctest: +SKIP
        >>> icons.sample_scene(0, "test").picture().shape  # doctest: +SKIP
        (128, 128, 3)
    """

    icons: tuple[Icon, ...]

    def of(self, split: str) -> tuple[Icon, ...]:
        """The icons that belong to a split."""
        return tuple(icon for icon in self.icons if icon.split == split)

    def where(self, keep: Callable[[Icon], bool]) -> IconSet:
        """The set of those icons that `keep` accepts."""
        return IconSet(tuple(icon for icon in self.icons if keep(icon)))

    def sample_scene(self, seed: int, split: str = "train", unseen: bool | None = None) -> IconScene:
        """Scene number `seed` of a split.

        Training scenes show training icons, on the backgrounds that are not held out for them. The other splits show
        icons that are never in training (`unseen=True`), or training icons on the backgrounds held out for them
        (`unseen=False`); by default one or the other at random.

        Raises:
            InputError: if the set has no icon to show, or for an unknown split or seed.
        """
        rng = sampling.stream(seed, split, _PURPOSE)
        coin = bool(rng.random() < 0.5)
        fresh = split != "train" and (coin if unseen is None else unseen)
        pool = self.of(split if fresh else "train")
        if not pool:
            raise InputError(f"icons: none of the {len(self.icons)} files belongs to the split {split!r}; add files")
        icon = pool[int(rng.integers(len(pool)))]
        ground = sampling.background(rng, ())
        while not fresh and held_out(icon.file, ground.color) == (split == "train"):
            ground = sampling.background(rng, ())
        size = round(float(rng.uniform(0.66, 0.92)), 3)
        slack = (CANVAS - size * CANVAS) / 2
        x, y = (round(float(CANVAS / 2 + np.clip(rng.normal(0, 0.35), -0.95, 0.95) * slack), 2) for _ in range(2))
        return IconScene(icon, ground, x, y, size, bool(rng.random() < 0.5), int(seed))


def held_out(file: str, color: str) -> bool:
    """Whether this icon on this background color is kept out of training: two of the colors for each icon."""
    names = sorted(sampling.BACKGROUNDS, key=lambda c: hashlib.sha256(f"{file} {c}".encode()).digest())
    return color in names[:2]


def load_icons(folder: str | Path) -> IconSet:
    """Read `names.tsv` and check every file that it names.

    Raises:
        InputError: if the folder, the table or a file is missing, too large, damaged or not to be trusted; the message
            names the file and the line.
    """
    root = Path(folder)
    rows = _read_table(root / "names.tsv")
    return IconSet(tuple(_read_icon(root, file, name) for file, name in rows))


def _read_table(table: Path) -> list[tuple[str, str]]:
    try:
        if table.stat().st_size > MAX_ICONS * 200:
            raise InputError(f"{table} is larger than {MAX_ICONS * 200} bytes: it is no table of icon names")
        lines = table.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{table} cannot be read as UTF-8 text: {error}; see the guide on icon folders") from error
    if not lines or lines[0].split("\t") != ["file", "name"]:
        raise InputError(f"{table} must begin with the line 'file<TAB>name'")
    rows, seen = [], set()
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != 2 or not fields[1].strip() or len(fields[1]) > MAX_NAME:
            raise InputError(
                f"{table}, line {number}: give a file and a name of 1 to {MAX_NAME} characters, tab between"
            )
        file, name = fields[0], " ".join(fields[1].lower().split())
        if file != Path(file).name or not file.endswith(".svg") or file.startswith(".") or "\\" in file:
            raise InputError(
                f"{table}, line {number}: {file[:60]!r} must be the plain name of an .svg file in the folder"
            )
        if file in seen:
            raise InputError(f"{table}, line {number}: {file!r} is listed twice")
        seen.add(file)
        rows.append((file, name))
    if not 0 < len(rows) <= MAX_ICONS:
        raise InputError(f"{table} names {len(rows)} icons: give 1 to {MAX_ICONS}")
    return rows


def _read_icon(folder: Path, file: str, name: str) -> Icon:
    source = folder / file
    try:
        if not source.is_file() or source.is_symlink():
            raise InputError(f"{source} is named in names.tsv but is no regular file there")
        with source.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error}") from error
    root = parse_svg(data, str(source))
    for key in ("width", "height"):
        root.set(key, f"{CANVAS:g}")
    for key in ("x", "y", "style", "class"):
        root.attrib.pop(key, None)
    return Icon(file, name, ElementTree.tostring(root, encoding="unicode"))
