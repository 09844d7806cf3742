"""Stage 3: the evaluator, a small CLIP model that learns from pixels alone and shares nothing with the prior.

Six contrasts are learned at once, each a cross-entropy over cosine similarities times a learned temperature:
the pictures of a batch against their captions (both ways), a face and its twin against their two captions, the same
face with what they differ in painted over, which must go to the caption that does not name it, solids and styled
figures against captions that are wrong in a shape, a color, the view or the style, each one-figure picture
against a sentence for every noun of the vocabulary, and each picture against a sentence for every background color.
The pictures are blurred, shifted and recolored a little, because the evaluator will see decoded samples, not clean
renderings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer, CLIPVisionConfig

from iconworld.scenes.captions import article
from iconworld.training.checkpoint import (
    TrainState,
    copy_ema_into,
    load_as_float32,
    save_folder,
    start_ema,
    writing,
)
from iconworld.training.contrasts import bare_contrast, other_contrast, painted_over, twin_contrast
from iconworld.training.loop import Budget, LoopOptions, initial_weights, say, torch_rng, train_loop
from iconworld.training.parallel import rank
from iconworld.training.pool import SIZE, Draw, Pool, Record, to_tensor
from iconworld.training.presets import EvaluatorPreset
from iconworld.training.start import start_evaluator
from iconworld.training.text import text_config

MEAN, STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


def noun_sentence(noun: str) -> str:
    """The sentence that stands for a noun: "an icon of a cat"."""
    return f"an icon of {article(noun)}"


def background_sentence(color: str) -> str:
    """The sentence that stands for a background color: "on a blue background"."""
    return f"on {article(color)} background"


def build_evaluator(tokenizer: CLIPTokenizer, preset: EvaluatorPreset) -> CLIPModel:
    """A new CLIPModel with 16x16 patches of 128x128 pictures."""
    text = text_config(tokenizer, preset.text_width, preset.text_layers)
    vision = CLIPVisionConfig(
        hidden_size=preset.width,
        intermediate_size=4 * preset.width,
        num_hidden_layers=preset.layers,
        num_attention_heads=preset.width // 48,
        image_size=SIZE,
        patch_size=16,
        projection_dim=preset.projection,
        hidden_act="gelu",
    )
    text.projection_dim = preset.projection
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=preset.projection)
    evaluator = CLIPModel(config)
    with torch.no_grad():  # CLIP's tiny position embeddings take long to grow; plain pictures need them at once
        evaluator.vision_model.embeddings.position_embedding.weight.normal_(std=0.02)
    return evaluator


def encode_pictures(evaluator: CLIPModel, pictures: Tensor) -> Tensor:
    """(b, 3, 128, 128) in [-1, 1] to unit vectors (b, projection)."""
    pooled = evaluator.vision_model(pixel_values=pictures).pooler_output
    return F.normalize(evaluator.visual_projection(pooled).float(), dim=-1)


def encode_text(evaluator: CLIPModel, tokens: Tensor) -> Tensor:
    """(b, length) token ids to unit vectors (b, projection)."""
    return F.normalize(evaluator.text_projection(evaluator.text_model(tokens).pooler_output).float(), dim=-1)


def tokenize_short(tokenizer: CLIPTokenizer, texts: Sequence[str]) -> Tensor:
    """Token ids padded to the longest; what follows the first end token changes nothing in a causal tower."""
    return tokenizer(list(texts), padding="longest", truncation=True, return_tensors="pt").input_ids


def perturb(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Small random shifts, blur, noise and color offsets of a batch in [-1, 1]."""
    dx, dy = (int(v) for v in rng.integers(-6, 7, 2))
    padded = F.pad(pictures, (6, 6, 6, 6), mode="replicate")
    moved = padded[..., 6 + dy : 6 + dy + SIZE, 6 + dx : 6 + dx + SIZE]
    if rng.random() < 0.6:
        factor = int(rng.integers(2, 4))
        small = F.interpolate(moved, size=SIZE // factor, mode="area")
        moved = F.interpolate(small, size=SIZE, mode="bilinear", align_corners=False)
    generator = torch_rng(rng)
    offset = 0.06 * torch.randn(len(moved), 3, 1, 1, generator=generator)
    noise = 0.04 * torch.randn(moved.shape, generator=generator)
    return (moved + (offset + noise).to(moved.device)).clamp(-1, 1)


class EvaluatorLoss(nn.Module):
    """The six contrasts over one batch."""

    def __init__(self, pool: Pool, tokenizer: CLIPTokenizer, nouns: Sequence[str], colors: Sequence[str]) -> None:
        super().__init__()
        self.pool, self.tokenizer, self.draw = pool, tokenizer, Draw(pool.records)
        self.nouns = {noun: i for i, noun in enumerate(nouns)}
        self.colors = {color: i for i, color in enumerate(colors)}
        self.noun_tokens = tokenize_short(tokenizer, [noun_sentence(n) for n in nouns])
        self.color_tokens = tokenize_short(tokenizer, [background_sentence(c) for c in colors])

    def forward(self, evaluator: CLIPModel, rng: np.random.Generator, batch: int, device: str) -> Tensor:
        """The sum of the six cross-entropies on a random batch."""
        indices = self.draw(rng, batch)
        records = [self.pool.records[i] for i in indices]
        picked = self.pool.pictures[indices].copy()
        twins = 2 * self.draw.pairs(batch)
        covered, bare = painted_over(picked[batch - twins :], records[batch - twins :], rng)
        for i, record in enumerate(records):
            if len(record.nouns) == 1 and rng.random() < 0.5:  # captions of two figures tell left from right
                picked[i] = picked[i, :, ::-1]
        looked = perturb(to_tensor(np.concatenate([picked, covered])).to(device), rng)
        seen, hidden = encode_pictures(evaluator, looked).split([batch, len(covered)])
        scale = evaluator.logit_scale.exp().clamp(max=100)
        chosen = rng.random(batch)
        chosen[batch - twins + 1 :: 2] = chosen[batch - twins :: 2]  # what is said of twins differs in one thing too
        captions = [record.captions[int(u * len(record.captions))] for u, record in zip(chosen, records, strict=True)]
        said = encode_text(evaluator, tokenize_short(self.tokenizer, captions).to(device))
        pairs = scale * seen @ said.T
        own = torch.arange(batch, device=device)
        loss = (F.cross_entropy(pairs, own) + F.cross_entropy(pairs.T, own)) / 2
        if twins:
            loss = loss + twin_contrast(seen[-twins:], said[-twins:], scale)
        if len(covered):
            loss = loss + bare_contrast(hidden, said[-twins:], bare.to(device), scale)
        loss = loss + self._told_apart(evaluator, seen, records, scale)
        names = encode_text(evaluator, self.noun_tokens.to(device))
        single = [len(record.nouns) == 1 and record.nouns[0] in self.nouns for record in records]
        named = [self.nouns[r.nouns[0]] for r, alone in zip(records, single, strict=True) if alone]
        targets = torch.tensor(named, device=device)
        if any(single):  # the mean over no picture would be NaN
            loss = loss + F.cross_entropy(scale * seen[single] @ names.T, targets)
        grounds = encode_text(evaluator, self.color_tokens.to(device))
        targets = torch.tensor([self.colors[record.background] for record in records], device=device)
        return loss + F.cross_entropy(scale * seen @ grounds.T, targets)

    def _told_apart(self, evaluator: CLIPModel, seen: Tensor, records: Sequence[Record], scale: Tensor) -> Tensor:
        """The contrast of solids and styled figures with captions that are wrong in one thing."""
        rows = [i for i, record in enumerate(records) if record.others]
        if not rows:
            return seen.new_zeros(())
        texts = [[records[i].captions[0], *records[i].others] for i in rows]
        tokens = tokenize_short(self.tokenizer, [text for group in texts for text in group])
        said = encode_text(evaluator, tokens.to(seen.device))
        return other_contrast(seen[rows], said, [len(group) for group in texts], scale)


def train_evaluator(
    pool: Pool,
    held_out: Pool,
    tokenizer: CLIPTokenizer,
    nouns: Sequence[str],
    colors: Sequence[str],
    out: Path,
    preset: EvaluatorPreset,
    budget: Budget,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    start: Path | None = None,
) -> CLIPModel:
    """Train on ``pool``; write ``out/evaluator.safetensors`` (state) and ``out/judge`` (averaged, fp16)."""
    with initial_weights(seed):
        evaluator = build_evaluator(tokenizer, preset).to(device)
    if start is not None:
        start_evaluator(evaluator, tokenizer, start)
    optimizer = torch.optim.AdamW(evaluator.parameters(), lr=preset.rate, betas=(0.9, 0.98), weight_decay=0.05)
    settings = {"seed": seed, "preset": preset.name, "tokens": len(tokenizer)}
    state = TrainState(evaluator, optimizer, start_ema(evaluator), settings=settings)
    contrasts = EvaluatorLoss(pool, tokenizer, nouns, colors)

    def loss_of_step(rng: np.random.Generator, done: float) -> Tensor:
        with torch.autocast(device, torch.bfloat16):
            return contrasts(evaluator, rng, preset.batch, device)

    averaged = build_evaluator(tokenizer, preset).to(device).eval()

    def report(state: TrainState) -> str:
        copy_ema_into(state, averaged)
        named, colored = evaluator_accuracy_on(averaged, tokenizer, held_out, nouns, colors)
        return f"held-out scenes: noun {named:.1%}, background {colored:.1%} at step {state.step}"

    options = LoopOptions(peak_rate=preset.rate, warm_up=150, decay_from=0.3)
    checkpoint = out / "evaluator.safetensors"
    train_loop(state, loss_of_step, budget, options, checkpoint, seed=seed, resume=resume, on_sheet=report)
    copy_ema_into(state, averaged)
    export_evaluator(averaged, tokenizer, nouns, colors, out / "judge")
    say(f"wrote {out / 'judge'}")
    return averaged


@torch.no_grad()
def choose(
    evaluator: CLIPModel, tokenizer: CLIPTokenizer, pictures: np.ndarray, sentences: Sequence[str]
) -> np.ndarray:
    """For each of (n, 128, 128, 3) bytes, the index of the most similar sentence."""
    said = encode_text(evaluator, tokenize_short(tokenizer, sentences).to(evaluator.device))
    best = []
    for start in range(0, len(pictures), 32):
        seen = encode_pictures(evaluator, to_tensor(np.asarray(pictures[start : start + 32])).to(evaluator.device))
        best.append((seen @ said.T).argmax(1).cpu().numpy())
    return np.concatenate(best)


def evaluator_accuracy_on(
    evaluator: CLIPModel, tokenizer: CLIPTokenizer, pool: Pool, nouns: Sequence[str], colors: Sequence[str]
) -> tuple[float, float]:
    """Shares of the pool's one-figure scenes whose noun, and of all its scenes whose background, is named right."""
    single = [i for i, record in enumerate(pool.records) if len(record.nouns) == 1 and record.nouns[0] in nouns]
    named = choose(evaluator, tokenizer, pool.pictures[single], [noun_sentence(n) for n in nouns])
    colored = choose(evaluator, tokenizer, pool.pictures[:], [background_sentence(c) for c in colors])
    noun_hits = [nouns[k] == pool.records[i].nouns[0] for k, i in zip(named, single)]
    color_hits = [colors[k] == record.background for k, record in zip(colored, pool.records)]
    return float(np.mean(noun_hits)), float(np.mean(color_hits))


def export_evaluator(
    evaluator: CLIPModel, tokenizer: CLIPTokenizer, nouns: Sequence[str], colors: Sequence[str], folder: Path
) -> None:
    """Write model (fp16), tokenizer, preprocessor configuration and vocabulary as an ordinary transformers folder."""
    if rank() != 0:
        return
    save_folder(evaluator.half(), folder)
    load_as_float32(folder / "config.json")
    evaluator.float()
    preprocessor = {
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": True,
        "size": {"shortest_edge": SIZE},
        "do_center_crop": True,
        "crop_size": {"height": SIZE, "width": SIZE},
        "do_convert_rgb": True,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": MEAN,
        "image_std": STD,
        "resample": 3,
    }
    vocabulary = {"nouns": list(nouns), "backgrounds": list(colors)}
    with writing(folder):
        tokenizer.save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")
        (folder / "vocabulary.json").write_text(json.dumps(vocabulary, indent=1) + "\n")
