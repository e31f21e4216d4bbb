"""Groups to measure on: class folders and scenes, whatever their size."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from cosal_training import protocols
from cosal_training.cli import main
from cosal_training.evaluate import evaluate
from cosal_training.labelled import groups_in
from cosal_training.network import CosalLite
from cosal_training.torch_model import TorchModel


@pytest.fixture(scope="module")
def model() -> TorchModel:
    torch.manual_seed(0)
    return TorchModel(CosalLite().eval(), 64)


@pytest.fixture
def few(shapes: Path, tmp_path: Path) -> Path:
    """Two groups of four."""
    for name in ("disc", "square"):
        (tmp_path / "few" / name).mkdir(parents=True)
        for index in range(4):
            for suffix in ("jpg", "png"):
                shutil.copy(shapes / "groups" / name / f"{index}.{suffix}", tmp_path / "few" / name)
    return tmp_path / "few"


def test_suffixes_in_any_case_are_photographs(few: Path) -> None:
    (few / "disc" / "0.jpg").rename(few / "disc" / "0.JPG")
    (few / "disc" / "1.jpg").rename(few / "disc" / "1.jpeg")
    assert [len(group.photographs) for group in groups_in(few)] == [4, 4]


def test_every_protocol_measures_groups_of_four(few: Path, model: TorchModel) -> None:
    groups = protocols.read_groups(few, model)
    assert "consensus of up to 5 others" in protocols.reuse(groups, model)
    for found in (
        protocols.seeds(groups, model),
        protocols.two_in_common(few, model, per_group=3),
        protocols.distractors(few, model, per_group=3),
        protocols.presence(groups, model),
    ):
        assert all(0 <= value <= 1 for value in found.values())


def test_what_cannot_be_measured_stops_nothing_else(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A single group has no stranger and no distractor, but seeds and a consensus to reuse."""
    shutil.rmtree(few / "square")
    torch.manual_seed(0)
    network = CosalLite().eval()
    torch.save({"average": network.state_dict(), "network_config": {}}, tmp_path / "last.pt")
    arguments = ["--checkpoint", tmp_path / "last.pt", "--size", 64, "--groups", few, "--protocols"]
    arguments += ["--csv", tmp_path / "a.csv", "--reliability", tmp_path / "a.png"]
    monkeypatch.setattr("sys.argv", ["cosal-train", "evaluate", *map(str, arguments)])
    main()
    out, progress = capsys.readouterr()
    assert out.count("not measured: ") == 3
    assert "disc: 4 photographs" in progress
    with (tmp_path / "a.figures.csv").open(newline="") as file:
        measured = {row["of"] for row in csv.DictReader(file)}
    assert measured == {"trust", "J by size of group", "J with seeds", "J with a reused consensus"}
    assert (tmp_path / "a.png").stat().st_size > 1000


@pytest.mark.parametrize("size", ["0", "-1"])
def test_a_group_has_a_photograph_at_least(
    size: str, few: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["cosal-train", "evaluate", "--masks", "m", "--group-size", size])
    with pytest.raises(SystemExit):
        main()
    assert f"{size} photographs make no group" in capsys.readouterr().err


def test_no_object_is_pasted_where_its_class_may_be(few: Path, model: TorchModel) -> None:
    (few / "concepts.json").write_text(json.dumps({"disc": {"concept": "disc", "also": ["square"]}}))
    with pytest.raises(ValueError, match="distractor needs two groups"):
        protocols.distractors(few, model)
    with pytest.raises(ValueError, match="two common objects need"):
        protocols.two_in_common(few, model)
    with pytest.raises(ValueError, match="presence needs two groups"):
        protocols.presence(protocols.read_groups(few, model), model)


def test_scenes_are_groups_of_their_classes(tmp_path: Path, model: TorchModel) -> None:
    lines = []
    for index in range(6):
        names = ["cup", "plate"] if index < 5 else ["plate"]
        cv2.imwrite(str(tmp_path / f"{index}.jpg"), np.full((40, 60, 3), 90, np.uint8))
        for name in names:
            mask = np.zeros((40, 60), np.uint8)
            mask[:, :20] = 255
            cv2.imwrite(str(tmp_path / f"{index}.{name}.png"), mask)
        lines.append({"path": f"{index}.jpg", "classes": dict.fromkeys(names, 0.3), "small": {"fork": 0.001}})
    (tmp_path / "index.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    cup, plate = groups_in(tmp_path)
    assert (cup.name, len(cup.photographs), plate.name, len(plate.photographs)) == ("cup", 5, "plate", 6)
    assert plate.lacks(5, "cup") and not plate.lacks(0, "cup") and not plate.lacks(5, "fork")
    assert [score.images for score in evaluate(model, tmp_path)] == [5, 6]
