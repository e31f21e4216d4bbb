"""The kinds of picture that a group is shown in: photographs and composites of one training step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .catalogue import Catalogue, Photograph, read_image, read_mask
from .compose import Cutout, Picture, beside, crop, cut_out, paste
from .sampling import SamplingConfig

STRANGER = -1
"""Subject of what belongs to no group of the step."""

OBJECT_SIDE = (0.2, 0.75)
"""Longer side of an object pasted into a photograph of another, as a share of the picture's."""

COVERED = 0.35
"""The most that it may cover of what is there already."""

Subjects = list[tuple[str | None, list[Photograph]]]
"""The groups of a step: name and photographs. A None name is a group of views of one single photograph."""


@dataclass
class Pictures:
    """Makes a step's pictures, `size` pixels a side; a picture's masks are by index of its subjects."""

    catalogue: Catalogue
    names: list[str]
    """All classes, in a fixed order."""
    config: SamplingConfig
    rng: np.random.Generator
    subjects: Subjects
    size: int

    def picture(self, photograph: Photograph, own: int) -> Picture:
        """A photograph of subject `own`, in one of the ways of the config."""
        config = self.config
        kind = self.rng.random()
        if kind < config.absent:
            picture = self._scene(own)
            self._distract(picture, own, int(self.rng.integers(1, 3)))
            return picture
        kind -= config.absent
        if kind < config.jigsaw:
            parts = [self._view(photograph, own, 0.7)]
            for _ in range(1 if self.rng.random() < 0.75 else 3):
                parts.append(self._other(own))
            return beside(self.rng, parts)
        kind -= config.jigsaw
        cutout = self._cutout(photograph) if kind < config.pasted else None
        if cutout is not None:
            picture = self._scene(own)
            for _ in range(int(self.rng.choice([1, 1, 1, 2, 3]))):
                paste(
                    self.rng,
                    picture,
                    cutout,
                    own,
                    side=float(np.exp(self.rng.uniform(np.log(0.1), np.log(0.8)))),
                    cover=0.3,
                )
            self._distract(picture, own, int(self.rng.integers(0, 3)))
            return picture
        if self.rng.random() < config.plain:
            return self._view(photograph, own, 0.5)
        if config.hosted and self.rng.random() < config.hosted:
            picture = self._hosted(photograph, own)
            if picture is not None:
                return picture
        picture = self._view(photograph, own, 0.5)
        self._distract(picture, own, int(self.rng.integers(1, 3)))
        return picture

    def _hosted(self, photograph: Photograph, own: int) -> Picture | None:
        """The group's object in a photograph of another subject: what `_distract` does, the other way round."""
        cutout = self._cutout(photograph)
        if cutout is None:
            return None
        g, host = self._stranger(own)
        picture = self._view(host, g, 0.5)
        return picture if self._paste_beside(picture, cutout, own) else None

    def _paste_beside(self, picture: Picture, cutout: Cutout, subject: int) -> bool:
        return paste(self.rng, picture, cutout, subject, side=self.rng.uniform(*OBJECT_SIDE), cover=COVERED)

    def _view(self, photograph: Photograph, subject: int, smallest: float) -> Picture:
        """A window of the photograph, no side less than about the share `smallest` of its own."""
        assert photograph.mask is not None
        image, mask = read_image(photograph.path), read_mask(photograph.mask)
        picture = crop(self.rng, image, mask, size=self.size, smallest=smallest)
        return Picture(picture.image, {subject: picture.masks[0]})

    def _cutout(self, photograph: Photograph) -> Cutout | None:
        return None if photograph.mask is None else cut_out(read_image(photograph.path), read_mask(photograph.mask))

    def _stranger(self, own: int) -> tuple[int, Photograph]:
        """A photograph of another subject of the step, or (subject STRANGER) of a class that is not in it."""
        if self.rng.random() >= self.config.step_mates:
            present = [name for name, _ in self.subjects if name is not None]
            for _ in range(50):
                other = self.names[self.rng.integers(len(self.names))]
                if all(self.catalogue.may_meet(other, name) for name in present):
                    photographs = self.catalogue.groups[other]
                    return STRANGER, photographs[self.rng.integers(len(photographs))]
        mate = int(self.rng.choice([s for s in range(len(self.subjects)) if s != own]))
        photographs = self.subjects[mate][1]
        return mate, photographs[self.rng.integers(len(photographs))]

    def _other(self, own: int) -> Picture:
        """What stands beside in a jigsaw."""
        if self.rng.random() < 0.15:
            return self._scene(own)
        g, photograph = self._stranger(own)
        return self._view(photograph, g, 0.7)

    def _scene(self, own: int) -> Picture:
        """Somewhere without the group's object: a background, or a photograph of another group."""
        if self.rng.random() < 0.75 and self.catalogue.backgrounds:
            scene = self.catalogue.backgrounds[self.rng.integers(len(self.catalogue.backgrounds))]
            image = read_image(scene.path)
            nothing = np.zeros(image.shape[:2], np.uint8)
            return Picture(crop(self.rng, image, nothing, size=self.size, smallest=0.5).image, {})
        g, photograph = self._stranger(own)
        return self._view(photograph, g, 0.7)

    def _distract(self, picture: Picture, own: int, count: int) -> None:
        """Objects of other subjects into a picture."""
        for _ in range(count):
            g, photograph = self._stranger(own)
            cutout = self._cutout(photograph)
            if cutout is not None:
                self._paste_beside(picture, cutout, g)
