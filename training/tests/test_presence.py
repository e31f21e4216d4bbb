"""Presence and its thresholds, with a model whose presence is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cosal_training.confidence import Figures
from cosal_training.data import Catalogue
from cosal_training.group_model import GroupModel, InputFormat, Tensors
from cosal_training.presence import (
    Kind,
    Thresholds,
    area_under_curve,
    balanced_accuracy,
    best_threshold,
    calibrate,
    calibrate_held_back,
    classes_that_meet,
    evidence,
    read_thresholds,
    write_thresholds,
)


class Labels(GroupModel):
    """An image is its label: present as much as the share of its group that has the same."""

    input = InputFormat(16, (0, 0, 0), (1, 1, 1))

    def run(self, name: str, feeds: Tensors) -> Tensors:
        raise AssertionError(name)

    def consensus(
        self, encoded: list[Tensors], regions: dict[int, np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        labels = np.array([e["label"] for e in encoded])
        return labels, labels

    def decode(self, encoded: list[Tensors], consensus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(0), np.array([(consensus == e["label"]).mean() for e in encoded])


class Reds(Labels):
    """A picture's label is its most frequent strong colour, as a bit each of red, green and blue."""

    def encode(self, images: np.ndarray) -> list[Tensors]:
        strong = [(image > 0.78).mean((1, 2)) > 0.02 for image in images]
        return [{"label": np.array(int(s @ [1, 2, 4]))} for s in strong]


def test_area_and_thresholds() -> None:
    assert area_under_curve([0.9, 0.8], [0.1, 0.2]) == 1
    assert area_under_curve([0.5, 0.1], [0.5, 0.1]) == 0.5
    assert best_threshold([0.9, 0.8], [0.1, 0.2]) == pytest.approx(0.5)
    assert best_threshold([0.9, 0.4], [0.1, 0.6]) == pytest.approx(0.5), "0.25 and 0.75 are as good"
    assert balanced_accuracy([0.9, 0.4], [0.1, 0.6], 0.5) == 0.5
    assert best_threshold([0.3], [0.3]) == pytest.approx(0.3)


def test_evidence_of_a_model_that_knows() -> None:
    kinds = [Kind(str(k), lambda _, n, k=k: [{"label": np.array(k)}] * n) for k in range(8)]
    found = evidence(Labels(), kinds, lambda a, b: a != b, size=6, tries=2)
    assert set(found.same) == {1.0}
    assert found.mixed == pytest.approx([1 / 6] * 16)
    assert found.inside == pytest.approx([5 / 6] * 80)
    assert found.outside == pytest.approx([1 / 6] * 16)
    thresholds = found.thresholds()
    assert thresholds == Thresholds(pytest.approx(1 / 2), pytest.approx(7 / 12))
    assert found.figures(thresholds) == dict.fromkeys(
        ("image AUC", "group AUC", "image accuracy", "group accuracy"), 1.0
    )


def test_kinds_that_may_not_meet_never_do() -> None:
    met: list[set[int]] = []

    class Watching(Labels):
        def consensus(
            self, encoded: list[Tensors], regions: dict[int, np.ndarray] | None = None
        ) -> tuple[np.ndarray, np.ndarray]:
            met.append({int(e["label"]) for e in encoded})
            return super().consensus(encoded, regions)

    kinds = [Kind(str(k), lambda _, n, k=k: [{"label": np.array(k)}] * n) for k in range(6)]
    evidence(Watching(), kinds, lambda a, b: int(a) % 3 != int(b) % 3, size=4, tries=3)
    assert max(len(labels) for labels in met) == 3
    assert all(len({k % 3 for k in labels}) == len(labels) for labels in met)


def test_calibration_draws_from_training_classes(shapes: Path) -> None:
    catalogue = Catalogue.read(shapes)
    catalogue.groups = {name: photographs * 2 for name, photographs in catalogue.groups.items()}
    thresholds, found = calibrate(Reds(), catalogue)
    assert len(found.same) == 10
    assert 0 < thresholds.image < 1 and 0 < thresholds.group < 1
    assert found.figures()["group AUC"] > 0.8
    assert calibrate(Reds(), catalogue)[0] == thresholds, "seeded"


class Unsure(Reds):
    """Its decoder's presence says nothing; how much a mask looks like the object says what `Reds` knows."""

    def decoded(self, encoded: list[Tensors], consensus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return super().decode(encoded, consensus)[0], np.full(len(encoded), 0.5)

    def figures(self, logits: np.ndarray, encoded: list[Tensors], consensus: np.ndarray) -> list[Figures]:
        known = super().decode(encoded, consensus)[1]
        return [Figures(float(p), 0, 0, 0, 0) for p in known]

    def decode(self, encoded: list[Tensors], consensus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return GroupModel.decode(self, encoded, consensus)


def test_what_is_held_back_says_what_likeness_is_worth(shapes: Path) -> None:
    weights, thresholds, found = calibrate_held_back(Unsure(), Catalogue.read(shapes))
    assert weights.likeness > 0 and weights.presence == pytest.approx(0, abs=1e-3)
    assert found.figures(thresholds)["group accuracy"] > 0.8, "without it, all are told alike"
    with pytest.raises(ValueError, match="held back"):
        calibrate_held_back(Unsure(), Catalogue())


def test_classes_that_may_meet_no_other_are_left_out(shapes: Path) -> None:
    catalogue = Catalogue.read(shapes)
    names = classes_that_meet(catalogue)
    assert len(names) > 1 and all(any(catalogue.may_meet(a, b) for b in names) for a in names)
    assert classes_that_meet(catalogue, size=7) == [], "six photographs each"
    catalogue.groups = {names[0]: catalogue.groups[names[0]]}
    assert classes_that_meet(catalogue) == []


def test_thresholds_live_in_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "x"}))
    assert read_thresholds(tmp_path) is None
    write_thresholds(tmp_path, Thresholds(0.51234, 0.25))
    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "name": "x",
        "presence": {"image": 0.5123, "group": 0.25},
    }
    assert read_thresholds(tmp_path) == Thresholds(0.5123, 0.25)
