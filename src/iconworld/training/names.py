"""Which real icons the small prior learns: names with one clear silhouette each, and the nouns for them.

A folder of icons that has none of them is used whole.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from iconworld.scenes.iconset import Icon, IconSet

CLEAR_NAMES: dict[str, str] = {
    name.strip(): (noun or name.replace(" face", "")).strip()
    for line in """
snail, snake, elephant, octopus, tropical fish, blowfish, turtle, hatching chick = chick, penguin, koala, dolphin
spouting whale = whale, crab, lobster, scorpion, turkey, eagle, duck, bat, shark, owl, butterfly, deer, gorilla
giraffe face, hedgehog, flamingo, swan, parrot, peacock, unicorn face, cow face, wolf face, hamster face
lady beetle = ladybird, honeybee = bee, squid, strawberry, grapes, watermelon, pineapple, banana, lemon, cherries
peach, pear, carrot, mushroom, tomato, aubergine, hot pepper = pepper, broccoli, avocado, hamburger
slice of pizza = pizza, hot dog, french fries, doughnut, cookie, soft ice cream = ice cream, lollipop
birthday cake = cake, cupcake, croissant, pretzel, popcorn, bus, police car, ambulance, fire engine, tractor
bicycle, helicopter, rocket, steam locomotive = locomotive, sailboat, motor scooter = scooter, taxi
delivery truck = truck, small airplane = airplane, umbrella, guitar, violin, trumpet, saxophone, bell, key, lock
electric light bulb = light bulb, balloon, wrapped present = present, crown, trophy, camera, television
alarm clock, hourglass, hammer, anchor, blue book = book, magnet, soccer ball, top hat, teddy bear
ringed planet = planet, crescent moon = moon, cloud, rainbow, snowflake, snowman, fire, sun with face = sun, cactus
palm tree, evergreen tree = tree, sunflower, tulip, four leaf clover = clover, maple leaf, jack-o-lantern = pumpkin
ghost, robot face, skull, house building = house, gem stone = gem
""".strip().splitlines()
    for name, _, noun in (entry.partition("=") for entry in line.split(","))
}


def noun_of(name: str) -> str:
    """The noun in captions for an icon's name: "spouting whale" is a whale; a name not listed stays as it is."""
    return CLEAR_NAMES.get(name, name)


def choose_icons(icons: IconSet, taken: Collection[str], *, everything: bool = False) -> IconSet:
    """The icons to learn, named by their nouns: none held out, none ``taken`` by the drawn world, one per noun."""
    clear = [icon for icon in icons.icons if icon.name in CLEAR_NAMES]
    chosen: dict[str, Icon] = {}
    for icon in icons.icons if everything or not clear else clear:
        noun = noun_of(icon.name)
        if icon.split == "train" and not _says(taken, noun):
            chosen.setdefault(noun, replace(icon, name=noun))
    return IconSet(tuple(chosen.values()))


def _says(taken: Collection[str], noun: str) -> bool:
    return noun in taken or (noun.split()[-1] in taken and noun not in ("hot dog", "teddy bear", "police car"))
