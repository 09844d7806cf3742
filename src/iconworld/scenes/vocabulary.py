"""The words that captions are made of: what evaluators choose among, and what a tokenizer must know."""

from __future__ import annotations

import re

from iconworld.scenes import captions
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.characters.heads import HEADS
from iconworld.scenes.objects import OBJECTS
from iconworld.scenes.palette import BACKGROUNDS, COLORS, FUR, HAIR
from iconworld.scenes.solids import SHAPES

NOUNS: tuple[str, ...] = (*HEADS, *OBJECTS)
"""Nouns of all drawn figures (the shapes of solids are `solids.SHAPES`)."""

BACKGROUND_NAMES: tuple[str, ...] = tuple(BACKGROUNDS)
"""Names of all background colors."""

_PARTS = (*captions.SINGLE, *captions.BARE, *captions.PAIRS, *captions.PATTERN_WORDS.values())
_SAID = (*NOUNS, *BACKGROUNDS, *COLORS, *FUR, *HAIR, *EXPRESSIONS, *ACCESSORIES, *SHAPES, *_PARTS)
_GLUE = "a an and wearing with hair face sitting standing in shirt the face of seen from front side back above below"

WORDS: tuple[str, ...] = tuple(sorted(set(re.findall(r"[a-z0-9]+", " ".join((*_SAID, _GLUE)).lower()))))
"""Every word that a caption of a scene in the default style, or of solids, can contain."""

STYLE_WORDS: tuple[str, ...] = ("corners", "lines", "outline", "round", "thick", "thin", "tones", "two")
"""The words that name styles."""
