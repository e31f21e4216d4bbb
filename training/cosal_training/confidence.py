"""What a mask itself says of its quality, and of whether the object is there; what the engine's `figures.ts` and
`confidence.ts` do.

Confidence is the J that is to be expected of a mask, presence the chance that a photograph shows the object: logistic
functions of a mask's figures, fitted on what training held back.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .likeness import from_surroundings

SMALLEST = 1e-4
"""Presence and shares are kept from 0 and 1 by so much before their logit is taken."""

LEVEL = 3.0
"""Of a pixel's height: about where it is as likely as not to be the object's."""


@dataclass(frozen=True)
class Figures:
    """What a mask shows of its own quality."""

    likeness: float
    """Cosine of the mean features under the mask and the consensus' object, both as seen from its surroundings; 0 for
    an empty mask."""
    contrast: float
    """The same cosine for what is outside of the mask."""
    height: float
    """Logit of the pixels' mean probability at their height. Outlines lie at half of a mask's height
    (`network/outline.py`), so a logit plus the highest logit is a pixel's height."""
    flatness: float
    """Mean logit as a share of the highest, 0..1."""
    size: float
    """Logarithm of the mask's share of the photograph."""

    @classmethod
    def of(cls, logits: np.ndarray, features: np.ndarray, consensus: np.ndarray) -> Figures:
        """logits (h, w), of which nothing unlike is left; features (C, r, c); consensus (2K, C)."""
        logits = logits.astype(np.float64)
        inside, peak = logits >= 0, float(logits.max())
        size = int(inside.sum())
        height = _logistic(logits[inside] + peak - LEVEL).mean() if size else 0.0
        return cls(
            likeness=from_surroundings(_logistic(logits) * inside, features, consensus),
            contrast=from_surroundings(_logistic(-logits) * ~inside, features, consensus),
            height=logit_of(float(height)),
            flatness=float(logits[inside].mean() / peak) if peak > 0 else 0.0,
            size=float(np.log(max(size / logits.size, SMALLEST))),
        )


@dataclass(frozen=True)
class Confidence:
    """Weights of the figures. In the manifest by these names."""

    bias: float
    height: float
    flatness: float
    contrast: float
    size: float

    def of(self, figures: Figures) -> float:
        """The J to be expected of a mask, 0..1; 0 for an empty one."""
        return 0.0 if figures.flatness == 0 else _weighted(self, asdict(figures))


@dataclass(frozen=True)
class PresenceWeights:
    """Weights of the decoder's presence, by its logit, and of the mask's likeness. In the manifest by these names."""

    bias: float
    presence: float
    likeness: float

    def of(self, presence: float, figures: Figures) -> float:
        """How likely the photograph shows the object, 0..1. presence: the decoder's, 0..1."""
        return _weighted(self, {"presence": logit_of(presence), "likeness": figures.likeness})


def fit(figures: list[list[float]], wanted: list[float], weights: list[float]) -> list[float]:
    """Bias and weights with the least cross-entropy between the logistic function and what is wanted of it, 0..1,
    each case counted `weights` times.

    By Newton's method, with a little ridge on standardised figures: logistic regression on shares (Papke and
    Wooldridge, 1996), whose expectation is right on the mean.
    """
    rows = np.array(figures)
    mean, deviation = rows.mean(0), rows.std(0) + 1e-9
    x = np.column_stack([np.ones(len(rows)), (rows - mean) / deviation])
    y, w = np.array(wanted), np.array(weights)
    ridge = np.diag([0.0, *[1e-3] * (x.shape[1] - 1)]) * w.sum()
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ beta)))
        gradient = x.T @ (w * (p - y)) + ridge @ beta
        hessian = (x * (w * p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(hessian, gradient)
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    weight = beta[1:] / deviation
    return [round(float(value), 5) for value in (beta[0] - weight @ mean, *weight)]


def fit_confidence(figures: list[Figures], jaccards: list[float], weights: list[float]) -> Confidence:
    """Of masks that are not empty."""
    return Confidence(*fit([[f.height, f.flatness, f.contrast, f.size] for f in figures], jaccards, weights))


def fit_presence(presences: list[float], figures: list[Figures], shown: list[bool]) -> PresenceWeights:
    """Photographs that show the object count as much as those that do not. presences: the decoder's, 0..1."""
    rows = [[logit_of(p), f.likeness] for p, f in zip(presences, figures, strict=True)]
    share = np.mean(shown)
    weights = [0.5 / share if s else 0.5 / (1 - share) for s in shown]
    return PresenceWeights(*fit(rows, [float(s) for s in shown], weights))


def write_weights(folder: Path, weights: Confidence | PresenceWeights) -> None:
    """Into a model folder's manifest; the model's digest depends on them."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["confidence" if isinstance(weights, Confidence) else "presenceWeights"] = asdict(weights)
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def logit_of(share: float) -> float:
    kept = min(max(share, SMALLEST), 1 - SMALLEST)
    return float(np.log(kept / (1 - kept)))


def _weighted(weights: Confidence | PresenceWeights, values: dict[str, float]) -> float:
    found = asdict(weights)
    total = found.pop("bias") + sum(weight * values[name] for name, weight in found.items())
    return float(_logistic(np.float64(total)))


def _logistic(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))
