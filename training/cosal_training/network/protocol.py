"""What the training loop and the losses ask of a network: this, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from .gam import Summary


class Encoding(Protocol):
    """Images after the encoder."""

    features: Tensor
    """(N, C, S/16, S/16)."""

    def select(self, index: Tensor | slice) -> Encoding: ...


class Affinity(Protocol):
    """A Group Affinity Module."""

    def keys(self, features: Tensor) -> Tensor: ...

    def pool(self, features: Tensor, region: Tensor) -> Summary: ...

    def refined(self, features: Tensor, region: Tensor, consensus: Tensor) -> Summary:
        """What a refinement makes of a region that `consensus` found; only of networks that refine."""
        ...


@dataclass
class TrainingMaps:
    """What the losses see of a step: N images under their own groups' consensus, then some under foreign ones."""

    logits: Tensor
    """CEM output before its sigmoid, (M, 1, h, w). M counts the foreign ones where they are decoded; else it is N."""
    shrink: Tensor
    """Logits of the CEM's P, the same shape."""
    coarse: Tensor
    """Logits on the feature grid, foreign ones always among them: (N + foreign, 1, S/16, S/16)."""
    roi: Tensor
    """Logits of RACM's region of interest, (M, 1, h, w)."""
    presence: Tensor | None
    """Logits (M); None for a network that does not say whether the object is there."""


class GroupNetwork(Protocol):
    """A network that can be trained. All `nn.Module`s besides."""

    pretrained: bool
    """Whether the backbone begins with ImageNet's or published weights, and is only fine-tuned."""
    refinements: int
    """How often coarse regions replace the affinity's."""

    @property
    def encoder(self) -> nn.Module: ...

    @property
    def backbone(self) -> nn.Module:
        """The part of the encoder whose learning rate is smaller."""
        ...

    @property
    def gam(self) -> Affinity: ...

    @property
    def fixed_consensus(self) -> Tensor | None:
        """In place of every group's consensus, in a network that is deprived of its GAM for comparison."""
        ...

    def normalise(self, image: Tensor) -> Tensor:
        """From [-1, 1], as data sets give it, to what the encoder takes."""
        ...

    def encode(self, image: Tensor) -> Any: ...

    def mean_weights(self, images: int, device: Any = None) -> Tensor: ...

    def affinity_summary(self, features: Tensor, keys: Tensor, weights: Tensor) -> Summary: ...

    def coarse(self, features: Tensor, consensus: Tensor) -> Tensor: ...

    def training_maps(self, encoded: Any, consensus: Tensor, swapped: Tensor) -> TrainingMaps:
        """consensus (N + foreign, K, C): of each image's own group, then for the images `swapped` a foreign one's."""
        ...
