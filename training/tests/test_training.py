from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cosal_training.data import SamplingConfig
from cosal_training.evaluate import evaluate, evaluate_masks
from cosal_training.metrics import jaccard, measure, pixel_precision, summary
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
        sampling=SamplingConfig(shapes=((2, 3),), sizes=(64,)),
    )


def test_a_resumed_run_equals_a_whole_one(config: TrainConfig, tmp_path: Path) -> None:
    whole = torch.load(train(config), weights_only=True)
    cut = replace(config, output=str(tmp_path / "cut"))
    train(replace(cut, steps=4, stop_at=2))
    resumed = torch.load(train(cut), weights_only=True)
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


def test_region_metrics() -> None:
    a = np.zeros((4, 4), bool)
    b = a.copy()
    assert jaccard(a, b) == 1
    a[:2], b[1:3] = True, True
    assert jaccard(a, b) == pytest.approx(4 / 12)
    assert pixel_precision(a, b) == pytest.approx(8 / 16)


def test_masks_are_scored_like_the_network_that_made_them(config: TrainConfig, shapes: Path, tmp_path: Path) -> None:
    model = TorchModel(load_network(train(config)), 64)
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
