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
        encoded = self.encode(images)
        first, consensus = self.consensus(encoded)
        logits, presence = self.decode(encoded, consensus)
        return GroupResult(np.concatenate([e["keys"] for e in encoded]), first, consensus, logits, presence)

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
        if regions:
            summaries = [self.run("seed", {**encoded[i], "region": region}) for i, region in regions.items()]
        else:
            keys = np.concatenate([e["keys"] for e in encoded])
            weights = self._weights(len(encoded))
            summaries = [
                self.run("affinity", {**e, "keys": keys, "weights": weights[i : i + 1]})
                for i, e in enumerate(encoded)
            ]
        first = consensus = _reduce(summaries)
        for _ in range(self.manifest["refinements"]):
            consensus = _reduce([self.run("refine", {**e, "consensus": consensus}) for e in encoded])
        return first, consensus

    def decode(self, encoded: list[Tensors], consensus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (N, 1, h, w) and presence (N) in 0..1 of images that may have had no part in the consensus."""
        decoded = [self.run("decoder", {**e, "consensus": consensus}) for e in encoded]
        return np.concatenate([d["logits"] for d in decoded]), np.concatenate([d["presence"] for d in decoded])

    def _weights(self, n: int) -> np.ndarray:
        """Row i: how much each image's keys count for image i."""
        if self.manifest["excludeSelf"] and n > 1:
            return ((1 - np.eye(n)) / (n - 1)).astype(np.float32)
        return np.full((n, n), 1 / n, np.float32)


def _reduce(summaries: list[Tensors]) -> np.ndarray:
    mass = np.sum([s["mass"][0] for s in summaries], 0)
    return np.sum([s["sums"][0] for s in summaries], 0) / np.maximum(mass, 1e-6)[:, None]
