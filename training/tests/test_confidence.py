"""Confidence and presence as the engine must tell them. `python training/tests/test_confidence.py` writes cases."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cosal_training.confidence import Confidence, Figures, PresenceWeights

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "confidence.json"


def _cases() -> list[dict]:
    rng = np.random.default_rng(4)
    cases = []
    for index in range(6):
        rough = rng.normal(-1, 4, (16, 20)).astype(np.float32)
        logits = (3 * cv2.GaussianBlur(rough, (0, 0), 1.2)).astype(np.float64).round(2)
        features, consensus = rng.normal(0, 1, (6, 4, 5)).round(2), rng.normal(0, 1, (4, 6)).round(2)
        given = {"logits": logits.tolist(), "features": features.tolist(), "consensus": consensus.tolist()}
        weights = {"weights": _weights(rng, Confidence), "presenceWeights": _weights(rng, PresenceWeights)}
        cases.append(given | {"decoderPresence": [0.98, 0.4, 1.0, 0.0, 0.7, 0.1][index]} | weights)
    return cases


def _weights(rng: np.random.Generator, kind: type) -> dict[str, float]:
    names = kind.__annotations__
    return dict(zip(names, rng.normal(0, 0.5, len(names)).round(2).tolist(), strict=True))


def _told(case: dict) -> dict[str, float]:
    figures = Figures.of(*(np.array(case[name], np.float32) for name in ("logits", "features", "consensus")))
    presence = PresenceWeights(**case["presenceWeights"]).of(case["decoderPresence"], figures)
    return {"confidence": Confidence(**case["weights"]).of(figures), "presence": presence}


def test_the_engine_is_held_against_what_is_done_here() -> None:
    cases = json.loads(VECTORS.read_text())
    for name in ("confidence", "presence"):
        told = [case[name] for case in cases]
        assert len(cases) >= 6 and max(told) - min(told) > 0.2
        for case in cases:
            assert _told(case)[name] == pytest.approx(case[name], abs=1e-8)


if __name__ == "__main__":
    lines = [json.dumps(case | _told(case), separators=(",", ":")) for case in _cases()]
    VECTORS.write_text("[\n" + ",\n".join(lines) + "\n]\n")
