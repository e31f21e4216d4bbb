"""A network as it is shipped."""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

HALF_FROM = 256
"""Weights with at least so many elements are stored as float16 and cast to float32 when a session starts."""

Network = TypeVar("Network", bound=nn.Module)


def deployed(network: Network, *, half: bool = True) -> Network:
    """A copy with batch normalisation folded into the convolutions and, if `half`, large weights rounded to float16.

    A normalisation is folded into the convolution that its parent holds right before it.
    """
    network = deepcopy(network).eval().to(memory_format=torch.contiguous_format)
    parents = {child: (parent, name) for parent in network.modules() for name, child in parent.named_children()}
    for _, convolution, norm in foldable(network):
        _fold(convolution, norm)
        parent, name = parents[norm]
        setattr(parent, name, getattr(norm, "act", nn.Identity()))
    if half:
        for parameter in network.parameters():
            if parameter.numel() >= HALF_FROM:
                parameter.data = parameter.data.half().float()
    return network


def foldable(network: nn.Module) -> list[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Convolutions (with their names) and the normalisation that their parent holds right behind each."""
    found = []
    for prefix, parent in network.named_modules():
        before: tuple[str, nn.Module] | None = None
        for name, child in parent.named_children():
            if isinstance(child, nn.BatchNorm2d) and before is not None and isinstance(before[1], nn.Conv2d):
                found.append((f"{prefix}.{before[0]}".lstrip("."), before[1], child))
            before = (name, child)
    return found


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None and norm.running_var is not None
    weight, bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    convolution.weight, convolution.bias = weight, bias
