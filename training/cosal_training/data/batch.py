"""What one training step takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor


@dataclass
class Drawn:
    """One picture of a step, square."""

    image: np.ndarray
    """RGB uint8 (S, S, 3)."""
    mask: np.ndarray
    """Of the group's object, uint8 (S, S), 0..255."""
    foreign: int
    """Another group of the step."""
    foreign_mask: np.ndarray
    weight: float
    foreign_weight: float
    label: int = -1
    """Class index for ACM, -1 without one."""


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
    """Trust in each picture's mask (N)."""
    foreign_weight: Tensor
    """Trust in each picture's foreign mask (N); 0 where it is not known whether the other group's object is there."""
    sizes: list[int]
    """Images of each group."""
    classes: Tensor
    """Class index of each picture for ACM, -1 when it has none."""

    @classmethod
    def of(cls, pictures: list[Drawn], sizes: list[int]) -> GroupBatch:
        image = torch.from_numpy(np.stack([p.image for p in pictures])).permute(0, 3, 1, 2)
        return cls(
            image=image.float().div_(127.5).sub_(1),
            mask=_masks([p.mask for p in pictures]),
            foreign=torch.tensor([p.foreign for p in pictures]),
            foreign_mask=_masks([p.foreign_mask for p in pictures]),
            weight=torch.tensor([p.weight for p in pictures], dtype=torch.float32),
            foreign_weight=torch.tensor([p.foreign_weight for p in pictures], dtype=torch.float32),
            sizes=sizes,
            classes=torch.tensor([p.label for p in pictures]),
        )

    def pin_memory(self) -> GroupBatch:
        """In memory from which a GPU copies by itself; loaders call it."""
        return self._each(Tensor.pin_memory)

    def to(self, device: torch.device) -> GroupBatch:
        """On `device`; a copy from pinned memory does not wait."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def _each(self, change: Callable[[Tensor], Tensor]) -> GroupBatch:
        changed = {name: change(value) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **changed)


def _masks(masks: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(masks)).unsqueeze(1).float().div_(255)
