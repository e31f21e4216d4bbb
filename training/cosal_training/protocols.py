"""What a group is good for, measured: seeds, consensus reuse, presence, distractors. Of graphs or of a checkpoint.

All of it on groups with drawn masks that training never saw. A protocol for which there are too few groups raises
ValueError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from .data.compose import Picture, cut_out, paste, resize
from .evaluate import mask_of
from .group_model import GroupModel, Tensors
from .labelled import LabelledGroup, groups_in
from .metrics import jaccard
from .presence import Evidence, Kind, Thresholds, evidence_by_kind, merged


@dataclass
class Group:
    """A group, encoded once."""

    name: str
    truths: list[np.ndarray]
    encoded: list[Tensors]
    lacks: Callable[[str], bool] = lambda _: True
    """Whether none of its images shows the class of another group."""
    not_meant: list[np.ndarray] | None = None
    """Masks of another object that its images have in common."""

    @classmethod
    def of(cls, name: str, images: list[np.ndarray], truths: list[np.ndarray], model: GroupModel) -> Group:
        return cls(name, truths, model.encode(np.stack([model.input.tensor(i) for i in images])))

    @classmethod
    def read(cls, group: LabelledGroup, model: GroupModel) -> Group:
        found = cls.of(group.name, *group.read(), model)
        found.lacks = lambda other: all(group.lacks(i, other) for i in range(len(group.photographs)))
        return found

    def jaccard(self, model: GroupModel, consensus: np.ndarray, indices: list[int]) -> list[float]:
        """J of some of the images under a consensus."""
        logits, _ = model.decode([self.encoded[i] for i in indices], consensus)
        truths = [self.truths[i] for i in indices]
        return [jaccard(mask_of(z[0], t.shape[1], t.shape[0]) >= 128, t) for z, t in zip(logits, truths, strict=True)]

    def regions(self, index: int) -> dict[str, np.ndarray]:
        """What a mark on an image can make the object's share of each cell of the feature grid: its mask or its box,
        or all but those of the object that is not meant."""
        mask = self._share(self.truths[index], index)
        found = {"1 seed (mask)": mask, "1 seed (box)": box_region(mask)}
        if self.not_meant is not None:
            other = self._share(self.not_meant[index], index)
            found |= {"1 negative seed (mask)": 1 - other, "1 negative seed (box)": 1 - box_region(other)}
        return found

    def _share(self, mask: np.ndarray, index: int) -> np.ndarray:
        height, width = self.encoded[index]["features"].shape[-2:]
        return cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)[None, None]


def read_groups(folder: Path, model: GroupModel) -> list[Group]:
    return [Group.read(group, model) for group in groups_in(folder)]


def group_gain(
    groups: list[Group], model: GroupModel, sizes: tuple[int | None, ...] = (1, 5, None)
) -> dict[str, float]:
    """Mean J with each image alone, in groups of a few, and with whole groups (None)."""
    found = {}
    for size in sizes:
        scores = []
        for group in groups:
            count = len(group.encoded)
            step = size or count
            parts = [list(range(i, min(i + step, count))) for i in range(0, count, step)]
            scores.append(np.mean([j for part in parts for j in _own(group, model, part)]))
        found["whole group" if size is None else f"groups of {size}"] = float(np.mean(scores))
    return found


def _own(group: Group, model: GroupModel, indices: list[int]) -> list[float]:
    _, consensus = model.consensus([group.encoded[i] for i in indices])
    return group.jaccard(model, consensus, indices)


def seeds(groups: list[Group], model: GroupModel, tries: int = 5) -> dict[str, float]:
    """Mean J of the images that are not marked: no seed, one image marked by its mask, one by its box; or what is
    not meant marked in one.

    tries: images that are marked in turn, in a group of more.
    """
    rows: dict[str, list[float]] = {}
    for number, group in enumerate(_larger(groups, 1, "a seed")):
        rng = np.random.default_rng([11, number])
        everything = list(range(len(group.encoded)))
        _, plain = model.consensus(group.encoded)
        without = group.jaccard(model, plain, everything)
        found: dict[str, list[float]] = {"no seed": []}
        for marked in rng.choice(everything, min(tries, len(everything)), replace=False):
            others = [i for i in everything if i != marked]
            found["no seed"] += [without[i] for i in others]
            for name, region in group.regions(int(marked)).items():
                _, consensus = model.consensus(group.encoded, {int(marked): region})
                found.setdefault(name, []).extend(group.jaccard(model, consensus, others))
        for name, values in found.items():
            rows.setdefault(name, []).append(float(np.mean(values)))
    return {name: float(np.mean(values)) for name, values in rows.items()}


def _larger(groups: list[Group], than: int, purpose: str) -> list[Group]:
    found = [group for group in groups if len(group.encoded) > than]
    if not found:
        raise ValueError(f"{purpose} needs a group of more than {than} photographs")
    return found


def box_region(region: np.ndarray) -> np.ndarray:
    """The bounding box of a region's cells, filled."""
    ys, xs = np.where(region[0, 0] > min(0.3, region.max() / 2))
    box = np.zeros_like(region)
    box[..., ys.min() : ys.max() + 1, xs.min() : xs.max() + 1] = 1
    return box


def reuse(groups: list[Group], model: GroupModel, makers: int = 5, tries: int = 4) -> dict[str, float]:
    """Mean J of images under the consensus of their whole group, and under one made by `makers` others, or in a
    small group by all but one."""
    groups = _larger(groups, 1, "a reused consensus")
    small = any(len(group.encoded) <= makers for group in groups)
    title = f"consensus of {'up to ' if small else ''}{makers} others"
    rows: dict[str, list[float]] = {"taking part": [], title: []}
    for number, group in enumerate(groups):
        rng = np.random.default_rng([12, number])
        everything = list(range(len(group.encoded)))
        _, whole = model.consensus(group.encoded)
        part = group.jaccard(model, whole, everything)
        taking, using = [], []
        for _ in range(tries):
            chosen = set(rng.choice(everything, min(makers, len(everything) - 1), replace=False).tolist())
            others = [i for i in everything if i not in chosen]
            _, consensus = model.consensus([group.encoded[i] for i in chosen])
            taking += [part[i] for i in others]
            using += group.jaccard(model, consensus, others)
        rows["taking part"].append(float(np.mean(taking)))
        rows[title].append(float(np.mean(using)))
    return {name: float(np.mean(values)) for name, values in rows.items()}


def presence(groups: list[Group], model: GroupModel, thresholds: Thresholds | None = None) -> dict[str, float]:
    """How well presence tells an image that does not belong, and a group that has nothing in common.

    thresholds: those of the model; then also how often they are right here.
    """
    return merged(presence_by_group(groups, model)).figures(thresholds)


def presence_by_group(groups: list[Group], model: GroupModel) -> list[Evidence]:
    """Presence on images and groups that belong together and do not, for each group in turn, six images at a time,
    or as many as the smallest group has. Raises ValueError for less than two groups."""
    by_name = {group.name: group for group in groups}

    def may_meet(a: str, b: str) -> bool:
        return a != b and by_name[b].lacks(a)

    names: set[str] = set()
    some = set(by_name)
    while some != names:
        names, some = some, {a for a in some if any(may_meet(a, b) for b in some)}
    groups = [group for group in groups if group.name in names and len(group.encoded) > 1]
    if len(groups) < 2:
        raise ValueError("presence needs two groups of which none stands in the other's photographs")
    size = min(6, *(len(group.encoded) for group in groups))

    def kind(group: Group) -> Kind:
        def draw(rng: np.random.Generator, count: int) -> list[Tensors]:
            return [group.encoded[i] for i in rng.choice(len(group.encoded), count, replace=False)]

        return Kind(group.name, draw)

    return evidence_by_kind(model, [kind(group) for group in groups], may_meet, size=size)


def distractors(folder: Path, model: GroupModel, *, size: int = 8, per_group: int = 16) -> dict[str, float]:
    """Mean J of the target where an object of another group, about as large, is pasted into every image.

    In groups of `size`, and with each image alone: alone, nothing says which of the two is meant. No object is pasted
    where its class may be already.
    """
    groups = groups_in(folder)
    rng = np.random.default_rng(14)
    whole, alone = [], []
    for own in groups:
        pictures = _with_distractors(rng, own, [group for group in groups if group is not own], per_group)
        if not pictures:
            continue
        truth = [p.masks[0] > 127 for p in pictures]
        group = Group.of(own.name, [p.image for p in pictures], truth, model)
        parts = [list(range(i, min(i + size, len(truth)))) for i in range(0, len(truth), size)]
        whole.append(np.mean([j for part in parts for j in _own(group, model, part)]))
        alone.append(np.mean([_own(group, model, [i])[0] for i in range(len(truth))]))
    if not whole:
        raise ValueError("a distractor needs two groups of which one may stand in the other's photographs")
    return {f"groups of {size}": float(np.mean(whole)), "each image alone": float(np.mean(alone))}


def two_in_common(folder: Path, model: GroupModel, *, per_group: int = 12) -> dict[str, float]:
    """`seeds` where a seed is needed: every image shows an object of the group and one of a second group.

    Both are common, so the group does not tell which is meant. Mean over groups, each object meant in turn.
    """
    labelled = groups_in(folder)
    rng = np.random.default_rng(15)
    groups = []
    for number, own in enumerate(labelled):
        pictures = _with_distractors(rng, own, [labelled[(number + 1) % len(labelled)]], per_group)
        if len(pictures) < 2:
            continue
        first, second = ([p.masks[subject] > 127 for p in pictures] for subject in (0, 1))
        group = Group.of(str(number), [p.image for p in pictures], first, model)
        groups += [replace(group, not_meant=second), replace(group, truths=second, not_meant=first)]
    if not groups:
        raise ValueError("two common objects need two groups of which one may stand in the other's photographs")
    return seeds(groups, model)


def _with_distractors(
    rng: np.random.Generator, own: LabelledGroup, others: list[LabelledGroup], count: int
) -> list[Picture]:
    """Up to `count` images of a group with an object of one of the others: subjects 0 and 1."""
    pictures: list[Picture] = []
    for index in rng.permutation(len(own.photographs)).tolist():
        picture = _with_distractor(rng, own, index, [other for other in others if own.lacks(index, other.name)])
        if picture is not None:
            pictures.append(picture)
        if len(pictures) == count:
            break
    return pictures


def _with_distractor(
    rng: np.random.Generator, own: LabelledGroup, index: int, others: list[LabelledGroup], side: int = 288
) -> Picture | None:
    if not others:
        return None
    mask = resize(own.truth(index).astype(np.uint8) * 255, side, side)
    picture = Picture(resize(own.image(index), side, side).copy(), {0: mask})
    for _ in range(10):
        other = others[int(rng.integers(len(others)))]
        chosen = int(rng.integers(len(other.photographs)))
        cutout = cut_out(other.image(chosen), other.truth(chosen).astype(np.uint8) * 255)
        if cutout is not None and paste(rng, picture, cutout, 1, side=float(rng.uniform(0.4, 0.6)), cover=0.3):
            return picture
    return None
