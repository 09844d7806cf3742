"""Icon World: flat vector pictures drawn by our own code, with the true answer to every question about them."""

from __future__ import annotations

from iconworld.scenes.backgrounds import PATTERNS, Background
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.drawing import CANVAS, Drawing, Path
from iconworld.scenes.edits import TASKS, EditPair, edit_pairs
from iconworld.scenes.figures import Figure
from iconworld.scenes.iconset import Icon, IconScene, IconSet, load_icons
from iconworld.scenes.palette import BACKGROUNDS, COLORS
from iconworld.scenes.protocol import AnyScene
from iconworld.scenes.regions import REGIONS, hidden_region
from iconworld.scenes.sampling import SPLITS, sample_scene, sample_styled
from iconworld.scenes.scene import Scene
from iconworld.scenes.solid_scenes import SolidScene, sample_solids
from iconworld.scenes.solids import Camera, Solid
from iconworld.scenes.styles import Style
from iconworld.scenes.vocabulary import BACKGROUND_NAMES, NOUNS, WORDS

__all__ = [
    "ACCESSORIES",
    "BACKGROUNDS",
    "BACKGROUND_NAMES",
    "CANVAS",
    "COLORS",
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
    "Style",
    "edit_pairs",
    "hidden_region",
    "load_icons",
    "sample_scene",
    "sample_solids",
    "sample_styled",
]
