from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from cosal_training.export import deployed, export, golden_images
from cosal_training.export.cosal_lite import GRAPHS
from cosal_training.graphs import Graphs
from cosal_training.network import CosalLite
from cosal_training.network.outline import at_half_height
from cosal_training.warm_start import read_weights

SIZE = 96
SHIPPED = Path(__file__).parents[2] / "models" / "cosal-lite"


@pytest.fixture(scope="module")
def network() -> CosalLite:
    """Random heads on the ImageNet backbone, with the batch statistics that training would give them."""
    torch.manual_seed(5)
    network = CosalLite().train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    network.segment(torch.from_numpy(_images(5)))
    network.eval()
    return network


@pytest.fixture(scope="module")
def folder(network: CosalLite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    export(network, folder, size=SIZE)
    return folder


def _images(count: int) -> np.ndarray:
    return golden_images(SIZE, count).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1


def _everything(graphs: Graphs) -> Graphs:
    """What the graphs give, all parts of the masks."""
    graphs.likeness = None
    return graphs


@pytest.mark.parametrize("count", [1, 2, 5])
def test_graphs_equal_pytorch(network: CosalLite, folder: Path, count: int) -> None:
    """Random heads amplify rounding (k = 20); the shipped model is held to 1e-4 below."""
    images = _images(count)
    shipped = deployed(network)
    found = _everything(Graphs(folder)).segment(images)
    expected = shipped.segment(torch.from_numpy(images))
    assert np.allclose(found.logits, at_half_height(expected.logits).numpy(), atol=2e-4, rtol=1e-5)
    assert np.abs(found.presence - expected.presence.sigmoid().numpy()).max() <= 1e-4


def test_batches_equal_single_images(folder: Path) -> None:
    graphs = _everything(Graphs(folder))
    images = _images(3)
    batch = graphs.run("encoder", {"image": images})
    for i in range(3):
        single = graphs.run("encoder", {"image": images[i : i + 1]})
        for name, values in single.items():
            assert np.abs(values[0] - batch[name][i]).max() <= 1e-4, name
    consensus = graphs.segment(images).consensus
    decoded = graphs.run("decoder", {**batch, "consensus": consensus})
    assert np.abs(decoded["logits"] - graphs.segment(images).logits).max() <= 1e-4


def test_folding_and_float16_change_next_to_nothing(network: CosalLite) -> None:
    images = torch.from_numpy(_images(3))
    a = network.segment(images).logits.sigmoid() >= 0.5
    b = deployed(network).segment(images).logits.sigmoid() >= 0.5
    assert float((a != b).float().mean()) <= 0.01


def test_graphs_hold_inference_only(folder: Path) -> None:
    """No classifier, no region-of-interest pass, no side output: each weight belongs to a named module."""
    rooms = {
        "encoder": {"encoder", "gam"},
        "affinity": {"gam"},
        "refine": {"gam", "modulation", "coarse_head"},
        "seed": {"gam"},
        "decoder": {"modulation", "coarse_head", "decoder"},
    }
    for name, allowed in rooms.items():
        model = onnx.load(folder / f"{name}.onnx")
        found = {i.name.split(".")[1] for i in model.graph.initializer if i.name.startswith("network.")}
        assert found == allowed, name
        assert {v.name for v in model.graph.output} == set(GRAPHS[name].outputs)


def test_a_seed_is_pooled_like_any_region(network: CosalLite, folder: Path) -> None:
    shipped = deployed(network)
    images = _images(1)
    region = np.zeros((1, 1, SIZE // 16, SIZE // 16), np.float32)
    region[..., 1:4, 2:5] = 1
    features = Graphs(folder).run("encoder", {"image": images})["features"]
    found = Graphs(folder).run("seed", {"features": features, "region": region})
    with torch.no_grad():
        sums, mass = shipped.gam.pool(torch.from_numpy(features), torch.from_numpy(region))
    assert np.abs(found["sums"] - sums.numpy()).max() <= 1e-3
    assert np.abs(found["mass"] - mass.numpy()).max() <= 1e-3


def test_the_shipped_model_is_whole() -> None:
    manifest = json.loads((SHIPPED / "manifest.json").read_text())
    total = 0
    for graph in manifest["graphs"].values():
        data = (SHIPPED / graph["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == graph["sha256"]
        assert len(data) == graph["bytes"]
        total += len(data)
    assert total < 15e6


def test_the_shipped_files_hold_inference_only(network: CosalLite) -> None:
    """Encoder, GAM, decoder and CEM to the last parameter; nothing of GCM, ACM, RACM or any other training."""
    parameters = {name: tuple(p.shape) for name, p in deployed(network).named_parameters()}
    rooms = {name.split(".")[0] for name in parameters}
    assert rooms == {"encoder", "gam", "modulation", "coarse_head", "decoder"}
    assert {name: tuple(values.shape) for name, values in read_weights(SHIPPED).items()} == parameters
    sizes = {tuple(sorted(shape)) for shape in parameters.values()}
    for name, signature in GRAPHS.items():
        graph = onnx.load(SHIPPED / f"{name}.onnx").graph
        assert [v.name for v in graph.output] == list(signature.outputs)
        weights = [i for i in graph.initializer if np.prod(i.dims) > 16]
        unnamed = [i.name for i in weights if not i.name.startswith("network.")]
        assert all(tuple(sorted(i.dims)) in sizes for i in weights), "each large constant is a parameter"
        assert len(unnamed) <= 1, "the consensus' linear layer, which the exporter transposes"


def test_the_shipped_model_gives_its_golden_tensors() -> None:
    index = json.loads((SHIPPED / "golden.json").read_text())["tensors"]
    blob = (SHIPPED / "golden.bin").read_bytes()
    golden = {
        name: np.frombuffer(blob, t["type"], int(np.prod(t["shape"])), t["offset"]).reshape(t["shape"])
        for name, t in index.items()
    }
    images = golden["picture"].transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    model = Graphs(SHIPPED)
    # The golden one is the decoder's, before the manifest's weights.
    model.presence_weights = None
    found = model.segment(images)
    assert np.abs(found.logits - golden["logits"]).max() <= 1e-4
    assert np.abs(found.consensus - golden["consensus"]).max() <= 1e-4
    assert np.abs(found.presence - golden["presence"]).max() <= 1e-5
