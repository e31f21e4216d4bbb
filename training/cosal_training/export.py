"""Checkpoint -> ONNX graphs, manifest and golden tensors, as `src/engine` reads them.

Five graphs, so that the work on a group streams image by image and a consensus is a value of its own:
`encoder`, `affinity`, `refine`, `seed`, `decoder`. Their batch axes are dynamic. Only what inference needs is
in them: encoder, GAM, decoder and CEM.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.export import Dim
from torch.nn.utils.fusion import fuse_conv_bn_weights

from .network import CosalLite, Encoded
from .network.gam import consensus_of, mean_weights

SCHEMA = 1
OPSET = 18
HALF_FROM = 256
"""Weights with at least so many elements are stored as float16 and cast to float32 when a session starts."""


class _Graph(nn.Module):
    """A function of the network as a module of its own, so that the exporter sees its parameters."""

    def __init__(self, network: CosalLite, function: Callable[..., object]) -> None:
        super().__init__()
        self.network = network
        self.function = function

    def forward(self, *inputs: Tensor) -> object:
        return self.function(self.network, *inputs)


def _encoder(network: CosalLite, image: Tensor) -> tuple[Tensor, ...]:
    encoded = network.encode(image)
    return encoded.features, network.gam.keys(encoded.features), encoded.lateral8, encoded.lateral4


def _affinity(network: CosalLite, features: Tensor, keys: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    return network.affinity_summary(features, keys, weights)


def _refine(network: CosalLite, features: Tensor, consensus: Tensor) -> tuple[Tensor, Tensor]:
    return network.refine_summary(features, consensus)


def _seed(network: CosalLite, features: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
    return network.gam.pool(features, region)


def _decoder(
    network: CosalLite, features: Tensor, lateral8: Tensor, lateral4: Tensor, consensus: Tensor
) -> tuple[Tensor, Tensor]:
    decoded = network.decode(Encoded(features, lateral8, lateral4), consensus)
    return decoded.logits, decoded.presence.sigmoid()


@dataclass(frozen=True)
class _Signature:
    function: Callable[..., object]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


GRAPHS = {
    "encoder": _Signature(_encoder, ("image",), ("features", "keys", "lateral8", "lateral4")),
    "affinity": _Signature(_affinity, ("features", "keys", "weights"), ("sums", "mass")),
    "refine": _Signature(_refine, ("features", "consensus"), ("sums", "mass")),
    "seed": _Signature(_seed, ("features", "region"), ("sums", "mass")),
    "decoder": _Signature(_decoder, ("features", "lateral8", "lateral4", "consensus"), ("logits", "presence")),
}


def export(
    network: CosalLite, output: Path, *, size: int = 256, version: str = "0.1.0", details: dict | None = None
) -> None:
    """Write the graphs, `manifest.json`, `golden.json` and `golden.bin` into `output`.

    size: side of the network's input in pixels, a multiple of 32. details: what the manifest says of
    training data and metrics.
    """
    output.mkdir(parents=True, exist_ok=True)
    network = deployed(network)
    shapes = _shapes(network, size)
    graphs = {}
    for name, signature in GRAPHS.items():
        path = output / f"{name}.onnx"
        _export_graph(network, signature, shapes, path)
        graphs[name] = {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "inputs": {i: shapes[i] for i in signature.inputs},
            "outputs": {o: shapes[o] for o in signature.outputs},
        }
    manifest = {
        "schema": SCHEMA,
        "name": "cosal-lite",
        "version": version,
        "licence": "MIT",
        "input": {"width": size, "height": size, "mean": [0.5] * 3, "std": [0.5] * 3},
        "consensus": {"shape": shapes["consensus"]},
        "refinements": network.config.refinements,
        "excludeSelf": True,
        "graphs": graphs,
        **(details or {}),
    }
    (output / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    _write_golden(network, output, size)


def deployed(network: CosalLite) -> CosalLite:
    """A copy as it is shipped: batch normalisation folded into the convolutions, large weights rounded to float16."""
    network = deepcopy(network).eval().to(memory_format=torch.contiguous_format)
    for parent in list(network.modules()):
        previous: nn.Module | None = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and isinstance(previous, nn.Conv2d):
                _fold(previous, child)
                setattr(parent, name, getattr(child, "act", nn.Identity()))
            previous = child
    for parameter in network.parameters():
        if parameter.numel() >= HALF_FROM:
            parameter.data = parameter.data.half().float()
    return network


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None and norm.running_var is not None
    weight, bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    convolution.weight, convolution.bias = weight, bias


def _shapes(network: CosalLite, size: int) -> dict[str, list[int | str]]:
    config = network.config
    c, grid, prototypes = config.channels, size // 16, 2 * config.parts
    return {
        "image": ["batch", 3, size, size],
        "features": ["batch", c, grid, grid],
        "keys": ["group", (grid // 2) ** 2, config.keys],
        "lateral8": ["batch", config.lateral8, size // 8, size // 8],
        "lateral4": ["batch", config.lateral4, size // 4, size // 4],
        "weights": ["batch", "group"],
        "region": ["batch", 1, grid, grid],
        "consensus": [prototypes, c],
        "sums": ["batch", prototypes, c],
        "mass": ["batch", prototypes],
        "logits": ["batch", 1, size // 2, size // 2],
        "presence": ["batch"],
    }


def _export_graph(network: CosalLite, signature: _Signature, shapes: dict[str, list[int | str]], path: Path) -> None:
    example = {"batch": 2, "group": 3}
    dims = {"batch": Dim("batch", min=1, max=64), "group": Dim("group", min=1, max=256)}
    inputs = tuple(torch.rand([example[s] if isinstance(s, str) else s for s in shapes[i]]) for i in signature.inputs)
    dynamic = tuple(
        {axis: dims[s] for axis, s in enumerate(shapes[i]) if isinstance(s, str)} for i in signature.inputs
    )
    module = _Graph(network, signature.function).eval()
    program = torch.onnx.export(
        module,
        inputs,
        dynamo=True,
        input_names=list(signature.inputs),
        output_names=list(signature.outputs),
        dynamic_shapes=(dynamic,),
        opset_version=OPSET,
        verbose=False,
    )
    assert program is not None
    program.optimize()
    model = program.model_proto
    _store_half(model)
    del model.metadata_props[:]
    model.graph.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _store_half(model: onnx.ModelProto) -> None:
    """Large float32 weights become float16 initialisers with a Cast in front of their users."""
    casts = []
    for initializer in model.graph.initializer:
        if initializer.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(initializer)
        if values.size < HALF_FROM:
            continue
        name = initializer.name
        initializer.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_half"))
        casts.append(helper.make_node("Cast", [name + "_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


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


def _write_golden(network: CosalLite, output: Path, size: int) -> None:
    """What PyTorch makes of `golden_images`: the numbers that every other runtime must reach."""
    pictures = golden_images(size)
    image = torch.from_numpy(pictures.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
    with torch.no_grad():
        encoded = network.encode(image)
        keys = network.gam.keys(encoded.features)
        first = _first_consensus(network, encoded.features)
        consensus = network.consensus(encoded.features)
        decoded = network.decode(encoded, consensus)
    tensors = {
        "picture": pictures,
        "keys": keys.numpy(),
        "consensus0": first.numpy(),
        "consensus": consensus.numpy(),
        "logits": decoded.logits.numpy(),
        "presence": decoded.presence.sigmoid().numpy(),
    }
    index, blob = {}, b""
    for name, values in tensors.items():
        kind = "uint8" if values.dtype == np.uint8 else "float32"
        index[name] = {"type": kind, "shape": list(values.shape), "offset": len(blob)}
        blob += np.ascontiguousarray(values, kind).tobytes()
    (output / "golden.json").write_text(json.dumps({"group": len(pictures), "tensors": index}, indent=2) + "\n")
    (output / "golden.bin").write_bytes(blob)


def _first_consensus(network: CosalLite, features: Tensor) -> Tensor:
    return consensus_of(network.affinity_summary(features, network.gam.keys(features), mean_weights(len(features))))
