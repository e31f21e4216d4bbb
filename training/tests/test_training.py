from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cosal_training.cli import main
from cosal_training.data import SamplingConfig
from cosal_training.evaluate import evaluate, evaluate_masks
from cosal_training.losses import LossConfig
from cosal_training.metrics import jaccard, measure, pixel_precision, summary
from cosal_training.network import GCoNetPlusConfig, LiteConfig
from cosal_training.tensorboard import FOLDER
from cosal_training.torch_model import TorchModel
from cosal_training.train import TrainConfig, load_network, train


@pytest.fixture
def config(shapes: Path, tmp_path: Path) -> TrainConfig:
    return TrainConfig(
        data=str(shapes),
        output=str(tmp_path / "whole"),
        steps=4,
        warmup=1,
        checkpoint_every=2,
        evaluate_every=1000,
        device="cpu",
        loaders=0,
        sampling=SamplingConfig(shapes=((2, 3),), sizes=(64,)),
    )


def test_a_resumed_run_equals_a_whole_one(config: TrainConfig, tmp_path: Path) -> None:
    whole = torch.load(train(config), weights_only=True)
    cut = replace(config, output=str(tmp_path / "cut"))
    train(replace(cut, steps=4, stop_at=2))
    resumed = torch.load(train(replace(cut, loaders=1)), weights_only=True)
    assert whole["step"] == resumed["step"] == 4
    for name, values in whole["average"].items():
        assert torch.allclose(values, resumed["average"][name], atol=1e-6), name
    with (tmp_path / "cut" / "log.csv").open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [0, 1, 2, 3]


def test_training_changes_the_heads_and_spares_the_frozen_stages(config: TrainConfig) -> None:
    trained = load_network(train(config)).state_dict()
    torch.manual_seed(config.seed)
    from cosal_training.network import CosalLite

    fresh = CosalLite().state_dict()
    assert torch.equal(trained["encoder.backbone.conv_stem.weight"], fresh["encoder.backbone.conv_stem.weight"])
    assert not torch.equal(trained["gam.key.weight"], fresh["gam.key.weight"])


def test_a_run_may_lack_an_index_scenes_and_validation(config: TrainConfig, shapes: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("disc", "square", "cross"):
        shutil.copytree(shapes / "groups" / name, data / name)
    last = train(replace(config, data=str(data), steps=2))
    assert torch.load(last, weights_only=True)["step"] == 2
    assert not (tmp_path / "whole" / "validation.txt").exists()


def test_bfloat16_stays_near_float32(config: TrainConfig, tmp_path: Path) -> None:
    """Autocast forward passes; weights stay float32."""
    runs = {
        precision: train(replace(config, precision=precision, steps=1, output=str(tmp_path / precision)))
        for precision in ("float32", "bfloat16")
    }
    totals = {}
    for precision, last in runs.items():
        state = torch.load(last, weights_only=True)
        assert {v.dtype for v in state["network"].values()} == {torch.float32, torch.int64}
        with (tmp_path / precision / "log.csv").open() as file:
            totals[precision] = float(next(csv.DictReader(file))["total"])
    assert totals["bfloat16"] != totals["float32"]
    assert totals["bfloat16"] == pytest.approx(totals["float32"], rel=0.05)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_said(config: TrainConfig) -> None:
    with pytest.raises(ValueError, match="no CUDA device"):
        train(replace(config, device="cuda"))


def test_the_command_trains_the_network_that_it_names(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[TrainConfig] = []
    monkeypatch.setattr("cosal_training.train.train", given.append)
    monkeypatch.setattr("cosal_training.cli._keep_memory", lambda: None)
    for network in ("cosal-lite", "gconet-plus"):
        arguments = f"train --network {network} --data {shapes} --size 64 --precision bfloat16 --tensorboard"
        monkeypatch.setattr("sys.argv", ["cosal-train", *arguments.split()])
        main()
    lite, plus = given
    assert isinstance(lite.network, LiteConfig) and isinstance(plus.network, GCoNetPlusConfig)
    for config in given:
        assert (config.data, config.sampling.sizes, config.evaluate_size) == (str(shapes), (64,), 64)
        assert (config.precision, config.tensorboard, config.device) == ("bfloat16", True, "auto")
    assert lite.losses == LossConfig() and plus.losses.gamma == 2


def test_tensorboard_has_every_step(config: TrainConfig, tmp_path: Path) -> None:
    train(replace(config, tensorboard=True, steps=2, evaluate_every=2, evaluate_size=64))
    events = EventAccumulator(str(tmp_path / "whole" / FOLDER)).Reload()
    assert [e.step for e in events.Scalars("loss/total")] == [0, 1]
    assert events.Scalars("validation/J")


def test_region_metrics() -> None:
    a = np.zeros((4, 4), bool)
    b = a.copy()
    assert jaccard(a, b) == 1
    a[:2], b[1:3] = True, True
    assert jaccard(a, b) == pytest.approx(4 / 12)
    assert pixel_precision(a, b) == pytest.approx(8 / 16)


def test_masks_are_scored_like_the_network_that_made_them(config: TrainConfig, shapes: Path, tmp_path: Path) -> None:
    model = TorchModel(load_network(train(config)), 64)
    model.likeness = None  # After four steps it would leave specks alone, the same in any group.
    scores = evaluate(model, shapes / "val", keep=tmp_path / "masks")
    again = evaluate_masks(tmp_path / "masks", shapes / "val")
    assert [s.jaccard for s in again] == [s.jaccard for s in scores]
    alone = evaluate(model, shapes / "val", group_size=1)
    assert any((a.mask != b.mask).any() for a, b in zip(scores[0].items, alone[0].items, strict=True))


def test_metrics_of_a_perfect_and_an_inverted_mask() -> None:
    truth = np.zeros((40, 60), bool)
    truth[10:30, 15:45] = True
    right = truth.astype(np.uint8) * 255
    perfect = summary(measure(right, truth, everything=True))
    assert [perfect[n] for n in ("J", "P", "Fmax", "MAE")] == pytest.approx([1, 1, 1, 0], abs=1e-6)
    assert perfect["S"] > 0.95 and perfect["Emax"] > 0.95
    wrong = summary(measure(255 - right, truth, everything=True))
    assert wrong["J"] == 0 and wrong["P"] == 0 and wrong["MAE"] == pytest.approx(1, abs=1e-6)


def test_metrics_of_a_half_mask_are_their_definitions() -> None:
    truth = np.zeros((20, 20), bool)
    truth[:, :10] = True
    mask = np.zeros((20, 20), np.uint8)
    mask[:10, :10] = 255
    found = summary(measure(mask, truth, everything=True))
    assert found["J"] == pytest.approx(0.5)
    assert found["P"] == pytest.approx(0.75)
    assert found["MAE"] == pytest.approx(0.25)
    assert found["Fadp"] == pytest.approx(1.3 * 1 * 0.5 / (0.3 * 1 + 0.5), abs=1e-6)


def test_missing_masks_are_named(shapes: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="disc"):
        evaluate_masks(tmp_path, shapes / "val")
