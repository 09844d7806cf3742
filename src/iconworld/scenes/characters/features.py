"""Eyes, noses and mouths: the same for every head, placed by its frame."""

from __future__ import annotations

from iconworld.scenes.characters.skeleton import Frame
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.palette import GLINT, INK, MOUTH, ROSE
from iconworld.scenes.shapes import Contour, blob, ellipse, moved, polygon, stroke

EXPRESSIONS = ("neutral", "smiling", "laughing", "sad")


def eyes(f: Frame, color: str = INK, tall: float = 1.12) -> list[Path]:
    """Two dark eyes with a glint."""
    both = [(s * f.eye_x + f.look_x, f.eye_y) for s in (-1, 1)]
    r = f.eye
    return [
        path("eyes", color, *(ellipse(x, y, r, r * tall) for x, y in both)),
        path("eyes", GLINT, *(ellipse(x - 0.30 * r, y - 0.38 * r, 0.36 * r) for x, y in both)),
    ]


def brows(f: Frame, color: str, expression: str, width: float = 2.6) -> list[Path]:
    """Two eyebrows; raised at the inner end for a sad face."""
    lift = {"sad": 4.2, "laughing": -1.0}.get(expression, 0.0)
    high = f.eye_y - f.eye * 1.12 - 5.2 - (1.5 if expression == "laughing" else 0.0)
    out = []
    for s in (-1, 1):
        x = s * f.eye_x + f.look_x
        points = [(x - s * 5.6, high - lift), (x, high - 1.6 - lift * 0.25), (x + s * 5.8, high + 0.9 + lift * 0.35)]
        out.append(stroke(points, (width * 0.8, width, width * 0.7)))
    return [path("brows", color, *out)]


def button_nose(f: Frame, color: str = INK, size: float = 1.0) -> list[Path]:
    """A rounded triangle, point down."""
    x, y, r = f.look_x * 1.3, f.nose_y, 5.6 * size * f.muzzle
    shape = blob(
        [
            (x - r, y - 0.42 * r),
            (x, y - 0.66 * r),
            (x + r, y - 0.42 * r),
            (x + 0.25 * r, y + 0.62 * r),
            (x - 0.25 * r, y + 0.62 * r),
        ]
    )
    return [path("nose", color, shape)]


def oval_nose(f: Frame, color: str = INK, rx: float = 6.4, ry: float = 4.4) -> list[Path]:
    """An oval nose with a glint."""
    x, y, m = f.look_x * 1.3, f.nose_y, f.muzzle
    return [
        path("nose", color, ellipse(x, y, rx * m, ry * m)),
        path("nose", "#6d6b78", ellipse(x - 0.3 * rx * m, y - 0.42 * ry * m, 0.34 * rx * m, 0.26 * ry * m)),
    ]


def nostrils(f: Frame, color: str, gap: float, rx: float, ry: float, turn: float = 0.0) -> list[Path]:
    """Two oval nostrils."""
    x, y, m = f.look_x * 1.3, f.nose_y, f.muzzle
    return [path("nose", color, *(ellipse(x + s * gap * m, y, rx * m, ry * m, s * turn) for s in (-1, 1)))]


def _arc(width: float, sag: float, pen: float) -> Contour:
    return stroke(
        [(-width, 0.0), (-0.55 * width, 0.78 * sag), (0.0, sag), (0.55 * width, 0.78 * sag), (width, 0.0)], pen
    )


def _lips(width: float, deep: float) -> tuple[Contour, Contour]:
    """An open mouth and the tongue in it, about its upper edge."""
    opening = blob(
        [
            (-width, -0.6, 0.35),
            (0, 1.2),
            (width, -0.6, 0.35),
            (0.62 * width, 0.74 * deep),
            (0, deep),
            (-0.62 * width, 0.74 * deep),
        ]
    )
    tongue = blob([(-0.5 * width, 0.8 * deep, 0.3), (0, 0.5 * deep), (0.5 * width, 0.8 * deep, 0.3), (0, 0.985 * deep)])
    return opening, tongue


def mouth(f: Frame, expression: str, width: float = 11.0, pen: float = 3.0, ink: str = INK) -> list[Path]:
    """The mouth of one of the four `EXPRESSIONS`."""
    x, y, w = f.look_x * 1.25, f.mouth_y, width * (1 + 0.5 * (f.muzzle - 1))
    if expression == "laughing":
        opening, tongue = _lips(w * 1.12, w * 1.12)
        at = (x, y - 2.6)
        return [path("mouth", MOUTH, moved(opening, *at)), path("mouth", ROSE, moved(tongue, *at))]
    if expression == "smiling":
        return [path("mouth", ink, moved(_arc(w * 1.24, w * 0.68, pen * 1.08), x, y - 2.6))]
    if expression == "sad":
        return [path("mouth", ink, moved(_arc(w * 0.95, -w * 0.56, pen * 1.05), x, y + 3.6))]
    return [path("mouth", ink, moved(_arc(w * 0.66, 0.3, pen), x, y + 0.4))]


def muzzle_line(f: Frame, ink: str = INK, pen: float = 2.4) -> list[Path]:
    """The short line from the nose down to the mouth."""
    x = f.look_x * 1.28
    if f.mouth_y - f.nose_y < 3.0:
        return []
    return [path("mouth", ink, stroke([(x, f.nose_y), (x, f.mouth_y - 0.3)], pen))]


def whiskers(f: Frame, color: str, reach: float = 1.0) -> list[Path]:
    """Two bold whiskers a side."""
    out = []
    for s in (-1, 1):
        x = s * f.w * 0.60 + f.look_x
        for dy, rise in ((-1.5, -2.6), (4.6, 2.4)):
            y = f.nose_y + dy
            out.append(
                stroke([(x, y), (x + s * 9 * reach, y + 0.3 * rise), (x + s * 19 * reach, y + rise)], (2.4, 2.0, 1.2))
            )
    return [path("whiskers", color, *out)]


def cheeks(f: Frame, color: str, size: float = 5.4) -> list[Path]:
    """Rosy cheeks below the eyes."""
    y = f.eye_y + f.eye + 5.5
    return [path("cheeks", color, *(ellipse(s * f.eye_x * 1.36 + f.look_x, y, size, size * 0.72) for s in (-1, 1)))]


def teeth(f: Frame, color: str = GLINT) -> list[Path]:
    """Two front teeth below the mouth."""
    x, y = f.look_x * 1.25, f.mouth_y
    tooth = [(-4.0, 0.8), (4.0, 0.8), (3.4, 6.6), (-3.4, 6.6)]
    return [path("teeth", color, moved(polygon(tooth, 1.6), x, y, f.muzzle))]
