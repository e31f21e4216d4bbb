from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from cosal_training.data import Catalogue, GroupDataset, SamplingConfig, nearest_classes
from cosal_training.data.compose import Cutout, Picture, beside, cut_out, paste

SMALL = SamplingConfig(shapes=((2, 3), (3, 2)), sizes=(64, 96))


@pytest.fixture
def dataset(shapes: Path) -> GroupDataset:
    return GroupDataset(Catalogue.read(shapes), SMALL, seed=3, steps=20)


def test_catalogue_leaves_validation_out(shapes: Path) -> None:
    catalogue = Catalogue.read(shapes)
    paths = [p.path for photographs in catalogue.groups.values() for p in photographs]
    paths += [p.path for p in catalogue.singles + catalogue.backgrounds]
    assert len(paths) == 36
    assert not any("val" in p.parts for p in paths)


def test_groups_of_one_family_never_meet(shapes: Path) -> None:
    catalogue = Catalogue.read(shapes)
    assert not catalogue.may_meet("disc", "ring")
    assert not catalogue.may_meet("disc", "disc")
    assert catalogue.may_meet("disc", "square")


def test_a_drawn_mask_counts_more_than_a_models(shapes: Path) -> None:
    photographs = Catalogue.read(shapes).groups["disc"]
    assert [p.weight for p in photographs] == pytest.approx([1, 1, 1, 0.55, 0.55, 0.55])


def test_an_item_depends_on_seed_and_step_alone(shapes: Path, dataset: GroupDataset) -> None:
    again = GroupDataset(Catalogue.read(shapes), SMALL, seed=3, steps=20)
    other = GroupDataset(Catalogue.read(shapes), SMALL, seed=4, steps=20)
    _ = again[0]
    assert torch.equal(dataset[5].image, again[5].image)
    assert torch.equal(dataset[5].mask, again[5].mask)
    a, b = dataset[5].image, other[5].image
    assert a.shape != b.shape or not torch.equal(a, b)


def test_own_and_foreign_masks_do_not_overlap(dataset: GroupDataset) -> None:
    seen = 0.0
    for step in range(20):
        batch = dataset[step]
        own = torch.repeat_interleave(torch.arange(len(batch.sizes)), torch.tensor(batch.sizes))
        assert (own != batch.foreign).all()
        assert float((batch.mask + batch.foreign_mask).max()) <= 1.1
        assert float(batch.image.min()) >= -1 and float(batch.image.max()) <= 1
        seen += float(batch.foreign_mask.sum())
    assert seen > 0, "no distractor of another group of the step was ever pasted"


@pytest.mark.parametrize("hosted", [0, 1])
def test_a_hosted_object_stands_in_a_photograph_of_another_group(tmp_path: Path, hosted: int) -> None:
    """Photographs of one class have red ground, those of the other blue."""
    for name, ground in (("on_red", (0, 0, 200)), ("on_blue", (200, 0, 0))):
        for index in range(4):
            image, mask = np.full((64, 64, 3), ground, np.uint8), np.zeros((64, 64), np.uint8)
            image[20:40, 20:40], mask[20:40, 20:40] = 128, 255
            (tmp_path / name).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / name / f"{index}.jpg"), image)
            cv2.imwrite(str(tmp_path / name / f"{index}.png"), mask)
    config = SamplingConfig(
        shapes=((2, 4),), sizes=(64,), single=0, jigsaw=0, pasted=0, absent=0, plain=0, step_mates=1, hosted=hosted
    )
    dataset = GroupDataset(Catalogue.read(tmp_path), config, seed=3, steps=6)
    own_ground = []
    for step in range(6):
        batch = dataset[step]
        assert (batch.mask.amax((1, 2, 3)) == 1).all(), "the group's object is in every picture"
        for image, mask, label in zip(batch.image, batch.mask + batch.foreign_mask, batch.classes, strict=True):
            red, _, blue = image[:, mask[0] == 0].mean(1)
            own_ground.append((red > blue) == (dataset.names[label] == "on_red"))
    share = np.mean(own_ground)
    assert share < 0.2 if hosted else share > 0.8


def test_paste_hides_what_it_covers() -> None:
    rng = np.random.default_rng(1)
    picture = Picture(np.zeros((64, 64, 3), np.uint8), {0: np.full((64, 64), 255, np.uint8)})
    cutout = Cutout(np.full((10, 10, 3), 255, np.uint8), np.full((10, 10), 255, np.uint8))
    assert paste(rng, picture, cutout, 1, side=0.3, cover=0.5)
    pasted = picture.masks[1] > 127
    assert pasted.any() and picture.image[pasted].mean() > 150
    assert not picture.masks[0][picture.masks[1] == 255].any()


def test_paste_refuses_to_cover_the_subject() -> None:
    rng = np.random.default_rng(1)
    mask = np.zeros((64, 64), np.uint8)
    mask[28:36, 28:36] = 255
    picture = Picture(np.zeros((64, 64, 3), np.uint8), {0: mask})
    cutout = Cutout(np.full((10, 10, 3), 255, np.uint8), np.full((10, 10), 255, np.uint8))
    assert not paste(rng, picture, cutout, 1, side=1.0, cover=0.1)
    assert picture.masks[0].sum() == 64 * 255


def test_beside_keeps_every_part() -> None:
    rng = np.random.default_rng(2)
    parts = [Picture(np.full((64, 64, 3), 50 * k, np.uint8), {k: np.full((64, 64), 255, np.uint8)}) for k in range(4)]
    joined = beside(rng, parts)
    assert sorted(joined.masks) == [0, 1, 2, 3]
    total = np.sum([m.astype(int) for m in joined.masks.values()], 0)
    assert (total == 255).all()


def test_cut_out_refuses_empty_and_full_masks() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    assert cut_out(image, np.zeros((20, 20), np.uint8)) is None
    assert cut_out(image, np.full((20, 20), 255, np.uint8)) is None


def test_nearest_classes_are_those_that_may_meet(shapes: Path) -> None:
    catalogue = Catalogue.read(shapes)

    class MeanColour(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
            return [image]

    near = nearest_classes(catalogue, MeanColour(), images=3)
    assert sorted(near["disc"]) == ["bar", "cross", "square"], "ring is of disc's family"
    assert near["disc"][0] == "cross", "of the three the one that is red too"


def test_hard_negatives_are_drawn_from_the_nearest(shapes: Path) -> None:
    catalogue = Catalogue.read(shapes)
    config = SamplingConfig(shapes=((2, 2),), sizes=(32,), single=0, near=1)
    near = {name: ["cross"] for name in catalogue.groups} | {"cross": ["bar"]}
    dataset = GroupDataset(catalogue, config, seed=1, steps=12, near=near)
    for step in range(12):
        first, second = dataset[step].classes[[0, 2]].tolist()
        assert dataset.names[second] in near[dataset.names[first]]
