"""A model folder: graphs, `manifest.json`, `golden.json` and `golden.bin`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from torch import nn

from ..network import CosalLite, GCoNetPlus
from .cosal_lite import cosal_lite_interface
from .deployed import deployed
from .gconet_plus import gconet_plus_interface
from .golden import write_golden
from .graph import write_graph
from .interface import Interface, Shape

SCHEMA = 1


def interface_of(network: nn.Module, size: int) -> Interface:
    """The graphs and tensors of a network at an input of `size` x `size` pixels."""
    if isinstance(network, CosalLite):
        return cosal_lite_interface(network, size)
    if isinstance(network, GCoNetPlus):
        return gconet_plus_interface(network, size)
    raise TypeError(f"Expected CosalLite or GCoNetPlus for network but received {type(network).__name__}")


def export(
    network: nn.Module,
    output: Path | None = None,
    *,
    name: str | None = None,
    size: int = 256,
    version: str = "0.1.0",
    licence: str = "MIT",
    half: bool = True,
    details: dict | None = None,
) -> Path:
    """Write the graphs, the manifest and golden tensors into `output`, or `models/NAME`. Returns that folder.

    name: that of the network, unless given. size: side of the network's input in pixels. half: store large
    weights as float16. details: what the manifest says of training data and metrics.
    """
    interface = interface_of(network, size)
    output = output or Path("models") / (name or interface.name)
    output.mkdir(parents=True, exist_ok=True)
    network = deployed(network, half=half)
    graphs = {}
    for graph, signature in interface.graphs.items():
        path = output / f"{graph}.onnx"
        write_graph(network, signature, interface.shapes, path, half=half)
        graphs[graph] = {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "inputs": {i: interface.shapes[i] for i in signature.inputs},
            "outputs": {o: _output(interface.shapes[o]) for o in signature.outputs},
        }
    manifest = {
        "schema": SCHEMA,
        "name": name or interface.name,
        "version": version,
        "licence": licence,
        "input": {"width": size, "height": size, "mean": list(interface.mean), "std": list(interface.std)},
        "consensus": {"shape": interface.shapes["consensus"]},
        "refinements": interface.refinements,
        "excludeSelf": interface.exclude_self,
        **({} if interface.likeness is None else {"likeness": interface.likeness}),
        "graphs": graphs,
        **(details or {}),
    }
    (output / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    write_golden(network, interface, output)
    return output


def _output(shape: Shape) -> Shape:
    """The encoder gives the keys of its batch, of which the affinity takes those of the group."""
    return ["batch" if axis == "group" else axis for axis in shape]
