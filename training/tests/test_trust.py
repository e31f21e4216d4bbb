"""How far masks can be trusted: outlines, calibration, confidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cosal_training.boundary import boundary_f
from cosal_training.confidence import Confidence, Figures, fit_confidence, fit_presence
from cosal_training.evaluate import GroupScore, ImageScore
from cosal_training.metrics import measure
from cosal_training.reliability import calibration_error, counts
from cosal_training.report import trust


def _square(at: int, side: int = 40) -> np.ndarray:
    mask = np.zeros((100, 100), bool)
    mask[at : at + side, at : at + side] = True
    return mask


def test_an_outline_within_the_tolerance_is_right() -> None:
    """.75 % of the diagonal of 100 x 100 is two pixels, rounded up."""
    assert boundary_f(_square(30), _square(30)) == 1
    assert boundary_f(_square(31), _square(30)) > 0.95
    assert boundary_f(_square(36), _square(30)) < 0.2
    assert boundary_f(_square(30) & False, _square(30)) == 0
    assert boundary_f(_square(0, 100), _square(0, 100)) == 1, "the photograph's border is no outline"


def test_half_an_outline_has_its_precision_and_recall() -> None:
    two = _square(10, 20) | _square(60, 20)
    assert boundary_f(_square(10, 20), two) == pytest.approx(2 * 0.5 / 1.5, abs=0.01)


def test_calibration_error_is_how_far_probability_and_truth_lie_apart() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((200, 200)) < 0.7
    assert calibration_error(counts(np.full((200, 200), 178, np.uint8), truth)) < 0.01
    assert calibration_error(counts(np.full((200, 200), 255, np.uint8), truth)) == pytest.approx(0.3, abs=0.01)
    half = np.where(np.arange(200) < 100, 255, 0).astype(np.uint8) * np.ones((200, 1), np.uint8)
    assert calibration_error(counts(half, half > 0)) == 0


def test_confidence_is_told_beside_calibration() -> None:
    truth = _square(20)
    items = []
    for at, told in ((20, 0.9), (24, 0.7), (50, 0.2)):
        mask = _square(at).astype(np.uint8) * 255
        items.append(ImageScore(Path("a.jpg"), mask, measure(mask, truth), counts(mask, truth), told))
    found = trust([GroupScore("things", items)])
    assert found["confidence: AUC, J under 0.5"] == 1
    assert found["confidence: mean error"] == pytest.approx(
        np.mean([abs(i.vector[0] - t) for i, t in zip(items, (0.9, 0.7, 0.2), strict=True)])
    )


def test_figures_tell_a_sure_mask_of_the_object_from_an_unsure_one_of_something_else() -> None:
    features = np.zeros((2, 4, 4), np.float32)
    features[0, :2], features[1, 2:] = 1, 1
    consensus = np.array([[1, 0], [0, 1]], np.float32)
    logits = np.full((8, 8), -9, np.float32)
    logits[:4] = 9
    good = Figures.of(logits, features, consensus)
    bad = Figures.of(logits[::-1] / 9, features, consensus)
    assert good.likeness == pytest.approx(1) and bad.likeness == pytest.approx(0, abs=1e-6)
    assert good.contrast == pytest.approx(0, abs=1e-6) and bad.contrast == pytest.approx(1)
    assert good.height > bad.height
    assert good.size == bad.size == pytest.approx(np.log(0.5))
    empty = Figures.of(np.full((8, 8), -1.0), features, consensus)
    assert empty.likeness == 0 and Confidence(5, 0, 0, 0, 0).of(empty) == 0, "no mask, no J"


def test_a_mask_of_a_high_peak_stands_higher_than_a_flat_one_of_the_same_outline() -> None:
    features, consensus = np.ones((2, 4, 4), np.float32), np.eye(2, dtype=np.float32)
    flat = np.where(np.arange(8) < 4, 1.0, -1.0) * np.ones((8, 1))
    peaked = flat.copy()
    peaked[0, 0] = 6
    low, high = (Figures.of(logits, features, consensus) for logits in (flat, peaked))
    assert high.height > low.height + 2
    assert low.flatness == 1 and high.flatness < 0.3


def test_the_fit_finds_what_made_the_scores() -> None:
    rng = np.random.default_rng(1)
    figures = [Figures(*rng.normal(size=5)) for _ in range(4000)]
    made = Confidence(0.4, 0.5, -0.3, 0.8, -0.6)
    found = fit_confidence(figures, [made.of(f) for f in figures], [1.0] * len(figures))
    for name, value in vars(made).items():
        assert getattr(found, name) == pytest.approx(value, abs=0.01), name


def test_presence_is_told_by_the_decoder_and_by_the_likeness_of_the_mask() -> None:
    rng = np.random.default_rng(2)
    shown = [*[True] * 500, *[False] * 100]
    figures = [Figures(rng.normal(0.6 if s else 0.2, 0.2), 0, 0, 0, 0) for s in shown]
    presences = (1 / (1 + np.exp(-rng.normal([3 if s else 0 for s in shown], 1.5)))).tolist()
    weights = fit_presence(presences, figures, shown)
    told = np.array([weights.of(p, f) for p, f in zip(presences, figures, strict=True)])
    right = (told >= 0.5) == shown
    assert (right[:500].mean() + right[500:].mean()) / 2 > 0.9, "each kind counts the same"
    assert weights.presence > 0 and weights.likeness > 0
