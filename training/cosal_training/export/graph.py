"""One function of a network as one ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.export import Dim

from .deployed import HALF_FROM
from .interface import Shape, Signature

OPSET = 18


class _Graph(nn.Module):
    """A function of the network as a module of its own, so that the exporter sees its parameters."""

    def __init__(self, network: nn.Module, function: Callable[..., object]) -> None:
        super().__init__()
        self.network = network
        self.function = function

    def forward(self, *inputs: Tensor) -> object:
        return self.function(self.network, *inputs)


def write_graph(
    network: nn.Module, signature: Signature, shapes: dict[str, Shape], path: Path, *, half: bool
) -> None:
    """Write one graph of a network. half: store large weights as float16, which `deployed` has rounded."""
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
    if half:
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
