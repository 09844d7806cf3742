"""Captions of scenes: the full one, and varied ones from templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.people import PEOPLE
from iconworld.scenes.figures import Figure, colors_of
from iconworld.scenes.objects import OBJECTS
from iconworld.scenes.styles import color_shows

if TYPE_CHECKING:
    from iconworld.scenes.scene import Scene

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


def color_is_named(figure: Figure) -> bool:
    """Whether the figure's color says something: it comes in more than one."""
    return len(colors_of(figure.kind)) > 1


def noun_phrase(figure: Figure, color: bool = True, mood: bool = True, view: bool = True) -> str:
    """The figure in words: "a smiling orange cat face wearing glasses", "a standing woman with red hair"."""
    human = figure.kind in PEOPLE
    color = color and color_shows(figure.style, figure.main_color) and not (human and figure.style.tones == "lines")
    words = []
    if figure.view != "object" and mood and figure.expression != "neutral":
        words.append(figure.expression)
    if figure.view in ("sitting", "standing") and view:
        words.append(figure.view)
    if color and color_is_named(figure) and not human:
        words.append(figure.color)
    words.append(figure.kind)
    if figure.view == "face" and view and not human:
        words.append("face")
    phrase = article(" ".join(words))
    if figure.view == "face" and view and human:
        phrase = f"the face of {phrase}"
    if human and color:
        phrase += f" with {figure.hair} hair"
        if figure.view == "standing":
            phrase += f" in {article(figure.color)} shirt"
    return phrase + _wearing(figure) + _styled(figure)


def face_phrase(figure: Figure) -> str:
    """What anybody would say of a close-up, whoever it shows: "a smiling face wearing glasses"."""
    mood = () if figure.expression == "neutral" else (figure.expression,)
    return article(" ".join((*mood, "face"))) + _wearing(figure) + _styled(figure)


def _wearing(figure: Figure) -> str:
    colored = figure.style.tones == "shaded"
    worn = (_worn(w.kind, w.color, colored) for w in figure.wears)
    return " wearing " + " and ".join(worn) if figure.wears else ""


def _styled(figure: Figure) -> str:
    words = figure.style.phrase()
    return f" {words}" if words else ""


def _worn(kind: str, color: str, colored: bool = True) -> str:
    """One thing worn; glasses are black, like most people's, unless a color is said: "red glasses"."""
    colors = ACCESSORIES[kind].colors
    usual = not colored or len(colors) == 1 or (kind in PLURAL and color == colors[0])
    name = kind if usual else f"{color} {kind}"
    return name if kind in PLURAL else article(name)


def fill(template: str, subject: str, background: str) -> str:
    """A template with its subject and background, "an" before a vowel."""
    return template.format(subject, background).replace(" a orange", " an orange")


def full(scene: Scene) -> str:
    """The canonical caption, which names all that has a name except the pattern."""
    phrases = [noun_phrase(f) for f in scene.ordered()]
    return fill("{} on a {} background", " and ".join(phrases), scene.background.color)


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
    color = scene.background.color
    pattern = PATTERN_WORDS[scene.background.pattern]
    template = str(rng.choice(SINGLE))
    if pattern and "background" in template and rng.random() < 0.5:
        color = f"{pattern} {color}"
    return fill(template, subject, color)
