"""cosal-lite's checkpoints keep loading, and give what they gave: names, shapes and numbers are pinned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cosal_training.network import CosalLite

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="module")
def network() -> CosalLite:
    """Seeded heads and batch statistics on the ImageNet backbone."""
    torch.manual_seed(20)
    network = CosalLite()
    generator = torch.Generator().manual_seed(21)
    for name, buffer in network.named_buffers():
        if name.startswith("encoder.backbone"):
            continue
        if name.endswith("running_mean"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator) * 0.1)
        if name.endswith("running_var"):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return network.eval()


def test_names_and_shapes_stay(network: CosalLite) -> None:
    found = [f"{name}\t{tuple(values.shape)}" for name, values in network.state_dict().items()]
    assert found == (FIXTURES / "cosal_lite_keys.tsv").read_text().splitlines()


@torch.no_grad()
def test_numbers_stay(network: CosalLite) -> None:
    image = torch.rand(3, 3, 96, 96, generator=torch.Generator().manual_seed(22)) * 2 - 1
    encoded = network.encode(image)
    consensus = network.consensus(encoded.features)
    decoded = network.decode(encoded, consensus)
    found = {
        "keys": network.gam.keys(encoded.features),
        "consensus": consensus,
        "logits": decoded.logits,
        "presence": decoded.presence,
    }
    expected = np.load(FIXTURES / "cosal_lite_seeded.npz")
    for name, values in found.items():
        assert np.allclose(values.numpy(), expected[name], atol=1e-5, rtol=1e-5), name
