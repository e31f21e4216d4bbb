"""GCoNet+'s graphs: `encoder`, `affinity`, `decoder`. There is no refinement, and no seed.

The encoder graph ends behind the laterals' 1x1 convolutions, which halves what is kept of an image (17 MB at 256).
The consensus is the mean of attended features; the GAM's last convolution runs on it inside the decoder graph.
"""

from __future__ import annotations

from torch import Tensor

from ..network import GCoNetPlus
from ..network.gconet_plus import PyramidEncoded
from .interface import Interface, Signature

LATERALS = ("lateral8", "lateral4", "lateral2", "lateral1")


def _encoder(network: GCoNetPlus, image: Tensor) -> tuple[Tensor, ...]:
    encoded = network.encode(image)
    return encoded.features, network.gam.keys(encoded.features), *encoded.laterals


def _affinity(network: GCoNetPlus, features: Tensor, keys: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    return network.affinity_summary(features, keys, weights)


def _decoder(
    network: GCoNetPlus,
    features: Tensor,
    lateral8: Tensor,
    lateral4: Tensor,
    lateral2: Tensor,
    lateral1: Tensor,
    consensus: Tensor,
) -> tuple[Tensor, Tensor]:
    decoded = network.decode(PyramidEncoded(features, (lateral8, lateral4, lateral2, lateral1)), consensus)
    return decoded.logits, decoded.presence


GRAPHS = {
    "encoder": Signature(_encoder, ("image",), ("features", "keys", *LATERALS)),
    "affinity": Signature(_affinity, ("features", "keys", "weights"), ("sums", "mass")),
    "decoder": Signature(_decoder, ("features", *LATERALS, "consensus"), ("logits", "presence")),
}


def gconet_plus_interface(network: GCoNetPlus, size: int) -> Interface:
    """size: side of the input in pixels, a multiple of 16 from 32."""
    if size < 32 or size % 16:
        raise ValueError(f"Expected a multiple of 16, at least 32, for size but received {size}")
    w, grid = network.config.width, size // 16
    return Interface(
        name="gconet-plus",
        size=size,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        graphs=GRAPHS,
        shapes={
            "image": ["batch", 3, size, size],
            "features": ["batch", 8 * w, grid, grid],
            "keys": ["group", grid * grid, 8 * w],
            "lateral8": ["batch", 4 * w, size // 8, size // 8],
            "lateral4": ["batch", 2 * w, size // 4, size // 4],
            "lateral2": ["batch", w, size // 2, size // 2],
            "lateral1": ["batch", w // 2, size, size],
            "weights": ["batch", "group"],
            "consensus": [1, 8 * w],
            "sums": ["batch", 1, 8 * w],
            "mass": ["batch", 1],
            "logits": ["batch", 1, size, size],
            "presence": ["batch"],
        },
        refinements=0,
        exclude_self=not network.published,
    )
