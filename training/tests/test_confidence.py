"""Confidence as the engine must tell it. `python training/tests/test_confidence.py` writes the cases."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cosal_training.confidence import Confidence

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "confidence.json"


def _cases() -> list[dict]:
    rng = np.random.default_rng(4)
    cases = []
    for index in range(6):
        rough = rng.normal(-1, 4, (16, 20)).astype(np.float32)
        logits = (3 * cv2.GaussianBlur(rough, (0, 0), 1.2)).astype(np.float64).round(2)
        features, consensus = rng.normal(0, 1, (6, 4, 5)).round(2), rng.normal(0, 1, (4, 6)).round(2)
        weights = dict(zip(Confidence.__annotations__, rng.normal(0, 0.5, 6).round(2).tolist(), strict=True))
        presence = [0.98, 0.4, 1.0, 0.0, 0.7, 0.1][index]
        given = {"logits": logits.tolist(), "features": features.tolist(), "consensus": consensus.tolist()}
        cases.append(given | {"presence": presence, "weights": weights})
    return cases


def _confidence(case: dict) -> float:
    logits, features, consensus = (np.array(case[name], np.float32) for name in ("logits", "features", "consensus"))
    return Confidence(**case["weights"]).of(logits, features, consensus, case["presence"])


def test_the_engine_is_held_against_what_is_done_here() -> None:
    cases = json.loads(VECTORS.read_text())
    told = [case["confidence"] for case in cases]
    assert len(cases) >= 6 and max(told) - min(told) > 0.2
    for case in cases:
        assert _confidence(case) == pytest.approx(case["confidence"], abs=1e-8)


if __name__ == "__main__":
    lines = [json.dumps(case | {"confidence": _confidence(case)}, separators=(",", ":")) for case in _cases()]
    VECTORS.write_text("[\n" + ",\n".join(lines) + "\n]\n")
