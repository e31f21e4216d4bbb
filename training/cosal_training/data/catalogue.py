"""What images there are: photographs, their masks, and which groups must never meet."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

VIDEO_FRAMES = 6
"""Frames of one video are near-duplicates: more of them in a group teach nothing."""


@dataclass(frozen=True)
class Photograph:
    path: Path
    mask: Path | None
    weight: float
    """Trust in the mask: 1 for a drawn one, less for a model's, falling with its uncertainty."""


@dataclass
class Catalogue:
    """A data folder with `index.jsonl` and `concepts.json` (a line per image; what each group shows)."""

    groups: dict[str, list[Photograph]] = field(default_factory=dict)
    singles: list[Photograph] = field(default_factory=list)
    scenes: list[Photograph] = field(default_factory=list)
    concepts: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each group: its concept, family and what often stands beside it. Groups that share one never meet."""

    @classmethod
    def read(cls, folder: Path) -> Catalogue:
        catalogue = cls()
        groups: dict[str, list[Photograph]] = defaultdict(list)
        with (folder / "index.jsonl").open() as lines:
            for line in lines:
                entry = json.loads(line)
                room = entry["path"].split("/")[0]
                if room == "val":
                    continue
                path = folder / entry["path"]
                if entry["mask"] is None:
                    catalogue.scenes.append(Photograph(path, None, 0.0))
                    continue
                trust = 1.0 if entry["mask"] == "human" else max(0.3, 0.8 - 2.5 * entry.get("unsure", 0.1))
                photograph = Photograph(path, path.with_suffix(".png"), trust)
                if room == "groups":
                    groups[entry["group"]].append(photograph)
                else:
                    catalogue.singles.append(photograph)
        catalogue.groups = {name: photographs for name, photographs in groups.items() if len(photographs) >= 4}
        concepts = json.loads((folder / "concepts.json").read_text())
        for name in catalogue.groups:
            known = concepts.get(name, {"concept": name})
            related = {known["concept"], *known.get("family", []), *known.get("also", [])}
            catalogue.concepts[name] = frozenset(related)
        return catalogue

    def may_meet(self, a: str, b: str) -> bool:
        """Whether group `b` can be the negative or the distractor of group `a`."""
        return a != b and not self.concepts.get(a, frozenset()) & self.concepts.get(b, frozenset())


@lru_cache(maxsize=20_000)
def _read(path: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise ValueError(f"{path} cannot be decoded")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image


def read_image(path: Path) -> np.ndarray:
    """RGB, uint8, (H, W, 3). Kept in memory: the whole data set is about 3 GB decoded."""
    return _read(path, cv2.IMREAD_COLOR)


def read_mask(path: Path) -> np.ndarray:
    """uint8 (H, W), 0 or 255."""
    return _read(path, cv2.IMREAD_GRAYSCALE)
