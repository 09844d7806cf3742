"""Flow transformers as priors: parity with each pipeline's own sampler, on tiny pipelines of the real classes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Img2ImgPipeline,
    StableDiffusion3Pipeline,
)
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel

from dreamsampler.core.errors import InputError, ModelError
from dreamsampler.priors.families import FAMILIES
from dreamsampler.priors.load import load
from dreamsampler.tasks.edit import edit
from tests.tiny import WORDS, make_text_encoder, make_tokenizer, make_vae, seeded

TEXTS = ["a cat", "a red circle on the white square of the blue dog"]
SIZE = (64, 96)
VAE = {"scaling_factor": 1.5, "shift_factor": 0.06}


def t5_tokenizer() -> PreTrainedTokenizerFast:
    words = {word: i for i, word in enumerate(("<pad>", "</s>", "<unk>", *WORDS))}
    inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=64
    )


def t5(config: Any, model: Any) -> Any:
    return model(config(vocab_size=32, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2)).eval()


def make_sd3(scratch: Path, seed: int = 0, **scheduler: Any) -> StableDiffusion3Pipeline:
    with seeded(seed):
        words = make_tokenizer(scratch / "words")
        return StableDiffusion3Pipeline(
            transformer=SD3Transformer2DModel(
                sample_size=8,
                patch_size=2,
                in_channels=4,
                out_channels=4,
                num_layers=2,
                attention_head_dim=8,
                num_attention_heads=4,
                joint_attention_dim=32,
                caption_projection_dim=32,
                pooled_projection_dim=32,
                pos_embed_max_size=16,
            ).eval(),
            scheduler=FlowMatchEulerDiscreteScheduler(**({"shift": 3.0} | scheduler)),
            vae=make_vae(**VAE),
            text_encoder=make_text_encoder(words, projection=16),
            tokenizer=words,
            text_encoder_2=make_text_encoder(words, projection=16),
            tokenizer_2=words,
            text_encoder_3=None,
            tokenizer_3=None,
        )


def make_flux(scratch: Path, seed: int = 0) -> FluxPipeline:
    with seeded(seed):
        words = make_tokenizer(scratch / "words")
        return FluxPipeline(
            transformer=FluxTransformer2DModel(
                in_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=32,
                pooled_projection_dim=16,
                guidance_embeds=True,
                axes_dims_rope=(4, 4, 8),
            ).eval(),
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
            vae=make_vae(**VAE),
            text_encoder=make_text_encoder(words),
            tokenizer=words,
            text_encoder_2=t5(T5Config, T5EncoderModel),
            tokenizer_2=t5_tokenizer(),
        )


def make_auraflow(scratch: Path, seed: int = 0) -> AuraFlowPipeline:
    with seeded(seed):
        pipe = AuraFlowPipeline(
            transformer=AuraFlowTransformer2DModel(
                sample_size=8,
                patch_size=2,
                in_channels=4,
                out_channels=4,
                num_mmdit_layers=1,
                num_single_dit_layers=1,
                attention_head_dim=8,
                num_attention_heads=4,
                joint_attention_dim=32,
                caption_projection_dim=32,
                pos_embed_max_size=256,
            ).eval(),
            scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
            vae=make_vae(scaling_factor=0.13),
            text_encoder=t5(UMT5Config, UMT5EncoderModel),
            tokenizer=t5_tokenizer(),
        )
    with torch.no_grad():
        for weight in pipe.transformer.parameters():
            weight.mul_(3.0)  # else the prompt moves the output by 1e-7, below what parity could see
        pipe.transformer.proj_out.weight.div_(100.0)
    return pipe


MAKERS = {
    "StableDiffusion3Pipeline": make_sd3,
    "FluxPipeline": make_flux,
    "AuraFlowPipeline": make_auraflow,
}


def noise(seed: int = 3) -> torch.Tensor:
    return torch.randn(2, 4, SIZE[0] // 8, SIZE[1] // 8, generator=torch.Generator().manual_seed(seed))


def theirs(pipe: Any, name: str, z: torch.Tensor, **options: Any) -> torch.Tensor:
    """The latent of the pipeline's own sampler, 4 steps."""
    family = FAMILIES[name]
    pipe.set_progress_bar_config(disable=True)
    called = {"num_inference_steps": 4, "output_type": "latent", "height": SIZE[0], "width": SIZE[1]}
    latents = family.pack(pipe, z, *SIZE)
    out = pipe(prompt=TEXTS, latents=latents, **called, **(dict(family.options) | options)).images
    return family.unpack(pipe, out, *SIZE)


def ours(prior: Any, z: torch.Tensor, guidance: float = 1.0) -> torch.Tensor:
    """Euler on the flow, written out: z' = z + (sigma' - sigma) v, v = eps - z0."""
    null, cond = prior.embed([""]), prior.embed(TEXTS)
    for step in prior.visits(4, size=SIZE):
        if guidance == 1.0:
            (pred,) = prior.predict([z], step, [cond])
            v = pred.eps - pred.z0
        else:
            base, pred = prior.predict([z, z], step, [null, cond])
            v = base.eps - base.z0 + guidance * ((pred.eps - pred.z0) - (base.eps - base.z0))
        z = z + (step.b_next - step.b) * v
    return z


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", [0, 1])
def test_parity_with_the_pipelines_own_sampler(name: str, seed: int, tmp_path: Path) -> None:
    pipe = MAKERS[name](tmp_path, seed)
    expected = theirs(pipe, name, noise(seed))
    prior = load(pipe)
    with torch.no_grad():
        found = ours(prior, noise(seed))
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max().clamp_min(1.0)
    assert (prior.evaluations, prior.calls) == (8, 4)
    assert (expected - noise(seed)).abs().max() > 0.1, "the network does something"


@pytest.mark.parametrize("name", FAMILIES)
def test_a_flipped_sign_fails_parity(name: str, tmp_path: Path) -> None:
    pipe = MAKERS[name](tmp_path)
    expected = theirs(pipe, name, noise())
    prior = load(pipe)
    prior.family = dataclasses.replace(prior.family, sign=-prior.family.sign)
    with torch.no_grad():
        assert (ours(prior, noise()) - expected).abs().max() > 0.05


@pytest.mark.parametrize("name", FAMILIES)
def test_the_prompt_and_the_time_reach_the_network(name: str, tmp_path: Path) -> None:
    prior = load(MAKERS[name](tmp_path))
    low, high = prior.visits(4, size=SIZE)[-1], prior.visits(4, size=SIZE)[0]
    with torch.no_grad():
        cat, dog = prior.predict([noise()] * 2, low, [prior.embed([text]) for text in TEXTS])
        other = prior.predict([noise()], high._replace(a=low.a, b=low.b), [prior.embed([TEXTS[0]])])[0]
    assert (cat.z0 - dog.z0).abs().max() > 1e-4
    assert (cat.z0 - other.z0).abs().max() > 1e-4


def test_guidance_of_two_branches_is_the_pipelines(tmp_path: Path) -> None:
    pipe = make_sd3(tmp_path)
    expected = theirs(pipe, "StableDiffusion3Pipeline", noise(), guidance_scale=4.0)
    with torch.no_grad():
        assert (ours(load(pipe), noise(), 4.0) - expected).abs().max() < 1e-5


def test_levels_follow_the_size_where_the_scheduler_shifts_by_it(tmp_path: Path) -> None:
    prior = load(make_sd3(tmp_path, use_dynamic_shifting=True))
    small, large = prior.visits(4, size=(64, 64)), prior.visits(4, size=(128, 128))
    assert small[2].b < large[2].b
    assert [(s.a + s.b) for s in small] == pytest.approx([1.0] * 4)
    assert (small[-1].a_next, small[-1].b_next) == (1.0, 0.0)
    assert len(prior.visits(4, 0.5, (64, 64))) == 2


def test_listening_evaluates_nothing_and_leaves_the_pipeline_and_the_random_state(tmp_path: Path) -> None:
    pipe = make_sd3(tmp_path)
    prior, before, calls = load(pipe), torch.get_rng_state(), []
    pipe.transformer.pos_embed.register_forward_hook(lambda *_: calls.append(1))
    prior.visits(3, size=SIZE)
    assert (calls, prior.evaluations) == ([], 0)
    assert torch.equal(torch.get_rng_state(), before)
    assert not pipe.transformer._forward_pre_hooks
    assert "disable" not in getattr(pipe, "_progress_bar_config", {}) or not pipe._progress_bar_config["disable"]


def test_one_latent_a_call_gives_the_same(tmp_path: Path) -> None:
    pipe = make_flux(tmp_path)
    with torch.no_grad():
        together, apart = ours(load(pipe), noise()), ours(load(pipe, max_batch=1), noise())
    assert (together - apart).abs().max() < 1e-5


def test_a_folder_is_the_pipeline_that_wrote_it(tmp_path: Path) -> None:
    pipe = make_sd3(tmp_path)
    pipe.save_pretrained(tmp_path / "model")
    prior = load(tmp_path / "model", device="cpu")
    with torch.no_grad():
        assert (ours(prior, noise()) - theirs(pipe, "StableDiffusion3Pipeline", noise())).abs().max() < 1e-5
    assert prior.describe().family == "sd3"
    assert prior.describe().sha256


def test_edit_runs_and_gradients_pass(tmp_path: Path) -> None:
    prior = load(make_sd3(tmp_path))
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    result = edit(prior, picture, ["a red cat"], steps=4)
    assert result.images.shape == picture.shape
    assert bool(torch.isfinite(result.images).all())
    z = noise().requires_grad_()
    prior.predict([z], prior.visits(4, size=SIZE)[1], [prior.embed(TEXTS)])[0].z0.square().sum().backward()
    assert z.grad is not None
    assert bool(torch.isfinite(z.grad).all())
    assert float(z.grad.abs().max()) > 0


def test_an_unknown_class_is_refused_with_its_name_and_the_way(tmp_path: Path) -> None:
    pipe = StableDiffusion3Img2ImgPipeline(**make_sd3(tmp_path).components)
    with pytest.raises(ModelError, match=r"StableDiffusion3Img2ImgPipeline.*FAMILIES.*docs/priors.md"):
        load(pipe)


def test_settings_of_other_models_and_odd_sizes_are_refused(tmp_path: Path) -> None:
    pipe = make_sd3(tmp_path)
    with pytest.raises(InputError, match="prediction_type"):
        load(pipe, prediction_type="v")
    with pytest.raises(InputError, match="multiples of 16"):
        load(pipe).visits(4, size=(64, 72))
