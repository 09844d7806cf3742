"""The door: folders, ready pipelines, the bundled prior; and everything that is refused, in words."""

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from diffusers.utils import convert_state_dict_to_diffusers
from safetensors.torch import load_file, save_file

from dreamsampler.core.errors import DreamSamplerError, InputError, ModelError
from dreamsampler.priors.load import load
from tests import tiny

UNET = "unet/diffusion_pytorch_model.safetensors"
ENCODER = "text_encoder/model.safetensors"


@pytest.fixture
def broken(sd1_folder: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(sd1_folder, tmp_path / "model"))


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in (content | changes).items() if v != "gone"}))


def test_what_a_prior_says_of_itself(folders: dict[str, Path]) -> None:
    expected = {"sd1": "eps", "sd2": "v", "sdxl": "eps"}
    for family, folder in folders.items():
        prior = load(str(folder))
        info = prior.describe()
        assert (info.model, info.family, info.prediction) == (str(folder), family, expected[family])
        assert (info.native_size, prior.native_size, info.dtype) == (64, 64, "float32")
        networks = [prior.unet, prior.space._vae, *prior.prompts.encoders]
        assert info.parameters == sum(p.numel() for network in networks for p in network.parameters())
        assert len(info.sha256) == len(networks)
        assert all(len(digest) == 64 for digest in info.sha256.values())
        assert not any(p.requires_grad for network in networks for p in network.parameters())
        assert not any(network.training for network in networks)


def test_a_folder_may_be_a_path_or_begin_with_a_tilde(sd1_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(sd1_folder.parent))
    assert load("~/sd1").native_size == load(sd1_folder).native_size == 64


def test_weights_stored_in_half_are_taken_where_they_fit(sd1_folder: Path, tmp_path: Path) -> None:
    both = Path(shutil.copytree(sd1_folder, tmp_path / "both"))
    marked = {name: tensor.half() for name, tensor in load_file(both / UNET).items()}
    marked["conv_in.bias"] = torch.full_like(marked["conv_in.bias"], 7.0)
    save_file(marked, both / "unet" / "diffusion_pytorch_model.fp16.safetensors", metadata={"format": "pt"})
    assert load(both, dtype="float16").unet.conv_in.bias[0] == 7
    assert load(both).unet.conv_in.bias[0] != 7
    (both / UNET).unlink()
    alone = load(both)
    assert alone.unet.conv_in.bias[0] == 7
    assert alone.unet.dtype == torch.float32
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in alone.info.sha256


def test_sharded_weights(tmp_path: Path) -> None:
    folder = tmp_path / "sharded"
    pipe = tiny.make_sd(tmp_path / "words")
    pipe.save_pretrained(folder, max_shard_size="200KB")
    assert len(list((folder / "unet").glob("*.safetensors"))) > 1
    prior = load(folder)
    torch.testing.assert_close(prior.unet.conv_out.weight, pipe.unet.conv_out.weight)
    assert len(prior.info.sha256) > 3


def test_native_size_of_an_oblong_network(tmp_path: Path) -> None:
    assert load(tiny.write_sd1(tmp_path, unet={"sample_size": [8, 12]})).native_size == 64


def drop(path: Path, ending: str) -> None:
    """Write the file again without the tensors whose names end so."""
    kept = {name: tensor for name, tensor in load_file(path).items() if not name.endswith(ending)}
    save_file(kept, path, metadata={"format": "pt"})


# ready pipelines -----------------------------------------------------------------------------------------------------


def test_a_ready_pipeline_stays_where_and_what_it_is(tmp_path: Path) -> None:
    pipe = tiny.make_sd(tmp_path).to(torch.bfloat16)
    prior = load(pipe)
    assert prior.unet is pipe.unet
    assert (prior.dtype, prior.space.dtype) == (torch.bfloat16, torch.bfloat16)
    assert prior.describe().model == "pipeline:StableDiffusionPipeline"
    load(pipe, dtype="float32")
    assert {p.dtype for p in pipe.unet.parameters()} == {torch.float32}


def test_a_ready_pipeline_is_identified_by_its_tensors(tmp_path: Path) -> None:
    digests = []
    for seed in (0, 0, 1):
        digests.append(load(tiny.make_sd(tmp_path, seed=seed)).info.sha256["tensors"])
    assert digests[0] == digests[1] != digests[2]


def test_changes_to_a_ready_pipeline_reach_the_prior(tmp_path: Path) -> None:
    """What a fused LoRA does: other weights in the same modules, before or after loading."""
    pipe = tiny.make_sd(tmp_path)
    prior = load(pipe)
    z, step = torch.ones(1, 4, 8, 8), prior.schedule.visits(10)[5]
    before = prior.predict([z], step, [prior.embed(["a dog"])])[0].eps
    pipe.unet.mid_block.attentions[0].transformer_blocks[0].attn2.to_v.weight.mul_(3.0)
    after = prior.predict([z], step, [prior.embed(["a dog"])])[0].eps
    assert not torch.allclose(before, after, atol=1e-4)
    torch.testing.assert_close(after, load(pipe).predict([z], step, [prior.embed(["a dog"])])[0].eps)


def test_a_lora_of_a_ready_pipeline_is_in_force(tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    donor = tiny.make_sd(tmp_path)
    with tiny.seeded(0):
        config = peft.LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_v"], init_lora_weights=False)
        donor.unet.add_adapter(config)
    layers = convert_state_dict_to_diffusers(peft.get_peft_model_state_dict(donor.unet))
    donor.save_lora_weights(tmp_path / "lora", unet_lora_layers=layers)

    pipe = tiny.make_sd(tmp_path)
    plain = load(pipe)
    z, step = torch.ones(1, 4, 8, 8), plain.schedule.visits(10)[5]
    cond = plain.embed(["a dog"])
    before = plain.predict([z], step, [cond])[0].eps
    pipe.load_lora_weights(tmp_path / "lora")
    after = load(pipe).predict([z], step, [cond])[0].eps
    assert not torch.allclose(before, after, atol=1e-3)
    torch.testing.assert_close(after, load(donor).predict([z], step, [cond])[0].eps)
    pipe.unload_lora_weights()
    torch.testing.assert_close(load(pipe).predict([z], step, [cond])[0].eps, before)
    with pytest.raises(ModelError, match=r"is a LoRA, not a model.*load_lora_weights"):
        load(tmp_path / "lora" / "pytorch_lora_weights.safetensors")


@pytest.mark.parametrize("model", [None, 5, object(), {"unet": 1}, SimpleNamespace(components=3)])
def test_objects_that_are_no_pipeline(model: object) -> None:
    with pytest.raises(ModelError, match="neither a Hub id, a path, 'bundled' nor a diffusers pipeline"):
        load(model)


def test_pipelines_of_other_kinds(tmp_path: Path) -> None:
    flow = SimpleNamespace(components={"transformer": object(), "vae": object()})
    with pytest.raises(ModelError, match=r"SimpleNamespace is not supported yet.*FluxPipeline.*FAMILIES"):
        load(flow)
    pipe = tiny.make_sd(tmp_path)
    pipe.text_encoder = None
    with pytest.raises(ModelError, match="StableDiffusionPipeline has no text_encoder"):
        load(pipe)


# refusals ------------------------------------------------------------------------------------------------------------


def test_the_bundled_prior_is_loaded_or_missed_in_words() -> None:
    folder = resources.files("dreamsampler") / "weights" / "prior"
    if not (folder / "model_index.json").is_file():
        with pytest.raises(ModelError, match=r"bundled prior is not in this installation.*pass a Hub id"):
            load("bundled")
        return
    prior = load("bundled")
    assert prior.info.files[0][1].is_relative_to(str(folder))
    z = torch.randn(1, *prior.space.latent_shape(prior.native_size, prior.native_size))
    assert prior.predict([z], prior.schedule.visits(10)[5], [prior.embed([""])])[0].z0.isfinite().all()


@pytest.mark.parametrize("name", ["./no/model", "/no/such/folder", "model.safetensors", "~/nothing", Path("no/model")])
def test_paths_that_lead_nowhere(name: str | Path) -> None:
    with pytest.raises(ModelError, match="no such file or folder"):
        load(name)


@pytest.mark.parametrize("name", ["zebra", "a/b/c", "two words/x", "", "über/modell"])
def test_names_that_are_no_hub_id(name: str) -> None:
    with pytest.raises(ModelError):
        load(name, local_files_only=True)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda m: (m / "model_index.json").unlink(), "not a diffusers model folder"),
        (lambda m: (m / "model_index.json").write_text("{"), "not valid JSON"),
        (lambda m: (m / "model_index.json").write_text("[]"), "not a JSON table"),
        (lambda m: (m / "model_index.json").write_bytes(b"\xff\xfe"), "not valid JSON"),
        (lambda m: (m / "model_index.json").write_text("{}"), "has no unet and no vae and no text_encoder"),
        (lambda m: edit(m / "model_index.json", vae="gone"), "has no vae"),
        (lambda m: edit(m / "model_index.json", scheduler="gone"), "has no scheduler"),
        (lambda m: edit(m / "model_index.json", tokenizer=[None, None]), "has no tokenizer"),
        (
            lambda m: edit(m / "model_index.json", transformer=["diffusers", "SD3Transformer2DModel"]),
            "not supported yet",
        ),
        (lambda m: edit(m / "model_index.json", unet=["evil", "Unet"]), "no class of the installed diffusers"),
        (lambda m: edit(m / "model_index.json", unet=["diffusers", "nothing"]), "no class of the installed diffusers"),
        (lambda m: edit(m / "model_index.json", text_encoder_2=["transformers", "CLIPTextModel"]), "without the other"),
        (lambda m: (m / UNET).unlink(), "holds no safetensors weights"),
        (lambda m: (m / UNET).write_bytes(b""), "is empty"),
        (lambda m: (m / UNET).write_bytes((m / UNET).read_bytes()[:-100]), "damaged or not a safetensors file"),
        (
            lambda m: (m / UNET).rename(m / "unet" / "diffusion_pytorch_model.bin"),
            "pickled checkpoint.*save_pretrained",
        ),
        (lambda m: (m / "unet" / "config.json").unlink(), "config.json cannot be read"),
        (lambda m: (m / "unet" / "config.json").write_text("nope"), "not valid JSON"),
        (lambda m: (m / "vae" / "config.json").unlink(), "config.json cannot be read"),
        (lambda m: (m / "scheduler" / "scheduler_config.json").unlink(), "cannot be loaded"),
        (lambda m: shutil.rmtree(m / "tokenizer"), "tokenizer cannot be read"),
        (lambda m: edit(m / "unet" / "config.json", block_out_channels=[16, 64]), "cannot be loaded|lack"),
        (lambda m: edit(m / "unet" / "config.json", layers_per_block=2), "cannot be loaded"),
        (lambda m: drop(m / UNET, "conv_out.bias"), "the weights lack 1 tensors .*'conv_out.bias'"),
        (lambda m: drop(m / ENCODER, "final_layer_norm.bias"), "the weights lack 1 tensors"),
        (lambda m: save_file({}, m / UNET), "holds no tensors"),
        (lambda m: edit(m / "unet" / "config.json", down_block_types=["X", "Y"]), "cannot be loaded"),
        (lambda m: edit(m / "scheduler" / "scheduler_config.json", prediction_type="flow"), "pass prediction_type="),
        (lambda m: edit(m / "scheduler" / "scheduler_config.json", beta_schedule="odd"), "odd"),
    ],
)
def test_damaged_folders(broken: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(broken)
    with pytest.raises(DreamSamplerError, match=words) as caught:
        load(broken)
    assert isinstance(caught.value, ModelError)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_folders_that_hold_something_else(tmp_path: Path, sd1_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"expected a folder that pipe\.save_pretrained"):
        load(tmp_path)
    with pytest.raises(ModelError, match="load the folder above"):
        load(sd1_folder / "unet")
    (tmp_path / "a.ckpt").write_bytes(b"x")
    with pytest.raises(ModelError, match="pickled checkpoints are refused"):
        load(tmp_path)
    with pytest.raises(ModelError, match=r"pickled checkpoint"):
        load(tmp_path / "a.ckpt")
    (tmp_path / "a.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"load .*a\.safetensors"):
        load(tmp_path)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(ModelError, match="not a safetensors file"):
        load(tmp_path / "picture.png")


@pytest.mark.parametrize(
    ("unet", "vae", "words"),
    [
        ({"in_channels": 9}, {}, "takes 9 and gives 4 channels.*inpainting"),
        ({}, {"latent_channels": 8}, "autoencoder has 8"),
        ({"time_cond_proj_dim": 8}, {}, "guidance-distilled"),
        ({"class_embed_type": "timestep"}, {}, "conditioning beyond text and size"),
        ({"cross_attention_dim": 24}, {}, "text features of width 24, its text encoders give 16"),
    ],
)
def test_architectures_that_are_no_plain_text_to_image_model(
    tmp_path: Path, unet: dict[str, object], vae: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        load(tiny.write_sd1(tmp_path, unet=unet, vae=vae))


def test_a_network_that_pools_its_text_itself_is_a_plain_one(tmp_path: Path) -> None:
    unet = {"addition_embed_type": "text", "addition_embed_type_num_heads": 2}
    prior = load(tiny.write_sd1(tmp_path, unet=unet), device="cpu")
    z, step = torch.ones(1, 4, 4, 4), prior.schedule.visits(2)[0]
    cat, dog = (prior.predict([z], step, [prior.embed([text])])[0].eps for text in ("a cat", "a dog"))
    assert torch.isfinite(cat).all()
    assert (cat - dog).abs().max() > 0


def test_refiners_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="six size numbers; refiners"):
        load(tiny.write_sdxl(tmp_path, unet={"projection_class_embeddings_input_dim": 5 * 8 + 20}))


def test_arguments_are_checked_before_anything_is_read() -> None:
    with pytest.raises(InputError, match="dtype='int8'"):
        load("no/model", dtype="int8")
    with pytest.raises(InputError, match="device='gpu'"):
        load("no/model", device="gpu")
    with pytest.raises(InputError, match="max_batch=0"):
        load("no/model", max_batch=0)
