"""Groups of photographs with drawn masks, to measure on: a folder of class folders, or of scenes with an index."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .data.catalogue import Concepts
from .data.folders import PHOTOGRAPHS
from .data.scenes import INDEX, Scene, read_scenes

FEWEST = 5
"""Scenes that a class needs to be a group."""

CONCEPTS = "concepts.json"


@dataclass(frozen=True)
class LabelledGroup:
    name: str
    photographs: list[Path]
    masks: list[Path]
    """Of each photograph; a file may be missing, which `truth` tells."""
    lacks: Callable[[int, str], bool]
    """Whether a photograph (by index) is taken not to show the class of another group."""

    def image(self, index: int) -> np.ndarray:
        """RGB uint8 (H, W, 3), as large as the photograph is."""
        return read_photograph(self.photographs[index])

    def truth(self, index: int) -> np.ndarray:
        """The drawn mask, boolean. Raises ValueError when there is none, or it is of another size."""
        path, photograph = self.masks[index], self.photographs[index]
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
        if mask is None:
            raise ValueError(f"{path} is missing: the mask of {photograph}")
        return mask > 127

    def read(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """All photographs and masks."""
        every = range(len(self.photographs))
        return [self.image(i) for i in every], [self.truth(i) for i in every]


def groups_in(folder: Path) -> list[LabelledGroup]:
    """The groups of a folder, in order of their names.

    Class folders hold photographs (.jpg, .jpeg, .webp, in any case) with PNG masks of the same names. A folder of
    scenes (`data.scenes`) has a group for each class that at least five of them show. Raises ValueError when there
    is no group, or a folder without a photograph.
    """
    if (folder / INDEX).is_file():
        return _of_scenes(folder)
    found = sorted(p for p in folder.iterdir() if p.is_dir())
    if not found:
        raise ValueError(f"{folder} holds no folder of photographs")
    concepts = _concepts(folder, [p.name for p in found])
    return [_of_folder(p, concepts) for p in found]


def read_photograph(path: Path) -> np.ndarray:
    """RGB uint8 (H, W, 3), as large as it is."""
    image = cv2.imread(str(path))
    if image is None:
        raise ValueError(f"{path} cannot be decoded")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _of_folder(folder: Path, concepts: Concepts) -> LabelledGroup:
    photographs = sorted(p for p in folder.iterdir() if p.suffix.lower() in PHOTOGRAPHS)
    if not photographs:
        raise ValueError(f"{folder} holds no photograph ({', '.join(PHOTOGRAPHS)})")
    masks = [p.with_suffix(".png") for p in photographs]
    return LabelledGroup(folder.name, photographs, masks, lambda _, other: concepts.may_meet(folder.name, other))


def _of_scenes(folder: Path) -> list[LabelledGroup]:
    by_class: dict[str, list[Scene]] = defaultdict(list)
    for scene in read_scenes(folder):
        for name in scene.classes:
            by_class[name].append(scene)

    def group(name: str, scenes: list[Scene]) -> LabelledGroup:
        paths = [scene.path for scene in scenes]
        return LabelledGroup(name, paths, [s.mask(name) for s in scenes], lambda i, other: scenes[i].lacks(other))

    found = [group(name, by_class[name]) for name in sorted(by_class) if len(by_class[name]) >= FEWEST]
    if not found:
        raise ValueError(f"{folder} has no class of at least {FEWEST} scenes")
    return found


def _concepts(folder: Path, names: list[str]) -> Concepts:
    """What the groups show, where a `concepts.json` in the folder or in that of the training data above says so."""
    files = [f for f in (folder / CONCEPTS, folder.parent / CONCEPTS) if f.is_file()]
    return Concepts.of(names, json.loads(files[0].read_text()) if files else {})
