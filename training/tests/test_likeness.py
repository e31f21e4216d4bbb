"""Parts of masks. `python training/tests/test_likeness.py` writes the cases that the engine must agree on."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cosal_training.likeness import NOTHING, parts_of, without_parts, without_unlike

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "likeness.json"


def _row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


@pytest.mark.parametrize(("across", "parts"), [(-3, 1), (-5, 2), (1, 1)])
@pytest.mark.parametrize("flip", [1, -1])
def test_a_corner_joins_when_the_surface_between_stays_above(across: float, parts: int, flip: int) -> None:
    """The surface's saddle is (16 - across ** 2) over a positive number."""
    logits = np.array([[4, across], [across, 4]], np.float32)[:, ::flip]
    assert parts_of(logits)[1] == parts


def test_nothing_of_a_dropped_part_is_left_and_no_other_is_touched() -> None:
    logits = _row(-9, -1, 2, -2, -4, -1, 5, 5, -3)
    labels, parts = parts_of(logits)
    assert parts == 2
    found = without_parts(logits, labels, np.array([False, True, False]))
    assert found.tolist() == [[-9, -8, -8, -8, -8, -1, 5, 5, -3]]


OBJECT, SURROUNDINGS = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 0.0]])


def _of_three(*likeness: float) -> np.ndarray:
    """A mask of three parts, whose features have these cosines with the object. Which are left?"""
    logits = _row(9, 9, -9, 9, 9, -9, 9, 9, -9)
    features = np.zeros((3, 1, 3), np.float32)
    for cell, cosine in enumerate(likeness):
        features[:, 0, cell] = 7 * np.array([cosine, np.sqrt(1 - cosine**2), 0])
    found = without_unlike(logits, features, np.concatenate([OBJECT, SURROUNDINGS]), 0.8)
    return (found[0, ::3] > 0).tolist()


@pytest.mark.parametrize(
    ("likeness", "left"),
    [
        ((1.0, 0.79, 0.81), [True, False, True]),
        ((0.5, 0.3, 0.45), [True, False, True]),
        ((0.1, -0.5, -1.0), [True, False, False]),
        ((-0.1, -0.5, -1.0), [True, True, True]),
    ],
)
def test_what_is_less_like_the_object_than_the_best_goes(likeness: tuple[float, ...], left: list[bool]) -> None:
    """Where not even the best is like the object, nothing is known, and all parts stay."""
    assert _of_three(*likeness) == left


def test_features_count_as_seen_from_the_surroundings() -> None:
    """Without them the first part would be the object's equal."""
    logits = _row(9, 9, -9, 9, 9, -9)
    features = np.array([[[3.0, 4.0]], [[3.0, 3.0]]], np.float32)
    consensus = np.array([[4.0, 3.0], [3.0, 3.0]])
    found = without_unlike(logits, features, consensus, 0.8)
    assert (found[0] > 0).tolist() == [False, False, False, True, True, False]


def test_a_mask_of_one_part_or_none_stays() -> None:
    features, consensus = np.ones((3, 1, 1), np.float32), np.concatenate([OBJECT, SURROUNDINGS])
    for logits in (_row(-1, 5, 5, -1), _row(-1, -2, -3)):
        assert without_unlike(logits, features, consensus, 0.8) is logits


def _cases() -> list[dict]:
    rng = np.random.default_rng(3)
    cases = []
    for _ in range(8):
        rough = rng.normal(0, 3, (20, 24)).astype(np.float32)
        logits = (3 * cv2.GaussianBlur(rough, (0, 0), 1.2)).astype(np.float64).round(2)
        features, consensus = rng.normal(0, 1, (6, 5, 6)).round(2), rng.normal(0, 1, (4, 6)).round(2)
        cases.append({"logits": logits.tolist(), "features": features.tolist(), "consensus": consensus.tolist()})
    return cases


def _dropped(case: dict) -> list[int]:
    logits, features = np.array(case["logits"], np.float32), np.array(case["features"], np.float32)
    found = without_unlike(logits, features, np.array(case["consensus"], np.float32), 0.8)
    return np.flatnonzero(found != logits).tolist()


def test_the_engine_is_held_against_what_is_done_here() -> None:
    cases = json.loads(VECTORS.read_text())
    assert sum(bool(case["dropped"]) for case in cases) >= 6
    for case in cases:
        assert _dropped(case) == case["dropped"]
        assert NOTHING == -8


if __name__ == "__main__":
    lines = [json.dumps(case | {"dropped": _dropped(case)}, separators=(",", ":")) for case in _cases()]
    VECTORS.write_text("[\n" + ",\n".join(lines) + "\n]\n")
