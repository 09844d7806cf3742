"""Objects: functions of eight continuous numbers and a color that return paths in a box of about 100 x 100 units."""

from __future__ import annotations

from iconworld.scenes.objects.common import Object
from iconworld.scenes.objects.fruit import FRUIT
from iconworld.scenes.objects.household import HOUSEHOLD
from iconworld.scenes.objects.outdoors import OUTDOORS
from iconworld.scenes.objects.party import PARTY
from iconworld.scenes.objects.symbols import SYMBOLS
from iconworld.scenes.objects.vehicles import VEHICLES

OBJECTS: dict[str, Object] = {**FRUIT, **SYMBOLS, **VEHICLES, **OUTDOORS, **HOUSEHOLD, **PARTY}
"""All objects by noun."""

__all__ = ["OBJECTS", "Object"]
