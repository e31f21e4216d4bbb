from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from cosal_training.export import deployed, export, golden_images
from cosal_training.network import CosalLite, LiteConfig
from cosal_training.warm_start import WarmStartError, read_weights, warm_start

SIZE = 64


def _pictures(count: int) -> torch.Tensor:
    return torch.from_numpy(golden_images(SIZE, count).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)


@pytest.fixture(scope="module")
def trained() -> CosalLite:
    """Random heads with statistics and gains of their own in every normalisation."""
    torch.manual_seed(5)
    network = CosalLite()
    for name, parameter in network.named_parameters():
        if not name.startswith("encoder.backbone") and parameter.ndim == 1:
            parameter.data += 0.2 * torch.rand_like(parameter)
    network.train().segment(_pictures(5))
    return network.eval()


@pytest.fixture(scope="module")
def folder(trained: CosalLite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    export(trained, folder, size=SIZE)
    return folder


def test_graphs_name_every_weight_of_the_network(trained: CosalLite, folder: Path) -> None:
    weights = read_weights(folder)
    for name, parameter in deployed(trained).named_parameters():
        assert torch.equal(weights[name], parameter), name


def test_a_network_begins_where_the_graphs_end(trained: CosalLite, folder: Path) -> None:
    torch.manual_seed(6)
    network = CosalLite()
    warm_start(network, folder, [_pictures(3), _pictures(4)])
    expected = deployed(trained).segment(_pictures(5)).logits
    assert network.training
    assert torch.allclose(network.eval().segment(_pictures(5)).logits, expected, atol=2e-3)


def test_statistics_are_those_of_the_pictures(folder: Path) -> None:
    network = CosalLite()
    warm_start(network, folder, [_pictures(4)])
    encoder = network.encoder
    seen: list[torch.Tensor] = []
    encoder.lateral4[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network.eval().segment(_pictures(4))
    assert torch.allclose(encoder.lateral4[1].running_mean, seen[0].mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(
        encoder.lateral4[1].running_var, seen[0].var((0, 2, 3), unbiased=False), rtol=1e-3, atol=1e-5
    )


def test_without_gam_a_network_begins_with_the_mean_consensus(trained: CosalLite, folder: Path) -> None:
    groups = [_pictures(3), _pictures(4)]
    network = CosalLite(LiteConfig(gam=False))
    warm_start(network, folder, groups)
    given = deployed(trained)
    mean = torch.stack([given.consensus(given.encode(group).features) for group in groups]).mean(0)
    assert torch.allclose(network.constant, mean, atol=1e-4)
    again = CosalLite()
    warm_start(again, folder, groups)
    one = _pictures(1)
    with torch.no_grad():
        encoded = again.eval().encode(one)
        expected = again.decode(encoded, network.constant).logits
        assert torch.allclose(network.eval().segment(one).logits, expected, atol=5e-3)


def test_another_network_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WarmStartError, match=r"modulation\.kernel\.weight"):
        warm_start(CosalLite(LiteConfig(parts=3)), folder, [_pictures(2)])
    with pytest.raises(WarmStartError, match="no graph"):
        warm_start(CosalLite(), tmp_path, [_pictures(2)])


def test_another_encoder_is_fitted_to_what_was_trained(trained: CosalLite, folder: Path) -> None:
    pictures = [_pictures(8)]
    base = CosalLite(LiteConfig(encoder="efficientnet_lite2"))
    warm_start(base, folder, pictures)
    given = deployed(trained)
    with torch.no_grad():
        outputs = zip(base.eval().encoder(pictures[0]), given.encoder(pictures[0]), strict=True)
        for found, expected in outputs:
            assert (found - expected).square().mean() < 0.5 * expected.var((0, 2, 3)).mean()
    assert torch.equal(base.modulation.kernel.weight, given.modulation.kernel.weight)
    with pytest.raises(WarmStartError, match=r"encoder\.backbone"):
        warm_start(CosalLite(), _exported(base, folder.parent / "base"), pictures)


def test_a_larger_network_begins_where_its_own_graphs_end(tmp_path: Path) -> None:
    torch.manual_seed(7)
    config = LiteConfig(encoder="efficientnet_lite2")
    network = CosalLite(config)
    network.train().segment(_pictures(5))
    again = CosalLite(config)
    warm_start(again, _exported(network.eval(), tmp_path), [_pictures(3)])
    expected = deployed(network).segment(_pictures(4)).logits
    assert torch.allclose(again.eval().segment(_pictures(4)).logits, expected, atol=2e-3)


def _exported(network: CosalLite, folder: Path) -> Path:
    export(network.eval(), folder, size=SIZE)
    assert json.loads((folder / "manifest.json").read_text())["name"] == "cosal-base"
    return folder
