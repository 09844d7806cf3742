"""Against the released inpainting with the same weights and noise: the same picture, for less."""

import pytest
import torch

from dreamsampler.bench.clock import Watched
from dreamsampler.bench.memory import LiveMemory
from dreamsampler.bench.released_inpaint import released_inpaint
from dreamsampler.core.noise import Noise
from dreamsampler.tasks.inpaint import Inpaint, inpaint
from dreamsampler.tasks.restore import NEGATION

N = 12


@pytest.mark.parametrize("holes", [1, 2])
def test_the_same_picture_for_less(prior, holes):
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    known = [torch.ones(1, 1, 64, 64) for _ in range(holes)]
    known[0][..., 8:24, 8:56] = 0
    if holes == 2:
        known[1][..., 20:48, 16:40] = 0  # overlaps the first
    prompts = ["a red cat", "a dog"][:holes]
    visits = prior.schedule.visits(N)
    with Watched(prior.unet, prior.device) as theirs, LiveMemory() as their_memory:
        expected = released_inpaint(
            prior, picture, known, [prior.embed([p]) for p in prompts], prior.embed([NEGATION]), visits, Noise([5])
        )
    with Watched(prior.unet, prior.device) as ours, LiveMemory() as our_memory:
        settings = Inpaint.released()
        made = inpaint(
            prior,
            picture,
            known,
            prompts,
            negative_prompt=NEGATION,
            known=True,
            composite=False,
            steps=N,
            settings=settings,
            seeds=[5],
        )
    torch.testing.assert_close(made.images, expected, atol=2e-3, rtol=0)
    consistent = 4  # 0, 3, 6, 9
    assert theirs.latents == 2 * N + 2 * holes * consistent + 2 * (N - consistent)
    assert ours.latents == N + (holes + 1) * consistent + (N - consistent)
    assert ours.latents <= 0.75 * theirs.latents
    assert our_memory.peak <= 0.7 * their_memory.peak
