"""The exported graphs under onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path

import onnxruntime as ort

from .confidence import Confidence, PresenceWeights
from .group_model import GroupModel, InputFormat, Tensors


class Graphs(GroupModel):
    """A model folder: `manifest.json` and a session for each of its graphs."""

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        self.manifest = json.loads((folder / "manifest.json").read_text())
        shape = self.manifest["input"]
        self.input = InputFormat(shape["width"], tuple(shape["mean"]), tuple(shape["std"]))
        self.refinements = self.manifest["refinements"]
        self.seeded_refinements = self.manifest.get("seededRefinements")
        self.exclude_self = self.manifest["excludeSelf"]
        self.likeness = self.manifest.get("likeness")
        found = self.manifest.get("confidence")
        self.confidence = None if found is None else Confidence(**found)
        found = self.manifest.get("presenceWeights")
        self.presence_weights = None if found is None else PresenceWeights(**found)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._sessions = {
            name: ort.InferenceSession(str(folder / graph["file"]), options, providers=["CPUExecutionProvider"])
            for name, graph in self.manifest["graphs"].items()
        }

    def run(self, name: str, feeds: Tensors) -> Tensors:
        graph = self.manifest["graphs"][name]
        outputs = list(graph["outputs"])
        values = self._sessions[name].run(outputs, {i: feeds[i] for i in graph["inputs"]})
        return dict(zip(outputs, values, strict=True))
