"""A tiny data folder in the layout of the real one: coloured shapes on noise."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

torch.set_num_threads(1)

CLASSES = {"disc": "round", "square": "corner", "bar": "corner", "ring": "round", "cross": "plus"}


def _shape(name: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    image = rng.integers(90, 160, (72, 96, 3)).astype(np.uint8)
    mask = np.zeros((72, 96), np.uint8)
    x, y = int(rng.integers(30, 66)), int(rng.integers(26, 46))
    if name == "disc":
        cv2.circle(mask, (x, y), 16, 255, -1)
    elif name == "ring":
        cv2.circle(mask, (x, y), 16, 255, 6)
    elif name == "square":
        cv2.rectangle(mask, (x - 14, y - 14), (x + 14, y + 14), 255, -1)
    elif name == "bar":
        cv2.rectangle(mask, (x - 24, y - 6), (x + 24, y + 6), 255, -1)
    else:
        cv2.line(mask, (x - 15, y), (x + 15, y), 255, 7)
        cv2.line(mask, (x, y - 15), (x, y + 15), 255, 7)
    colour = {"disc": (220, 30, 30), "square": (30, 220, 30), "bar": (30, 30, 220), "ring": (220, 220, 20)}
    image[mask > 0] = colour.get(name, (200, 40, 200))
    return image, mask


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`index.jsonl`, `concepts.json`, groups, singles, backgrounds and a validation group."""
    root = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(0)
    lines = []

    def add(path: str, image: np.ndarray, mask: np.ndarray | None, group: str | None, kind: str | None) -> None:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), image[..., ::-1])
        if mask is not None:
            cv2.imwrite(str(target.with_suffix(".png")), mask)
        lines.append(json.dumps({"path": path, "group": group, "source": "test", "mask": kind, "unsure": 0.1}))

    for name in CLASSES:
        for index in range(6):
            image, mask = _shape(name, rng)
            add(f"groups/{name}/{index}.jpg", image, mask, name, "human" if index < 3 else "model")
    for index in range(3):
        image, mask = _shape("disc", rng)
        add(f"singles/{index}.jpg", image, mask, None, "human")
        add(f"backgrounds/{index}.jpg", rng.integers(0, 255, (64, 80, 3)).astype(np.uint8), None, None, None)
        add(f"val/disc/{index}.jpg", image, mask, "disc", "human")
    (root / "index.jsonl").write_text("\n".join(lines) + "\n")
    concepts = {name: {"concept": name, "family": [family], "also": []} for name, family in CLASSES.items()}
    (root / "concepts.json").write_text(json.dumps(concepts))
    return root
