"""A network in PyTorch, run like its graphs: for checkpoints, and for ablations that are never exported."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from .export import interface_of
from .group_model import GroupModel, InputFormat, Tensors
from .network import CosalLite


class TorchModel(GroupModel):
    """A network in evaluation mode, at an input of `size` x `size` pixels.

    A network without a GAM has a constant in the place of the consensus, and marked regions do nothing.
    """

    def __init__(self, network: nn.Module, size: int) -> None:
        interface = interface_of(network, size)
        self.network = network
        self.input = InputFormat(size, interface.mean, interface.std)
        self.refinements = interface.refinements
        self.exclude_self = interface.exclude_self
        self.likeness = interface.likeness
        self._graphs = interface.graphs

    @torch.no_grad()
    def run(self, name: str, feeds: Tensors) -> Tensors:
        graph = self._graphs[name]
        device = next(self.network.parameters()).device
        tensors = {i: torch.from_numpy(feeds[i]).to(device) for i in graph.inputs}
        return {name: values.cpu().numpy() for name, values in graph.call(self.network, tensors).items()}

    def consensus(
        self, encoded: list[Tensors], regions: dict[int, np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        if isinstance(self.network, CosalLite) and not self.network.config.gam:
            constant = self.network.constant.detach().cpu().numpy()
            return constant, constant
        return super().consensus(encoded, regions)
