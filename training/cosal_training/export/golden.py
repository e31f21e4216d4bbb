"""What PyTorch makes of a small group: the numbers that every other runtime must reach."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..network.gam import consensus_of, mean_weights
from .interface import Interface


def golden_images(size: int, count: int = 2) -> np.ndarray:
    """Smooth pictures of one ellipse each on a gradient, uint8 (count, size, size, 3), from arithmetic alone."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float64) / size
    pictures = []
    for k in range(count):
        ground = np.stack([40 + 60 * x, 90 + 40 * y + 10 * k, 150 - 50 * x * y], -1)
        inside = ((x - 0.35 - 0.2 * k) / 0.22) ** 2 + ((y - 0.5) / 0.3) ** 2 < 1
        thing = np.stack([220 - 60 * y, 120 + 60 * np.sin(12 * x) ** 2, 40 + 0 * x], -1)
        pictures.append(np.where(inside[..., None], thing, ground))
    return np.round(np.stack(pictures)).astype(np.uint8)


def network_pixels(pictures: np.ndarray, interface: Interface) -> np.ndarray:
    """Pictures (N, S, S, 3), uint8 -> the network's input (N, 3, S, S), float32."""
    mean, std = np.array(interface.mean), np.array(interface.std)
    return ((pictures / 255 - mean) / std).transpose(0, 3, 1, 2).astype(np.float32)


def write_golden(network: nn.Module, interface: Interface, output: Path) -> None:
    """Write `golden.json` (names, types, shapes, offsets) and `golden.bin` (little endian)."""
    pictures = golden_images(interface.size)
    found = _segment(network, interface, torch.from_numpy(network_pixels(pictures, interface)))
    names = ("keys", "consensus0", "consensus", "logits", "presence")
    tensors = {"picture": pictures, **{name: found[name].numpy() for name in names}}
    index, blob = {}, b""
    for name, values in tensors.items():
        kind = "uint8" if values.dtype == np.uint8 else "float32"
        index[name] = {"type": kind, "shape": list(values.shape), "offset": len(blob)}
        blob += np.ascontiguousarray(values, f"<{np.dtype(kind).str[1:]}").tobytes()
    (output / "golden.json").write_text(json.dumps({"group": len(pictures), "tensors": index}, indent=2) + "\n")
    (output / "golden.bin").write_bytes(blob)


@torch.no_grad()
def _segment(network: nn.Module, interface: Interface, image: Tensor) -> dict[str, Tensor]:
    """A whole group through the functions that the graphs are made of."""
    graphs = interface.graphs
    tensors = {"image": image, "weights": mean_weights(len(image), exclude_self=interface.exclude_self)}
    tensors |= graphs["encoder"].call(network, tensors)
    summary = graphs["affinity"].call(network, tensors)
    tensors["consensus0"] = tensors["consensus"] = consensus_of((summary["sums"], summary["mass"]))
    for _ in range(interface.refinements):
        summary = graphs["refine"].call(network, tensors)
        tensors["consensus"] = consensus_of((summary["sums"], summary["mass"]))
    return tensors | graphs["decoder"].call(network, tensors)
