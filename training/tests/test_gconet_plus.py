"""GCoNet+ against the published layout, the published sizes, and a naive transcription of its formulas."""

from __future__ import annotations

import gconet_plus_naive as naive
import pytest
import timm
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.vgg import cfgs, make_layers

from cosal_training.losses.classification import acm_loss, racm_loss
from cosal_training.network import GCoNetPlus, GCoNetPlusConfig
from cosal_training.network.cem import binarise, published_k
from cosal_training.network.gconet_plus import DEAD, TRAINING_ONLY, presence_of
from cosal_training.network.vgg import VGG16BN

TINY = 8


def published(width: int = TINY, seed: int = 0, *, steep: bool = False) -> tuple[GCoNetPlus, naive.State]:
    state = naive.random_checkpoint(width, seed, steep=steep)
    network = GCoNetPlus(GCoNetPlusConfig(compat="published", width=width))
    network.load_state_dict(state, strict=True)
    return network.eval(), state


def group(count: int, height: int = 64, width: int = 64, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def empty() -> GCoNetPlus:
    """The published network without storage."""
    with torch.device("meta"):
        return GCoNetPlus(GCoNetPlusConfig(compat="published")).eval()


def test_names_and_shapes_are_those_of_the_published_checkpoint(empty: GCoNetPlus) -> None:
    expected = {n: s for n, s in naive.published_shapes().items() if not n.startswith(DEAD)}
    assert {n: tuple(v.shape) for n, v in empty.state_dict().items()} == expected


def test_a_published_checkpoint_loads_strictly() -> None:
    network, state = published(64)
    for name, values in network.state_dict().items():
        assert torch.equal(values, state[name]), name
    with pytest.raises(RuntimeError, match=r"latlayer3\.bias"):
        network.load_state_dict({n: v for n, v in state.items() if n != "latlayer3.bias"})
    with pytest.raises(RuntimeError, match=r"conv_output_of_another"):
        network.load_state_dict({**state, "conv_output_of_another.weight": torch.zeros(1)})


def test_loading_leaves_the_checkpoint_whole() -> None:
    state = naive.random_checkpoint(TINY)
    names = list(state)
    GCoNetPlus(GCoNetPlusConfig(width=TINY)).load_state_dict(state)
    assert list(state) == names


def test_parameters(empty: GCoNetPlus) -> None:
    sizes = {n: p.numel() for n, p in empty.named_parameters()}
    inference = sum(size for n, size in sizes.items() if not n.startswith(TRAINING_ONLY))
    assert round(inference / 1e6, 2) == 16.89
    dead = {n: s for n, s in naive.published_shapes().items() if n.startswith(DEAD)}
    registered = sum(sizes.values()) + sum(torch.Size(s).numel() for s in dead.values())
    assert round(registered / 1e6, 3) == 18.415


def test_multiplications_at_256(empty: GCoNetPlus) -> None:
    image = torch.empty(1, 3, 256, 256, device="meta")
    with FlopCounterMode(display=False) as counter:
        empty.segment(image)
    flops = counter.get_flop_counts()["Global"]
    convolutions = flops[torch.ops.aten.convolution] / 2e9
    once, everywhere = 512 * 512 / 1e9, 256 * 512 * 512 / 1e9
    assert round(convolutions, 2) == 27.33
    assert round(convolutions - once + everywhere, 1) == 27.4, "as published: the GAM's last convolution a pixel"
    affinity = 256 * 256 * 512 / 1e9
    assert sum(flops.values()) / 2e9 - convolutions == pytest.approx(affinity, rel=0.01)


@pytest.mark.parametrize(("count", "height", "width"), [(1, 64, 64), (2, 96, 96), (5, 64, 64), (3, 70, 94)])
def test_published_masks_are_those_of_the_formulas(count: int, height: int, width: int) -> None:
    for steep in (False, True):
        network, state = published(seed=count, steep=steep)
        image = group(count, height, width)
        found = network.segment(image).logits
        assert torch.allclose(found.sigmoid(), naive.masks(state, image), atol=1e-4)


def test_published_masks_at_full_width() -> None:
    network, state = published(64)
    image = group(2)
    expected = naive.masks(state, image)
    assert 0.01 < float((expected > 0.5).float().mean()) < 0.99, "the masks must not be trivial"
    assert torch.allclose(network.segment(image).logits.sigmoid(), expected, atol=1e-4)


@torch.no_grad()
def test_published_steps_are_those_of_the_formulas() -> None:
    network, state = published()
    image = group(3)
    encoded = network.encode(image)
    stages = naive.encoder(state, image)
    assert torch.allclose(encoded.features, stages[-1], atol=1e-5)
    e = naive.group_affinity(state, stages[-1])
    consensus = network.consensus(encoded.features)
    assert torch.allclose(network.gam.kernel(consensus), e, atol=1e-5)
    decoded = naive.decoder(state, stages, e)
    found = network.pyramid(encoded.features * network.gam.kernel(consensus), encoded.laterals)
    assert torch.allclose(found, decoded, atol=1e-4)
    foreign = network.consensus(network.encode(group(2, seed=9)).features)
    for kernel in (consensus, foreign):
        expected = naive.collaboration(state, stages[-1], network.gam.kernel(kernel))
        assert torch.allclose(network.collaborate(encoded.features, kernel), expected, atol=1e-5)
    assert torch.allclose(network.classify(encoded.features), naive.classes(state, stages[-1]), atol=1e-5)
    region = network.conv_out_mask(found).sigmoid()
    again = network.classify(network.encode(image * region).features)
    assert torch.allclose(again, naive.masked_classes(state, image, decoded), atol=1e-4)


def test_published_k_falls_back_where_the_exponential_overflows() -> None:
    shrink, threshold = torch.zeros(2, 1, 3, 3), torch.full((2, 1, 3, 3), -0.2)
    threshold[1, 0, 2, 1] = 2.0
    assert published_k(shrink, threshold).flatten().tolist() == [300, 50]
    found = binarise(shrink, threshold, published_k(shrink, threshold)).sigmoid()
    for image in range(2):
        expected = naive.binarise(shrink[image].sigmoid(), threshold[image].sigmoid())
        assert torch.allclose(found[image], expected, atol=1e-6)


@torch.no_grad()
def test_decoding_needs_only_the_consensus() -> None:
    for compat in (None, "published"):
        network = GCoNetPlus(GCoNetPlusConfig(compat=compat, width=TINY)).eval()
        encoded = network.encode(group(4))
        consensus = network.consensus(encoded.features)
        assert consensus.shape == (1, 64)
        whole = network.decode(encoded, consensus)
        alone = network.decode(encoded.select(slice(2, 3)), consensus)
        assert torch.allclose(whole.logits[2:3], alone.logits, atol=1e-3)
        each = network.decode(encoded, consensus.expand(4, 1, -1))
        assert torch.allclose(whole.logits, each.logits, atol=1e-3)


def test_presence_is_the_fullest_cell() -> None:
    logits = torch.full((3, 1, 32, 32), -50.0)
    logits[1, 0, 16:32, :16] = 50
    logits[2, 0, 5, 5] = 50
    assert presence_of(logits).tolist() == pytest.approx([0, 1, 1 / 256], abs=1e-6)


def test_the_encoder_runs_once_at_inference() -> None:
    for compat in (None, "published"):
        network = GCoNetPlus(GCoNetPlusConfig(compat=compat, width=TINY)).eval()
        passes: list[None] = []
        network.bb.register_forward_hook(lambda *_, passes=passes: passes.append(None))
        assert network.segment(group(2)).roi is None
        assert len(passes) == 1


def test_training_reaches_what_it_should() -> None:
    """By default, ACM trains the encoder's last stage, and RACM the decoder through the predicted mask."""
    torch.manual_seed(0)
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY, classes=4, k=5.0)).train()
    statistics = {n: b.clone() for n, b in network.bb.named_buffers()}
    image, classes = group(4), torch.tensor([0, 1, 2, 3])
    encoded = network.encode(image)
    decoded = network.decode(encoded, network.consensus(encoded.features))
    assert decoded.roi is not None
    acm = acm_loss(network.classifier, encoded.features, torch.ones(4, 1, 4, 4), classes)
    racm = racm_loss(network, network.classifier, image, decoded.roi, classes)
    reached = {}
    for name, loss in {"acm": acm, "racm": racm}.items():
        network.zero_grad()
        loss.backward(retain_graph=True)
        reached[name] = {
            n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None and p.grad.any()
        }
        stages = {n.split(".")[0] for n, p in network.bb.named_parameters() if p.grad is not None}
        assert stages == {"conv5"}
    assert reached["acm"] == {"bb", "classifier"}
    assert {"enlayer1", "top_layer", "db_output_decoder", "co_x5"} <= reached["racm"]
    for name, values in network.bb.named_buffers():
        assert torch.equal(values, statistics[name]), name


def test_published_training_freezes_the_encoder_and_has_a_mask_head() -> None:
    network = GCoNetPlus(GCoNetPlusConfig(compat="published", width=TINY, classes=4)).train()
    assert not any(p.requires_grad for p in network.bb.parameters())
    encoded = network.encode(group(2))
    roi = network.decode(encoded, network.consensus(encoded.features)).roi
    assert roi is not None
    racm_loss(network, network.classifier, group(2), roi, torch.tensor([0, 1])).backward()
    assert network.conv_out_mask[0].weight.grad is not None
    assert network.db_output_decoder.binarize[0].weight.grad is None


@torch.no_grad()
def test_the_encoder_is_that_of_torchvision() -> None:
    torch.manual_seed(0)
    reference = make_layers(cfgs["D"], batch_norm=True)[:-1].eval()
    encoder = VGG16BN().eval()
    encoder.load_torchvision({f"features.{n}": v for n, v in reference.state_dict().items()})
    image = group(1)
    assert torch.equal(encoder(image)[-1], reference(image))
    assert [tuple(x.shape[1:]) for x in encoder(image)] == [
        (64, 64, 64),
        (128, 32, 32),
        (256, 16, 16),
        (512, 8, 8),
        (512, 4, 4),
    ]


def test_timm_names_the_layers_alike() -> None:
    with torch.device("meta"):
        state, encoder = timm.create_model("vgg16_bn").state_dict(), VGG16BN()
        encoder.load_torchvision(state)
