"""The networks that can be trained: how each is built, begun with given weights, and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .losses import AuxiliaryClassifier
from .network import CosalLite, GCoNetPlus, GCoNetPlusConfig, LiteConfig
from .published import begin_gconet_plus
from .warm_start import warm_start

NetworkConfig = LiteConfig | GCoNetPlusConfig


@dataclass(frozen=True)
class Architecture:
    name: str
    config: type[NetworkConfig]
    network: Callable[[Any], nn.Module]
    prepare: Callable[[Any, int, bool], Any]
    """The network's config for a number of classes, and for whether the training begins with given weights."""
    classifier: Callable[[Any, int], nn.Module]
    """The linear layer of ACM and RACM, of the network itself or beside it."""
    begin: Callable[[Any, Path, Iterable[Tensor]], None]
    """Give a network the weights of a file or folder; some groups of training pictures to measure statistics on."""
    unbegun: str
    """What the network begins with if nothing is given."""


COSAL_LITE = Architecture(
    name="cosal-lite",
    config=LiteConfig,
    network=CosalLite,
    prepare=lambda config, _classes, _given: config,
    classifier=lambda network, classes: AuxiliaryClassifier(network.config.channels, classes),
    begin=warm_start,
    unbegun="ImageNet weights in the encoder, random ones elsewhere",
)

GCONET_PLUS = Architecture(
    name="gconet-plus",
    config=GCoNetPlusConfig,
    network=GCoNetPlus,
    prepare=lambda config, classes, given: replace(config, classes=classes, pretrained=given),
    classifier=lambda network, _classes: network.classifier,
    begin=lambda network, path, _pictures: begin_gconet_plus(network, path),
    unbegun="random weights everywhere, the encoder included, and trains all of it; --initial gives it better ones",
)

ARCHITECTURES = {a.name: a for a in (COSAL_LITE, GCONET_PLUS)}


def architecture_of(config: NetworkConfig) -> Architecture:
    return next(a for a in ARCHITECTURES.values() if a.config is type(config))


def read_config(state: dict[str, Any]) -> NetworkConfig:
    """The network's config in a checkpoint."""
    return ARCHITECTURES[state.get("architecture", "cosal-lite")].config(**state["network_config"])


def load_network(checkpoint: Path, *, average: bool = True) -> Any:
    """The averaged (EMA) network of a checkpoint, in evaluation mode, on the CPU."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    config = read_config(state)
    network = architecture_of(config).network(config)
    network.load_state_dict(state["average" if average else "network"])
    return network.to(memory_format=torch.channels_last).eval()
