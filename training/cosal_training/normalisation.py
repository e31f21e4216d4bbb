"""Batch normalisations of given weights: made to do nothing, and given the statistics of pictures."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from .network import CosalLite


@torch.no_grad()
def neutralise(bn: nn.BatchNorm2d, bias: Tensor) -> None:
    """Make evaluation add `bias` and do nothing else."""
    assert bn.running_mean is not None and bn.running_var is not None
    bn.running_mean.zero_()
    bn.running_var.fill_(1 - bn.eps)
    bn.weight.fill_(1)
    bn.bias.copy_(bias)


@torch.no_grad()
def measure(network: CosalLite, norms: list[nn.BatchNorm2d], pictures: Iterable[Tensor]) -> None:
    """The same function, with the statistics that `pictures` (N, 3, S, S) have before each neutral normalisation.

    pictures: a whole group each, at least one.
    """
    sums = {bn: (torch.zeros_like(bn.weight), torch.zeros_like(bn.weight), [0]) for bn in norms}

    def note(bn: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(bn, nn.BatchNorm2d)
        total, squares, count = sums[bn]
        total += inputs[0].sum((0, 2, 3))
        squares += inputs[0].square().sum((0, 2, 3))
        count[0] += inputs[0].numel() // inputs[0].shape[1]

    hooks = [bn.register_forward_pre_hook(note) for bn in norms]
    training = network.training
    network.eval()
    for group in pictures:
        network.segment(group)
    network.train(training)
    for hook in hooks:
        hook.remove()
    for bn, (total, squares, (count,)) in sums.items():
        mean = total / count
        variance = (squares / count - mean.square()).clamp_min(1e-6)
        assert bn.running_mean is not None and bn.running_var is not None
        bn.running_mean.copy_(mean)
        bn.running_var.copy_(variance)
        bn.weight.copy_((variance + bn.eps).sqrt())
        bn.bias += mean
