"""Outlines at half of a mask's height."""

from __future__ import annotations

import torch

from cosal_training.network.outline import at_half_height


def _map(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(1, 1, 1, -1)


def test_the_outline_lies_halfway_between_peak_and_floor() -> None:
    sure, unsure = _map(6, 2, 0.5, -5), _map(2, 0, -0.5, -5)
    assert (at_half_height(sure, -4) >= 0).flatten().tolist() == [True, True, False, False]
    assert (at_half_height(unsure, -4) >= 0).flatten().tolist() == [True, True, True, False]


def test_each_photograph_has_its_own_peak() -> None:
    both = torch.cat([_map(6, 0.5), _map(2, 0.5)])
    assert torch.equal(at_half_height(both), torch.cat([at_half_height(one) for one in both.split(1)]))


def test_a_photograph_in_which_nothing_was_found_stays_empty() -> None:
    assert not (at_half_height(_map(-0.1, -0.2, -3)) >= 0).any()
    assert (at_half_height(_map(0.1, -0.2, -3)) >= 0).flatten().tolist() == [True, False, False]
