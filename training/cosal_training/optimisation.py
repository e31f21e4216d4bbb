"""Groups of parameters, the learning rate's schedule and the average of weights."""

from __future__ import annotations

import math

import torch
from torch import nn

from .network.protocol import GroupNetwork


def parameter_groups(
    network: GroupNetwork, classifier: nn.Module, *, backbone_factor: float, weight_decay: float
) -> list[dict]:
    """For an optimiser: `factor` is what a group multiplies the learning rate by; only weights decay.

    backbone_factor: of a pretrained backbone; one that begins at random learns like the rest.
    """
    assert isinstance(network, nn.Module)
    backbone = {id(p) for p in network.backbone.parameters()} if network.pretrained else set()
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in nn.ModuleList([network, classifier]).parameters():
        if not parameter.requires_grad:
            continue
        factor = backbone_factor if id(parameter) in backbone else 1.0
        decay = 0.0 if parameter.ndim < 2 else weight_decay
        groups.setdefault((factor, decay), []).append(parameter)
    return [{"params": p, "factor": f, "weight_decay": d, "lr": 0.0} for (f, d), p in groups.items()]


def schedule(step: int, *, warmup: int, steps: int) -> float:
    """Share of the learning rate: a linear warm-up, then a cosine down to 2 %."""
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Exponential moving average of weights and statistics."""
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)
