"""Logits whose sigmoid is a probability: scaled by two values in the decoder graph.

One scale for logits above 0 and one for those below, each sought as the temperature of Guo et al. (On calibration of
modern neural networks, ICML 2017): no outline moves, and a mask that is too sure needs no surer surroundings.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .likeness import NOTHING

LOGITS, RAW, SCALED, SCALE = "logits", "uncalibrated_logits", "scaled_logits", "logit_scale"
BOUNDS = (0.02, 5.0)
PIXELS = 4
"""One pixel in so many of each row and column is enough to fit two numbers."""


@dataclass(frozen=True)
class Scales:
    """What logits are multiplied by."""

    inside: float
    """Those from 0 on."""
    outside: float

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        return np.where(logits >= 0, self.inside, self.outside) * logits


def fit_scales(logits: list[np.ndarray], truths: list[np.ndarray], weights: np.ndarray) -> Scales:
    """The scales with the least cross-entropy, each image counted `weights` times.

    logits and truths: per image (h, w), truths in 0..1. Parts that were left out of a mask do not count: their logit
    is a constant, and where one was left out wrongly no scale makes it right.
    """
    x = np.stack([z[::PIXELS, ::PIXELS].ravel() for z in logits]).astype(np.float64)
    y = np.stack([t[::PIXELS, ::PIXELS].ravel() for t in truths]).astype(np.float64)
    w = np.broadcast_to(np.asarray(weights)[:, None], x.shape)
    inside, outside = (_scale(x[side], y[side], w[side]) for side in (x >= 0, (x < 0) & (x != NOTHING)))
    return Scales(inside, outside)


def _scale(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """By bisection in `BOUNDS`."""
    low, high = BOUNDS
    for _ in range(24):
        scale = (low + high) / 2
        # The derivative of the cross-entropy, which rises with the scale.
        if (w * (0.5 + 0.5 * np.tanh(scale * x / 2) - y) * x).sum() > 0:
            high = scale
        else:
            low = scale
    return (low + high) / 2


def rescale(folder: Path, scales: Scales) -> None:
    """Scale a model's logits: in its decoder, its manifest and its golden tensors. Once: an export has no scales."""
    path = folder / "decoder.onnx"
    model = onnx.load(path)
    _scale_output(model.graph, scales)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
    manifest = json.loads((folder / "manifest.json").read_text())
    graph = manifest["graphs"]["decoder"]
    graph["sha256"], graph["bytes"] = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    _rescale_golden(folder, scales)


def _scale_output(graph: onnx.GraphProto, scales: Scales) -> None:
    """A multiplication and a leaky rectifier before the logits."""
    if any(i.name == SCALE for i in graph.initializer):
        raise ValueError("the decoder is calibrated already: export the model again")
    for node in graph.node:
        node.output[:] = [RAW if name == LOGITS else name for name in node.output]
        node.input[:] = [RAW if name == LOGITS else name for name in node.input]
    graph.initializer.append(numpy_helper.from_array(np.float32(scales.inside), SCALE))
    graph.node.append(helper.make_node("Mul", [RAW, SCALE], [SCALED]))
    graph.node.append(helper.make_node("LeakyRelu", [SCALED], [LOGITS], alpha=scales.outside / scales.inside))


def _rescale_golden(folder: Path, scales: Scales) -> None:
    index = json.loads((folder / "golden.json").read_text())["tensors"]["logits"]
    values = bytearray((folder / "golden.bin").read_bytes())
    count = int(np.prod(index["shape"]))
    logits = scales(np.frombuffer(values, np.float32, count, index["offset"]))
    values[index["offset"] : index["offset"] + 4 * count] = logits.astype(np.float32).tobytes()
    (folder / "golden.bin").write_bytes(values)
