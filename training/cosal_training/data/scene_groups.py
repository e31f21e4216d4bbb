"""Steps made of scenes: groups of classes that stand together in photographs.

One photograph may be of several groups of the step, with another mask in each: what pasted objects cannot teach.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from .batch import Drawn
from .catalogue import Catalogue, Photograph, read_image, read_mask
from .compose import crop, crop_all
from .sampling import SamplingConfig
from .scenes import Scene

FEWEST_SCENES, FEWEST = 2, 3
"""Scenes, and photographs in all, of a class that can be a group."""

TOGETHER = 0.75
"""Share of a step's further classes that stand in a photograph together with one that the step has already."""

SHARED = 3.0
"""How much likelier a photograph is drawn if it shows another class of the step too."""

ABSENT = 0.06
"""Share of pictures that lack their group's class."""

PRESENT = 0.8
"""How often the foreign class is one that stands in the picture, where one does."""

SMALLEST = 0.4
"""Least share of a photograph's sides that a picture shows."""

SAME = {
    "aeroplane": "airplane",
    "monitor": "screen",
    "phone": "cellphone",
    "plant": "potted_plant",
    "stopsign": "stop_sign",
}
"""Classes of scenes whose concept has another name among the groups."""


class SceneGroups:
    """Draws the pictures of steps from the scenes of a catalogue, and from its groups of the same concepts."""

    def __init__(self, catalogue: Catalogue, config: SamplingConfig) -> None:
        self.catalogue = catalogue
        self.config = config
        self.scenes: dict[str, list[Scene]] = defaultdict(list)
        for scene in catalogue.scenes:
            for name in scene.classes:
                self.scenes[name].append(scene)
        self.groups: dict[str, list[str]] = {}
        for name in self.scenes:
            concept = SAME.get(name, name)
            self.groups[name] = [g for g in sorted(catalogue.groups) if catalogue.concepts.shown.get(g) == concept]
        self.names = sorted(name for name in self.scenes if self._enough(name))
        self.together = {
            name: Counter(other for scene in self.scenes[name] for other in scene.classes if other != name)
            for name in self.names
        }

    def draw(self, rng: np.random.Generator, groups: int, images: int, size: int) -> list[Drawn]:
        """The pictures of a step, groups one after another."""
        names = self._classes(rng, groups)
        return [
            self._picture(rng, names, g, photograph, size)
            for g, name in enumerate(names)
            for photograph in self._photographs(rng, name, names, images)
        ]

    def _enough(self, name: str) -> bool:
        plain = sum(len(self.catalogue.groups[g]) for g in self.groups[name])
        scenes = len(self.scenes[name])
        return scenes >= FEWEST_SCENES and scenes + plain >= FEWEST

    def _classes(self, rng: np.random.Generator, groups: int) -> list[str]:
        names = [self._one(rng, {name: len(self.scenes[name]) for name in self.names})]
        while len(names) < min(groups, len(self.names)):
            beside = self.together[names[int(rng.integers(len(names)))]]
            free = {name: len(self.scenes[name]) for name in self.names if name not in names}
            common = {name: beside[name] for name in free if beside[name]}
            names.append(self._one(rng, common if common and rng.random() < TOGETHER else free))
        return names

    def _one(self, rng: np.random.Generator, counts: dict[str, int]) -> str:
        """By the square root of how many there are."""
        names = sorted(counts)
        chance = np.sqrt([counts[name] for name in names])
        return names[rng.choice(len(names), p=chance / chance.sum())]

    def _photographs(
        self, rng: np.random.Generator, name: str, names: list[str], images: int
    ) -> list[Scene | tuple[str, Photograph]]:
        """Of a class: scenes, and photographs of the groups that show the same."""
        scenes, groups = self.scenes[name], self.groups[name]
        plain = [bool(groups) and rng.random() < self.config.scene_mates for _ in range(images)]
        if groups:
            plain = sorted(plain)[::-1]
            plain[: max(0, images - len(scenes))] = [True] * max(0, images - len(scenes))
        count = images - sum(plain)
        chance = np.array([SHARED if scene.classes & (set(names) - {name}) else 1.0 for scene in scenes])
        chosen = rng.choice(len(scenes), count, replace=count > len(scenes), p=chance / chance.sum())
        found: list[Scene | tuple[str, Photograph]] = [scenes[i] for i in chosen]
        for _ in range(sum(plain)):
            group = groups[rng.integers(len(groups))]
            photographs = self.catalogue.groups[group]
            found.append((group, photographs[rng.integers(len(photographs))]))
        return found

    def _picture(
        self,
        rng: np.random.Generator,
        names: list[str],
        own: int,
        photograph: Scene | tuple[str, Photograph],
        size: int,
    ) -> Drawn:
        others = [g for g in range(len(names)) if g != own]
        if isinstance(photograph, tuple):
            group, plain = photograph
            assert plain.mask is not None
            picture = crop(rng, read_image(plain.path), read_mask(plain.mask), size=size, smallest=0.5)
            known = [g for g in others if self._never_in(group, names[g])]
            foreign = int(rng.choice(known)) if known else others[0]
            blank = np.zeros((size, size), np.uint8)
            trust = plain.weight if known else 0.0
            return Drawn(picture.image, picture.masks[0], foreign, blank, plain.weight, trust)
        scene = self._without(rng, names[own]) if rng.random() < ABSENT else photograph
        image = read_image(scene.path)
        nothing = np.zeros(image.shape[:2], np.uint8)
        masks = {g: read_mask(scene.mask(name)) if name in scene.classes else nothing for g, name in enumerate(names)}
        picture = crop_all(rng, image, masks, keep=own, size=size, smallest=SMALLEST)
        there = [g for g in others if picture.masks[g].any()]
        known = [g for g in others if g in there or scene.knows(names[g])]
        pool = there if there and rng.random() < PRESENT else known
        foreign = int(rng.choice(pool)) if pool else others[0]
        return Drawn(
            picture.image,
            picture.masks[own],
            foreign,
            picture.masks[foreign],
            scene.weight,
            scene.weight if pool else 0.0,
        )

    def _without(self, rng: np.random.Generator, name: str) -> Scene:
        """A scene that is known to lack a class."""
        lacking = [scene for scene in self.catalogue.scenes if scene.lacks(name)]
        return lacking[rng.integers(len(lacking))] if lacking else self.scenes[name][0]

    def _never_in(self, group: str, name: str) -> bool:
        """Whether photographs of a group may be taken to lack a class of scenes: only one that the groups know."""
        same = self.groups[name]
        return bool(same) and all(self.catalogue.may_meet(group, other) for other in same)
