"""Scenes that differ from another in one thing: wrong answers that an evaluator must tell from the right one."""

from __future__ import annotations

from dataclasses import replace

from iconworld.scenes.figures import colors_of
from iconworld.scenes.palette import COLORS
from iconworld.scenes.scene import Scene
from iconworld.scenes.solid_scenes import SolidScene, view_name
from iconworld.scenes.solids import SHAPES, Camera, Solid
from iconworld.scenes.styles import Style

SOLID_COLORS = tuple(c for c in COLORS if c not in ("black", "white"))
_CAMERAS = (Camera(0, 15), Camera(90, 15), Camera(0, 70), Camera(0, -70))
_STYLES = (Style(), Style(line=1.5), Style(line=3.5), Style(tones="two"), Style(1.5, tones="lines"))


def of_shape(scene: SolidScene) -> list[SolidScene]:
    """The first solid in each other shape."""
    first = scene.solids[0]
    return [_with(scene, replace(first, shape=shape)) for shape in SHAPES if shape not in scene.nouns]


def of_color(scene: SolidScene) -> list[SolidScene]:
    """The first solid in each other color."""
    first, taken = scene.solids[0], {s.color for s in scene.solids}
    return [_with(scene, replace(first, color=color)) for color in SOLID_COLORS if color not in taken]


def of_view(scene: SolidScene) -> list[SolidScene]:
    """The same solids seen from the front, the side, above and below, but for where they are seen from.

    The back counts as the front: most solids have one no more than the other.
    """
    own = view_name(scene.camera)
    own = "front" if own == "back" else own
    return [scene.seen_from(camera) for camera in _CAMERAS if view_name(camera) != own]


def of_style(scene: Scene) -> list[Scene]:
    """The same figures in other styles."""
    painted = [replace(scene, figures=tuple(replace(f, style=s) for f in scene.figures)) for s in _STYLES]
    return [other for other in painted if other.full_caption() != scene.full_caption()]


def of_figure_color(scene: Scene) -> list[Scene]:
    """The first figure in each other color that it comes in, where its caption says the color."""
    first = scene.figures[0]
    painted = [scene.with_figure(0, color=color) for color in colors_of(first.kind) if color != first.color]
    return [other for other in painted if other.full_caption() != scene.full_caption()]


def wrong_captions(scene: Scene | SolidScene) -> tuple[str, ...]:
    """Captions that differ from the scene's full one in a shape, a color, the view or the style.

    Of drawn figures in the default style it is the color, of others the style.
    """
    if isinstance(scene, Scene):
        styled = scene.figures[0].style != Style()
        return tuple(other.full_caption() for other in (of_style if styled else of_figure_color)(scene))
    others = [*of_shape(scene), *of_color(scene)[:: 3 if len(scene.solids) == 1 else 2], *of_view(scene)]
    return tuple(other.full_caption() for other in others)


def _with(scene: SolidScene, first: Solid) -> SolidScene:
    return replace(scene, solids=(first, *scene.solids[1:]))
