"""Which classes look alike: hard negatives, so that a group is not told apart by its scenery alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from .catalogue import Catalogue, Photograph, read_image, read_mask
from .compose import cut_out, resize

SIDE = 160
"""Pixels a side of the objects that are compared."""


@torch.no_grad()
def nearest_classes(
    catalogue: Catalogue, backbone: nn.Module, *, images: int = 6, count: int = 12
) -> dict[str, list[str]]:
    """For each class the `count` most alike that it may meet, most alike first.

    Likeness is the cosine of mean features of a class' objects (cut out, on grey) under an ImageNet `backbone`,
    which takes (N, 3, S, S) in [-1, 1] and whose last output is taken. Deterministic: the first images count.
    """
    training = backbone.training
    backbone.eval()
    names = sorted(catalogue.groups)
    means = []
    for name in names:
        objects = np.stack([_object(p) for p in catalogue.groups[name][:images]])
        pixels = torch.from_numpy(objects).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        means.append(backbone(pixels)[-1].mean((0, 2, 3)))
    backbone.train(training)
    features = torch.stack(means)
    features = nn.functional.normalize(features - features.mean(0), dim=1)
    order = (features @ features.t()).argsort(1, descending=True).tolist()
    return {
        name: [names[j] for j in row if catalogue.may_meet(name, names[j])][:count]
        for name, row in zip(names, order, strict=True)
    }


def _object(photograph: Photograph) -> np.ndarray:
    """The object alone on grey, or the whole photograph where the mask is nearly empty or full."""
    image = read_image(photograph.path)
    cutout = None if photograph.mask is None else cut_out(image, read_mask(photograph.mask))
    if cutout is None:
        return resize(image, SIDE, SIDE)
    alpha = cutout.mask[..., None] / 255
    return resize((cutout.image * alpha + 127 * (1 - alpha)).astype(np.uint8), SIDE, SIDE)
