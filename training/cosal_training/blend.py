"""The mean of the weights that a training began with and those that it came to, or of two models'.

On what the first weights were good at, the mean is as a rule better than either, and keeps most of what was learnt
since (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from .architectures import NetworkConfig, architecture_of, read_config
from .data import Catalogue
from .recipes import RECIPES, read_recipe
from .train import TrainConfig, begin


def blend(last: Path, output: Path, share: float, *, data: str | None = None, initial: str | None = None) -> None:
    """Write a checkpoint of averaged weights: `share` (0..1) of `last`, the rest of the initial ones.

    last: a run's checkpoint, `config.json` beside it, which says what the run began with; or the folder of a
    cosal-lite model. data, initial: where that is now; a model folder's `initial` is another's. Only for measuring
    and export: a training cannot go on from it. Raises ValueError when no initial weights are known.
    """
    recipe = RECIPES["cosal-lite"] if last.is_dir() else read_recipe(last.with_name("config.json"))
    config = replace(recipe, data=data or recipe.data, initial=initial or recipe.initial)
    if config.initial is None:
        raise ValueError(f"{last} did not begin with given weights: there is nothing to blend it with")
    catalogue = Catalogue.read(Path(config.data))
    if last.is_dir():
        network = _begun(replace(config, initial=str(last)), config.network, catalogue)
        found = {"step": 0, "architecture": "cosal-lite", "network_config": asdict(config.network)}
        weights = network.state_dict()
    else:
        state = torch.load(last, map_location="cpu", weights_only=True)
        found = {name: state[name] for name in ("step", "architecture", "network_config")}
        weights = state["average"]
    kept = _begun(config, read_config(found), catalogue).state_dict()
    average = {
        name: torch.lerp(kept[name], value, share) if value.is_floating_point() else value
        for name, value in weights.items()
    }
    torch.save(found | {"average": average}, output)


def _begun(config: TrainConfig, network_config: NetworkConfig, catalogue: Catalogue) -> nn.Module:
    """A network with the weights that `config` begins with."""
    torch.manual_seed(config.seed)
    network = architecture_of(network_config).network(network_config)
    begin(network, config, catalogue)
    return network
