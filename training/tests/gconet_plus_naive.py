"""GCoNet+ transcribed formula by formula, without any of the network's code; and random checkpoints for it."""

from __future__ import annotations

from ast import literal_eval
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

State = dict[str, Tensor]

KEYS = Path(__file__).parent / "fixtures" / "gconet_plus_keys.tsv"
STAGES = (
    ("conv1", (0, 3)),
    ("conv2", (7, 10)),
    ("conv3", (14, 17, 20)),
    ("conv4", (24, 27, 30)),
    ("conv5", (34, 37, 40)),
)


def published_shapes(width: int = 64) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor in the published checkpoint, its channels scaled to another width."""
    lines = (line.split("\t") for line in KEYS.read_text().splitlines())
    return {
        name: tuple(d * width // 64 if d >= 32 and d != 291 else d for d in literal_eval(shape))
        for name, shape in lines
    }


def random_checkpoint(width: int = 64, seed: int = 0, *, steep: bool = False) -> State:
    """A checkpoint in the published layout, dead layers and all, whose activations neither vanish nor explode.

    P and T are nearly alike, so that k = 300 gives masks with edges; steep: they are not, and k falls back to 50.
    """
    generator = torch.Generator().manual_seed(seed)

    def tensor(name: str, shape: tuple[int, ...]) -> Tensor:
        noise = torch.randn(shape, generator=generator)
        if name.endswith("num_batches_tracked"):
            return torch.tensor(9)
        if name.endswith("running_var"):
            return 1 + 0.3 * noise.clamp(-2, 2)
        if len(shape) > 1:
            gain = 2 if name.startswith("bb.") or ".conv_out." in name else 0.5
            if steep and name.endswith("6.weight"):
                gain *= 400
            return noise * (gain / noise[0].numel()) ** 0.5
        if name.endswith("weight"):
            return 1 + 0.1 * noise
        if name.startswith("db_output_decoder") and name.endswith("6.bias"):
            return 0.01 * noise + steep * (".thresh." in name)
        return 0.1 * noise

    return {name: tensor(name, shape) for name, shape in published_shapes(width).items()}


def _conv(state: State, name: str, x: Tensor, padding: int = 0) -> Tensor:
    return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], padding=padding)


def _norm(state: State, name: str, x: Tensor) -> Tensor:
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    return F.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"])


def encoder(state: State, image: Tensor) -> list[Tensor]:
    stages, x = [], image
    for index, (stage, layers) in enumerate(STAGES):
        if index:
            x = F.max_pool2d(x, 2)
        for layer in layers:
            x = F.relu(_norm(state, f"bb.{stage}.{layer + 1}", _conv(state, f"bb.{stage}.{layer}", x, 1)))
        stages.append(x)
    return stages


def group_affinity(state: State, x: Tensor) -> Tensor:
    """e (1, C, 1, 1) of the whole group, through the (N H W)^2 products."""
    prefix = "co_x5.all_attention"
    n, c, h, w = x.shape
    query = _conv(state, f"{prefix}.query_transform", x).reshape(n, c, h * w).permute(0, 2, 1).reshape(-1, c)
    key = _conv(state, f"{prefix}.key_transform", x).reshape(n, c, h * w).permute(1, 0, 2).reshape(c, -1)
    best = (query @ key).reshape(n * h * w, n, h * w).max(-1).values
    attention = (best.mean(-1).reshape(n, h * w) * c**-0.5).softmax(-1).reshape(n, 1, h, w)
    return _conv(state, f"{prefix}.conv6", x * attention).mean((0, 2, 3), keepdim=True)


def _block(state: State, name: str, x: Tensor) -> Tensor:
    hidden = F.relu(_norm(state, f"{name}.bn_in", _conv(state, f"{name}.conv_in", x, 1)))
    return _norm(state, f"{name}.bn_out", _conv(state, f"{name}.conv_out", hidden, 1))


def decoder(state: State, stages: list[Tensor], e: Tensor) -> Tensor:
    """F_d."""
    x1, x2, x3, x4, x5 = stages
    p = _block(state, "top_layer", x5 * e)
    for step, lateral in ((5, x4), (4, x3), (3, x2), (2, x1)):
        p = _block(state, f"enlayer{step}", p)
        p = F.interpolate(p, size=lateral.shape[2:], mode="bilinear", align_corners=True)
        p = p + _conv(state, f"latlayer{step}", lateral)
    return _block(state, "enlayer1", p)


def _map(state: State, branch: str, x: Tensor) -> Tensor:
    name = f"db_output_decoder.{branch}"
    for layer in (0, 3):
        x = F.relu(_norm(state, f"{name}.{layer + 1}", _conv(state, f"{name}.{layer}", x, 1)))
    return torch.sigmoid(_conv(state, f"{name}.6", x))


def confidence(state: State, decoded: Tensor) -> Tensor:
    """The released binarisation, exponential, overflow and all, with each image as a batch of its own."""
    return torch.cat([binarise(_map(state, "binarize", d), _map(state, "thresh", d)) for d in decoded.split(1)])


def binarise(p: Tensor, t: Tensor) -> Tensor:
    power = torch.exp(-300 * (p - t))
    if torch.isinf(power).any():
        power = torch.exp(-50 * (p - t))
    return 1 / (1 + power)


def masks(state: State, image: Tensor) -> Tensor:
    """B (N, 1, S, S) of one whole group."""
    stages = encoder(state, image)
    return confidence(state, decoder(state, stages, group_affinity(state, stages[-1])))


def collaboration(state: State, features: Tensor, e: Tensor) -> Tensor:
    hidden = F.relu(_conv(state, "pred_layer.enlayer.0", features * e, 1))
    return _conv(state, "pred_layer.predlayer.0", hidden)


def classes(state: State, features: Tensor) -> Tensor:
    return F.linear(features.mean((2, 3)), state["classifier.weight"], state["classifier.bias"])


def masked_classes(state: State, image: Tensor, decoded: Tensor) -> Tensor:
    """RACM: the classifier on the encoder run again on image x mask head."""
    region = torch.sigmoid(_conv(state, "conv_out_mask.0", decoded))
    return classes(state, encoder(state, image * region)[-1])
