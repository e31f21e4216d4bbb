"""What images there are: photographs, their masks, and which groups must never meet."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from .folders import FEWEST, VALIDATION, DataError, backgrounds, class_folders
from .scenes import INDEX, SCENES, Scene, read_scenes

LARGEST = 480
"""Longest side of the photographs in memory: pictures of a step are hardly ever larger."""

VIDEO_FRAMES = 6
"""Frames of one video are near-duplicates: more of them in a group teach nothing."""


@dataclass(frozen=True)
class Photograph:
    path: Path
    mask: Path | None
    weight: float
    """Trust in the mask: 1 for a drawn one, less for a model's, falling with its uncertainty."""


@dataclass
class Concepts:
    """What groups show."""

    related: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each group: its concept, family and what often stands beside it. Groups that share one never meet."""
    shown: dict[str, str] = field(default_factory=dict)
    """The concept of each group: several groups may show one."""

    @classmethod
    def of(cls, groups: Iterable[str], known: dict[str, dict]) -> Concepts:
        """known: `concepts.json`; a group that it does not name is a concept of its own."""
        found = cls()
        for name in groups:
            entry = known.get(name, {"concept": name})
            found.related[name] = frozenset([entry["concept"], *entry.get("family", []), *entry.get("also", [])])
            found.shown[name] = entry["concept"]
        return found

    def may_meet(self, a: str, b: str) -> bool:
        """Whether group `b` can be the negative or the distractor of group `a`."""
        return a != b and not self.related.get(a, frozenset()) & self.related.get(b, frozenset())


@dataclass
class Catalogue:
    """Classes of photographs with masks, single photographs, scenes and backgrounds; what each class shows."""

    groups: dict[str, list[Photograph]] = field(default_factory=dict)
    singles: list[Photograph] = field(default_factory=list)
    backgrounds: list[Photograph] = field(default_factory=list)
    """Photographs without a mask, for what is pasted to stand in."""
    scenes: list[Scene] = field(default_factory=list)
    """Photographs of several classes with a mask for each."""
    concepts: Concepts = field(default_factory=Concepts)

    @classmethod
    def read(cls, folder: Path) -> Catalogue:
        """A folder with `index.jsonl` (a line per image), or one of class folders (see `folders`).

        `concepts.json` says what each group shows; a group that it does not name is a concept of its own. Raises
        DataError, which names the file that is wrong.
        """
        if not folder.is_dir():
            raise DataError(f"{folder} is no folder")
        index = folder / INDEX
        catalogue = _indexed(folder, index) if index.is_file() else _folders(folder)
        file = folder / "concepts.json"
        catalogue.concepts = Concepts.of(catalogue.groups, json.loads(file.read_text()) if file.is_file() else {})
        if (folder / SCENES / INDEX).is_file():
            catalogue.scenes = read_scenes(folder / SCENES)
        return catalogue

    def split(self, every: int) -> tuple[Catalogue, Catalogue]:
        """What a training sees and what it holds back: one class and one scene in `every`, by their names. 0: none.

        Single photographs and backgrounds are in both.
        """

        def part(held: bool) -> Catalogue:
            groups = {name: g for name, g in self.groups.items() if _held_back(name, every) == held}
            scenes = [scene for scene in self.scenes if _held_back(scene.path.name, every) == held]
            return replace(self, groups=groups, scenes=scenes)

        return part(False), part(True)

    def may_meet(self, a: str, b: str) -> bool:
        """Whether group `b` can be the negative or the distractor of group `a`."""
        return self.concepts.may_meet(a, b)

    def meeting(self) -> int:
        """How many classes, at least, can be found of which any two may meet."""
        chosen: list[str] = []
        for name in self.groups:
            if all(self.may_meet(name, other) for other in chosen):
                chosen.append(name)
        return len(chosen)


def _held_back(name: str, every: int) -> bool:
    return every > 0 and zlib.crc32(name.encode()) % every == 0


def _indexed(folder: Path, index: Path) -> Catalogue:
    groups: dict[str, list[Photograph]] = defaultdict(list)
    catalogue = Catalogue()
    with index.open() as lines:
        for line in lines:
            entry = json.loads(line)
            room = entry["path"].split("/")[0]
            if room == VALIDATION:
                continue
            path = folder / entry["path"]
            if entry["mask"] is None:
                catalogue.backgrounds.append(Photograph(path, None, 0.0))
                continue
            trust = 1.0 if entry["mask"] == "human" else max(0.3, 0.8 - 2.5 * entry.get("unsure", 0.1))
            photograph = Photograph(path, path.with_suffix(".png"), trust)
            if room == "groups":
                groups[entry["group"]].append(photograph)
            else:
                catalogue.singles.append(photograph)
    catalogue.groups = {name: photographs for name, photographs in groups.items() if len(photographs) >= FEWEST}
    return catalogue


def _folders(folder: Path) -> Catalogue:
    groups = {
        name: [Photograph(photograph, mask, 1.0) for photograph, mask in pairs]
        for name, pairs in class_folders(folder).items()
    }
    return Catalogue(groups, backgrounds=[Photograph(path, None, 0.0) for path in backgrounds(folder)])


@lru_cache(maxsize=20_000)
def _read(path: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise DataError(f"{path} cannot be decoded")
    scale = LARGEST / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image


def read_image(path: Path) -> np.ndarray:
    """For training: RGB, uint8, (H, W, 3), no side over `LARGEST`. Kept in memory: some 3 GB for 15,000 images."""
    return _read(path, cv2.IMREAD_COLOR)


def read_mask(path: Path) -> np.ndarray:
    """For training: uint8 (H, W), 0..255, reduced as its photograph is."""
    return _read(path, cv2.IMREAD_GRAYSCALE)
