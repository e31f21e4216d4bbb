"""GCoNet+ in the training loop of cosal-lite: losses reach what they should, runs resume and are exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gconet_plus_naive as naive
import onnxruntime
import pytest
import torch
from torchvision.models.vgg import cfgs, make_layers

from cosal_training.convert import CheckpointError
from cosal_training.data import Catalogue, GroupBatch, GroupDataset, SamplingConfig
from cosal_training.export import export
from cosal_training.losses import LossConfig, training_loss
from cosal_training.network import GCoNetPlus, GCoNetPlusConfig
from cosal_training.published import begin_gconet_plus
from cosal_training.recipes import RECIPES
from cosal_training.torch_model import TorchModel
from cosal_training.train import TrainConfig, load_network, train

TINY = 8
RECIPE = RECIPES["gconet-plus"]
SAMPLING = SamplingConfig(shapes=((2, 4),), sizes=(64,))


@pytest.fixture(scope="module")
def batch(shapes: Path) -> GroupBatch:
    return GroupDataset(Catalogue.read(shapes), SAMPLING, seed=0, steps=1)[0]


@pytest.fixture(scope="module")
def gradients(batch: GroupBatch) -> dict[str, set[str]]:
    """For each loss term alone the modules with a gradient; of the encoder each stage."""
    torch.manual_seed(0)
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY, classes=5, k=5.0)).train()
    off = dict.fromkeys(LossConfig().terms(), 0.0)
    found = {}
    for term in off.keys() - {"presence"}:
        network.zero_grad()
        config = replace(RECIPE.losses, **{**off, term: 1.0}, margin=0.5)
        loss = training_loss(network, network.classifier, batch, config, torch.Generator().manual_seed(0))
        loss.total.backward()
        found[term] = {
            name.removeprefix("bb.").split(".")[0]
            for name, parameter in network.named_parameters()
            if parameter.grad is not None and parameter.grad.abs().max() > 0
        }
    return found


ENCODER, GROUP, HEAD = {"conv5"}, {"co_x5"}, {"pred_layer"}
DECODER = {"top_layer", "latlayer5", "enlayer5", "latlayer2", "enlayer1", "db_output_decoder"}


@pytest.mark.parametrize("term", ["bce", "iou", "shrink"])
def test_mask_losses_reach_encoder_consensus_and_decoder(gradients: dict[str, set[str]], term: str) -> None:
    assert gradients[term] >= ENCODER | GROUP | DECODER
    assert not gradients[term] & (HEAD | {"classifier"})


@pytest.mark.parametrize("term", ["coarse", "gcm"])
def test_both_halves_of_gcm_reach_encoder_consensus_and_head(gradients: dict[str, set[str]], term: str) -> None:
    assert gradients[term] == ENCODER | GROUP | HEAD


def test_acm_reaches_the_encoder_alone(gradients: dict[str, set[str]]) -> None:
    assert gradients["acm"] == ENCODER | {"classifier"}


@pytest.mark.parametrize("term", ["racm", "gst"])
def test_region_losses_reach_encoder_and_decoder(gradients: dict[str, set[str]], term: str) -> None:
    assert gradients[term] >= ENCODER | GROUP | DECODER
    assert ("classifier" in gradients[term]) == (term == "racm")


def test_early_stages_stay_frozen(gradients: dict[str, set[str]]) -> None:
    assert not any(reached & {"conv1", "conv2", "conv3", "conv4"} for reached in gradients.values())


@torch.no_grad()
def test_gcm_is_the_published_focal_loss(batch: GroupBatch) -> None:
    """Over own maps against masks and swapped maps against what the other group's object covers, alike."""
    torch.manual_seed(1)
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY, classes=5)).train()
    batch = replace(batch, weight=torch.ones(8), foreign_weight=torch.ones(8))
    losses = replace(RECIPE.losses, coarse=0.5, gcm=1.0, reused_share=0.0)
    terms = training_loss(network, network.classifier, batch, losses, torch.Generator().manual_seed(0)).terms
    features = network.encode(network.normalise(batch.image)).features
    consensus = torch.stack([network.consensus(f) for f in features.split(batch.sizes)])
    own, other = consensus.repeat_interleave(4, 0), consensus[batch.foreign]
    probability = network.collaborate(features.repeat(2, 1, 1, 1), torch.cat([own, other])).sigmoid()
    target = torch.nn.functional.avg_pool2d(torch.cat([batch.mask, batch.foreign_mask]), 16)
    right = probability * target + (1 - probability) * (1 - target)
    entropy = -(target * probability.log() + (1 - target) * (1 - probability).log())
    assert float(terms["coarse"] + terms["gcm"]) == pytest.approx(
        float(((1 - right) ** 2 * entropy).mean()), rel=1e-4
    )


def test_pictures_are_normalised_for_the_encoder() -> None:
    pixels = torch.rand(2, 3, 4, 4)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = (pixels - mean.reshape(3, 1, 1)) / std.reshape(3, 1, 1)
    assert torch.allclose(GCoNetPlus(GCoNetPlusConfig(width=TINY)).normalise(pixels * 2 - 1), expected, atol=1e-5)


@pytest.fixture
def config(shapes: Path, tmp_path: Path) -> TrainConfig:
    return replace(
        RECIPE,
        data=str(shapes),
        output=str(tmp_path / "whole"),
        steps=2,
        warmup=1,
        checkpoint_every=1,
        evaluate_size=64,
        device="cpu",
        loaders=0,
        network=GCoNetPlusConfig(width=TINY),
        sampling=replace(SAMPLING, near=0.0),
    )


def test_a_run_resumes_validates_and_is_exported(
    config: TrainConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = torch.load(train(config), weights_only=True)
    assert "random weights" in capsys.readouterr().out
    cut = replace(config, output=str(tmp_path / "cut"))
    train(replace(cut, stop_at=1))
    checkpoint = train(cut)
    resumed = torch.load(checkpoint, weights_only=True)
    assert whole["step"] == resumed["step"] == 2
    for part in ("network", "average"):
        for name, values in whole[part].items():
            assert torch.allclose(values, resumed[part][name], atol=1e-6), name
    assert "disc" in (tmp_path / "cut" / "validation.txt").read_text()

    network = load_network(checkpoint)
    assert isinstance(network, GCoNetPlus) and network.config.classes == 5 and not network.training
    export(network, tmp_path / "model", size=64, half=False)
    session = onnxruntime.InferenceSession(tmp_path / "model" / "encoder.onnx")
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(3)).numpy()
    expected = TorchModel(network, 64).run("encoder", {"image": image})
    for output, values in zip(session.get_outputs(), session.run(None, {"image": image}), strict=True):
        assert abs(values - expected[output.name]).max() < 1e-3, output.name


def test_an_encoder_that_begins_at_random_is_trained_whole() -> None:
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY, pretrained=False)).train()
    assert all(p.requires_grad for p in network.bb.parameters())
    assert network.bb.training


@torch.no_grad()
def test_published_weights_begin_with_the_published_consensus(tmp_path: Path) -> None:
    """At 256 pixels, where affinities play no part: all pixels attended alike."""
    state = naive.random_checkpoint(TINY)
    state["co_x5.all_attention.query_transform.weight"].zero_()
    state["co_x5.all_attention.query_transform.bias"].zero_()
    torch.save(state, tmp_path / "published.pth")
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY, classes=5)).eval()
    classifier = network.classifier.weight.clone()
    begin_gconet_plus(network, tmp_path / "published.pth")
    published = GCoNetPlus(GCoNetPlusConfig(compat="published", width=TINY)).eval()
    published.load_state_dict(state)
    image = torch.randn(2, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    kernels = [n.gam.kernel(n.consensus(n.encode(image).features)) for n in (network, published)]
    assert torch.allclose(*kernels, rtol=1e-3, atol=1e-5)
    assert torch.equal(network.classifier.weight, classifier)


@torch.no_grad()
def test_the_encoder_begins_with_torchvisions(tmp_path: Path) -> None:
    layers = [c if isinstance(c, str) else c * TINY // 64 for c in cfgs["D"]]
    reference = make_layers(layers, batch_norm=True)[:-1].eval()
    torch.save({f"features.{n}": v for n, v in reference.state_dict().items()}, tmp_path / "vgg16_bn.pth")
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY)).eval()
    begin_gconet_plus(network, tmp_path / "vgg16_bn.pth")
    image = torch.randn(1, 3, 64, 64)
    assert torch.equal(network.encode(image).features, reference(image))


def test_other_files_are_refused(tmp_path: Path) -> None:
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="VGG16-BN"):
        begin_gconet_plus(network, tmp_path / "other.pth")
    torch.save(naive.random_checkpoint(4), tmp_path / "narrow.pth")
    with pytest.raises(CheckpointError, match="width"):
        begin_gconet_plus(network, tmp_path / "narrow.pth")
