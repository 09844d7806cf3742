"""Icon World: flat vector pictures drawn by our own code, with the true answer to every question about them."""

from __future__ import annotations

from dreamsampler.iconworld.backgrounds import PATTERNS, Background
from dreamsampler.iconworld.characters.accessories import ACCESSORIES
from dreamsampler.iconworld.characters.features import EXPRESSIONS
from dreamsampler.iconworld.drawing import CANVAS, Drawing, Path
from dreamsampler.iconworld.edits import TASKS, EditPair, edit_pairs
from dreamsampler.iconworld.figures import Figure
from dreamsampler.iconworld.palette import BACKGROUNDS, COLOURS
from dreamsampler.iconworld.sampling import SPLITS, sample_scene
from dreamsampler.iconworld.scene import Scene
from dreamsampler.iconworld.vocabulary import BACKGROUND_NAMES, NOUNS, WORDS

__all__ = [
    "ACCESSORIES",
    "BACKGROUNDS",
    "BACKGROUND_NAMES",
    "CANVAS",
    "COLOURS",
    "EXPRESSIONS",
    "NOUNS",
    "PATTERNS",
    "SPLITS",
    "TASKS",
    "WORDS",
    "Background",
    "Drawing",
    "EditPair",
    "Figure",
    "Path",
    "Scene",
    "edit_pairs",
    "sample_scene",
]
