"""Tiny real CLIP and ViT models on disk, in the form in which published ones come."""

import json

import pytest
import torch
from transformers import CLIPConfig, CLIPModel, ViTConfig, ViTModel

from dreamsampler.core.noise import Noise
from tests.tiny import make_tokenizer, seeded


def write_preprocessor(folder, **changes):
    config = {
        "do_resize": True,
        "size": {"shortest_edge": 32},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": 32, "width": 32},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.48, 0.46, 0.41],
        "image_std": [0.27, 0.26, 0.28],
        "image_processor_type": "CLIPImageProcessor",
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(config | changes))


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    tokenizer = make_tokenizer(folder / "vocabulary")
    tokenizer.save_pretrained(folder)
    text = {"vocab_size": len(tokenizer), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    text |= {"num_attention_heads": 2, "max_position_embeddings": 12}
    text |= {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {"image_size": 32, "patch_size": 8}
    with seeded(0):
        CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=10)).save_pretrained(folder)
    write_preprocessor(folder)
    return folder


@pytest.fixture(scope="session")
def vit_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vit")
    config = ViTConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2, image_size=32)
    config.patch_size = 8
    with seeded(1):
        ViTModel(config, add_pooling_layer=False).save_pretrained(folder)
    write_preprocessor(folder, resample=2, do_center_crop=False)
    return folder


@pytest.fixture
def pictures():
    """Three smooth pictures [3, 3, 48, 48] in [-1, 1]."""
    rough = Noise([1, 2, 3]).normal(torch.empty(3, 3, 6, 6))
    return torch.nn.functional.interpolate(rough, (48, 48), mode="bicubic").clamp(-1, 1)
