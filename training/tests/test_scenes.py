"""Scenes: what a photograph shows, may show and lacks, and the steps that are made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from cosal_training.data import Catalogue, DataError, GroupDataset, SamplingConfig
from cosal_training.data.scenes import Scene, read_scenes

COLOURS = {"disc": (220, 30, 30), "mug": (30, 220, 30), "book": (30, 30, 220)}
CONFIG = SamplingConfig(shapes=((2, 4), (3, 3)), sizes=(64,), scenes=1, scene_mates=0)


@pytest.fixture(scope="module")
def data(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shapes, and eight scenes: a strip of each class of the photograph, side by side, on grey."""
    root = tmp_path_factory.mktemp("scenes") / "data"
    shutil.copytree(shapes, root)
    (root / "scenes" / "flat").mkdir(parents=True)
    kinds = [("disc", "mug"), ("mug", "book"), ("disc", "book"), ("disc", "mug", "book")] * 2
    lines = []
    for index, names in enumerate(kinds):
        image = np.full((60, 90, 3), 128, np.uint8)
        for place, name in enumerate(names):
            mask = np.zeros((60, 90), np.uint8)
            mask[10:50, 5 + 28 * place : 28 + 28 * place] = 255
            image[mask > 0] = COLOURS[name]
            cv2.imwrite(str(root / "scenes" / "flat" / f"{index}.{name}.png"), mask)
        cv2.imwrite(str(root / "scenes" / "flat" / f"{index}.jpg"), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        lines.append(json.dumps({"path": f"flat/{index}.jpg", "classes": dict.fromkeys(names, 0.2)}))
    (root / "scenes" / "index.jsonl").write_text("\n".join(lines) + "\n")
    return root


def test_a_photograph_lacks_only_what_was_looked_for() -> None:
    path = Path("a.jpg")
    whole = Scene(path, frozenset({"dog"}), small=frozenset({"cup"}))
    assert whole.lacks("car") and not whole.lacks("dog") and not whole.lacks("cup")
    roads = Scene(path, frozenset({"car"}), labelled=frozenset({"car", "bicycle"}))
    assert roads.lacks("bicycle") and not roads.lacks("dog")
    room = Scene(path, frozenset({"bed"}), partial=True)
    assert not room.lacks("sofa") and not room.lacks("bed")
    assert room.weight < whole.weight


def test_scenes_are_read_with_their_masks(data: Path) -> None:
    scenes = read_scenes(data / "scenes")
    assert len(scenes) == 8
    assert all(scene.mask(name).is_file() for scene in scenes for name in scene.classes)


def test_a_photograph_has_another_mask_in_each_group(data: Path) -> None:
    """What a mask marks has one colour in the whole group, whoever else stands in the photograph."""
    dataset = GroupDataset(Catalogue.read(data), CONFIG, seed=1, steps=12)
    together = 0
    for step in range(12):
        batch = dataset[step]
        own = torch.repeat_interleave(torch.arange(len(batch.sizes)), torch.tensor(batch.sizes))
        assert (own != batch.foreign).all() and (batch.foreign_weight == 1).all()
        assert not (batch.mask * batch.foreign_mask).any()
        pictures = list(zip(batch.image, batch.mask, strict=True))
        for group in range(len(batch.sizes)):
            of_group = [pictures[i] for i in torch.nonzero(own == group).flatten()]
            colours = [image[:, mask[0] > 0.9].mean(1) for image, mask in of_group if mask.any()]
            strongest = {int(c.argmax()) for c in colours if c.max() - c.min() > 0.2}
            assert len(strongest) <= 1, "but for pictures made grey, one colour"
        together += int((batch.foreign_mask.amax((1, 2, 3)) > 0).sum())
    assert together > 20, "the foreign class mostly stands in the picture"


def test_where_a_class_may_be_without_a_mask_the_picture_is_no_negative(data: Path, tmp_path: Path) -> None:
    unsure = tmp_path / "data"
    shutil.copytree(data, unsure)
    index = unsure / "scenes" / "index.jsonl"
    lines = [json.loads(line) | {"partial": True} for line in index.read_text().splitlines()]
    index.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    dataset = GroupDataset(Catalogue.read(unsure), CONFIG, seed=1, steps=12)
    for step in range(12):
        batch = dataset[step]
        there = batch.foreign_mask.amax((1, 2, 3)) > 0
        assert not batch.foreign_weight[~there].any()


def test_photographs_of_the_same_concept_stand_in_for_scenes(data: Path) -> None:
    """Discs have a group too; what it shows beside the discs is not known, so it is no negative for mugs."""
    config = SamplingConfig(shapes=((2, 6),), sizes=(64,), scenes=1, scene_mates=1)
    dataset = GroupDataset(Catalogue.read(data), config, seed=1, steps=8)
    assert dataset.scene_groups.groups == {"disc": ["disc"], "mug": [], "book": []}
    plain = sum(int((dataset[step].foreign_weight == 0).sum()) for step in range(8))
    assert plain >= 6


def test_what_is_held_back_is_not_trained_on(data: Path) -> None:
    catalogue = Catalogue.read(data)
    train, held = catalogue.split(3)
    assert held.scenes and train.scenes and held.groups and train.groups
    assert sorted([*train.groups, *held.groups]) == sorted(catalogue.groups)
    assert {s.path for s in train.scenes} | {s.path for s in held.scenes} == {s.path for s in catalogue.scenes}
    everything, nothing = catalogue.split(0)
    assert everything.groups == catalogue.groups and not nothing.groups and not nothing.scenes


def test_steps_of_scenes_need_scenes(shapes: Path) -> None:
    with pytest.raises(DataError, match="scenes of at least two classes"):
        GroupDataset(Catalogue.read(shapes), CONFIG, seed=1, steps=1)
