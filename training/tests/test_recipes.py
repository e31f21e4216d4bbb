from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from cosal_training.recipes import RECIPES, read_recipe


def _file(folder: Path, content: object) -> Path:
    path = folder / "recipe.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("network", RECIPES)
def test_a_runs_config_is_its_recipe(tmp_path: Path, network: str) -> None:
    config = replace(RECIPES[network], steps=17)
    assert read_recipe(_file(tmp_path, {"architecture": network, **asdict(config)})) == config


def test_the_rest_is_the_networks_own(tmp_path: Path) -> None:
    recipe = read_recipe(_file(tmp_path, {"steps": 9, "losses": {"gst": 0.2}, "sampling": {"sizes": [64, 96]}}))
    own = RECIPES["cosal-lite"]
    assert recipe.steps == 9
    assert recipe.losses == replace(own.losses, gst=0.2)
    assert recipe.sampling == replace(own.sampling, sizes=(64, 96))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"step": 9}, "unknown: step"),
        ({"losses": {"gts": 1}}, r"unknown: losses\.gts"),
        ({"architecture": "resnet"}, "no network 'resnet'"),
        ({"losses": 1}, "no recipe"),
        ([], "no recipe"),
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, content: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_recipe(_file(tmp_path, content))


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "recipes").glob("*.json")), ids=lambda p: p.stem)
def test_the_recipes_that_are_kept_can_be_read(path: Path) -> None:
    assert read_recipe(path).steps > 0
