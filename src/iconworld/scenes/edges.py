"""Shapes that lie along the inner side of a contour: crescents of shade and tapering stripes.

Both share a piece of the contour exactly, so they need no clipping and never leave the figure.
"""

from __future__ import annotations

import numpy as np

from iconworld.scenes.shapes import Contour

_STEPS = np.linspace(0.0, 1.0, 9)[:-1]
_BASIS = np.stack([(1 - _STEPS) ** 3, 3 * _STEPS * (1 - _STEPS) ** 2, 3 * _STEPS**2 * (1 - _STEPS), _STEPS**3], 1)


def _segments(contour: Contour) -> Contour:
    """`[n, 4, 2]`: each segment with its end point."""
    parts = contour.reshape(-1, 3, 2)
    return np.concatenate([parts, np.roll(parts[:, :1], -1, 0)], 1)


def _split(segment: Contour, t: float) -> tuple[Contour, Contour]:
    """De Casteljau: the pieces before and after parameter `t`."""
    a = segment[:-1] + t * (segment[1:] - segment[:-1])
    b = a[:-1] + t * (a[1:] - a[:-1])
    c = b[0] + t * (b[1] - b[0])
    return np.stack([segment[0], a[0], b[0], c]), np.stack([c, b[1], a[2], segment[3]])


def samples(contour: Contour) -> Contour:
    """Eight points a segment along the curve, `[8 n, 2]`."""
    return (_BASIS @ _segments(contour)).reshape(-1, 2)


def center(contour: Contour) -> Contour:
    """Middle of the bounding box of the curve."""
    points = samples(contour)
    return (points.min(0) + points.max(0)) / 2.0


def locate(contour: Contour, angle: float) -> float:
    """Parameter (whole part: segment; rest: place in it) where the curve is met in a direction.

    `angle` is in degrees clockwise from straight up, seen from the middle of the bounding box.
    """
    points = samples(contour)
    ray = points - (points.min(0) + points.max(0)) / 2.0
    gap = (np.degrees(np.arctan2(ray[:, 0], -ray[:, 1])) - angle + 180.0) % 360.0 - 180.0
    best = int(np.argmin(np.abs(gap)))
    other = (best + 1) % len(gap) if gap[best] * gap[(best + 1) % len(gap)] <= 0 else (best - 1) % len(gap)
    share = gap[best] / (gap[best] - gap[other]) if gap[best] * gap[other] < 0 else 0.0
    return (best + (share if other == (best + 1) % len(gap) else -share)) % len(gap) / len(_STEPS)


def piece(contour: Contour, start: float, stop: float) -> Contour:
    """The part of the curve between two parameters, run forwards, as segments `[m, 4, 2]`."""
    segments, count = _segments(contour), len(contour) // 3
    span = (stop - start) % count
    i, t = int(start) % count, start - int(start)
    out = []
    while span > 1e-9:
        end = min(1.0, t + span)
        head = _split(segments[i], t)[1] if t > 0 else segments[i]
        out.append(_split(head, (end - t) / (1.0 - t))[0] if end < 1.0 else head)
        span, i, t = span - (end - t), (i + 1) % count, 0.0
    return np.stack(out)


def _ordered(contour: Contour, angle0: float, angle1: float) -> Contour:
    """The piece that runs through the directions from `angle0` up to `angle1`, whichever way the contour runs."""
    points = samples(contour)
    nxt = np.roll(points, -1, 0)
    clockwise = float(np.sum(points[:, 0] * nxt[:, 1] - nxt[:, 0] * points[:, 1])) > 0
    a, b = (angle0, angle1) if clockwise else (angle1, angle0)
    return piece(contour, locate(contour, a), locate(contour, b))


def crescent(contour: Contour, angle0: float, angle1: float, depth: float) -> Contour:
    """A crescent along the inside of the edge between two directions (degrees clockwise from up), `depth` thick."""
    along = _ordered(contour, angle0, angle1)
    middle = center(contour)
    inner = along[::-1, ::-1].copy()
    count = 3 * len(inner)
    points = np.concatenate([inner[:, :3].reshape(-1, 2), inner[-1, 3:]])
    swell = np.sin(np.linspace(0.0, np.pi, count + 1))[:, None] ** 0.8
    toward = middle - points
    points = points + toward / np.maximum(np.hypot(*toward.T), 1e-9)[:, None] * depth * swell
    return np.concatenate([along[:, :3].reshape(-1, 2), points[:-1]])


def stripe(contour: Contour, angle: float, width: float, tip: tuple[float, float], bend: float = 0.0) -> Contour:
    """A stripe that starts `width` degrees wide on the edge, in direction `angle`, and tapers to the point `tip`.

    `bend` moves the middle of both sides sideways (in the contour's units) for a curved stripe.
    """
    along = _ordered(contour, angle - width / 2.0, angle + width / 2.0)
    a, b, end = along[0, 0], along[-1, 3], np.asarray(tip, dtype=np.float64)
    axis = end - (a + b) / 2.0
    aside = np.array([-axis[1], axis[0]]) / max(float(np.hypot(*axis)), 1e-9) * bend
    back = [b, b + axis * 0.4 + aside, end + (b - a) * 0.22 - axis * 0.1 + aside * 0.3]
    home = [end, end - (b - a) * 0.22 - axis * 0.1 + aside * 0.3, a + axis * 0.4 + aside]
    return np.concatenate([along[:, :3].reshape(-1, 2), np.array(back), np.array(home)])
