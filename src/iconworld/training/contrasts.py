"""What the evaluator learns from a face beside its twin: what is there, and that what is painted over is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from iconworld.training.pool import Record


def twin_contrast(seen: Tensor, said: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each picture between its own caption and its twin's; pairs are rows 2k and 2k + 1."""
    similar = scale * seen.view(-1, 2, seen.shape[1]) @ said.view(-1, 2, said.shape[1]).transpose(1, 2)
    own = torch.arange(2, device=seen.device).repeat(len(similar))
    return F.cross_entropy(similar.flatten(0, 1), own)


def other_contrast(seen: Tensor, said: Tensor, counts: Sequence[int], scale: Tensor) -> Tensor:
    """Cross-entropy of each picture between its own caption and some that are wrong in one thing.

    Args:
        seen: (n, d) unit vectors of pictures.
        said: (sum of counts, d) of captions, each picture's own one before its wrong ones.
        counts: captions of each picture.
    """
    groups = said.split(list(counts))
    losses = [-(scale * group @ one).log_softmax(0)[0] for one, group in zip(seen, groups, strict=True)]
    return torch.stack(losses).mean()


def painted_over(
    pictures: np.ndarray, records: Sequence[Record], rng: np.random.Generator
) -> tuple[np.ndarray, Tensor]:
    """Faces with a box over what they and their twins differ in, and the row of the caption that goes with each.

    What cannot be seen is not there: a grey box is no smile and no pair of glasses. That goes for pairs in which one
    caption names one thing more than the other; of "sad" and "smiling" a box is neither.

    Args:
        pictures, records: of pairs, rows 2k and 2k + 1; (2p, h, w, 3) bytes.
    """
    covered, rows = np.empty((0, *pictures.shape[1:]), np.uint8), []
    for first in range(0, len(records), 2):
        words = [len(record.captions[0].split()) for record in records[first : first + 2]]
        differ = (pictures[first] != pictures[first + 1]).any(-1)
        if words[0] == words[1] or not differ.any():
            continue
        picture = pictures[first + int(rng.integers(2))].copy()
        inside = box_around(differ, int(rng.integers(0, 5)))
        paint = picture[inside].reshape(-1, 3)
        match int(rng.integers(3)):
            case 0:
                paint = np.full_like(paint, 128)
            case 1:
                paint = np.broadcast_to(rng.integers(0, 256, 3), paint.shape)
            case _:  # the commonest color there: a face without features
                colors, counts = np.unique(paint, axis=0, return_counts=True)
                paint = np.broadcast_to(colors[counts.argmax()], paint.shape)
        picture[inside] = paint.reshape(picture[inside].shape)
        covered = np.concatenate([covered, picture[None]])
        rows.append(first + words.index(min(words)))
    return covered, torch.tensor(rows, dtype=torch.long)


def box_around(inside: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Rows and columns of the smallest box around what is True in (h, w), and `margin` more."""
    sides = []
    for axis in (1, 0):
        where = np.flatnonzero(inside.any(axis))
        sides.append(slice(max(0, int(where[0]) - margin), int(where[-1]) + 1 + margin))
    return sides[0], sides[1]


def bare_contrast(hidden: Tensor, said: Tensor, bare: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each covered picture between the captions of its pair; ``bare`` are the rows it goes with."""
    pairs = said.view(-1, 2, said.shape[1])[bare // 2]
    return F.cross_entropy(scale * (pairs @ hidden.unsqueeze(2)).squeeze(2), bare % 2)
