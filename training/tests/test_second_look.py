"""The second look as the engine must take it. `python training/tests/test_second_look.py` writes the cases."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from cosal_training.second_look import combined, window_around

VECTORS = Path(__file__).parents[2] / "test" / "vectors" / "second-look.json"
MASKS = {
    "in the middle": (slice(3, 5), slice(4, 7)),
    "in a corner": (slice(0, 2), slice(8, 10)),
    "long": (slice(2, 8), slice(1, 2)),
    "nearly everything": (slice(0, 8), slice(0, 9)),
    "nothing": (slice(0, 0), slice(0, 0)),
}
"""In a map of 8 x 10."""


def _cases() -> list[dict]:
    rng = np.random.default_rng(6)
    cases = []
    for name, mask in MASKS.items():
        first = -rng.uniform(1, 4, (8, 10)).round(2)
        first[mask] = rng.uniform(1, 4, first[mask].shape).round(2)
        second = rng.normal(0, 3, (8, 10)).round(2)
        cases.append({"name": name, "first": first.tolist(), "second": second.tolist()})
    return cases


def _found(case: dict) -> dict:
    first, second = (np.array(case[name], np.float32) for name in ("first", "second"))
    window = window_around(first)
    if window is None:
        return {"window": None, "combined": None}
    return {"window": asdict(window), "combined": combined(first, second, window).round(4).tolist()}


def test_the_engine_is_held_against_what_is_done_here() -> None:
    cases = json.loads(VECTORS.read_text())
    assert sum(case["window"] is None for case in cases) == 2
    for case in cases:
        found = _found(case)
        if case["window"] is None:
            assert found["window"] is None
            continue
        assert found["window"] == pytest.approx(case["window"])
        assert np.allclose(found["combined"], case["combined"], atol=2e-3)


if __name__ == "__main__":
    lines = [json.dumps(case | _found(case), separators=(",", ":")) for case in _cases()]
    VECTORS.write_text("[\n" + ",\n".join(lines) + "\n]\n")
