"""What a network shows to an engine: its graphs, their tensors, and how a group runs through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

Shape = list[int | str]
"""Axes; "batch" and "group" are dynamic."""


@dataclass(frozen=True)
class Signature:
    """A graph as a function of the network and of its named inputs."""

    function: Callable[..., Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def call(self, network: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """In PyTorch, on those of `tensors` that the graph takes."""
        values = self.function(network, *(tensors[i] for i in self.inputs))
        return dict(zip(self.outputs, values, strict=True))


@dataclass(frozen=True)
class Interface:
    """All that the manifest says of how to run a network. Pixels enter as (rgb / 255 - mean) / std."""

    name: str
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    graphs: dict[str, Signature]
    shapes: dict[str, Shape]
    """Of every tensor that a graph takes or gives, `consensus` among them."""
    refinements: int
    exclude_self: bool
    likeness: float | None = None
    """How much a mask's part must look like the object, as a share of the part that does most (`likeness`)."""
