"""Objects: functions of eight continuous numbers and a colour that return paths in a box of about 100 x 100 units."""

from __future__ import annotations

from dreamsampler.iconworld.objects.common import Object
from dreamsampler.iconworld.objects.fruit import FRUIT
from dreamsampler.iconworld.objects.household import HOUSEHOLD
from dreamsampler.iconworld.objects.outdoors import OUTDOORS
from dreamsampler.iconworld.objects.party import PARTY
from dreamsampler.iconworld.objects.symbols import SYMBOLS
from dreamsampler.iconworld.objects.vehicles import VEHICLES

OBJECTS: dict[str, Object] = {**FRUIT, **SYMBOLS, **VEHICLES, **OUTDOORS, **HOUSEHOLD, **PARTY}
"""All objects by noun."""

__all__ = ["OBJECTS", "Object"]
