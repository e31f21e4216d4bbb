"""Published weights as the start of a training of GCoNet+."""

from __future__ import annotations

from pathlib import Path

import torch

from .convert import CheckpointError, read_published, read_tensors
from .network import GCoNetPlus

PUBLISHED_GRID = 16
"""Side of the feature grid that the published weights were trained on: 256 pixels at stride 16."""


@torch.no_grad()
def begin_gconet_plus(network: GCoNetPlus, path: Path) -> None:
    """Give `network` the weights of a published checkpoint, or its encoder those of torchvision's VGG16-BN.

    Published weights keep all but the classifier, whose classes are others. The published consensus divides by the
    number of pixels, that of the default arithmetic does not: its convolution takes the factor over. Affinities
    stay different (cosines), which the training has to settle. Raises CheckpointError for any other file.
    """
    state = read_tensors(path)
    if "features.0.weight" in state:
        try:
            network.bb.load_torchvision(state)
        except (RuntimeError, KeyError) as cause:
            raise CheckpointError(f"{path} is no VGG16-BN of torchvision's layout: {cause}") from cause
        return
    published = read_published(path).state_dict()
    if published["bb.conv1.0.weight"].shape[0] != network.config.width:
        raise CheckpointError(f"{path} is of another width than {network.config.width}")
    own = network.state_dict()
    network.load_state_dict({n: own[n] if n.startswith("classifier.") else v for n, v in published.items()})
    if not network.published:
        network.gam.conv6.weight /= PUBLISHED_GRID**2
