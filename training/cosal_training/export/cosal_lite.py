"""cosal-lite's graphs: `encoder`, `affinity`, `refine`, `seed`, `decoder`."""

from __future__ import annotations

from torch import Tensor

from ..network import CosalLite, Encoded
from ..network.outline import at_half_height
from .interface import Interface, Signature


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
    return at_half_height(decoded.logits), decoded.presence.sigmoid()


GRAPHS = {
    "encoder": Signature(_encoder, ("image",), ("features", "keys", "lateral8", "lateral4")),
    "affinity": Signature(_affinity, ("features", "keys", "weights"), ("sums", "mass")),
    "refine": Signature(_refine, ("features", "consensus"), ("sums", "mass")),
    "seed": Signature(_seed, ("features", "region"), ("sums", "mass")),
    "decoder": Signature(_decoder, ("features", "lateral8", "lateral4", "consensus"), ("logits", "presence")),
}


LIKENESS = 0.8
"""On the validation groups anything from .7 to .85 gives the same J to .003."""


def cosal_lite_interface(network: CosalLite, size: int) -> Interface:
    """size: side of the input in pixels, a multiple of 32."""
    config = network.config
    c, grid, prototypes = config.channels, size // 16, 2 * config.parts
    return Interface(
        name=config.name,
        size=size,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        graphs=GRAPHS,
        shapes={
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
        },
        refinements=config.refinements,
        exclude_self=True,
        likeness=LIKENESS if config.gam else None,
    )
