"""The words that captions are made of: what judges choose among, and what a tokenizer must know."""

from __future__ import annotations

import re

from dreamsampler.iconworld import captions
from dreamsampler.iconworld.characters.accessories import ACCESSORIES
from dreamsampler.iconworld.characters.features import EXPRESSIONS
from dreamsampler.iconworld.characters.heads import HEADS
from dreamsampler.iconworld.objects import OBJECTS
from dreamsampler.iconworld.palette import BACKGROUNDS, COLOURS, FUR, HAIR
from dreamsampler.iconworld.solids import SHAPES

NOUNS: tuple[str, ...] = (*HEADS, *OBJECTS)
"""Nouns of all drawn figures (the shapes of solids are `solids.SHAPES`)."""

BACKGROUND_NAMES: tuple[str, ...] = tuple(BACKGROUNDS)
"""Names of all background colours."""

_PARTS = (*captions.SINGLE, *captions.BARE, *captions.PAIRS, *captions.PATTERN_WORDS.values())
_SAID = (*NOUNS, *BACKGROUNDS, *COLOURS, *FUR, *HAIR, *EXPRESSIONS, *ACCESSORIES, *SHAPES, *_PARTS)
_GLUE = "a an and wearing with hair face sitting standing in shirt the face of seen from front side back above below"

WORDS: tuple[str, ...] = tuple(sorted(set(re.findall(r"[a-z0-9]+", " ".join((*_SAID, _GLUE)).lower()))))
"""Every word that a caption of a drawn scene, or of solids, can contain."""
