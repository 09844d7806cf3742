"""Captions of scenes: the full one, and varied ones from templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dreamsampler.iconworld.characters.accessories import ACCESSORIES
from dreamsampler.iconworld.characters.people import PEOPLE
from dreamsampler.iconworld.figures import Figure, colours_of
from dreamsampler.iconworld.objects import OBJECTS

if TYPE_CHECKING:
    from dreamsampler.iconworld.scene import Scene

SINGLE = (
    "{} on a {} background",
    "{} on {}",
    "an icon of {} on a {} background",
    "{}, {} background",
    "a picture of {} on a {} background",
    "a flat icon of {}, {} background",
)
BARE = ("{}", "an icon of {}", "a picture of {}")
PAIRS = ("{} and {}", "{} next to {}", "{} beside {}", "{} on the left and {} on the right")
PLURAL = ("glasses", "sunglasses", "cherries", "grapes")
PATTERN_WORDS = {
    "plain": "",
    "dots": "dotted",
    "stripes": "striped",
    "bars": "striped",
    "disc": "",
    "floor": "",
    "halves": "two-tone",
    "rays": "sunburst",
}


def article(words: str) -> str:
    """`words` with "a" or "an" before them."""
    if words.split()[-1] in PLURAL:
        return words
    return ("an " if words[0] in "aeiou" and not words.startswith("uni") else "a ") + words


def colour_is_named(figure: Figure) -> bool:
    """Whether the figure's colour says something: it comes in more than one."""
    return len(colours_of(figure.kind)) > 1


def noun_phrase(figure: Figure, colour: bool = True, mood: bool = True, view: bool = True) -> str:
    """The figure in words: "a smiling orange cat face wearing glasses", "a standing woman with red hair"."""
    human = figure.kind in PEOPLE
    words = []
    if figure.view != "object" and mood and figure.expression != "neutral":
        words.append(figure.expression)
    if figure.view in ("sitting", "standing") and view:
        words.append(figure.view)
    if colour and colour_is_named(figure) and not human:
        words.append(figure.colour)
    words.append(figure.kind)
    if figure.view == "face" and view and not human:
        words.append("face")
    phrase = article(" ".join(words))
    if figure.view == "face" and view and human:
        phrase = f"the face of {phrase}"
    if human and colour:
        phrase += f" with {figure.hair} hair"
        if figure.view == "standing":
            phrase += f" in {article(figure.colour)} shirt"
    return phrase + _wearing(figure)


def face_phrase(figure: Figure) -> str:
    """What anybody would say of a close-up, whoever it shows: "a smiling face wearing glasses"."""
    mood = () if figure.expression == "neutral" else (figure.expression,)
    return article(" ".join((*mood, "face"))) + _wearing(figure)


def _wearing(figure: Figure) -> str:
    return " wearing " + " and ".join(_worn(w.kind, w.colour) for w in figure.wears) if figure.wears else ""


def _worn(kind: str, colour: str) -> str:
    """One thing worn; glasses are black, like most people's, unless a colour is said: "red glasses"."""
    colours = ACCESSORIES[kind].colours
    usual = len(colours) == 1 or (kind in PLURAL and colour == colours[0])
    name = kind if usual else f"{colour} {kind}"
    return name if kind in PLURAL else article(name)


def fill(template: str, subject: str, background: str) -> str:
    """A template with its subject and background, "an" before a vowel."""
    return template.format(subject, background).replace(" a orange", " an orange")


def full(scene: Scene) -> str:
    """The canonical caption, which names all that has a name except the pattern."""
    phrases = [noun_phrase(f) for f in scene.ordered()]
    return fill("{} on a {} background", " and ".join(phrases), scene.background.colour)


def varied(scene: Scene, seed: int) -> str:
    """A caption from a random template, with random omissions; the nouns and worn things always stay."""
    rng = np.random.Generator(np.random.PCG64([0xCAFE, seed]))
    phrases = [
        noun_phrase(f, *(bool(rng.random() < p) for p in ((0.75 if f.kind in OBJECTS else 0.6), 0.9, 0.6)))
        for f in scene.ordered()
    ]
    subject = phrases[0] if len(phrases) == 1 else str(rng.choice(PAIRS)).format(*phrases)
    if rng.random() < 0.12:
        return str(rng.choice(BARE)).format(subject)
    colour = scene.background.colour
    pattern = PATTERN_WORDS[scene.background.pattern]
    template = str(rng.choice(SINGLE))
    if pattern and "background" in template and rng.random() < 0.5:
        colour = f"{pattern} {colour}"
    return fill(template, subject, colour)
