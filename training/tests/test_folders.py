"""A data set of one's own: class folders without an index."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from cosal_training.data import Catalogue, DataError, GroupDataset, SamplingConfig
from cosal_training.data.catalogue import LARGEST, Concepts, read_image, read_mask
from cosal_training.train import TrainConfig, load_network, train

SMALL = SamplingConfig(shapes=((5, 4), (2, 3)), sizes=(64,), single=0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two classes: masks beside the photographs, and apart from them."""
    root = tmp_path / "data"
    rng = np.random.default_rng(0)
    for name, photographs, masks in (("mugs", "mugs", "mugs"), ("keys", "keys/images", "keys/masks")):
        for folder in (photographs, masks):
            (root / folder).mkdir(parents=True, exist_ok=True)
        for index in range(4):
            image = rng.integers(0, 120, (60, 80, 3)).astype(np.uint8)
            mask = np.zeros((60, 80), np.uint8)
            cv2.circle(mask, (20 + 10 * index, 30), 14, 255, -1 if name == "mugs" else 5)
            image[mask > 0] = (40, 220, 40) if name == "mugs" else (220, 40, 40)
            suffix = "jpg" if name == "mugs" else "png"
            cv2.imwrite(str(root / photographs / f"{index}.{suffix}"), image)
            cv2.imwrite(str(root / masks / f"{index}.png"), mask)
    return root


def test_class_folders_are_read_without_an_index(data: Path) -> None:
    catalogue = Catalogue.read(data)
    assert {name: len(photographs) for name, photographs in catalogue.groups.items()} == {"keys": 4, "mugs": 4}
    assert catalogue.groups["keys"][0].mask == data / "keys" / "masks" / "0.png"
    assert {p.weight for photographs in catalogue.groups.values() for p in photographs} == {1.0}
    assert catalogue.may_meet("keys", "mugs") and catalogue.meeting() == 2
    assert not catalogue.backgrounds and not catalogue.singles


def test_backgrounds_validation_and_concepts_have_their_places(data: Path) -> None:
    for folder in ("backgrounds", "val/mugs"):
        (data / folder).mkdir(parents=True)
        cv2.imwrite(str(data / folder / "1.jpg"), np.zeros((20, 20, 3), np.uint8))
    (data / "concepts.json").write_text(json.dumps({"keys": {"concept": "keys", "also": ["mugs"]}}))
    catalogue = Catalogue.read(data)
    assert sorted(catalogue.groups) == ["keys", "mugs"]
    assert [scene.path.name for scene in catalogue.backgrounds] == ["1.jpg"]
    assert not catalogue.may_meet("keys", "mugs")
    with pytest.raises(DataError, match="2 classes"):
        GroupDataset(catalogue, SMALL, seed=1, steps=1)


def test_steps_have_no_more_groups_than_there_are_classes(data: Path) -> None:
    dataset = GroupDataset(Catalogue.read(data), SMALL, seed=1, steps=30)
    assert {tuple(dataset[step].sizes) for step in range(30)} == {(3, 3)}


def test_a_class_that_may_meet_few_does_not_stop_a_step(data: Path) -> None:
    """Three classes may meet pairwise; the fourth only one of them, and is sometimes drawn first."""
    catalogue = Catalogue.read(data)
    photographs = catalogue.groups["mugs"]
    catalogue.groups = dict.fromkeys(("a", "b", "c", "hub"), photographs)
    catalogue.concepts = Concepts.of(["a", "b", "c", "hub"], {"hub": {"concept": "hub", "also": ["a", "b"]}})
    dataset = GroupDataset(catalogue, SamplingConfig(shapes=((3, 2),), sizes=(64,), single=0), seed=1, steps=20)
    assert all(dataset.names.index("hub") not in dataset[step].classes for step in range(20))


def test_large_photographs_are_reduced_with_their_masks(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((2 * LARGEST, 3 * LARGEST), 255, np.uint8))
    assert read_image(path).shape == (LARGEST * 2 // 3, LARGEST, 3)
    assert read_mask(path).shape == (LARGEST * 2 // 3, LARGEST)


def _write(path: Path, shape: tuple[int, int], value: int) -> None:
    cv2.imwrite(str(path), np.full(shape, value, np.uint8))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "mugs" / "2.png").unlink(), r"mugs/2\.png is missing: the mask of .*mugs/2\.jpg"),
        (lambda d: (d / "keys" / "masks" / "1.png").unlink(), r"keys/masks/1\.png is missing"),
        (lambda d: _write(d / "mugs" / "0.png", (60, 81), 255), r"mugs/0\.png is 81 x 60 pixels, .* 80 x 60"),
        (lambda d: (d / "mugs" / "3.jpg").unlink(), r"mugs holds 3 photographs; a class needs at least 4"),
        (lambda d: (d / "mugs" / "1.jpg").write_bytes(b"no"), r"mugs/1\.jpg cannot be decoded"),
        (lambda d: _write(d / "mugs" / "1.png", (60, 80), 1), r"mugs/1\.png holds values up to 1; .* 128"),
    ],
)
def test_errors_name_the_file(data: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(data)
    with pytest.raises(DataError, match=message):
        Catalogue.read(data)


def test_a_folder_without_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither index\.jsonl nor folders of classes"):
        Catalogue.read(tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        Catalogue.read(tmp_path / "nowhere")


def test_two_steps_on_a_folder(data: Path, tmp_path: Path) -> None:
    config = TrainConfig(data=str(data), output=str(tmp_path / "run"), steps=2, warmup=1, threads=1, sampling=SMALL)
    checkpoint = train(config)
    assert torch.load(checkpoint, weights_only=True)["step"] == 2
    load_network(checkpoint)
