"""A shipped model as the start of a training: its graphs' weights back into a network.

Graphs hold batch normalisations folded into their convolutions. Unfolding is exact for evaluation: a convolution
takes the folded weights, and its normalisation undoes itself with the statistics that training pictures have there.
In training mode, where batches bring statistics of their own, the network then starts close to what was shipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from .export.deployed import foldable
from .fit_encoder import fit_encoder
from .network import CosalLite, LiteConfig
from .normalisation import measure, neutralise

PREFIX = "network."
HALF = "_half"
CONSTANT = "constant"
LATER = ("gam.kept",)
"""Parameters that older models lack: a network begins with values that change nothing."""

MEASURED = 12
"""Groups of pictures for statistics."""


class WarmStartError(ValueError):
    """A model folder does not fit the network."""


def warm_start(network: CosalLite, folder: Path, pictures: Iterable[Tensor]) -> None:
    """Give `network` the weights of the graphs in `folder`. Without GAM, its constant is the groups' mean consensus.

    A cosal-base begins with a cosal-lite's heads too: its own encoder is then fitted to them (`fit_encoder`).
    pictures: training pictures (N, 3, S, S), a whole group each, to measure statistics on, for which the first twelve
    groups are taken, and to fit an encoder on. Raises WarmStartError when the folder's weights are not those of such
    a network.
    """
    weights = read_weights(folder)
    if network.config.encoder != LiteConfig.encoder and _has_another_encoder(network, weights):
        trained = CosalLite(replace(network.config, encoder=LiteConfig.encoder))
        _take_over(trained, weights, folder)
        pictures = list(pictures)
        norms = fit_encoder(network, trained, pictures)
    else:
        norms = _take_over(network, weights, folder)
    pictures = list(islice(pictures, MEASURED))
    if not pictures:
        raise WarmStartError("there are no pictures to measure statistics on")
    if not network.config.gam:
        _constant(network, pictures)
    measure(network, norms, pictures)


def _has_another_encoder(network: CosalLite, weights: dict[str, Tensor]) -> bool:
    projection = weights.get("encoder.from32.0.weight")
    return projection is not None and projection.shape != network.encoder.from32[0].weight.shape


def _take_over(network: CosalLite, weights: dict[str, Tensor], folder: Path) -> list[nn.BatchNorm2d]:
    """All weights into a network of their kind. Returns its normalisations, which do nothing but add."""
    pairs = {bn: (name, convolution) for name, convolution, bn in foldable(network)}
    folded = {f"{name}.bias" for name, _ in pairs.values()}
    own = dict(network.named_parameters())
    normalised = {id(p) for bn in pairs for p in bn.parameters()}
    wanted = [name for name, p in own.items() if id(p) not in normalised and name != CONSTANT]
    wanted = [name for name in wanted if name in weights or name not in LATER]
    wrong = [n for n in wanted if n not in weights or weights[n].shape != own[n].shape]
    if wrong:
        raise WarmStartError(
            f"{folder} is no model of this network: {', '.join(wrong[:5])} missing or of another shape"
        )
    with torch.no_grad():
        for name in wanted:
            own[name].copy_(weights[name])
        for bn, (name, _) in pairs.items():
            neutralise(bn, weights[f"{name}.bias"])
    assert folded <= weights.keys()
    return list(pairs)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Parameters of the graphs of a model folder, by the names that they have in the folded network."""
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.onnx")):
        graph = onnx.load(path).graph
        arrays = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        for name, values in arrays.items():
            if name.startswith(PREFIX):
                found[name.removeprefix(PREFIX).removesuffix(HALF)] = _tensor(values)
        for name, values in _linear_weights(graph, arrays):
            found.setdefault(name, _tensor(values))
    if not found:
        raise WarmStartError(f"{folder} holds no graph with named weights")
    return found


def _linear_weights(graph: onnx.GraphProto, arrays: dict[str, np.ndarray]) -> Iterable[tuple[str, np.ndarray]]:
    """The exporter transposes the weights of linear layers and drops their names; their biases keep them."""
    made_by = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        bias = next((i for i in node.input if i.startswith(PREFIX) and i.endswith(".bias")), None)
        if bias is None or node.op_type not in ("Add", "Gemm"):
            continue
        product = (
            node
            if node.op_type == "Gemm"
            else next((made_by[i] for i in node.input if i in made_by and made_by[i].op_type == "MatMul"), None)
        )
        if product is None:
            continue
        for name in product.input:
            cast = made_by.get(name)
            source = cast.input[0] if cast is not None and cast.op_type == "Cast" else name
            if source in arrays and arrays[source].ndim == 2:
                transposed = product.op_type == "MatMul" or not any(
                    a.name == "transB" and a.i for a in product.attribute
                )
                values = arrays[source]
                yield bias.removeprefix(PREFIX).removesuffix("bias") + "weight", values.T if transposed else values


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(values, np.float32, order="C"))


@torch.no_grad()
def _constant(network: CosalLite, pictures: list[Tensor]) -> None:
    training = network.training
    network.eval()
    found = [network.group_consensus(network.encode(group).features) for group in pictures]
    network.train(training)
    network.constant.copy_(torch.stack(found).mean(0))
