from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cosal_training.data import Catalogue, GroupDataset, SamplingConfig
from cosal_training.losses import AuxiliaryClassifier, LossConfig, per_image_bce, per_image_iou, training_loss
from cosal_training.losses.step import group_consensuses
from cosal_training.losses.terms import edge_weight, per_image_focal
from cosal_training.losses.triplet import symmetric_triplet_loss
from cosal_training.network import CosalLite, LiteConfig
from cosal_training.network.cem import ConfidenceEnhancement
from cosal_training.network.gam import GroupAffinity, consensus_of, mean_weights


@pytest.fixture(scope="module")
def network() -> CosalLite:
    torch.manual_seed(0)
    return CosalLite().eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(5, 3, 96, 96, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_affinity_equals_its_definition() -> None:
    """The region against the definition, pixel by pixel: mean over the others of the best match."""
    torch.manual_seed(2)
    gam = GroupAffinity(channels=12, keys=6, parts=2)
    features = torch.randn(4, 12, 6, 6)
    keys = gam.keys(features)
    region = gam.region(features, keys, mean_weights(4))
    query = torch.nn.functional.normalize(gam.query(features), dim=1)
    for i in range(4):
        score = torch.zeros(6, 6)
        for j in range(4):
            if j != i:
                score += torch.einsum("chw,pc->phw", query[i], keys[j]).amax(0) / 3
        expected = torch.exp(gam.temperature * (score - score.max()))
        assert torch.allclose(region[i, 0], expected, atol=1e-5)


def test_consensus_is_free_of_order(network: CosalLite, images: torch.Tensor) -> None:
    with torch.no_grad():
        features = network.encode(images).features
        a, b = network.consensus(features), network.consensus(features[[3, 0, 4, 2, 1]])
    assert a.shape == (8, 128)
    assert torch.allclose(a, b, atol=1e-4)


def test_pooling_streams(network: CosalLite, images: torch.Tensor) -> None:
    """Sums and mass of single images add up to those of the group."""
    with torch.no_grad():
        features = network.encode(images).features
        region = torch.rand(5, 1, 6, 6)
        whole = consensus_of(network.gam.pool(features, region))
        parts = [network.gam.pool(features[i : i + 1], region[i : i + 1]) for i in range(5)]
        streamed = consensus_of((torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])))
    assert torch.allclose(whole, streamed, atol=1e-5)


def test_a_lone_image_has_masks(network: CosalLite, images: torch.Tensor) -> None:
    decoded = network.segment(images[:1])
    assert decoded.logits.shape == (1, 1, 48, 48)
    assert torch.isfinite(decoded.logits).all() and torch.isfinite(decoded.presence).all()


def test_decoding_needs_only_the_consensus(network: CosalLite, images: torch.Tensor) -> None:
    with torch.no_grad():
        encoded = network.encode(images)
        consensus = network.consensus(encoded.features)
        whole = network.decode(encoded, consensus)
        alone = network.decode(encoded.select(slice(2, 3)), consensus)
    assert torch.allclose(whole.logits[2:3], alone.logits, atol=1e-4)
    assert torch.allclose(whole.presence[2:3], alone.presence, atol=1e-4)


def test_cem_logits_are_the_published_binarisation() -> None:
    torch.manual_seed(3)
    cem = ConfidenceEnhancement(4, 4, scale=2, k=20.0).eval()
    x = torch.randn(1, 4, 5, 5)
    logits, shrink = cem(x)
    threshold = torch.nn.functional.pixel_shuffle(cem.threshold(x), 2).sigmoid()
    published = 1 / (1 + torch.exp(-20 * (shrink.sigmoid() - threshold)))
    assert logits.shape == (1, 1, 10, 10)
    assert torch.allclose(logits.sigmoid(), published, atol=1e-5)


def test_iou_loss_ends_at_zero_and_one() -> None:
    target = torch.zeros(2, 1, 8, 8)
    target[0, :, :4] = 1
    right = (target * 2 - 1) * 50
    assert per_image_iou(right, target).tolist() == pytest.approx([0, 0], abs=1e-6)
    assert per_image_iou(-right, target)[0] > 0.95


@pytest.fixture(scope="module")
def gradients(shapes: Path) -> dict[str, dict[str, float]]:
    """Largest gradient of each module for each loss term alone."""
    torch.manual_seed(0)
    network = CosalLite().train()
    catalogue = Catalogue.read(shapes)
    batch = GroupDataset(catalogue, SamplingConfig(shapes=((2, 3),), sizes=(64,)), seed=0, steps=1)[0]
    classifier = AuxiliaryClassifier(128, len(catalogue.groups))
    off = dict.fromkeys(LossConfig().terms(), 0.0)
    found = {}
    for term in off:
        network.zero_grad()
        config = LossConfig(**{**off, term: 1.0}, seeded_share=0.0, racm_share=1.0, margin=0.5)
        loss = training_loss(network, classifier, batch, config, torch.Generator().manual_seed(0))
        loss.total.backward()
        largest: dict[str, float] = {}
        for name, parameter in network.named_parameters():
            if parameter.grad is not None:
                room = "backbone" if name.startswith("encoder.backbone") else name.split(".")[0]
                largest[room] = max(largest.get(room, 0.0), float(parameter.grad.abs().max()))
        found[term] = largest
    return found


@pytest.mark.parametrize("term", ["bce", "iou", "shrink", "gcm", "presence"])
def test_mask_losses_reach_the_whole_network(gradients: dict[str, dict[str, float]], term: str) -> None:
    for room in ("backbone", "encoder", "gam", "modulation", "decoder"):
        assert gradients[term].get(room, 0) > 0, f"{term} does not reach {room}"


def test_coarse_loss_reaches_the_affinity(gradients: dict[str, dict[str, float]]) -> None:
    for room in ("backbone", "gam", "modulation", "coarse_head"):
        assert gradients["coarse"].get(room, 0) > 0


def test_acm_reaches_the_backbone_and_not_the_decoder(gradients: dict[str, dict[str, float]]) -> None:
    assert gradients["acm"]["backbone"] > 0
    assert gradients["acm"].get("decoder", 0) == 0


@pytest.mark.parametrize("term", ["racm", "gst"])
def test_region_losses_reach_backbone_and_decoder(gradients: dict[str, dict[str, float]], term: str) -> None:
    """The released code's triplet loss has no gradient at all; here both reach what makes the region."""
    for room in ("backbone", "encoder", "decoder"):
        assert gradients[term].get(room, 0) > 0, f"{term} does not reach {room}"


def test_triplet_loss_is_zero_for_separate_groups_and_positive_for_mixed_ones() -> None:
    a = torch.tensor([1.0, 0.0]).repeat(4, 1)
    b = torch.tensor([0.0, 1.0]).repeat(4, 1)
    generator = torch.Generator().manual_seed(0)
    assert float(symmetric_triplet_loss(torch.cat([a, b]), [4, 4], 0.1, generator)) == 0
    mixed = torch.cat([a[:2], b[:2], a[2:], b[2:]])
    assert float(symmetric_triplet_loss(mixed, [4, 4], 0.1, generator)) > 0.05
    assert float(symmetric_triplet_loss(a[:1], [1], 0.1, generator)) == 0


def test_the_masked_pass_leaves_batch_statistics_alone(shapes: Path) -> None:
    torch.manual_seed(0)
    network = CosalLite().train()
    catalogue = Catalogue.read(shapes)
    batch = GroupDataset(catalogue, SamplingConfig(shapes=((2, 3),), sizes=(64,)), seed=0, steps=1)[0]
    classifier = AuxiliaryClassifier(128, len(catalogue.groups))
    state = {name: value.clone() for name, value in network.state_dict().items()}

    def statistics(racm: float) -> dict[str, torch.Tensor]:
        network.load_state_dict(state)
        training_loss(network, classifier, batch, LossConfig(racm=racm), torch.Generator().manual_seed(0))
        assert network.training
        return {n: v.clone() for n, v in network.state_dict().items() if "running" in n}

    without, with_pass = statistics(0.0), statistics(1.0)
    assert all(torch.equal(without[name], with_pass[name]) for name in without)


def test_frozen_stages_get_no_gradient(network: CosalLite) -> None:
    assert not network.encoder.backbone.conv_stem.weight.requires_grad
    assert any(p.requires_grad for p in network.encoder.backbone.parameters())


@pytest.mark.parametrize("config", [LiteConfig(gam=False), LiteConfig(cem=False), LiteConfig(gam=False, cem=False)])
def test_modules_can_be_left_out(shapes: Path, config: LiteConfig) -> None:
    """For comparison: without GAM no image sees another; without CEM one plain branch makes the mask."""
    torch.manual_seed(0)
    network = CosalLite(config).train()
    catalogue = Catalogue.read(shapes)
    batch = GroupDataset(catalogue, SamplingConfig(shapes=((2, 3),), sizes=(64,)), seed=0, steps=1)[0]
    losses = LossConfig(gcm=1.0 if config.gam else 0.0)
    classifier = AuxiliaryClassifier(128, len(catalogue.groups))
    training_loss(network, classifier, batch, losses, torch.Generator().manual_seed(0)).total.backward()
    assert (network.gam.key.weight.grad is None) == (not config.gam)
    assert hasattr(network.decoder.cem, "threshold") == config.cem
    network.eval()
    together, alone = network.segment(batch.image[:3]).logits, network.segment(batch.image[:1]).logits
    assert torch.allclose(together[:1], alone, atol=1e-4) == (not config.gam)


def test_gcm_without_gam_is_refused(shapes: Path) -> None:
    network = CosalLite(LiteConfig(gam=False)).train()
    batch = GroupDataset(Catalogue.read(shapes), SamplingConfig(shapes=((2, 3),), sizes=(64,)), seed=0, steps=1)[0]
    with pytest.raises(ValueError, match="GCM"):
        training_loss(network, AuxiliaryClassifier(128, 5), batch, LossConfig(), torch.Generator().manual_seed(0))


def test_focal_loss_is_its_formula() -> None:
    logits = torch.tensor([[[[2.0, -1.0]]]])
    target = torch.tensor([[[[1.0, 1.0]]]])
    p = logits.sigmoid()
    expected = (-(1 - p).square() * p.log()).mean()
    assert float(per_image_focal(logits, target, 2.0)) == pytest.approx(float(expected), rel=1e-5)
    assert torch.equal(per_image_focal(logits, target, 0.0), per_image_bce(logits, target))


def test_a_reused_consensus_is_made_by_some_images_only(network: CosalLite, images: torch.Tensor) -> None:
    features = network.encode(images).features
    region = torch.ones(len(images), 1, *features.shape[-2:])
    consensus, _ = group_consensuses(network, features, region, [len(images)], [0], [2])
    assert torch.allclose(consensus[0], network.consensus(features[:2]), atol=1e-5)


def test_errors_on_the_edge_count_more() -> None:
    target = torch.zeros(1, 1, 32, 32)
    target[..., 16:] = 1
    weight = edge_weight(target, 2.0)[0, 0]
    assert weight[10, 4] == 1 and 2.9 < weight[10, 16] <= 3
    right = (target - 0.5) * 10
    on_edge, far = right.clone(), right.clone()
    on_edge[..., 16] *= -1
    far[..., 28] *= -1
    assert torch.allclose(per_image_bce(on_edge, target), per_image_bce(far, target))
    assert per_image_bce(on_edge, target, 2.0) > 1.5 * per_image_bce(far, target, 2.0)
