"""The skeleton that all characters share: a few continuous numbers, and the frame of the head that follows from them.

Head space: the origin is the middle of the head, which is about 72 units wide; `y` grows downwards.
"""

from __future__ import annotations

from typing import NamedTuple


class Genes(NamedTuple):
    """Continuous proportions and pose, each in [-1, 1]; 0 is the species' own mean.

    They mean the same for every species, so that a species can change while all of them stay.
    """

    width: float = 0.0
    """Head width."""
    height: float = 0.0
    """Head height."""
    cheek: float = 0.0
    """Width of the lower half of the head against the upper."""
    eye_line: float = 0.0
    """Height of the eyes in the head."""
    eye_gap: float = 0.0
    """Distance between the eyes."""
    eye_size: float = 0.0
    muzzle: float = 0.0
    """Size of muzzle and nose."""
    ear: float = 0.0
    """Size of the ears."""
    ear_turn: float = 0.0
    """How far the ears lean outwards."""
    look_x: float = 0.0
    """Where the face points: features shift sideways (the muzzle more than the eyes)."""
    look_y: float = 0.0
    tilt: float = 0.0
    """Lean of the head."""
    body: float = 0.0
    """Girth of the body."""
    legs: float = 0.0
    """Length of the legs."""
    tail: float = 0.0
    """Lift and curl of the tail."""
    stride: float = 0.0
    """How far the legs swing (standing) or the arms open."""
    mark: float = 0.0
    """Shape of markings, fringe, mane."""


class Plan(NamedTuple):
    """A species' own mean proportions.

    Attributes:
        outline: right half of the head, top to bottom, as fractions of half width and half height; a third number is
            the roundness of that point.
        width, height: half width and half height of the head.
        eye_x, eye_y: eyes, as fractions of half width and half height.
        eye: radius of the eyes.
        nose_y, mouth_y: nose and mouth, as fractions of half height.
        hat_y, hat_w: where a hat sits, and its half width, as fractions of half height and half width.
    """

    outline: tuple[tuple[float, ...], ...]
    width: float
    height: float
    eye_x: float
    eye_y: float
    eye: float
    nose_y: float
    mouth_y: float
    hat_y: float = -0.80
    hat_w: float = 0.62


class Tones(NamedTuple):
    """Colors of one character: coat, its shadow, its lit tone, second color (muzzle, belly), and the dark color."""

    main: str
    shade: str
    light: str
    second: str
    dark: str


class Frame(NamedTuple):
    """Where things are on one head, in head units, after the genes."""

    w: float
    h: float
    eye_x: float
    eye_y: float
    eye: float
    nose_y: float
    mouth_y: float
    muzzle: float
    ear: float
    ear_turn: float
    look_x: float
    look_y: float
    hat_y: float
    hat_w: float
    genes: Genes
    tones: Tones


def frame(plan: Plan, genes: Genes, tones: Tones) -> Frame:
    """Apply the genes to a species' plan."""
    w, h = plan.width * (1 + 0.07 * genes.width), plan.height * (1 + 0.07 * genes.height)
    look_y = 2.2 * genes.look_y
    return Frame(
        w=w,
        h=h,
        eye_x=plan.eye_x * w * (1 + 0.10 * genes.eye_gap),
        eye_y=plan.eye_y * h + 2.4 * genes.eye_line + look_y,
        eye=plan.eye * (1 + 0.16 * genes.eye_size),
        nose_y=plan.nose_y * h + 0.8 * genes.eye_line + 1.3 * look_y,
        mouth_y=plan.mouth_y * h + 0.8 * genes.eye_line + 1.3 * look_y,
        muzzle=1 + 0.10 * genes.muzzle,
        ear=1 + 0.14 * genes.ear,
        ear_turn=7.0 * genes.ear_turn,
        look_x=3.2 * genes.look_x,
        look_y=look_y,
        hat_y=plan.hat_y * h,
        hat_w=plan.hat_w * w,
        genes=genes,
        tones=tones,
    )


class Wear(NamedTuple):
    """Something worn on the head: a name in `characters.accessories.ACCESSORIES`, and its color's name."""

    kind: str
    color: str


class Look(NamedTuple):
    """All that decides how one character is drawn, apart from the view and the place."""

    kind: str
    color: str
    genes: Genes
    expression: str = "neutral"
    wears: tuple[Wear, ...] = ()
    hair: str = ""
    skin: int = 0
