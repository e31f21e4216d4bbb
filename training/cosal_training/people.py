"""The people in photographs of other things, found by a co-saliency model from photographs of people.

A single-image network marks what stands out: the rider with the bicycle, the player with the harp. Masks from such a
network teach that a bicycle is a rider too. The consensus of photographs of people, whose masks were drawn, finds
the people alone: training then takes them out of the other things' masks, and has pictures in which two things that
belong to different groups touch as they do in life.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from .data import Catalogue
from .data.catalogue import PERSON, Photograph, read_image, read_mask
from .evaluate import mask_of
from .group_model import GroupModel

MAKERS = 48
"""Photographs whose people make the consensus."""

CERTAIN = 0.975
"""Presence from which on a photograph shows people. Stricter than for use: a wrong mask is taught."""

LEAST = 0.005
"""Smallest share of a photograph that people take."""

WORN = "clothing"
"""A family that cannot be told from people: its groups are left as they are."""


def find_people(catalogue: Catalogue, folder: Path, model: GroupModel, output: Path) -> int:
    """Write `output/<path>.png`, 0 or 255, for the photographs below `folder` that show people; returns how many.

    Photographs of people with drawn masks are left out. Raises ValueError when the catalogue has no drawn people.
    """
    drawn = [
        p
        for name in sorted(catalogue.of_people)
        for p in catalogue.groups[name]
        if p.weight == 1 and p.mask is not None
    ]
    if not drawn:
        raise ValueError(f"no group of the concept {PERSON!r} has drawn masks")
    chosen = np.random.default_rng(0).choice(len(drawn), min(MAKERS, len(drawn)), replace=False)
    consensus = _consensus_of(model, [drawn[i] for i in chosen])
    found = 0
    for photograph in tqdm(list(_unknown(catalogue)), dynamic_ncols=True, mininterval=5):
        image = read_image(photograph.path)
        logits, presence = model.decode(model.encode(model.input.tensor(image)[None]), consensus)
        mask = mask_of(logits[0, 0], image.shape[1], image.shape[0]) >= 128
        if presence[0] < CERTAIN or mask.mean() < LEAST:
            continue
        path = (output / photograph.path.relative_to(folder)).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), mask.astype(np.uint8) * 255)
        found += 1
    return found


def _consensus_of(model: GroupModel, photographs: list[Photograph]) -> np.ndarray:
    """Of photographs marked by their masks."""
    encoded = model.encode(np.stack([model.input.tensor(read_image(p.path)) for p in photographs]))
    size = encoded[0]["features"].shape[-2:][::-1]
    regions = {}
    for index, photograph in enumerate(photographs):
        assert photograph.mask is not None
        region = read_mask(photograph.mask).astype(np.float32) / 255
        regions[index] = cv2.resize(region, size, interpolation=cv2.INTER_AREA)[None, None]
    return model.consensus(encoded, regions)[1]


def _unknown(catalogue: Catalogue) -> Iterator[Photograph]:
    for name, photographs in catalogue.groups.items():
        if WORN not in catalogue.concepts[name]:
            yield from (p for p in photographs if not (name in catalogue.of_people and p.weight == 1))
    yield from catalogue.singles
    yield from catalogue.scenes
