"""The learning-rate schedule that DreamSampler takes over from VectorFusion."""

from __future__ import annotations

import math

WARM_UP = 500
START, PEAK, END = 0.02, 0.2, 0.05


def warm_up(step: int, total: int, warm: int = WARM_UP) -> float:
    """Return learning rate of the control points at a step as a fraction of its peak.

    Linear from 0.1 to 1 over `warm` steps (half of `total` if that is less), then half a cosine down to 0.25 at the
    end; 0.02, 0.2 and 0.05 px where the peak is 0.2. Colors and background follow with 1/20 and 1/200.

    Example:
        >>> [round(warm_up(step, 1000), 3) for step in (0, 250, 500, 999)]
        [0.1, 0.55, 1.0, 0.25]
    """
    warm = min(warm, total // 2)
    if step < warm:
        return (START + (PEAK - START) * step / warm) / PEAK
    rest = max(total - 1 - warm, 1)
    done = min((step - warm) / rest, 1.0)
    return (END + (PEAK - END) * (1 + math.cos(math.pi * done)) / 2) / PEAK
