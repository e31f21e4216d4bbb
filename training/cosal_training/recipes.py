"""How each network is trained unless told otherwise."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from .data import SamplingConfig
from .losses import LossConfig
from .network import GCoNetPlusConfig
from .train import TrainConfig

DATA = "../shared/data"

RECIPES = {
    "cosal-lite": TrainConfig(data=DATA, output="training/runs/lite"),
    "gconet-plus": TrainConfig(
        data=DATA,
        output="training/runs/gconet-plus",
        learning_rate=1.6e-4,
        weight_decay=0.0,
        evaluate_size=256,
        network=GCoNetPlusConfig(),
        sampling=SamplingConfig(shapes=((2, 16), (4, 8)), sizes=(256,)),
        losses=LossConfig(
            bce=1.0,
            iou=0.87,
            shrink=0.0,
            coarse=1.04,
            gcm=2.08,
            gamma=2.0,
            presence=0.0,
            acm=0.025,
            racm=0.083,
            gst=0.1,
            foreign_share=1.0,
            racm_share=1.0,
            seeded_share=0.0,
        ),
    ),
}
"""By name of network.

GCoNet+: learning rate (1.625e-4), no decay, groups of 16 where published ones have up to 26 (a step of 32 pictures),
and the released code's weights as they take effect: 120 for BCE, 2 for IoU summed over up to 52 pictures, 250 for
GCM's focal loss over own and swapped maps, 3 for ACM, 10 for RACM, 12 for GST. All are divided by 120, a factor that
Adam does not see, so that clipping means the same for either network; IoU is 2 * 52 / 120 of a mean. GCM's two halves
are `coarse` (own) and half of `gcm` (swapped): 125 / 120 each. P has no loss of its own, there is no presence to
learn, and the network's graphs take no seeds, so groups are not seeded.
"""


def read_recipe(path: Path) -> TrainConfig:
    """The recipe in a JSON file such as a run writes (`config.json`), whole or in part; the rest is the network's.

    Raises ValueError when the file is no JSON object, or names what no recipe has.
    """
    try:
        given = json.loads(path.read_text())
        architecture = given.pop("architecture", "cosal-lite")
        if architecture not in RECIPES:
            raise ValueError(f"there is no network {architecture!r}; known: {', '.join(RECIPES)}")
        return _changed(RECIPES[architecture], given)
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} is no recipe: {error}") from error


def _changed(config: Any, given: dict[str, Any], within: str = "") -> Any:
    """A dataclass config with some of its fields, and of the fields of those, as given."""
    known = {field.name for field in fields(config)}
    unknown = [within + name for name in given if name not in known]
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    values = {}
    for name, value in given.items():
        old = getattr(config, name)
        values[name] = _changed(old, value, f"{within}{name}.") if is_dataclass(old) else _tuples(value)
    return replace(config, **values)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
