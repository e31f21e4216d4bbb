"""The upsampling study's ways of enlarging and its measure of outlines."""

from __future__ import annotations

import numpy as np
import pytest

from cosal_training.studies.upsampling import bilinear, boundary_f, guided, joint_bilateral, ways


def square(left: int, size: int = 40) -> np.ndarray:
    mask = np.zeros((64, 64), bool)
    mask[12 : 12 + size, left : left + size] = True
    return mask


def test_boundary_f_counts_contours_within_the_tolerance() -> None:
    assert boundary_f(square(10), square(10), 0) == 1
    assert boundary_f(square(13), square(10), 3) == 1
    assert boundary_f(square(13), square(10), 2) == pytest.approx(0.5, abs=0.05)  # its upper and lower edges
    assert boundary_f(square(10, 4), square(50, 4), 2) == 0


def test_boundary_f_of_empty_masks() -> None:
    nothing = np.zeros((64, 64), bool)
    assert boundary_f(nothing, nothing, 2) == 1
    assert boundary_f(nothing, square(10), 2) == 0


@pytest.mark.parametrize("way", [guided(1, 1e-3), guided(1, 1e-3, side=64), joint_bilateral(2, 1.2, 0.1)])
def test_the_photograph_brings_the_edge_back(way) -> None:  # noqa: ANN001
    photograph = np.full((120, 120, 3), 220, np.uint8)
    photograph[:, :53] = 30  # 15 pixels to a logit; the fourth of a row lies across the edge
    logits = np.tile(np.array([5, 5, 5, 1, -5, -5, -5, -5], np.float32), (8, 1))
    truth = np.zeros((120, 120), bool)
    truth[:, :53] = True
    wrong = ((bilinear(logits, photograph) >= 0) != truth).sum()
    assert ((way(logits, photograph) >= 0) != truth).sum() < 0.5 * wrong


def test_every_way_gives_logits_of_the_photographs_size() -> None:
    random = np.random.default_rng(0)
    photograph = random.integers(0, 256, (37, 53, 3)).astype(np.uint8)
    logits = random.normal(0, 3, (10, 12)).astype(np.float32)
    for name, way in ways(32).items():
        assert way(logits, photograph).shape == (37, 53), name
