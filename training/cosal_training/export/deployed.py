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
    for parent in list(network.modules()):
        previous: nn.Module | None = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and isinstance(previous, nn.Conv2d):
                _fold(previous, child)
                setattr(parent, name, getattr(child, "act", nn.Identity()))
            previous = child
    if half:
        for parameter in network.parameters():
            if parameter.numel() >= HALF_FROM:
                parameter.data = parameter.data.half().float()
    return network


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
