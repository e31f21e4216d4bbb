"""Masks of groups that training held back: what calibration and confidence are fitted on.

Four kinds, weighed alike: photographs of a class; the same with another class' object beside; each photograph alone;
and scenes of a class, which is clutter. Of the latter only those that were held back are scored; where they are too
few for a group, scenes that were trained on help to say what is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .calibration import Scales, fit_scales
from .confidence import Confidence, Figures, fit_confidence
from .data import Catalogue
from .data.catalogue import Photograph, read_image, read_mask
from .data.compose import Picture, cut_out, paste, resize
from .evaluate import mask_of
from .group_model import GroupModel
from .metrics import jaccard

PHOTOGRAPHS = 8
"""Of a class at most, and of the scenes of one."""

SIDE = 288
"""Pixels a side of composites."""


@dataclass(frozen=True)
class Case:
    """A mask and what it should have been."""

    kind: str
    logits: np.ndarray
    """(h, w), of which nothing unlike is left."""
    truth: np.ndarray
    """Share of the object in each pixel of the logits, (h, w), 0..1."""
    features: np.ndarray
    consensus: np.ndarray
    jaccard: float
    """At the photograph's size, as everywhere."""


Labelled = tuple[np.ndarray, np.ndarray]
"""A photograph, RGB uint8, and its mask, boolean."""


def held_back_cases(model: GroupModel, catalogue: Catalogue, every: int, *, seed: int = 19) -> Iterator[Case]:
    """Masks of what `catalogue.split(every)` holds back. Raises ValueError when that is nothing."""
    trained, held = catalogue.split(every)
    if not held.groups and not held.scenes:
        raise ValueError(f"no class and no scene is held back, one in {every}: there is nothing to calibrate with")
    rng = np.random.default_rng(seed)
    for name in sorted(held.groups):
        photographs = held.groups[name]
        chosen = [photographs[i] for i in rng.permutation(len(photographs))[:PHOTOGRAPHS].tolist()]
        own = [_labelled(p) for p in chosen]
        yield from _cases(model, "plain", own, len(own))
        for one in own:
            yield from _cases(model, "alone", [one], 1)
        strangers = [other for other in held.groups if held.may_meet(name, other)]
        if strangers:
            beside = [_beside(rng, one, held.groups[strangers[int(rng.integers(len(strangers)))]]) for one in own]
            yield from _cases(model, "beside", beside, len(beside))
    for name in sorted({name for scene in held.scenes for name in scene.classes}):
        ours = [scene for scene in held.scenes if name in scene.classes][:PHOTOGRAPHS]
        others = [scene for scene in trained.scenes if name in scene.classes]
        helping = [others[i] for i in rng.permutation(len(others))[: PHOTOGRAPHS - len(ours)].tolist()]
        group = [(read_image(scene.path), read_mask(scene.mask(name)) > 127) for scene in [*ours, *helping]]
        if len(group) > 2:
            yield from _cases(model, "scenes", group, len(ours))


def weights_of(cases: list[Case]) -> np.ndarray:
    """How much each case counts, so that the kinds count alike; mean 1."""
    kinds = [case.kind for case in cases]
    return np.array([len(kinds) / len(set(kinds)) / kinds.count(kind) for kind in kinds])


def calibrate(cases: list[Case]) -> tuple[Scales, Confidence]:
    """What the model's logits have to be multiplied by, and the weights of its confidence after that."""
    weights = weights_of(cases)
    scales = fit_scales([case.logits for case in cases], [case.truth for case in cases], weights)
    some = [(case, weight) for case, weight in zip(cases, weights.tolist(), strict=True) if (case.logits >= 0).any()]
    figures = [Figures.of(scales(c.logits), c.features, c.consensus) for c, _ in some]
    return scales, fit_confidence(figures, [c.jaccard for c, _ in some], [weight for _, weight in some])


def _cases(model: GroupModel, kind: str, group: list[Labelled], scored: int) -> Iterator[Case]:
    """The first `scored` masks of a group."""
    encoded = model.encode(np.stack([model.input.tensor(image) for image, _ in group]))
    consensus = model.consensus(encoded)[1]
    logits, _ = model.decoded(encoded[:scored], consensus)
    for z, e, (_, truth) in zip(logits[:, 0], encoded, group, strict=False):
        height, width = truth.shape
        found = jaccard(mask_of(z, width, height) >= 128, truth)
        share = resize(truth.astype(np.float32), z.shape[1], z.shape[0])
        yield Case(kind, z, share, e["features"][0], consensus, found)


def _labelled(photograph: Photograph) -> Labelled:
    assert photograph.mask is not None
    return read_image(photograph.path), read_mask(photograph.mask) > 127


def _beside(rng: np.random.Generator, own: Labelled, others: list[Photograph]) -> Labelled:
    """A photograph with an object of another class beside its own, where there is room."""
    image, truth = own
    picture = Picture(resize(image, SIDE, SIDE).copy(), {0: resize(truth.astype(np.uint8) * 255, SIDE, SIDE).copy()})
    stranger, mask = _labelled(others[int(rng.integers(len(others)))])
    cutout = cut_out(stranger, mask.astype(np.uint8) * 255)
    if cutout is not None:
        paste(rng, picture, cutout, 1, side=float(rng.uniform(0.3, 0.6)), cover=0.3)
    return picture.image, picture.masks[0] > 127
