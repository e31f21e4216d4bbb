"""The exported graphs under onnxruntime, run exactly as the TypeScript engine runs them: image by image."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

Tensors = dict[str, np.ndarray]


@dataclass
class GroupResult:
    keys: np.ndarray
    first_consensus: np.ndarray
    """After affinity, before any refinement."""
    consensus: np.ndarray
    logits: np.ndarray
    presence: np.ndarray


class Graphs:
    """A model folder: `manifest.json` and a session for each of its graphs."""

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        self.manifest = json.loads((folder / "manifest.json").read_text())
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._sessions = {
            name: ort.InferenceSession(str(folder / graph["file"]), options, providers=["CPUExecutionProvider"])
            for name, graph in self.manifest["graphs"].items()
        }

    def run(self, name: str, feeds: Tensors) -> Tensors:
        """Run one graph on the inputs that it names (others are left out)."""
        graph = self.manifest["graphs"][name]
        outputs = list(graph["outputs"])
        values = self._sessions[name].run(outputs, {i: feeds[i] for i in graph["inputs"]})
        return dict(zip(outputs, values, strict=True))

    def segment(self, images: np.ndarray) -> GroupResult:
        """A whole group (N, 3, S, S), normalised, float32."""
        n = len(images)
        encoded = [self.run("encoder", {"image": images[i : i + 1]}) for i in range(n)]
        keys = np.concatenate([e["keys"] for e in encoded])
        weights = self._weights(n)
        first = consensus = _reduce(
            [self.run("affinity", {**e, "keys": keys, "weights": weights[i : i + 1]}) for i, e in enumerate(encoded)]
        )
        for _ in range(self.manifest["refinements"]):
            consensus = _reduce([self.run("refine", {**e, "consensus": consensus}) for e in encoded])
        decoded = [self.run("decoder", {**e, "consensus": consensus}) for e in encoded]
        return GroupResult(
            keys,
            first,
            consensus,
            np.concatenate([d["logits"] for d in decoded]),
            np.concatenate([d["presence"] for d in decoded]),
        )

    def _weights(self, n: int) -> np.ndarray:
        """Row i: how much each image's keys count for image i."""
        if self.manifest["excludeSelf"] and n > 1:
            return ((1 - np.eye(n)) / (n - 1)).astype(np.float32)
        return np.full((n, n), 1 / n, np.float32)


def _reduce(summaries: list[Tensors]) -> np.ndarray:
    mass = np.sum([s["mass"][0] for s in summaries], 0)
    return np.sum([s["sums"][0] for s in summaries], 0) / np.maximum(mass, 1e-6)[:, None]
