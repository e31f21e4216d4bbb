"""`GroupDataset`: one item is one training step, several groups of composited pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from .catalogue import VIDEO_FRAMES, Catalogue, Photograph, read_image, read_mask
from .compose import Cutout, Picture, beside, crop, cut_out, jitter, paste
from .folders import DataError

STRANGER = -1
"""Subject of what belongs to no group of the step."""

STUCK = 200
"""Classes in a row that may not meet those of the step already chosen: begin with another first class."""

OBJECT_SIDE = (0.2, 0.75)
"""Longer side of an object pasted into a photograph of another, as a share of the picture's."""

COVERED = 0.35
"""The most that it may cover of what is there already."""

Subjects = list[tuple[str | None, list[Photograph]]]
"""The groups of a step: name and photographs. A None name is a group of views of one single photograph."""


@dataclass(frozen=True)
class SamplingConfig:
    shapes: tuple[tuple[int, int], ...] = ((5, 4), (4, 5), (3, 7), (2, 10))
    """(groups, images of each) of a step; one is drawn."""
    sizes: tuple[int, ...] = (192, 224, 256)
    """Side of the pictures of a step in pixels; one is drawn. Networks do best on somewhat larger inputs."""
    single: float = 0.12
    """Share of groups that are views of one photograph."""
    jigsaw: float = 0.2
    pasted: float = 0.15
    absent: float = 0.06
    """Shares of pictures; the rest are photographs with objects of other groups pasted in."""
    plain: float = 0.35
    """Of the photographs, the share that stays without a distractor."""
    hosted: float = 0.0
    """Of the other photographs, the share whose object is pasted into a photograph of another group, rather than
    another group's object into its own. At .5 nothing in a picture of two objects says which one is meant: a
    pasted object has edges that a network learns to see, and as a rule without this it is the distractor."""
    step_mates: float = 0.75
    """Share of distractors that come from the other groups of the same step."""
    touching: float = 0.0
    """Share of the objects pasted beside another that must cover a part of it, as a rider does his bicycle."""
    people: float = 0.0
    """Share of steps that have a group of people, and half of whose other groups are of what people stand beside.
    Only where the catalogue knows the people in its photographs."""
    near: float = 0.0
    """Share of a step's further groups that are of a class much like the first group's: hard negatives."""


@dataclass
class GroupBatch:
    """Pictures of one step, groups one after another."""

    image: Tensor
    """(N, 3, S, S), normalised to [-1, 1]."""
    mask: Tensor
    """The group's object, (N, 1, S, S), 0..1."""
    foreign: Tensor
    """For each picture another group of the step (index), whose consensus must find `foreign_mask`."""
    foreign_mask: Tensor
    weight: Tensor
    """Trust in each picture's masks (N)."""
    sizes: list[int]
    """Images of each group."""
    classes: Tensor
    """Class index of each picture for ACM, -1 when it has none."""

    def pin_memory(self) -> GroupBatch:
        """In memory from which a GPU copies by itself; loaders call it."""
        return self._each(Tensor.pin_memory)

    def to(self, device: torch.device) -> GroupBatch:
        """On `device`; a copy from pinned memory does not wait."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def _each(self, change: Callable[[Tensor], Tensor]) -> GroupBatch:
        changed = {name: change(value) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **changed)


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
        self.people = [name for name in self.names if name in catalogue.of_people]
        beside = np.array([self._beside_people(name) for name in self.names], np.float64)
        self.beside_people = beside / beside.sum() if beside.any() else None
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
        subjects = self._subjects(rng, groups)
        pictures: list[Picture] = []
        weights, foreign, classes = [], [], []
        for g, (name, photographs) in enumerate(subjects):
            pool = (
                photographs if "video_" not in str(name) else photographs[:: max(1, len(photographs) // VIDEO_FRAMES)]
            )
            chosen = rng.choice(len(pool), images, replace=len(pool) < images)
            for index in chosen:
                photograph = pool[index]
                picture = self._picture(rng, photograph, g, subjects, size)
                others = [s for s in range(groups) if s != g]
                there = [s for s in others if s in picture.masks and picture.masks[s].any()]
                foreign.append(int(rng.choice(there)) if there and rng.random() < 0.8 else int(rng.choice(others)))
                pictures.append(picture)
                weights.append(photograph.weight)
                classes.append(-1 if name is None else self.class_index[name])
        blank = np.zeros((size, size), np.uint8)
        masks = []
        for index, picture in enumerate(pictures):
            own = index // images
            masks.append((picture.masks.get(own, blank), picture.masks.get(foreign[index], blank)))
            picture.image = jitter(rng, picture.image)
        image = (
            torch.from_numpy(np.stack([p.image for p in pictures])).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        )
        return GroupBatch(
            image=image,
            mask=torch.from_numpy(np.stack([m[0] for m in masks])).unsqueeze(1).float().div_(255),
            foreign=torch.tensor(foreign),
            foreign_mask=torch.from_numpy(np.stack([m[1] for m in masks])).unsqueeze(1).float().div_(255),
            weight=torch.tensor(weights, dtype=torch.float32),
            sizes=[images] * groups,
            classes=torch.tensor(classes),
        )

    def _beside_people(self, name: str) -> int:
        """Photographs of a class of other things that show people too."""
        return 0 if name in self.people else sum(p.people is not None for p in self.catalogue.groups[name])

    def _subjects(self, rng: np.random.Generator, groups: int) -> Subjects:
        """Groups that may meet."""
        subjects: Subjects = []
        names: list[str] = []
        failures = 0
        people = self.config.people and self.beside_people is not None and rng.random() < self.config.people
        while len(subjects) < groups:
            if failures == STUCK:
                subjects, names, failures = [], [], 0
            if people and not subjects:
                names.append(self.people[rng.integers(len(self.people))])
                subjects.append((names[0], self.catalogue.groups[names[0]]))
                continue
            if rng.random() < self.config.single and self.catalogue.singles:
                one = self.catalogue.singles[rng.integers(len(self.catalogue.singles))]
                subjects.append((None, [one]))
                continue
            alike = self.near.get(names[0], []) if names else []
            if alike and rng.random() < self.config.near:
                name = alike[rng.integers(len(alike))]
            else:
                chance = self.beside_people if people and rng.random() < 0.5 else self.chance
                name = self.names[rng.choice(len(self.names), p=chance)]
            if all(self.catalogue.may_meet(name, other) for other in names):
                names.append(name)
                subjects.append((name, self.catalogue.groups[name]))
            else:
                failures += 1
        return subjects

    def _picture(
        self,
        rng: np.random.Generator,
        photograph: Photograph,
        own: int,
        subjects: Subjects,
        size: int,
    ) -> Picture:
        config = self.config
        kind = rng.random()
        if kind < config.absent:
            picture = self._scene(rng, own, subjects, size)
            self._distract(rng, picture, own, subjects, int(rng.integers(1, 3)))
            return picture
        kind -= config.absent
        if kind < config.jigsaw:
            parts = [self._view(rng, photograph, own, subjects, size, 0.7)]
            for _ in range(1 if rng.random() < 0.75 else 3):
                parts.append(self._other(rng, own, subjects, size))
            return beside(rng, parts)
        kind -= config.jigsaw
        cutout = self._cutout(photograph, own, subjects) if kind < config.pasted else None
        if cutout is not None:
            picture = self._scene(rng, own, subjects, size)
            for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
                paste(
                    rng,
                    picture,
                    cutout,
                    own,
                    side=float(np.exp(rng.uniform(np.log(0.1), np.log(0.8)))),
                    cover=0.3,
                )
            self._distract(rng, picture, own, subjects, int(rng.integers(0, 3)))
            return picture
        if rng.random() < config.plain:
            return self._view(rng, photograph, own, subjects, size, 0.5)
        if config.hosted and rng.random() < config.hosted:
            picture = self._hosted(rng, photograph, own, subjects, size)
            if picture is not None:
                return picture
        picture = self._view(rng, photograph, own, subjects, size, 0.5)
        self._distract(rng, picture, own, subjects, int(rng.integers(1, 3)))
        return picture

    def _hosted(
        self, rng: np.random.Generator, photograph: Photograph, own: int, subjects: Subjects, size: int
    ) -> Picture | None:
        """The group's object in a photograph of another subject: what `_distract` does, the other way round."""
        cutout = self._cutout(photograph, own, subjects)
        if cutout is None:
            return None
        g, host = self._stranger(rng, own, subjects)
        picture = self._view(rng, host, g, subjects, size, 0.5)
        return picture if self._paste_beside(rng, picture, cutout, own, g) else None

    def _paste_beside(
        self, rng: np.random.Generator, picture: Picture, cutout: Cutout, subject: int, there: int
    ) -> bool:
        """An object beside that of subject `there`, or over a part of it."""
        touching = there if self.config.touching and rng.random() < self.config.touching else None
        side = rng.uniform(*OBJECT_SIDE)
        return paste(rng, picture, cutout, subject, side=side, cover=COVERED, touching=touching)

    def _view(
        self,
        rng: np.random.Generator,
        photograph: Photograph,
        subject: int,
        subjects: Subjects,
        size: int,
        smallest: float,
    ) -> Picture:
        masks = self._masks(photograph, subject, subjects)
        return crop(rng, read_image(photograph.path), masks, subject, size=size, smallest=smallest)

    def _masks(self, photograph: Photograph, subject: int, subjects: Subjects) -> dict[int, np.ndarray]:
        """The photograph's object by its subject, and the people in it where they are a subject of the step.

        They are no part of another thing. What a scene without an object shows, or what stands out in a single
        photograph, may be people.
        """
        masks = {} if photograph.mask is None else {subject: read_mask(photograph.mask)}
        if photograph.people is None:
            return masks
        found = read_mask(photograph.people)
        people = next((s for s, (name, _) in enumerate(subjects) if name in self.catalogue.of_people), None)
        if subject in masks and not (subject >= 0 and subjects[subject][0] is None):
            masks[subject] = np.minimum(masks[subject], 255 - found)
        if people is not None:
            masks[people] = found.copy()
        return masks

    def _cutout(self, photograph: Photograph, subject: int, subjects: Subjects) -> Cutout | None:
        mask = self._masks(photograph, subject, subjects).get(subject)
        return None if mask is None else cut_out(read_image(photograph.path), mask)

    def _stranger(self, rng: np.random.Generator, own: int, subjects: Subjects) -> tuple[int, Photograph]:
        """A photograph of another subject of the step, or (subject STRANGER) of a class that is not in it."""
        if rng.random() >= self.config.step_mates:
            present = [name for name, _ in subjects if name is not None]
            for _ in range(50):
                other = self.names[rng.integers(len(self.names))]
                if all(self.catalogue.may_meet(other, name) for name in present):
                    photographs = self.catalogue.groups[other]
                    return STRANGER, photographs[rng.integers(len(photographs))]
        mate = int(rng.choice([s for s in range(len(subjects)) if s != own]))
        photographs = subjects[mate][1]
        return mate, photographs[rng.integers(len(photographs))]

    def _other(
        self,
        rng: np.random.Generator,
        own: int,
        subjects: Subjects,
        size: int,
    ) -> Picture:
        if rng.random() < 0.15:
            return self._scene(rng, own, subjects, size)
        g, photograph = self._stranger(rng, own, subjects)
        return self._view(rng, photograph, g, subjects, size, 0.7)

    def _scene(
        self,
        rng: np.random.Generator,
        own: int,
        subjects: Subjects,
        size: int,
    ) -> Picture:
        """Somewhere without the group's object: a background, or a photograph of another group."""
        if rng.random() < 0.75 and self.catalogue.scenes:
            scene = self.catalogue.scenes[rng.integers(len(self.catalogue.scenes))]
            masks = self._masks(scene, STRANGER, subjects)
            if own not in masks or not masks[own].any():
                return crop(rng, read_image(scene.path), masks, STRANGER, size=size, smallest=0.5)
        g, photograph = self._stranger(rng, own, subjects)
        return self._view(rng, photograph, g, subjects, size, 0.7)

    def _distract(
        self,
        rng: np.random.Generator,
        picture: Picture,
        own: int,
        subjects: Subjects,
        count: int,
    ) -> None:
        for _ in range(count):
            g, photograph = self._stranger(rng, own, subjects)
            cutout = self._cutout(photograph, g, subjects)
            if cutout is not None:
                self._paste_beside(rng, picture, cutout, g, own)
