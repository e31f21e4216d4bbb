"""Logits whose sigmoid is a probability: scaled by a value in the decoder graph.

Guo et al., On calibration of modern neural networks (ICML 2017).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

LOGITS, RAW, SCALE = "logits", "uncalibrated_logits", "logit_scale"
BOUNDS = (0.02, 5.0)
PIXELS = 4
"""One pixel in so many of each row and column is enough to fit one number."""


def fit_scale(logits: list[np.ndarray], truths: list[np.ndarray], weights: np.ndarray) -> float:
    """The scale with the least cross-entropy, each image counted `weights` times: temperature scaling.

    logits and truths: per image (h, w), truths in 0..1. Sought in `BOUNDS` by bisection.
    """
    x = np.stack([z[::PIXELS, ::PIXELS].ravel() for z in logits]).astype(np.float64)
    y = np.stack([t[::PIXELS, ::PIXELS].ravel() for t in truths]).astype(np.float64)
    w = np.asarray(weights)[:, None] / x.shape[1]
    low, high = BOUNDS
    for _ in range(24):
        scale = (low + high) / 2
        # The derivative, which rises with the scale.
        if (w * (0.5 + 0.5 * np.tanh(scale * x / 2) - y) * x).sum() > 0:
            high = scale
        else:
            low = scale
    return (low + high) / 2


def rescale(folder: Path, scale: float) -> None:
    """Multiply a model's logits by `scale`: in its decoder, its manifest and its golden tensors."""
    path = folder / "decoder.onnx"
    model = onnx.load(path)
    _scale_output(model.graph, scale)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
    manifest = json.loads((folder / "manifest.json").read_text())
    graph = manifest["graphs"]["decoder"]
    graph["sha256"], graph["bytes"] = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    _rescale_golden(folder, scale)


def _scale_output(graph: onnx.GraphProto, scale: float) -> None:
    """One multiplication more before the logits, or another factor in that which is there."""
    found = next((i for i in graph.initializer if i.name == SCALE), None)
    if found is not None:
        found.CopyFrom(numpy_helper.from_array(np.float32(numpy_helper.to_array(found) * scale), SCALE))
        return
    for node in graph.node:
        node.output[:] = [RAW if name == LOGITS else name for name in node.output]
        node.input[:] = [RAW if name == LOGITS else name for name in node.input]
    graph.initializer.append(numpy_helper.from_array(np.float32(scale), SCALE))
    graph.node.append(helper.make_node("Mul", [RAW, SCALE], [LOGITS]))


def _rescale_golden(folder: Path, scale: float) -> None:
    index = json.loads((folder / "golden.json").read_text())["tensors"]["logits"]
    values = bytearray((folder / "golden.bin").read_bytes())
    count = int(np.prod(index["shape"]))
    logits = np.frombuffer(values, np.float32, count, index["offset"]) * np.float32(scale)
    values[index["offset"] : index["offset"] + 4 * count] = logits.astype(np.float32).tobytes()
    (folder / "golden.bin").write_bytes(values)
