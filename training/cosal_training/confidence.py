"""Confidence: the J that is to be expected of a mask, from the mask itself; what the engine's `confidence.ts` does.

A logistic function of five figures, fitted on groups that training held back (`fit`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np

from .likeness import from_surroundings

SMALLEST = 1e-4
"""Presence and shares are kept from 0 and 1 by so much before their logit is taken."""


@dataclass(frozen=True)
class Figures:
    """What a mask shows of its own quality."""

    presence: float
    """Logit of the presence."""
    sureness: float
    """Logit of the J to expect if every pixel's probability is right: the probabilities inside the mask over its size
    and the probabilities outside, sums all."""
    likeness: float
    """Cosine of the mean features under the mask and the consensus' object, both as seen from its surroundings."""
    contrast: float
    """The same cosine for what is outside of the mask."""
    size: float
    """Logarithm of the mask's share of the photograph."""

    @classmethod
    def of(cls, logits: np.ndarray, features: np.ndarray, consensus: np.ndarray, presence: float) -> Figures:
        """logits (h, w), of which nothing unlike is left; features (C, r, c); consensus (2K, C); presence 0..1."""
        logits = logits.astype(np.float64)
        probability = 1 / (1 + np.exp(-logits))
        inside = logits >= 0
        within, beyond = float(probability[inside].sum()), float(probability[~inside].sum())
        size = int(inside.sum())
        return cls(
            presence=_logit(presence),
            sureness=_logit(within / (size + beyond) if size else 0.0),
            likeness=from_surroundings(probability * inside, features, consensus),
            contrast=from_surroundings((1 - probability) * ~inside, features, consensus),
            size=float(np.log(max(size / logits.size, SMALLEST))),
        )


@dataclass(frozen=True)
class Confidence:
    """Weights of the figures: confidence is the logistic function of their sum. In the manifest by these names."""

    bias: float
    presence: float
    sureness: float
    likeness: float
    contrast: float
    size: float

    def of(self, logits: np.ndarray, features: np.ndarray, consensus: np.ndarray, presence: float) -> float:
        """The J to be expected of a mask, 0..1. Arguments as of `Figures.of`; 0 for an empty mask."""
        if not (logits >= 0).any():
            return 0.0
        return self.from_figures(Figures.of(logits, features, consensus, presence))

    def from_figures(self, figures: Figures) -> float:
        weights = asdict(self)
        total = self.bias + sum(weights[name] * value for name, value in asdict(figures).items())
        return float(1 / (1 + np.exp(-total)))


def fit(figures: list[Figures], jaccards: list[float], weights: list[float]) -> Confidence:
    """The weights with the least cross-entropy between confidence and J, each mask counted `weights` times.

    By Newton's method, with a little ridge: logistic regression on shares (Papke and Wooldridge, 1996), whose
    expectation is right on the mean.
    """
    x = np.array([(1.0, *astuple(f)) for f in figures])
    y, w = np.array(jaccards), np.array(weights)
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
    return Confidence(*(round(float(value), 5) for value in beta))


def write_confidence(folder: Path, confidence: Confidence) -> None:
    """Set `confidence` in a model folder's manifest; the model's digest depends on it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["confidence"] = asdict(confidence)
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def _logit(share: float) -> float:
    kept = min(max(share, SMALLEST), 1 - SMALLEST)
    return float(np.log(kept / (1 - kept)))
