"""Regions to hide cover the feature they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld import edit_pairs
from iconworld.scenes.regions import REGIONS, SHAPES, hidden_region

FACES = [p.target for p in edit_pairs("face2glasses", "dev", 2)] + [p.source for p in edit_pairs("cat2dog", "dev", 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("region", REGIONS)
def test_region_covers_its_feature_and_little_else(region, shape):
    for scene in FACES:
        hidden = hidden_region(scene, region, shape)
        masks = scene.masks()
        feature = masks[region]
        assert feature.any()
        assert (hidden & feature).sum() >= (0.97 if shape == "brush" else 1.0) * feature.sum()
        assert hidden.mean() < 0.45


def test_brush_is_chosen_by_its_seed():
    a, b = (hidden_region(FACES[0], "mouth", "brush", seed=s) for s in (1, 2))
    assert (a != b).any()
    np.testing.assert_array_equal(a, hidden_region(FACES[0], "mouth", "brush", seed=1))


def test_what_cannot_be_hidden_is_refused():
    scene = edit_pairs("object-color", "dev", 1)[0].source
    with pytest.raises(InputError, match="figure"):
        hidden_region(scene, "eyes")
    for field, value in (("region", "ears"), ("shape", "cross"), ("margin", -1)):
        with pytest.raises(InputError, match=field):
            hidden_region(FACES[0], **{"region": "eyes", field: value})
