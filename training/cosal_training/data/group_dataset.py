"""`GroupDataset`: one item is one training step, several groups of composited pictures."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from torch.utils.data import Dataset

from .batch import Drawn, GroupBatch
from .catalogue import VIDEO_FRAMES, Catalogue
from .compose import jitter
from .folders import DataError
from .pictures import Pictures, Subjects
from .sampling import SamplingConfig
from .scene_groups import SceneGroups

STUCK = 200
"""Classes in a row that may not meet those of the step already chosen: begin with another first class."""


class GroupDataset(Dataset[GroupBatch]):
    """Item `step` is made from (seed, step) alone: any number of loaders, any resume, the same pictures."""

    def __init__(
        self,
        catalogue: Catalogue,
        config: SamplingConfig,
        *,
        seed: int,
        steps: int,
        near: dict[str, list[str]] | None = None,
    ) -> None:
        """near: for each class those that look like it (`nearest_classes`); without it, no hard negatives."""
        self.catalogue = catalogue
        self.config = config
        self.seed = seed
        self.steps = steps
        self.near = near or {}
        self.names = sorted(catalogue.groups)
        self.class_index = {name: index for index, name in enumerate(self.names)}
        sizes = np.array([len(catalogue.groups[name]) for name in self.names], np.float64)
        self.chance = np.sqrt(sizes) / np.sqrt(sizes).sum()
        if config.scenes and len(self.scene_groups.names) < 2:
            raise DataError("steps of scenes need scenes of at least two classes")
        if not self.shapes:
            fewest = min(groups for groups, _ in config.shapes)
            raise DataError(
                f"a step needs {fewest} classes of which any two may meet; there are {catalogue.meeting()}"
            )

    @cached_property
    def shapes(self) -> list[tuple[int, int]]:
        """Those of the config for which there are classes enough."""
        most = np.inf if self.catalogue.singles else self.catalogue.meeting()
        return [shape for shape in self.config.shapes if shape[0] <= most]

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> GroupBatch:
        rng = np.random.default_rng([self.seed, step])
        config = self.config
        groups, images = self.shapes[rng.integers(len(self.shapes))]
        size = int(config.sizes[rng.integers(len(config.sizes))])
        if config.scenes and rng.random() < config.scenes:
            groups = min(groups, len(self.scene_groups.names))
            pictures = self.scene_groups.draw(rng, groups, images, size)
        else:
            pictures = self._composites(rng, groups, images, size)
        for picture in pictures:
            picture.image = jitter(rng, picture.image)
        return GroupBatch.of(pictures, [images] * groups)

    @cached_property
    def scene_groups(self) -> SceneGroups:
        return SceneGroups(self.catalogue, self.config)

    def _composites(self, rng: np.random.Generator, groups: int, images: int, size: int) -> list[Drawn]:
        """Pictures of classes and single photographs, most of them composed."""
        subjects = self._subjects(rng, groups)
        make = Pictures(self.catalogue, self.names, self.config, rng, subjects, size)
        blank = np.zeros((size, size), np.uint8)
        found = []
        for g, (name, photographs) in enumerate(subjects):
            pool = (
                photographs if "video_" not in str(name) else photographs[:: max(1, len(photographs) // VIDEO_FRAMES)]
            )
            chosen = rng.choice(len(pool), images, replace=len(pool) < images)
            for index in chosen:
                photograph = pool[index]
                picture = make.picture(photograph, g)
                others = [s for s in range(groups) if s != g]
                there = [s for s in others if s in picture.masks and picture.masks[s].any()]
                foreign = int(rng.choice(there)) if there and rng.random() < 0.8 else int(rng.choice(others))
                found.append(
                    Drawn(
                        picture.image,
                        picture.masks.get(g, blank),
                        foreign,
                        picture.masks.get(foreign, blank),
                        photograph.weight,
                        photograph.weight,
                        -1 if name is None else self.class_index[name],
                    )
                )
        return found

    def _subjects(self, rng: np.random.Generator, groups: int) -> Subjects:
        """Groups that may meet."""
        subjects: Subjects = []
        names: list[str] = []
        failures = 0
        while len(subjects) < groups:
            if failures == STUCK:
                subjects, names, failures = [], [], 0
            if rng.random() < self.config.single and self.catalogue.singles:
                one = self.catalogue.singles[rng.integers(len(self.catalogue.singles))]
                subjects.append((None, [one]))
                continue
            alike = self.near.get(names[0], []) if names else []
            if alike and rng.random() < self.config.near:
                name = alike[rng.integers(len(alike))]
            else:
                name = self.names[rng.choice(len(self.names), p=self.chance)]
            if all(self.catalogue.may_meet(name, other) for other in names):
                names.append(name)
                subjects.append((name, self.catalogue.groups[name]))
            else:
                failures += 1
        return subjects
