from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cosal_training.blend import blend
from cosal_training.data import SamplingConfig
from cosal_training.export import export
from cosal_training.network import CosalLite
from cosal_training.train import TrainConfig, load_network, train


def _config(shapes: Path, folder: Path, initial: str | None) -> TrainConfig:
    return TrainConfig(
        data=str(shapes),
        output=str(folder / "run"),
        initial=initial,
        steps=2,
        warmup=1,
        evaluate_every=0,
        device="cpu",
        loaders=0,
        sampling=SamplingConfig(shapes=((2, 3),), sizes=(64,)),
    )


def test_a_blend_lies_between_the_first_weights_and_the_last(shapes: Path, tmp_path: Path) -> None:
    torch.manual_seed(5)
    first = CosalLite().eval()
    for name, parameter in first.named_parameters():
        if not name.startswith("encoder.backbone") and parameter.ndim == 1:
            parameter.data += 0.2 * torch.rand_like(parameter)
    export(first, tmp_path / "model", size=64)
    last = train(_config(shapes, tmp_path, str(tmp_path / "model")))
    found = {}
    for share in (0.0, 0.5, 1.0):
        output = tmp_path / f"{share}.pt"
        blend(last, output, share)
        found[share] = load_network(output).state_dict()
    trained = load_network(last).state_dict()
    kernel = "modulation.kernel.weight"
    assert torch.allclose(found[0.0][kernel], first.state_dict()[kernel], atol=1e-3), "graphs store float16"
    assert not torch.equal(found[0.0][kernel], trained[kernel])
    for name, value in trained.items():
        assert torch.equal(found[1.0][name], value), name
        if value.is_floating_point():
            mean = (found[0.0][name] + value) / 2
            assert torch.allclose(found[0.5][name], mean, atol=1e-5, rtol=1e-4), name


def test_without_first_weights_there_is_no_blend(shapes: Path, tmp_path: Path) -> None:
    last = train(_config(shapes, tmp_path, None))
    with pytest.raises(ValueError, match="did not begin with given weights"):
        blend(last, tmp_path / "blend.pt", 0.5)


def test_two_models_are_blended(shapes: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        torch.manual_seed(seed)
        network = CosalLite().eval()
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.data += 0.1 * torch.rand_like(parameter)
        export(network, tmp_path / str(seed), size=64)
    kernels = {}
    for share in (0.0, 0.3, 1.0):
        output = tmp_path / f"{share}.pt"
        blend(tmp_path / "2", output, share, data=str(shapes), initial=str(tmp_path / "1"))
        kernels[share] = load_network(output).state_dict()["modulation.kernel.weight"]
    assert not torch.allclose(kernels[0.0], kernels[1.0], atol=0.01)
    assert torch.allclose(kernels[0.3], 0.7 * kernels[0.0] + 0.3 * kernels[1.0], atol=1e-6)
    with pytest.raises(ValueError, match="did not begin with given weights"):
        blend(tmp_path / "2", tmp_path / "blend.pt", 0.5, data=str(shapes))
