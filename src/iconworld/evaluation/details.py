"""Whether details that a caption asks for are there: glasses, expressions, colors, views of solids, styles.

Each is a question with a few answers, all of them captions that differ in that one detail. The evaluator chooses
among them, of samples, and of the drawn scenes that the captions describe: its own ceiling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from iconworld.evaluation.quality import Evaluator, Share, share
from iconworld.scenes import sampling
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.characters.skeleton import Wear
from iconworld.scenes.figures import colors_of
from iconworld.scenes.protocol import AnyScene
from iconworld.scenes.scene import Scene
from iconworld.scenes.solid_scenes import SolidScene
from iconworld.scenes.styles import Style
from iconworld.training.alternatives import of_color, of_shape, of_view
from iconworld.training.diffusion import sample
from iconworld.training.evaluator import encode_pictures, encode_text, tokenize_short
from iconworld.training.pool import SIZE, to_tensor
from iconworld.training.worlds import view_of_solids

_FACES, _OBJECTS, _PAIRS = 200, 201, 202  # streams of the scenes that are asked for
STYLES = (Style(), Style(line=3.0), Style(tones="two"), Style(line=2.0, tones="lines"))


class Question(NamedTuple):
    """A scene and captions that differ in one detail; ``answers[right]`` is the scene's own, and the prompt."""

    scene: AnyScene
    answers: tuple[str, ...]
    right: int


class Named(NamedTuple):
    """Shares of questions answered right: of samples for the right captions, and of the drawn scenes themselves."""

    samples: Share
    drawn: Share
    prompts: list[str]
    pictures: NDArray[np.uint8]


def _face(seed: int) -> Scene:
    rng = sampling.stream(seed, "test", _FACES)
    figure = sampling.alone(rng, sampling.character(rng, view="face", plain=True))
    return Scene((figure,), sampling.background(rng, (figure,)), seed)


def glasses(seed: int) -> Question:
    """A face with glasses, sunglasses or neither."""
    worn = [(), *((Wear(kind, a.colors[0]),) for kind, a in ACCESSORIES.items() if a.place == "eyes")]
    return _among([_face(seed).with_figure(0, wears=w) for w in worn], seed)


def expression(seed: int) -> Question:
    """A face with one of the four expressions."""
    return _among([_face(seed).with_figure(0, expression=e) for e in EXPRESSIONS], seed)


def color(seed: int) -> Question:
    """An object in one of the colors that it comes in."""
    scene = _object(seed)
    colors = colors_of(scene.figure)
    return _among([scene.with_figure(0, color=c) for c in colors], colors.index(scene.colors[0]))


def _object(seed: int) -> Scene:
    """An object that comes in three colors or more."""
    rng = sampling.stream(seed, "test", _OBJECTS)
    figure = sampling.object_(rng)
    while len(colors_of(figure.kind)) < 3:
        figure = sampling.object_(rng)
    figure = sampling.alone(rng, figure)
    return Scene((figure,), sampling.background(rng, (figure,)), seed)


def both(seed: int) -> Question:
    """Two figures, or one of them alone in their middle."""
    rng = sampling.stream(seed, "test", _PAIRS)
    figures = sampling.two_figures(rng)
    scene = Scene(figures, sampling.background(rng, figures), seed)
    alone = [replace(scene, figures=(sampling.alone(rng, f),)) for f in figures]
    return _among([scene, *alone], 0)


def style(seed: int) -> Question:
    """An object as it is, outlined, in two tones or in lines."""
    scene = _object(seed)
    return _among([scene.with_figure(0, style=s) for s in STYLES], seed)


def shape(seed: int) -> Question:
    """A solid of one of the four shapes."""
    return _of_solid(seed, of_shape)


def solid_color(seed: int) -> Question:
    """A solid in one of ten colors."""
    return _of_solid(seed, of_color)


def view(seed: int) -> Question:
    """A solid from the front, the side, above or below (the back of most solids is their front)."""
    return _of_solid(seed, of_view)


QUESTIONS: dict[str, Callable[[int], Question]] = {
    "glasses": glasses,
    "expression": expression,
    "color": color,
    "both figures": both,
    "style": style,
    "shape of a solid": shape,
    "color of a solid": solid_color,
    "view of a solid": view,
}


def _among(scenes: Sequence[Scene], right: int) -> Question:
    right %= len(scenes)
    return Question(scenes[right], tuple(scene.full_caption() for scene in scenes), right)


def _of_solid(seed: int, vary: Callable[[SolidScene], list[SolidScene]]) -> Question:
    scene = view_of_solids(seed, "test")
    scene = replace(scene, solids=scene.solids[:1]) if len(scene.solids) == 1 else _lone(scene)
    captions = dict.fromkeys(s.full_caption() for s in (scene, *vary(scene)))
    return Question(scene, tuple(captions), 0)


def _lone(scene: SolidScene) -> SolidScene:
    """The first of two solids in the middle, as near as a single one."""
    solid = replace(scene.solids[0], center=(0.0, 0.0, 0.0), radius=0.5)
    return replace(scene, solids=(solid,), camera=replace(scene.camera, distance=1.72))


@torch.no_grad()
def answer(evaluator: Evaluator, pictures: NDArray[np.uint8], questions: Sequence[Question]) -> list[int]:
    """For each of (n, 128, 128, 3) bytes, the number of the most similar caption of its question."""
    found = []
    for picture, question in zip(pictures, questions, strict=True):
        seen = encode_pictures(evaluator.model, to_tensor(picture[None]).to(evaluator.model.device))
        said = encode_text(
            evaluator.model, tokenize_short(evaluator.tokenizer, question.answers).to(evaluator.model.device)
        )
        found.append(int((seen @ said.T).argmax()))
    return found


@dataclass(frozen=True)
class Asking:
    """How samples are made: how many, from which seed on, in how many steps.

    Scenes ``seed * 100000`` and up of the "test" split are asked for.
    """

    n: int = 50
    seed: int = 0
    steps: int = 50
    batch: int = 16

    def __call__(self, pipeline: StableDiffusionPipeline, evaluator: Evaluator, name: str) -> Named:
        """Ask for the detail ``name`` of `QUESTIONS` and let the evaluator answer."""
        questions = [QUESTIONS[name](self.seed * 100_000 + i) for i in range(self.n)]
        prompts = [q.answers[q.right] for q in questions]
        pictures = np.concatenate(
            [
                sample(pipeline, prompts[s : s + self.batch], self.seed * 1000 + s, self.steps)
                for s in range(0, self.n, self.batch)
            ]
        )
        drawn = np.stack([q.scene.picture(SIZE) for q in questions])
        samples, scenes = (
            share([k == q.right for k, q in zip(answer(evaluator, seen, questions), questions, strict=True)])
            for seen in (pictures, drawn)
        )
        return Named(samples, scenes, prompts, pictures)
