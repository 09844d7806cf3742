"""Whole checkpoints in one file, without a network: the configuration is read off the shapes."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dreamsampler.core.errors import InputError, ModelError
from dreamsampler.priors.load import load
from dreamsampler.priors.load.single_file import family_of, stated_prediction
from dreamsampler.priors.weights import Header
from tests import tiny
from tests.priors import ldm

UNET = "model.diffusion_model.input_blocks.0.0.weight"
VAE = "first_stage_model.encoder.conv_in.weight"


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_tokenizer_files(tmp_path_factory.mktemp("words"))


@pytest.mark.parametrize(("family", "asked"), [("sd1", None), ("sd2", "v"), ("sdxl", None)])
def test_a_file_gives_what_its_pipeline_gives(tmp_path: Path, words: Path, family: str, asked: str | None) -> None:
    pipe = ldm.make(tmp_path / "scratch", family)
    path = ldm.write(tmp_path / "model.safetensors", ldm.checkpoint(pipe, family))
    prior = load(path, tokenizer=words, prediction_type=asked, local_files_only=True)
    reference = load(pipe, prediction_type=asked)
    assert prior.describe().family == family
    assert prior.native_size == {"sd1": 512, "sd2": 768, "sdxl": 1024}[family]
    assert prior.kind == (asked or "eps")
    assert prior.schedule == reference.schedule
    assert list(prior.info.sha256) == ["model.safetensors"]
    z = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    step = prior.schedule.visits(10)[5]
    for prompts in (["a red cat"], [""]):
        ours, theirs = (p.predict([z], step, [p.embed(prompts)])[0] for p in (prior, reference))
        torch.testing.assert_close(ours.eps, theirs.eps, rtol=1e-5, atol=1e-5)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    torch.testing.assert_close(prior.space.encode(images), reference.space.encode(images))
    torch.testing.assert_close(prior.space.decode(z), reference.space.decode(z))


def test_configurations_from_a_folder(tmp_path: Path) -> None:
    """Then everything, the tokenizer and the prediction type too, is the folder's."""
    pipe = ldm.make(tmp_path / "scratch", "sd1", prediction="v_prediction")
    pipe.save_pretrained(tmp_path / "folder")
    path = ldm.write(tmp_path / "model.safetensors", ldm.checkpoint(pipe, "sd1"))
    prior = load(path, config=tmp_path / "folder", local_files_only=True)
    assert (prior.kind, prior.native_size) == ("v", 64)
    z, step = torch.ones(1, 4, 8, 8), prior.schedule.visits(10)[5]
    reference = load(pipe)
    ours, theirs = (p.predict([z], step, [p.embed(["a dog"])])[0] for p in (prior, reference))
    torch.testing.assert_close(ours.eps, theirs.eps, rtol=1e-5, atol=1e-5)
    with pytest.raises(ModelError, match=r"config=.*expected a diffusers model folder"):
        load(path, config=tmp_path, local_files_only=True)


def test_half_precision_keeps_the_autoencoder_in_float32(tmp_path: Path, words: Path) -> None:
    pipe = ldm.make(tmp_path / "scratch", "sd1")
    path = ldm.write(tmp_path / "model.safetensors", ldm.checkpoint(pipe, "sd1"))
    prior = load(path, tokenizer=words, dtype="float16")
    assert (prior.space.dtype, prior.dtype) == (torch.float32, torch.float16)
    assert {p.dtype for p in prior.unet.parameters()} == {torch.float16}


def test_without_a_tokenizer_it_says_what_to_pass(tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "no-cache"))
    pipe = ldm.make(tmp_path / "scratch", "sd1")
    path = ldm.write(tmp_path / "model.safetensors", ldm.checkpoint(pipe, "sd1"))
    with pytest.raises(ModelError, match=r"brings no tokenizer: pass tokenizer=FOLDER.*vocab\.json and merges\.txt"):
        load(path, local_files_only=True)
    with pytest.raises(ModelError, match=r"tokenizer=.*expected a folder with vocab\.json"):
        load(path, tokenizer=tmp_path)
    assert load(path, tokenizer=words.parent / words.name).embed(["a dog"]).text.shape[1] == 77


def header(*names: str, metadata: dict[str, str] | None = None, **shapes: Any) -> Header:
    return Header({**dict.fromkeys(names, (1,)), **shapes}, metadata or {})


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["unet.mid_block.attn2.to_q.lora.up.weight"], "is a LoRA"),
        (["lora_unet_down_blocks_0.lora_up.weight"], "is a LoRA.*load_lora_weights"),
        (["model.diffusion_model.joint_blocks.0.x.weight"], "not supported yet"),
        (["double_blocks.0.img_attn.norm.key_norm.scale"], "not supported yet"),
        (["down_blocks.0.resnets.0.conv1.weight"], "not a whole Stable Diffusion checkpoint"),
        ([], "not a whole Stable Diffusion checkpoint"),
        ([UNET], "has no autoencoder"),
        ([UNET, VAE], "has no text encoder"),
        ([UNET, VAE, "conditioner.embedders.0.model.text_projection"], "refiner"),
    ],
)
def test_files_that_are_something_else(names: list[str], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        family_of(header(*names), Path("x.safetensors"))


def test_what_a_file_says_of_its_prediction(tmp_path: Path) -> None:
    path = Path("x.safetensors")
    assert stated_prediction(header(), "sd1", path, None) == "eps"
    assert stated_prediction(header("v_pred"), "sdxl", path, None) == "v"
    assert stated_prediction(header(metadata={"modelspec.prediction_type": "v"}), "sd2", path, None) == "v"
    assert stated_prediction(header(metadata={"modelspec.prediction_type": "epsilon"}), "sd2", path, None) == "eps"
    architecture = {"modelspec.architecture": "stable-diffusion-v2-768-v"}
    assert stated_prediction(header(metadata=architecture), "sd2", path, None) == "v"
    assert stated_prediction(header("v_pred"), "sd1", path, "eps") == "eps"
    with pytest.raises(ModelError, match="does not say what it predicts; pass prediction_type='v'"):
        stated_prediction(header(), "sd2", path, None)
    with pytest.raises(InputError, match="prediction_type='x'"):
        stated_prediction(header(), "sd1", path, "x")


def test_a_zero_terminal_snr_file(tmp_path: Path, words: Path) -> None:
    """The community marks such files with two empty tensors."""
    tensors = ldm.checkpoint(ldm.make(tmp_path / "scratch", "sdxl"), "sdxl")
    marks = {"v_pred": torch.zeros(1), "ztsnr": torch.zeros(1)}
    prior = load(ldm.write(tmp_path / "model.safetensors", tensors | marks), tokenizer=words, local_files_only=True)
    first = prior.schedule.visits(10)[0]
    assert (prior.kind, first.t, first.a) == ("v", 999.0, 0.0)
    z = torch.ones(1, 4, 8, 8)
    assert prior.predict([z], first, [prior.embed([""])])[0].z0.isfinite().all()


def test_incomplete_and_inpainting_files(tmp_path: Path, words: Path) -> None:
    tensors = ldm.checkpoint(ldm.make(tmp_path / "scratch", "sd1"), "sd1")
    inpainting = tensors | {UNET: torch.zeros(32, 9, 3, 3)}
    with pytest.raises(ModelError, match=r"takes 9 and gives 4 channels.*inpainting"):
        load(ldm.write(tmp_path / "inpaint.safetensors", inpainting), tokenizer=words)
    for lost in (
        "first_stage_model.decoder.conv_out.weight",
        "model.diffusion_model.middle_block.0.out_layers.3.weight",
    ):
        partial = {name: tensor for name, tensor in tensors.items() if name != lost}
        with pytest.raises(ModelError, match=r"partial\.safetensors"):
            load(ldm.write(tmp_path / "partial.safetensors", partial), tokenizer=words)
    text = "cond_stage_model.transformer.text_model.encoder.layers.1.mlp.fc1.weight"
    partial = {name: tensor for name, tensor in tensors.items() if name != text}
    with pytest.raises(ModelError, match=r"partial\.safetensors"):
        load(ldm.write(tmp_path / "partial.safetensors", partial), tokenizer=words)
