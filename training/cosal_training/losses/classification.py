"""ACM and RACM (GCoNet sec. 3.4, GCoNet+ sec. 3.4): the object's class, from features. For training only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn import functional as F

from ..network.protocol import GroupNetwork

IGNORED = -1
"""Class of a picture without one: a view of a single photograph, or a picture without the object."""


class AuxiliaryClassifier(nn.Module):
    """One linear layer that ACM and RACM share."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, features: Tensor) -> Tensor:
        """Mean features (N, C) -> class logits."""
        return self.linear(features)


def region_mean(features: Tensor, region: Tensor) -> Tensor:
    """Mean of features (N, C, H, W) over a region (N, 1, H, W) in 0..1: (N, C)."""
    return (features * region).sum((2, 3)) / region.sum((2, 3)).clamp_min(1e-3)


def acm_loss(classifier: Callable[[Tensor], Tensor], features: Tensor, region: Tensor, classes: Tensor) -> Tensor:
    """Class of the object from the features of its true region."""
    return F.cross_entropy(classifier(region_mean(features, region)).float(), classes, ignore_index=IGNORED)


def racm_loss(
    network: GroupNetwork, classifier: Callable[[Tensor], Tensor], image: Tensor, logits: Tensor, classes: Tensor
) -> Tensor:
    """Class from the encoder run again on image x predicted mask.

    What the mask lacks of the object, and what it has of others, makes the class harder to tell: the gradient
    reaches the decoder through the masked image. image (N, 3, S, S) as the encoder takes it; logits (N, 1, h, w).
    """
    mask = F.interpolate(logits.sigmoid(), size=image.shape[-2:], mode="bilinear", align_corners=False)
    with _running_statistics(network.encoder):
        features = network.encode(image * mask).features.float()
    return F.cross_entropy(classifier(features.mean((2, 3))).float(), classes, ignore_index=IGNORED)


@contextmanager
def _running_statistics(module: nn.Module) -> Iterator[None]:
    """Batch normalisation as at inference: masked images have statistics that must not enter the running ones."""
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
