"""What one training step takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass
class GroupBatch:
    """Pictures of one step, groups one after another."""

    image: Tensor
    """(N, 3, S, S), normalised to [-1, 1]."""
    mask: Tensor
    """The group's object, (N, 1, S, S), 0..1."""
    foreign: Tensor
    """For each picture another group of the step (index), whose consensus must find `foreign_mask`."""
    foreign_mask: Tensor
    weight: Tensor
    """Trust in each picture's masks (N)."""
    sizes: list[int]
    """Images of each group."""
    classes: Tensor
    """Class index of each picture for ACM, -1 when it has none."""

    def pin_memory(self) -> GroupBatch:
        """In memory from which a GPU copies by itself; loaders call it."""
        return self._each(Tensor.pin_memory)

    def to(self, device: torch.device) -> GroupBatch:
        """On `device`; a copy from pinned memory does not wait."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def _each(self, change: Callable[[Tensor], Tensor]) -> GroupBatch:
        changed = {name: change(value) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **changed)
