"""The heads of all characters, by noun."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from iconworld.scenes.characters import hooved, people, pets, wild
from iconworld.scenes.characters.skeleton import Frame, Look, Plan
from iconworld.scenes.drawing import Path


class Head(NamedTuple):
    """A head: its mean proportions and the function that draws it."""

    plan: Plan
    draw: Callable[[Frame, Look], list[Path]]


ANIMAL_HEADS: dict[str, Head] = {
    "cat": Head(pets.CAT, pets.cat),
    "dog": Head(pets.DOG, pets.dog),
    "horse": Head(hooved.HORSE, hooved.horse),
    "zebra": Head(hooved.HORSE, hooved.zebra),
    "fox": Head(wild.FOX, wild.fox),
    "bear": Head(wild.BEAR, wild.bear),
    "panda": Head(wild.BEAR, wild.panda),
    "lion": Head(wild.LION, wild.lion),
    "tiger": Head(wild.TIGER, wild.tiger),
    "rabbit": Head(pets.RABBIT, pets.rabbit),
    "pig": Head(pets.PIG, pets.pig),
    "mouse": Head(pets.MOUSE, pets.mouse),
    "frog": Head(wild.FROG, wild.frog),
    "monkey": Head(wild.MONKEY, wild.monkey),
}

HEADS: dict[str, Head] = {**ANIMAL_HEADS, **{k: Head(p, d) for k, (p, d) in people.PEOPLE.items()}}
