"""A published checkpoint, from its file to masks under onnxruntime."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import gconet_plus_naive as naive
import numpy as np
import onnx
import pytest
import seeded_gconet_plus
import torch

from cosal_training.cli import main
from cosal_training.convert import CheckpointError, convert, read_published
from cosal_training.export import golden_images, interface_of
from cosal_training.export.deployed import deployed
from cosal_training.export.golden import network_pixels
from cosal_training.graphs import Graphs
from cosal_training.network import GCoNetPlus, GCoNetPlusConfig

TINY = 8
SIZE = 64


def _save(folder: Path, width: int, seed: int = 1) -> Path:
    path = folder / f"width{width}.pth"
    torch.save(naive.random_checkpoint(width, seed), path)
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _save(tmp_path_factory.mktemp("tiny"), TINY)


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> Path:
    output = checkpoint.parent / "models" / "gconet-plus-tiny"
    convert(checkpoint, output, size=SIZE)
    return output


def _images(network: GCoNetPlus, count: int) -> np.ndarray:
    return network_pixels(golden_images(SIZE, count), interface_of(network, SIZE))


def _mask(logits: np.ndarray) -> np.ndarray:
    """The published network's output, 0..1."""
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


def _equal(graphs: Graphs, network: GCoNetPlus, images: np.ndarray) -> None:
    found = graphs.segment(images)
    expected = network.segment(torch.from_numpy(images))
    assert np.abs(_mask(found.logits) - _mask(expected.logits.numpy())).max() <= 1e-4
    assert np.abs(found.logits - expected.logits.numpy()).max() <= 1e-3, "logits are 300 times finer than P and T"
    assert np.abs(found.presence - expected.presence.numpy()).max() <= 1e-4


def test_the_published_width_from_file_to_masks(tmp_path: Path) -> None:
    checkpoint = _save(tmp_path, 64)
    convert(checkpoint, tmp_path / "model", size=SIZE)
    network = read_published(checkpoint)
    graphs = Graphs(tmp_path / "model", threads=1)
    _equal(graphs, network, _images(network, 3))
    assert 67e6 < sum(g["bytes"] for g in graphs.manifest["graphs"].values()) < 68e6


@pytest.mark.parametrize("count", [1, 2, 5])
def test_graphs_equal_pytorch(checkpoint: Path, model: Path, count: int) -> None:
    network = read_published(checkpoint)
    _equal(Graphs(model, threads=1), network, _images(network, count))


def test_graphs_equal_the_formulas(checkpoint: Path, model: Path) -> None:
    images = _images(read_published(checkpoint), 3)
    expected = naive.masks(naive.random_checkpoint(TINY, 1), torch.from_numpy(images)).numpy()
    found = _mask(Graphs(model, threads=1).segment(images).logits)
    assert np.abs(found - expected).max() <= 1e-4


def test_graphs_fall_back_to_the_smaller_k(tmp_path: Path) -> None:
    path = tmp_path / "steep.pth"
    torch.save(naive.random_checkpoint(TINY, 1, steep=True), path)
    convert(path, tmp_path / "steep", size=SIZE)
    network = read_published(path)
    images = _images(network, 2)
    graphs = Graphs(tmp_path / "steep", threads=1)
    _equal(graphs, network, images)
    assert 10 < np.abs(graphs.segment(images).logits).max() <= 50


def test_batches_equal_single_images(checkpoint: Path, model: Path) -> None:
    graphs = Graphs(model, threads=1)
    images = _images(read_published(checkpoint), 3)
    batch = graphs.run("encoder", {"image": images})
    result = graphs.segment(images)
    weights = np.full((3, 3), 1 / 3, np.float32)
    summary = graphs.run("affinity", {**batch, "weights": weights})
    consensus = summary["sums"].sum(0) / summary["mass"].sum(0)[:, None]
    assert np.abs(consensus - result.consensus).max() <= 1e-5
    decoded = graphs.run("decoder", {**batch, "consensus": consensus})
    assert np.abs(decoded["logits"] - result.logits).max() <= 1e-3


def test_graphs_hold_inference_only(checkpoint: Path, model: Path) -> None:
    """Each weight belongs to a module that inference needs, and is there once."""
    rooms = {
        "encoder": {"bb", "co_x5", "latlayer5", "latlayer4", "latlayer3", "latlayer2"},
        "affinity": {"co_x5"},
        "decoder": {"top_layer", "db_output_decoder", "co_x5", *(f"enlayer{i}" for i in range(1, 6))},
    }
    assert {p.stem for p in model.glob("*.onnx")} == set(rooms)
    weights = 0
    for name, allowed in rooms.items():
        graph = onnx.load(model / f"{name}.onnx").graph
        own = [i for i in graph.initializer if i.name.startswith("network.")]
        assert {i.name.split(".")[1] for i in own} == allowed, name
        assert {v.name for v in graph.output} == set(Graphs(model).manifest["graphs"][name]["outputs"])
        weights += sum(int(np.prod(i.dims)) for i in own)
    shipped = deployed(read_published(checkpoint), half=False)
    needed = [p for n, p in shipped.named_parameters() if not n.startswith(("pred_layer", "classifier", "conv_out_"))]
    assert weights == sum(p.numel() for p in needed)


def test_the_manifest_says_how_to_run_it(checkpoint: Path, model: Path) -> None:
    manifest = json.loads((model / "manifest.json").read_text())
    assert manifest["name"] == "gconet-plus-tiny"
    assert manifest["input"] == {
        "width": SIZE,
        "height": SIZE,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
    }
    assert manifest["consensus"] == {"shape": [1, 64]}
    assert (manifest["refinements"], manifest["excludeSelf"]) == (0, False)
    assert set(manifest["graphs"]) == {"encoder", "affinity", "decoder"}
    assert manifest["graphs"]["encoder"]["outputs"]["keys"] == ["batch", 16, 64]
    assert manifest["graphs"]["affinity"]["inputs"]["keys"] == ["group", 16, 64]
    assert manifest["training"]["sha256"] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    for graph in manifest["graphs"].values():
        assert hashlib.sha256((model / graph["file"]).read_bytes()).hexdigest() == graph["sha256"]


def test_golden_tensors_are_those_of_the_graphs(model: Path) -> None:
    golden = json.loads((model / "golden.json").read_text())
    blob = (model / "golden.bin").read_bytes()
    tensors = {
        name: np.frombuffer(blob, t["type"], int(np.prod(t["shape"])), t["offset"]).reshape(t["shape"])
        for name, t in golden["tensors"].items()
    }
    graphs = Graphs(model, threads=1)
    mean, std = (np.array(graphs.manifest["input"][name]) for name in ("mean", "std"))
    found = graphs.segment(((tensors["picture"] / 255 - mean) / std).transpose(0, 3, 1, 2).astype(np.float32))
    assert np.abs(_mask(found.logits) - _mask(tensors["logits"])).max() <= 1e-4
    assert np.abs(found.consensus - tensors["consensus"]).max() <= 1e-5
    assert np.abs(found.presence - tensors["presence"]).max() <= 1e-5


def test_the_engines_tests_have_what_is_converted_today(tmp_path: Path) -> None:
    """`test/fixtures/gconet-plus-seeded`, which the TypeScript tests run, is not of an older converter."""
    fixture = Path(__file__).parents[2] / "test" / "fixtures" / "gconet-plus-seeded"
    seeded_gconet_plus.write(tmp_path)
    found, expected = (json.loads((f / "manifest.json").read_text()) for f in (fixture, tmp_path))
    for manifest in (found, expected):
        del manifest["training"]["sha256"], manifest["name"]
        for graph in manifest["graphs"].values():
            del graph["sha256"], graph["bytes"]
    assert found == expected
    assert (fixture / "golden.json").read_text() == (tmp_path / "golden.json").read_text()
    models = [Graphs(folder, threads=1) for folder in (fixture, tmp_path)]
    images = np.stack([models[0].input.tensor(picture) for picture in golden_images(SIZE)])
    old, new = (_mask(model.segment(images).logits) for model in models)
    assert np.abs(old - new).max() <= 1e-4


def test_half_stores_half(checkpoint: Path, model: Path, tmp_path: Path) -> None:
    convert(checkpoint, tmp_path / "half", size=SIZE, half=True)
    graphs = Graphs(tmp_path / "half", threads=1)
    assert graphs.manifest["graphs"]["encoder"]["bytes"] < 0.6 * (model / "encoder.onnx").stat().st_size
    network = deployed(read_published(checkpoint))
    _equal(graphs, network, _images(network, 2))


def test_the_default_network_exports_too(tmp_path: Path) -> None:
    from cosal_training.export import export

    torch.manual_seed(0)
    network = GCoNetPlus(GCoNetPlusConfig(width=TINY)).eval()
    export(network, tmp_path, size=SIZE, half=False)
    graphs = Graphs(tmp_path, threads=1)
    assert graphs.manifest["excludeSelf"] is True
    _equal(graphs, network, _images(network, 3))


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["cosal-train", "convert", *(str(a) for a in arguments)])
    main()


def test_one_command_converts(monkeypatch: pytest.MonkeyPatch, checkpoint: Path, model: Path, tmp_path: Path) -> None:
    output = tmp_path / "gconet-plus-tiny"
    _run(monkeypatch, "--checkpoint", checkpoint, "--output", output, "--size", SIZE, "--licence", "MIT")
    again, before = (json.loads((folder / "manifest.json").read_text()) for folder in (output, model))
    assert again == {**before, "licence": "MIT"}


def test_bad_input_is_named(monkeypatch: pytest.MonkeyPatch, checkpoint: Path, tmp_path: Path) -> None:
    def complaint(state: object = None, **options: object) -> str:
        path = tmp_path / "bad.pth"
        if isinstance(state, bytes):
            path.write_bytes(state)
        elif state is not None:
            torch.save(state, path)
        source = options.get("checkpoint", path)
        with pytest.raises(SystemExit) as caught:
            _run(monkeypatch, "--checkpoint", source, "--output", tmp_path / "x", "--size", options.get("size", SIZE))
        assert not (tmp_path / "x").exists()
        return str(caught.value)

    good = naive.random_checkpoint(TINY)
    assert "latlayer3.bias" in complaint({n: v for n, v in good.items() if n != "latlayer3.bias"})
    assert "db_output_decoder" in complaint({n: v for n, v in good.items() if not n.startswith("db_")})
    assert "latlayer3.bias" in complaint({**good, "latlayer3.bias": torch.zeros(3)})
    assert "bb.conv1.0.weight" in complaint({"weight": torch.zeros(1)})
    assert "state dict" in complaint({"model": good})
    assert "not a PyTorch file" in complaint(b"not a checkpoint")
    assert "missing.pth" in complaint(checkpoint=tmp_path / "missing.pth")
    assert "multiple of 16" in complaint(checkpoint=checkpoint, size=100)


def test_an_unreadable_checkpoint_has_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(b"")
    with pytest.raises(CheckpointError):
        read_published(tmp_path / "x.pth")
