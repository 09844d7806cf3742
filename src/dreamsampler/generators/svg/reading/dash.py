"""Dashed curves: cut a curve by arc length."""

from __future__ import annotations

import numpy as np

from .geometry import Array, Curve
from .stroke import halves

SAMPLES = 32
MAX_DASHES = 10_000


def dashed(curves: list[Curve], pattern: list[float], offset: float) -> list[Curve]:
    """The drawn parts of curves under a dash pattern (lengths on, off, on, ...) that starts `offset` into itself.

    An odd pattern counts twice, as SVG has it. Each subpath starts the pattern anew; where a closed one begins and ends
    within dashes, these are one, joined at the start. Curves are returned whole where the pattern is empty, sums to
    nothing, or would give more than `MAX_DASHES` dashes.
    """
    pattern = pattern * 2 if len(pattern) % 2 else pattern
    period = sum(pattern)
    if not pattern or period <= 0 or min(pattern) < 0:
        return curves
    total = sum(float(_lengths(curve.points)[:, -1].sum()) for curve in curves)
    if total / period * len(pattern) > MAX_DASHES:
        return curves
    return [dash for curve in curves for dash in _dashes(curve, pattern, offset % period)]


def _lengths(points: Array) -> Array:
    """Arc length from the start of each cubic to each of SAMPLES parameters in (0, 1]: `[S, SAMPLES]`."""
    cubics = np.stack([points[0:-3:3], points[1::3], points[2::3], points[3::3]], axis=1)
    t = np.linspace(0, 1, SAMPLES + 1)[:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    line = np.einsum("nk,skd->snd", basis, cubics)
    steps = np.hypot(*np.moveaxis(np.diff(line, axis=1), -1, 0))
    result: Array = steps.cumsum(1)
    return result


def _dashes(curve: Curve, pattern: list[float], phase: float) -> list[Curve]:
    points = curve.points
    lengths = _lengths(points)
    ends = lengths[:, -1].cumsum()
    whole = float(ends[-1])
    place, entry = -phase, 0
    found: list[tuple[float, float]] = []
    while place < whole:
        stop = place + pattern[entry % len(pattern)]
        # a dash of no length is a dot where caps draw one, also at the very start
        if entry % 2 == 0 and (stop > 0 or place == 0):
            found.append((max(place, 0.0), min(stop, whole)))
        place, entry = stop, entry + 1
    parts = [_part(points, lengths, ends, *span) for span in found]
    if not curve.closed or len(found) == 0 or found[0][0] > 0 or found[-1][1] < whole or found[0][1] == 0:
        return [Curve(part, False) for part in parts]
    if len(parts) == 1:
        return [curve]
    around = np.concatenate([parts[-1], parts[0][1:]])
    return [Curve(part, False) for part in (around, *parts[1:-1])]


def _part(points: Array, lengths: Array, ends: Array, start: float, stop: float) -> Array:
    """The curve between two arc lengths."""
    first = min(int(np.searchsorted(ends, start, side="right")), len(ends) - 1)
    last = max(first, min(int(np.searchsorted(ends, stop, side="left")), len(ends) - 1))
    rows: list[Array] = []
    for segment in range(first, last + 1):
        before = ends[segment] - lengths[segment, -1]
        cubic = points[3 * segment : 3 * segment + 4]
        t0 = _parameter(lengths[segment], start - before) if segment == first else 0.0
        t1 = _parameter(lengths[segment], stop - before) if segment == last else 1.0
        cubic = halves(cubic, t1)[0]
        cubic = halves(cubic, t0 / t1)[1] if t1 > 0 else cubic
        rows.append(cubic if not rows else cubic[1:])
    return np.concatenate(rows)


def _parameter(lengths: Array, distance: float) -> float:
    t = np.linspace(0, 1, SAMPLES + 1)
    return float(np.interp(distance, np.concatenate([[0.0], lengths]), t))
