"""The mean of the weights that a training began with and those that it came to.

On what the first weights were good at, the mean is as a rule better than either, and keeps most of what was learnt
since (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from .architectures import architecture_of, read_config
from .data import Catalogue
from .recipes import read_recipe
from .train import begin


def blend(
    checkpoint: Path, output: Path, share: float, *, data: str | None = None, initial: str | None = None
) -> None:
    """Write a checkpoint of averaged weights: `share` (0..1) of `checkpoint`'s, the rest of the initial ones.

    The recipe of its run, `config.json` beside it, says what these were; data, initial: where that is now. Only for
    measuring and export: a training cannot go on from it. Raises ValueError when the run began with no given weights.
    """
    config = read_recipe(checkpoint.with_name("config.json"))
    config = replace(config, data=data or config.data, initial=initial or config.initial)
    if config.initial is None:
        raise ValueError(f"{checkpoint} did not begin with given weights: there is nothing to blend it with")
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network_config = read_config(state)
    torch.manual_seed(config.seed)
    first = architecture_of(network_config).network(network_config)
    begin(first, config, Catalogue.read(Path(config.data), Path(config.people) if config.people else None))
    kept = first.state_dict()
    average = {
        name: torch.lerp(kept[name], value, share) if value.is_floating_point() else value
        for name, value in state["average"].items()
    }
    wanted = ("step", "architecture", "network_config")
    torch.save({name: state[name] for name in wanted} | {"average": average}, output)
