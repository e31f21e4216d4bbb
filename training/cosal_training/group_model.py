"""A model that takes a group to masks, step by step as the TypeScript engine runs it, whatever computes its graphs.

`Graphs` runs exported files under onnxruntime, `TorchModel` a network in PyTorch: what is measured of the one can be
measured of the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import cv2
import numpy as np

from .confidence import Confidence, Figures, PresenceWeights
from .likeness import without_unlike

Tensors = dict[str, np.ndarray]


@dataclass(frozen=True)
class InputFormat:
    """Pixels enter as (rgb / 255 - mean) / std, `size` x `size`; the aspect ratio is not kept."""

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def tensor(self, image: np.ndarray, width: int | None = None, height: int | None = None) -> np.ndarray:
        """RGB uint8 (H, W, 3) -> float32 (3, height, width), as the engine resizes: each axis by itself.

        width and height: those of the input, unless given.
        """
        width, height = width or self.size, height or self.size
        pixels = image.astype(np.float32)
        pixels = cv2.resize(pixels, (width, len(image)), interpolation=_between(image.shape[1], width))
        pixels = cv2.resize(pixels, (width, height), interpolation=_between(len(image), height))
        return ((pixels / 255 - self.mean) / self.std).transpose(2, 0, 1).astype(np.float32)


def _between(source: int, target: int) -> int:
    """How an axis is resized: by the area when it shrinks, else linearly."""
    return cv2.INTER_AREA if target < source else cv2.INTER_LINEAR


@dataclass
class GroupResult:
    keys: np.ndarray
    first_consensus: np.ndarray
    """After affinity, before any refinement."""
    consensus: np.ndarray
    logits: np.ndarray
    presence: np.ndarray
    confidence: list[float | None]
    """The J that is to be expected of each mask; None: the model does not say."""


class GroupModel(ABC):
    """The steps from photographs to masks. An image's encoding is a dict of tensors, its batch axis 1."""

    input: InputFormat
    refinements: int
    seeded_refinements: int | None = None
    """After seeds, where it is not as often."""
    exclude_self: bool
    likeness: float | None = None
    """A mask's part stays when it looks this much like the object, as a share of the part that does most; None:
    all parts stay."""
    confidence: Confidence | None = None
    presence_weights: PresenceWeights | None = None
    """None: presence is the decoder's."""

    @abstractmethod
    def run(self, name: str, feeds: Tensors) -> Tensors:
        """Run one graph (encoder, affinity, refine, seed, decoder) on those of `feeds` that it takes."""

    def segment(self, images: np.ndarray) -> GroupResult:
        """A whole group (N, 3, S, S), normalised, float32."""
        return self.masks(self.encode(images))

    def masks(self, encoded: list[Tensors]) -> GroupResult:
        """A whole group, encoded."""
        first, consensus = self.consensus(encoded)
        logits, presence = self.decode(encoded, consensus)
        confidence: list[float | None] = [None] * len(encoded)
        if self.confidence is not None:
            confidence = [self.confidence.of(f) for f in self.figures(logits, encoded, consensus)]
        keys = np.concatenate([e["keys"] for e in encoded])
        return GroupResult(keys, first, consensus, logits, presence, confidence)

    def encode(self, images: np.ndarray) -> list[Tensors]:
        """Each image's compact features, by the names of the encoder's outputs."""
        return [self.run("encoder", {"image": images[i : i + 1]}) for i in range(len(images))]

    def consensus(
        self, encoded: list[Tensors], regions: dict[int, np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The consensus before and after refinement.

        regions: for marked images (by index) the object's share of each cell of the feature grid, (1, 1, h, w)
        in 0..1; the first consensus then comes from these instead of from affinity.
        """
        rounds = self.refinements
        if regions:
            rounds = rounds if self.seeded_refinements is None else self.seeded_refinements
            summaries = [self.run("seed", {**encoded[i], "region": region}) for i, region in regions.items()]
        else:
            keys = np.concatenate([e["keys"] for e in encoded])
            weights = self._weights(len(encoded))
            summaries = [
                self.run("affinity", {**e, "keys": keys, "weights": weights[i : i + 1]})
                for i, e in enumerate(encoded)
            ]
        first = consensus = _reduce(summaries)
        for _ in range(rounds):
            consensus = _reduce([self.run("refine", {**e, "consensus": consensus}) for e in encoded])
        return first, consensus

    def decode(self, encoded: list[Tensors], consensus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (N, 1, h, w) and presence (N) in 0..1 of images that may have had no part in the consensus."""
        logits, presence = self.decoded(encoded, consensus)
        weights = self.presence_weights
        if weights is not None:
            figures = self.figures(logits, encoded, consensus)
            presence = np.array([weights.of(float(p), f) for p, f in zip(presence, figures, strict=True)])
        return logits, presence

    def decoded(self, encoded: list[Tensors], consensus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same with the decoder's own presence."""
        decoded = [self.run("decoder", {**e, "consensus": consensus}) for e in encoded]
        logits = np.concatenate([d["logits"] for d in decoded])
        if self.likeness is not None:
            for z, e in zip(logits, encoded, strict=True):
                z[0] = without_unlike(z[0], e["features"][0], consensus, self.likeness)
        return logits, np.concatenate([d["presence"] for d in decoded])

    def figures(self, logits: np.ndarray, encoded: list[Tensors], consensus: np.ndarray) -> list[Figures]:
        """What masks, (N, 1, h, w), show of their own quality."""
        return [Figures.of(z[0], e["features"][0], consensus) for z, e in zip(logits, encoded, strict=True)]

    def _weights(self, n: int) -> np.ndarray:
        """Row i: how much each image's keys count for image i."""
        if self.exclude_self and n > 1:
            return ((1 - np.eye(n)) / (n - 1)).astype(np.float32)
        return np.full((n, n), 1 / n, np.float32)


def _reduce(summaries: list[Tensors]) -> np.ndarray:
    mass = np.sum([s["mass"][0] for s in summaries], 0)
    return np.sum([s["sums"][0] for s in summaries], 0) / np.maximum(mass, 1e-6)[:, None]
