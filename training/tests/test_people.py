"""People in photographs of other things: `bar` plays the people of the `shapes` data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from cosal_training.data import Catalogue, GroupDataset, SamplingConfig
from cosal_training.group_model import GroupModel, InputFormat, Tensors
from cosal_training.people import find_people

PEOPLE = "bar"


@pytest.fixture
def data(shapes: Path, tmp_path: Path) -> Path:
    """The shapes, of which bars are people and may stand in pictures of discs."""
    folder = tmp_path / "data"
    shutil.copytree(shapes, folder)
    concepts = json.loads((folder / "concepts.json").read_text())
    concepts[PEOPLE]["concept"] = "person"
    concepts["disc"]["also"] = ["person"]
    concepts["ring"] = {"concept": "ring", "family": ["clothing"]}
    (folder / "concepts.json").write_text(json.dumps(concepts))
    return folder


def _masks(folder: Path, found: dict[str, np.ndarray]) -> Path:
    for path, mask in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / path), mask)
    return folder


def _mask(data: Path, path: str) -> np.ndarray:
    return cv2.imread(str(data / path), cv2.IMREAD_GRAYSCALE)


def _left_half(mask: np.ndarray) -> np.ndarray:
    columns = np.where(mask.any(0))[0]
    half = mask.copy()
    half[:, (columns[0] + columns[-1]) // 2 :] = 0
    return half


def test_groups_may_meet_people_once_their_people_are_known(data: Path, tmp_path: Path) -> None:
    assert not Catalogue.read(data).may_meet("disc", PEOPLE)
    masks = _masks(tmp_path / "people", {"groups/disc/0.png": _left_half(_mask(data, "groups/disc/0.png"))})
    catalogue = Catalogue.read(data, masks)
    assert catalogue.may_meet("disc", PEOPLE)
    assert [p.people is not None for p in catalogue.groups["disc"]] == [True] + 5 * [False]


def test_a_class_loses_photographs_that_show_people_alone(data: Path, tmp_path: Path) -> None:
    masks = _masks(tmp_path / "people", {"groups/disc/2.png": _mask(data, "groups/disc/2.png")})
    left = [p.path.name for p in Catalogue.read(data, masks).groups["disc"]]
    assert left == ["0.jpg", "1.jpg", "3.jpg", "4.jpg", "5.jpg"]


def test_people_that_were_found_are_the_mask_of_a_photograph_of_people(data: Path, tmp_path: Path) -> None:
    path = f"groups/{PEOPLE}/4.png"
    masks = _masks(tmp_path / "people", {path: _left_half(_mask(data, path))})
    photograph = Catalogue.read(data, masks).groups[PEOPLE][4]
    assert (photograph.mask, photograph.people) == (masks / path, None)


def test_people_are_the_people_groups_object_and_no_others(data: Path, tmp_path: Path) -> None:
    """In plain photographs of discs, of each the left half is people."""
    paths = [f"groups/disc/{index}.png" for index in range(6)]
    masks = _masks(tmp_path / "people", {path: _left_half(_mask(data, path)) for path in paths})
    plain = SamplingConfig(shapes=((2, 3),), sizes=(96,), single=0, jigsaw=0, pasted=0, absent=0, plain=1, people=1)
    dataset = GroupDataset(Catalogue.read(data, masks), plain, seed=2, steps=20)
    halves: list[list[float]] = []
    for step in range(20):
        batch = dataset[step]
        names = [dataset.names[c] for c in batch.classes]
        assert names[0] == PEOPLE, "a step of people begins with them"
        for name, own, foreign in zip(names, batch.mask, batch.foreign_mask, strict=True):
            assert not ((own > 0.9) & (foreign > 0.9)).any()
            if name == "disc":
                halves.append([float((m > 0.5).sum()) for m in (own, foreign)])
    assert len(halves) >= 30, "half of the other groups are of what people stand beside"
    discs, people = np.sum(halves, 0)
    assert discs == pytest.approx(people, rel=0.3), "but for what was cropped, as large"


class Reddish(GroupModel):
    """Finds what is as red, green and blue as the marked regions: a consensus is a colour."""

    input = InputFormat(32, (0, 0, 0), (1, 1, 1))
    refinements = 0
    exclude_self = True

    def run(self, name: str, feeds: Tensors) -> Tensors:
        if name == "encoder":
            return {"features": feeds["image"], "keys": feeds["image"][0].reshape(1, -1)}
        features = feeds["features"]
        if name == "seed":
            region = feeds["region"]
            return {"sums": (features * region).sum((2, 3))[None], "mass": region.sum().reshape(1, 1)}
        distance = np.abs(features - feeds["consensus"].reshape(1, 3, 1, 1)).max(1, keepdims=True)
        return {"logits": 20 * (0.2 - distance), "presence": (distance < 0.2).any((1, 2, 3)).astype(np.float32)}


def test_people_are_found_in_photographs_of_other_things_alone(data: Path, tmp_path: Path) -> None:
    """Bars are blue; so are two things that are pasted into photographs of a square and of a ring."""
    for name in ("square", "ring"):
        path = data / f"groups/{name}/5.jpg"
        image = cv2.imread(str(path))
        image[4:20, 4:20] = (220, 30, 30)
        cv2.imwrite(str(path), image)
    output = tmp_path / "people"
    assert find_people(Catalogue.read(data), data, Reddish(), output) == 4
    found = sorted(str(p.relative_to(output)) for p in output.rglob("*.png"))
    assert found == [f"groups/{PEOPLE}/{i}.png" for i in (3, 4, 5)] + ["groups/square/5.png"], (
        "people whose masks were drawn, and what is of the family of clothing, are left as they are"
    )
    mask = _mask(output, "groups/square/5.png") > 127
    assert mask[6:18, 6:18].all() and mask.mean() < 0.06


def test_without_drawn_people_there_is_no_consensus(shapes: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="person"):
        find_people(Catalogue.read(shapes), shapes, Reddish(), tmp_path)
