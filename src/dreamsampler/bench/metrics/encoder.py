"""Pretrained vision models in the form of transformers: CLIP with its text side, and ViTs such as DINO."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...core.errors import ModelError
from ...priors.load.folder import quiet, readable
from .preprocess import Preprocess


@dataclass
class ClipEncoder:
    """Pictures and texts in one space: any folder of a CLIPModel with its tokenizer and preprocessor config.

    Args:
        model: a CLIPModel in evaluation mode.
        tokenizer: its tokenizer.
        preprocess: how it wants its pictures.

    Example:
        >>> # judge = ClipEncoder.load("path/to/clip"); judge.images(pictures) @ judge.texts(["a cat"]).T
    """

    model: Any
    tokenizer: Any
    preprocess: Preprocess
    _texts: dict[str, Tensor] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], device: str | torch.device = "cpu") -> ClipEncoder:
        """Open a folder with `config.json`, safetensors weights, tokenizer files and `preprocessor_config.json`.

        Raises:
            ModelError: the folder is missing, holds another kind of model, or is damaged.
        """
        path = Path(folder)
        if model_type(path) != "clip":
            raise ModelError(f"{path}: is a {model_type(path)!r} model; CLIP metrics need a CLIPModel folder")
        from transformers import AutoTokenizer, CLIPModel

        with quiet(), readable(path):
            model = CLIPModel.from_pretrained(path, local_files_only=True, use_safetensors=True)
            tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
        return cls(model.eval().requires_grad_(False).to(device), tokenizer, Preprocess.from_folder(path))

    @torch.no_grad()
    def images(self, images: Tensor) -> Tensor:
        """Unit features [B, D] of pictures [B, 3, H, W] in [-1, 1]."""
        pixels = self.preprocess(images.float()).to(self.model.device, self.model.dtype)
        return _unit(self.model.get_image_features(pixel_values=pixels))

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Unit features [n, D] of texts, cut to the model's length; each text is encoded once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        if new:
            longest = self.model.config.text_config.max_position_embeddings
            tokens = self.tokenizer(new, padding=True, truncation=True, max_length=longest, return_tensors="pt")
            wanted = {name: tokens[name].to(self.model.device) for name in ("input_ids", "attention_mask")}
            self._texts.update(zip(new, _unit(self.model.get_text_features(**wanted)), strict=True))
        return torch.stack([self._texts[text] for text in texts])


@dataclass(frozen=True)
class VisionEncoder:
    """The picture side alone: a ViT (DINO, DINOv2, ...) or the vision tower of a CLIPModel, for its attention keys."""

    model: Any
    preprocess: Preprocess

    @classmethod
    def load(cls, folder: str | os.PathLike[str], device: str | torch.device = "cpu") -> VisionEncoder:
        """Open a folder with `config.json`, safetensors weights and `preprocessor_config.json`.

        Raises:
            ModelError: the folder is missing, holds a model without attention keys, or is damaged.
        """
        path = Path(folder)
        kind = model_type(path)
        from transformers import AutoModel, CLIPModel

        with quiet(), readable(path):
            if kind == "clip":
                model = CLIPModel.from_pretrained(path, local_files_only=True, use_safetensors=True).vision_model
            else:
                extra = {"add_pooling_layer": False} if kind == "vit" else {}
                model = AutoModel.from_pretrained(path, local_files_only=True, use_safetensors=True, **extra)
        if not _key_layers(model):
            raise ModelError(f"{path}: a {kind!r} model has no attention keys; give a ViT or a CLIPModel")
        return cls(model.eval().requires_grad_(False).to(device), Preprocess.from_folder(path))

    @torch.no_grad()
    def keys(self, images: Tensor) -> Tensor:
        """Keys of the last attention block, all heads side by side, all tokens: [B, tokens, D]."""
        caught: list[Tensor] = []
        layer = _key_layers(self.model)[-1]
        handle = layer.register_forward_hook(lambda module, inputs, output: caught.append(output))
        parameter = next(self.model.parameters())
        pixels = self.preprocess(images.float()).to(parameter)
        native = pixels.shape[-1] == pixels.shape[-2] == self.model.config.image_size
        try:
            self.model(pixel_values=pixels, **({} if native else {"interpolate_pos_encoding": True}))
        finally:
            handle.remove()
        return caught[-1].float()


def _key_layers(model: Any) -> list[torch.nn.Module]:
    return [module for name, module in model.named_modules() if name.rsplit(".", 1)[-1] in ("k_proj", "key")]


def _unit(features: Any) -> Tensor:
    """transformers 4 returns the projected features, transformers 5 an output whose pooled entry they are."""
    tensor = features if isinstance(features, Tensor) else features.pooler_output
    return torch.nn.functional.normalize(tensor.float(), dim=-1)


def model_type(folder: Path) -> str:
    """The `model_type` of a folder's `config.json`.

    Raises:
        ModelError: there is no such file, or it says none.
    """
    path = folder / "config.json"
    try:
        return str(json.loads(path.read_text("utf-8"))["model_type"])
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: has no config.json; expected the folder of a transformers model") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: does not name a model_type") from error
