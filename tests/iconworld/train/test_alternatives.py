"""Wrong captions differ from the right one in one thing."""

import torch
from torch.nn import functional as F

from iconworld import Figure, Scene, sample_scene, sample_styled
from iconworld.scenes.backgrounds import Background
from iconworld.scenes.figures import colors_of
from iconworld.scenes.solid_scenes import view_name
from iconworld.training.alternatives import of_color, of_shape, of_view, wrong_captions
from iconworld.training.contrasts import other_contrast
from iconworld.training.worlds import view_of_solids


def test_a_solid_differs_in_its_shape_or_its_color_or_the_view():
    for seed in range(12):
        scene = view_of_solids(seed, "train")
        assert {s.solids[0].shape for s in of_shape(scene)}.isdisjoint(scene.nouns)
        assert all(s.solids[0].shape == scene.solids[0].shape for s in of_color(scene))
        assert len({view_name(s.camera) for s in of_view(scene)} | {view_name(scene.camera)} - {"back"}) >= 3
        wrong = wrong_captions(scene)
        assert scene.full_caption() not in wrong
        assert len(set(wrong)) == len(wrong)


def test_a_style_differs_from_all_that_are_called_otherwise():
    for seed in range(12):
        scene = sample_styled(seed)
        wrong = wrong_captions(scene)
        assert len(wrong) >= 3
        assert scene.full_caption() not in wrong
        assert sample_scene(seed).full_caption() in wrong


def test_a_drawn_figure_differs_in_its_color():
    apple = Scene((Figure("apple", "red"),), Background("blue"))
    assert set(wrong_captions(apple)) == {
        apple.with_figure(0, color=color).full_caption() for color in colors_of("apple") if color != "red"
    }
    assert wrong_captions(Scene((Figure("zebra", "white", "face"),), Background("blue"))) == ()


def test_a_picture_is_told_from_its_own_wrong_captions_alone():
    generator = torch.Generator().manual_seed(0)
    seen = F.normalize(torch.randn(2, 8, generator=generator), dim=1)
    said = F.normalize(torch.randn(5, 8, generator=generator), dim=1)
    expected = -((4.0 * said[:3] @ seen[0]).log_softmax(0)[0] + (4.0 * said[3:] @ seen[1]).log_softmax(0)[0]) / 2
    torch.testing.assert_close(other_contrast(seen, said, [3, 2], torch.tensor(4.0)), expected)
