"""Icon World: flat vector pictures drawn by our own code, with the true answer to every question about them."""

from __future__ import annotations

from dreamsampler.iconworld.backgrounds import PATTERNS, Background
from dreamsampler.iconworld.characters.accessories import ACCESSORIES
from dreamsampler.iconworld.characters.features import EXPRESSIONS
from dreamsampler.iconworld.drawing import CANVAS, Drawing, Path
from dreamsampler.iconworld.edits import TASKS, EditPair, edit_pairs
from dreamsampler.iconworld.figures import Figure
from dreamsampler.iconworld.iconset import Icon, IconScene, IconSet, load_icons
from dreamsampler.iconworld.palette import BACKGROUNDS, COLOURS
from dreamsampler.iconworld.protocol import AnyScene
from dreamsampler.iconworld.regions import REGIONS, hidden_region
from dreamsampler.iconworld.sampling import SPLITS, sample_scene
from dreamsampler.iconworld.scene import Scene
from dreamsampler.iconworld.solid_scenes import SolidScene, sample_solids
from dreamsampler.iconworld.solids import Camera, Solid
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
    "REGIONS",
    "SPLITS",
    "TASKS",
    "WORDS",
    "AnyScene",
    "Background",
    "Camera",
    "Drawing",
    "EditPair",
    "Figure",
    "Icon",
    "IconScene",
    "IconSet",
    "Path",
    "Scene",
    "Solid",
    "SolidScene",
    "edit_pairs",
    "hidden_region",
    "load_icons",
    "sample_scene",
    "sample_solids",
]
