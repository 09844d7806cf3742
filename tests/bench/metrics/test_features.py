"""CLIP, structure and Fréchet metrics on tiny real models written to disk."""

import json
import shutil

import pytest
import torch
from PIL import Image
from transformers import CLIPModel, ViTModel

from dreamsampler.bench.metrics.base import Metric, Sample, SetMetric
from dreamsampler.bench.metrics.clip import ClipAccuracy, ClipSimilarity
from dreamsampler.bench.metrics.encoder import ClipEncoder, VisionEncoder
from dreamsampler.bench.metrics.frechet import FrechetDistance, frechet
from dreamsampler.bench.metrics.preprocess import Preprocess
from dreamsampler.bench.metrics.structure import StructureDistance, self_similarity
from dreamsampler.core.errors import ModelError
from dreamsampler.core.noise import Noise
from dreamsampler.io.tensors import to_pixels, to_tensor


@pytest.fixture(scope="module")
def clip(clip_folder):
    return ClipEncoder.load(clip_folder)


def test_preprocessing_is_the_models_own_up_to_its_8_bit_rounding(clip_folder, pictures):
    processors = pytest.importorskip("transformers.models.clip.image_processing_pil_clip")
    processor = processors.CLIPImageProcessorPil.from_pretrained(clip_folder)
    wide = torch.nn.functional.interpolate(pictures, (40, 61), mode="bilinear")
    pixels = to_pixels(wide)
    theirs = processor([Image.fromarray(p) for p in pixels], return_tensors="pt")["pixel_values"]
    ours = Preprocess.from_folder(clip_folder)(to_tensor(pixels))
    assert theirs.shape == ours.shape == (3, 3, 32, 32)
    assert float((theirs - ours).abs().max()) < 2.5 / 255 / 0.26


def test_features_are_the_models_projected_ones(clip, clip_folder, pictures):
    model = CLIPModel.from_pretrained(clip_folder).eval()
    with torch.no_grad():
        pooled = model.vision_model(pixel_values=clip.preprocess(pictures)).pooler_output
        image = torch.nn.functional.normalize(model.visual_projection(pooled), dim=-1)
        tokens = clip.tokenizer(["a red cat", "a dog"], padding=True, return_tensors="pt")
        pooled = model.text_model(**{k: tokens[k] for k in ("input_ids", "attention_mask")}).pooler_output
        text = torch.nn.functional.normalize(model.text_projection(pooled), dim=-1)
    torch.testing.assert_close(clip.images(pictures), image)
    torch.testing.assert_close(clip.texts(["a red cat", "a dog"]), text)
    sample = Sample(pictures[1], target_text="a dog")
    assert ClipSimilarity(clip)(sample) == pytest.approx(float(image[1] @ text[1]), abs=1e-5)


def test_a_texts_feature_does_not_depend_on_its_neighbors_and_long_ones_are_cut(clip):
    alone = ClipEncoder(clip.model, clip.tokenizer, clip.preprocess).texts(["a cat"])
    together = ClipEncoder(clip.model, clip.tokenizer, clip.preprocess).texts(["a red cat on the blue square", "a cat"])
    torch.testing.assert_close(alone[0], together[1])
    assert clip.texts(["cat " * 100]).shape == (1, 10)


def test_accuracy_says_which_text_is_nearer(clip, pictures):
    texts = ["a red cat", "a blue dog"]
    cosines = clip.images(pictures) @ clip.texts(texts).T
    for image, (first, second) in zip(pictures, cosines.tolist(), strict=True):
        forth = ClipAccuracy(clip)(Sample(image, source_text=texts[0], target_text=texts[1]))
        back = ClipAccuracy(clip)(Sample(image, source_text=texts[1], target_text=texts[0]))
        assert (forth, back) == (float(second > first), float(first > second))
    assert ClipAccuracy(clip)(Sample(pictures[0], source_text="a cat", target_text="a cat")) is None
    assert ClipAccuracy(clip)(Sample(pictures[0], target_text="a cat")) is None
    assert ClipSimilarity(clip)(Sample(pictures[0])) is None


@pytest.mark.parametrize("kind", ["vit", "clip"])
def test_structure_distance_is_of_the_last_blocks_keys(kind, vit_folder, clip_folder, pictures):
    folder = vit_folder if kind == "vit" else clip_folder
    encoder = VisionEncoder.load(folder)
    own = ViTModel.from_pretrained(folder) if kind == "vit" else CLIPModel.from_pretrained(folder).vision_model
    named = dict(own.named_modules())
    last = max(name for name in named if name.endswith("k_proj"))
    block = named[last.rsplit(".", 2)[0]]
    caught = []
    norm = block.layernorm_before if kind == "vit" else block.layer_norm1
    norm.register_forward_hook(lambda module, inputs, output: caught.append(output))
    with torch.no_grad():
        own.eval()(pixel_values=encoder.preprocess(pictures))
        keys = named[last](caught[0])
    torch.testing.assert_close(encoder.keys(pictures), keys)
    assert keys.shape == (3, 17, 16)
    unit = keys / keys.norm(dim=-1, keepdim=True)
    gram = torch.einsum("btd,bsd->bts", unit, unit)
    expected = float((gram[0] - gram[1]).square().mean())
    sample = Sample(pictures[0], source=pictures[1])
    assert StructureDistance(encoder)(sample) == pytest.approx(expected, rel=1e-4)
    assert StructureDistance(encoder)(Sample(pictures[0], source=pictures[0])) == pytest.approx(0.0, abs=1e-12)
    assert StructureDistance(encoder)(Sample(pictures[0])) is None


def test_pie_variant_feeds_bytes_and_says_so(vit_folder, pictures):
    encoder = VisionEncoder.load(vit_folder)
    unit, bytes_ = StructureDistance(encoder), StructureDistance(encoder, "bytes")
    sample = Sample(pictures[0], source=pictures[1])
    assert unit.name != bytes_.name
    scaled = Preprocess(32, None, (0.48, 0.46, 0.41), (0.27, 0.26, 0.28), "bilinear", 255.0)
    keys = VisionEncoder(encoder.model, scaled).keys(pictures[:2])
    first, second = self_similarity(keys)
    assert bytes_(sample) == pytest.approx(float((first - second).square().mean()), rel=1e-6)
    assert bytes_(sample) != pytest.approx(unit(sample), rel=1e-2)


def test_pictures_that_are_not_square_reach_the_tower(vit_folder, pictures):
    encoder = VisionEncoder.load(vit_folder)
    assert encoder.keys(pictures[:1, :, :24]).shape == (1, 1 + 4 * 8, 16)


def test_frechet_distance_of_known_gaussians():
    """Diagonal covariances: |mu|^2 + sum (s - t)^2, which large samples approach."""
    x = Noise([1]).normal(torch.empty(1, 40000, 3, dtype=torch.float64))[0] * torch.tensor([1.0, 2.0, 0.5])
    y = Noise([2]).normal(torch.empty(1, 40000, 3, dtype=torch.float64))[0] + torch.tensor([1.0, 0.0, -2.0])
    assert frechet(x, y) == pytest.approx(5.0 + 0.0 + 1.0 + 0.25, rel=0.02)
    linalg = pytest.importorskip("scipy.linalg")
    few, other = x[:7], y[:9]
    s, t = (f.T.cov() for f in (few, other))
    root = linalg.sqrtm((s @ t).numpy()).real.trace()
    expected = float((few.mean(0) - other.mean(0)).square().sum() + s.trace() + t.trace() - 2 * root)
    assert frechet(few, other) == pytest.approx(expected, rel=1e-6)
    assert frechet(x, x) == pytest.approx(0.0, abs=1e-9)


def test_frechet_metric_needs_two_answers(clip, pictures):
    metric = FrechetDistance(clip)
    assert isinstance(metric, SetMetric)
    assert isinstance(ClipAccuracy(clip), Metric)
    assert metric([Sample(pictures[0], truth=pictures[1]), Sample(pictures[2])]) is None
    pairs = [Sample(pictures[i], truth=pictures[(i + 1) % 3]) for i in range(3)]
    assert metric(pairs) == pytest.approx(0.0, abs=1e-6), "the same pictures in another order"


def test_what_a_folder_lacks_is_said(tmp_path, clip_folder, vit_folder):
    with pytest.raises(ModelError, match="no config"):
        ClipEncoder.load(tmp_path)
    with pytest.raises(ModelError, match="CLIPModel"):
        ClipEncoder.load(vit_folder)
    damaged = shutil.copytree(clip_folder, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(ModelError, match="damaged"):
        ClipEncoder.load(damaged)
    strange = shutil.copytree(clip_folder, tmp_path / "strange")
    config = json.loads((strange / "preprocessor_config.json").read_text())
    (strange / "preprocessor_config.json").write_text(json.dumps(config | {"resample": 99}))
    with pytest.raises(ModelError, match="preprocessor_config"):
        ClipEncoder.load(strange)
