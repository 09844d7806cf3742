"""Inverse problems with known answers: what `bench restore` sets its methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from iconworld import Scene, edit_pairs, hidden_region, sample_scene
from iconworld.scenes.figures import Wear

from ..core.errors import InputError
from ..io.tensors import to_tensor
from ..operators import Mask, Measurement, Operator, degrade, downsample, gaussian_blur
from ..operators.mask import union

NOISE = 0.02
"""Standard deviation of the noise of restoration problems, in units of pictures from -1 to 1."""


@dataclass(frozen=True, eq=False)
class Problem:
    """One picture to fill or to restore.

    Attributes:
        truth: the right answer, [1, 3, H, W] in [-1, 1].
        measurement: what a method is given.
        prompts: one for each hole; one in all for other operators.
        prompt: what the right answer shows, in one text.
        other: what the picture shows without the prompt's doing; None where there is no such text.
        source: for holes, the picture before; outside the holes it equals the truth.
        holes: [1, 1, H, W] each, 1 inside; none for other operators.
        key: JSON of the scenes, which identifies the problem.
    """

    truth: Tensor
    measurement: Measurement
    prompts: tuple[str, ...]
    prompt: str
    key: str
    other: str | None = None
    source: Tensor | None = None
    holes: tuple[Tensor, ...] = ()


def problem(task: str, split: str, number: int, size: int) -> Problem:
    """Problem `number` of a task; the same numbers always give the same problem.

    Raises:
        InputError: an unknown task.
    """
    if task not in PROBLEMS:
        raise InputError(f"task {task!r}: expected one of {', '.join(PROBLEMS)}")
    return PROBLEMS[task](split, number, size)


def _hole(source: Scene, target: Scene, region: str, size: int) -> Tensor:
    """A box around a feature in both scenes, [1, 1, H, W]."""
    inside = hidden_region(source, region, "box", size) | hidden_region(target, region, "box", size)
    rows, cols = torch.from_numpy(inside).any(1).nonzero(), torch.from_numpy(inside).any(0).nonzero()
    hole = torch.zeros(1, 1, size, size)
    hole[..., int(rows[0]) : int(rows[-1]) + 1, int(cols[0]) : int(cols[-1]) + 1] = 1
    return hole


def _filled(source: Scene, target: Scene, steps: list[tuple[str, Scene]], size: int) -> Problem:
    """Hide features of `source`; `steps` names each region and the scene that its own prompt describes."""
    holes = [_hole(source, target, region, size) for region, _ in steps]
    before, after = to_tensor(source.picture(size)), to_tensor(target.picture(size))
    # what the target changes beyond the holes (nothing, as a rule) is not asked for
    truth = torch.where(union(holes) > 0, after, before)
    return Problem(
        truth,
        degrade(before, Mask.hole(union(holes))),
        tuple(scene.full_caption() for _, scene in steps),
        target.full_caption(),
        source.to_json() + target.to_json(),
        source.full_caption(),
        before,
        tuple(holes),
    )


def _eyes(split: str, number: int, size: int) -> Problem:
    pair = edit_pairs("face2glasses" if number % 2 else "animal2glasses", split, 1, number)[0]
    return _filled(pair.source, pair.target, [("eyes", pair.target)], size)


def _mouth(split: str, number: int, size: int) -> Problem:
    pair = edit_pairs("face2smile", split, 1, number)[0]
    return _filled(pair.source, pair.target, [("mouth", pair.target)], size)


def _both(split: str, number: int, size: int) -> Problem:
    pair = edit_pairs("face2smile", split, 1, number)[0]
    glasses = (Wear("glasses", "black"),)
    seen = replace(pair.source.with_figure(0, wears=glasses), seed=pair.source.seed)
    target = pair.target.with_figure(0, wears=glasses)
    return _filled(pair.source, target, [("eyes", seen), ("mouth", pair.target)], size)


def _restored(operator: Operator, split: str, number: int, size: int) -> Problem:
    scene = sample_scene(number, split)
    truth = to_tensor(scene.picture(size))
    text = scene.full_caption()
    return Problem(truth, degrade(truth, operator, NOISE, [number]), (text,), text, scene.to_json())


PROBLEMS: dict[str, Callable[[str, int, int], Problem]] = {
    "eyes": _eyes,
    "mouth": _mouth,
    "eyes and mouth": _both,
    "sr x4": partial(_restored, downsample(4)),
    "sr x8": partial(_restored, downsample(8)),
    "blur": partial(_restored, gaussian_blur(3.0, 21)),
}
"""Tasks by name: a hole where glasses or a smile should appear, two holes at once, and three lossy operators."""
