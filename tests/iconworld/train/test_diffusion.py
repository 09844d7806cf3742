"""The diffusion model's loss."""

import numpy as np
import torch

from iconworld.training.diffusion import TWIN_EMPHASIS, build_scheduler, diffusion_loss


class Recorder:
    """A network that keeps what it is asked and answers zero."""

    def __call__(self, noisy, timesteps, tokens):
        self.noisy, self.timesteps = noisy, timesteps
        return torch.zeros_like(noisy)


def test_a_scene_and_its_twin_get_the_same_noise_at_the_same_timestep():
    model, clean = Recorder(), torch.zeros(10, 2, 4, 4)
    diffusion_loss(model, clean, torch.zeros(10, 3), build_scheduler().alphas_cumprod, np.random.default_rng(0), 2)
    for first in (6, 8):
        assert torch.equal(model.noisy[first], model.noisy[first + 1])
        assert model.timesteps[first] == model.timesteps[first + 1]
    assert len({float(row.sum()) for row in model.noisy}) == 8


def test_an_error_counts_more_where_twins_differ():
    clean = torch.zeros(4, 2, 4, 4)
    clean[3, :, 1, 2] = 1.0
    alphas, losses = build_scheduler().alphas_cumprod, []
    for changed in (clean, torch.zeros_like(clean)):
        model = Recorder()  # its answer is zero, so that the error is the noise itself
        losses.append(diffusion_loss(model, changed, torch.zeros(4, 3), alphas, np.random.default_rng(0), 1))
    noise = (model.noisy / (1 - alphas[model.timesteps]).sqrt().view(-1, 1, 1, 1))[2:]
    ratio = alphas[model.timesteps[2]] / (1 - alphas[model.timesteps[2]])
    weight = ((ratio + 1).clamp(max=5) / ratio).clamp(max=10)
    expected = TWIN_EMPHASIS * weight * noise[..., 1, 2].square().sum() / (4 * 32)
    torch.testing.assert_close(losses[0] - losses[1], expected, rtol=1e-4, atol=1e-6)


def test_timesteps_of_a_batch_cover_the_schedule_evenly_in_their_own_measure():
    model, clean = Recorder(), torch.zeros(50, 1, 1, 1)
    diffusion_loss(model, clean, torch.zeros(50, 3), build_scheduler().alphas_cumprod, np.random.default_rng(1))
    shares = torch.sort((model.timesteps.double() / 1000) ** (1 / 0.7)).values
    assert (shares - (torch.arange(50) + 0.5) / 50).abs().max() < 0.75 / 50  # one in each of 50 equal slices
