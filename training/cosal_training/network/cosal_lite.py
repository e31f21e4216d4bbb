"""cosal-lite: GCoNet+ on EfficientNet-Lite0, small enough for a Worker; on EfficientNet-Lite2 it is cosal-base."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from .cem import ConfidenceEnhancement, PlainHead
from .decoder import CoarseHead, Decoder, Modulation
from .encoder import EncoderName, LiteEncoder
from .gam import GroupAffinity, Summary, consensus_of, mean_weights
from .protocol import TrainingMaps


@dataclass(frozen=True)
class LiteConfig:
    encoder: EncoderName = "efficientnet_lite0"
    """efficientnet_lite2 makes it cosal-base."""
    channels: int = 128
    keys: int = 64
    parts: int = 4
    lateral8: int = 64
    lateral4: int = 32
    width16: int = 80
    coarse_width: int = 48
    cem_width: int = 16
    k: float = 20.0
    refinements: int = 2
    frozen: int = 2
    """Stages of the backbone that keep their ImageNet weights; 3 saves a tenth of a step's time."""
    gam: bool = True
    """False, to compare with: no image sees another; a learned constant takes the consensus' place."""
    cem: bool = True
    """False, to compare with: a plain head in place of the CEM's two branches."""

    @property
    def name(self) -> str:
        return {"efficientnet_lite0": "cosal-lite", "efficientnet_lite2": "cosal-base"}[self.encoder]


@dataclass
class Encoded:
    """One or more images after the encoder. features (N, C, S/16, S/16), laterals at strides 8 and 4."""

    features: Tensor
    lateral8: Tensor
    lateral4: Tensor

    def select(self, index: Tensor | slice) -> Encoded:
        return Encoded(self.features[index], self.lateral8[index], self.lateral4[index])


@dataclass
class Decoded:
    logits: Tensor
    """CEM output before its sigmoid, (N, 1, S/2, S/2)."""
    shrink: Tensor
    """Logits of the CEM's P, the same shape."""
    coarse: Tensor
    """Coarse logits on the feature grid, (N, 1, S/16, S/16)."""
    presence: Tensor
    """Logits (N): is the object there at all?"""


class CosalLite(nn.Module):
    """Encoder, GAM, decoder and CEM. A group's consensus is (2 parts, channels); decoding one image needs
    that consensus and nothing else of the group."""

    def __init__(self, config: LiteConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or LiteConfig()
        self.encoder = LiteEncoder(config.channels, config.lateral8, config.lateral4, config.frozen, config.encoder)
        self.gam = GroupAffinity(config.channels, config.keys, config.parts)
        self.modulation = Modulation(config.channels, 2 * config.parts)
        self.coarse_head = CoarseHead(self.modulation.outputs, config.coarse_width)
        widths = (config.width16, config.lateral8, config.lateral4)
        head = ConfidenceEnhancement if config.cem else PlainHead
        cem = partial(head, width=config.cem_width, scale=2, k=config.k)
        self.decoder = Decoder(self.modulation.outputs, widths, cem)
        if not config.gam:
            self.constant = nn.Parameter(torch.randn(2 * config.parts, config.channels))
        self.pretrained = True
        self.refinements = config.refinements

    @property
    def backbone(self) -> nn.Module:
        return self.encoder.backbone

    @property
    def fixed_consensus(self) -> Tensor | None:
        return None if self.config.gam else self.constant

    def normalise(self, image: Tensor) -> Tensor:
        """Data sets give [-1, 1], which is what the encoder takes."""
        return image

    def mean_weights(self, images: int, device: torch.device | None = None) -> Tensor:
        """Rows of the affinity, (N, N): only the other images count."""
        return mean_weights(images, device)

    def encode(self, image: Tensor) -> Encoded:
        return Encoded(*self.encoder(image))

    def affinity_summary(self, features: Tensor, keys: Tensor, weights: Tensor) -> Summary:
        return self.gam.pool(features, self.gam.region(features, keys, weights))

    def coarse(self, features: Tensor, consensus: Tensor) -> Tensor:
        return self.coarse_head(self.modulation(features, consensus))

    def refine_summary(self, features: Tensor, consensus: Tensor) -> Summary:
        return self.gam.refined(features, self.coarse(features, consensus).sigmoid(), consensus)

    def consensus(self, features: Tensor) -> Tensor:
        """The consensus (2K, C) of one group, or without GAM the constant in its place."""
        return self.group_consensus(features) if self.config.gam else self.constant

    def group_consensus(self, features: Tensor) -> Tensor:
        """What the images share, (2K, C): affinity first, then as often as configured the coarse regions."""
        consensus = consensus_of(
            self.affinity_summary(
                features, self.gam.keys(features), self.mean_weights(len(features), features.device)
            )
        )
        for _ in range(self.config.refinements):
            consensus = consensus_of(self.refine_summary(features, consensus))
        return consensus

    def decode(self, encoded: Encoded, consensus: Tensor) -> Decoded:
        """consensus (2K, C) for all images, or (N, 2K, C)."""
        modulated = self.modulation(encoded.features, consensus)
        coarse = self.coarse_head(modulated)
        logits, shrink, presence = self.decoder(modulated, coarse, encoded.lateral8, encoded.lateral4)
        return Decoded(logits, shrink, coarse, presence)

    def training_maps(self, encoded: Encoded, consensus: Tensor, swapped: Tensor) -> TrainingMaps:
        """Own and foreign decodings share one batch, so that batch normalisation sees both.

        consensus (N + foreign, 2K, C): of each image's own group, then for the images `swapped` a foreign one's.
        """
        if len(swapped) and not self.config.gam:
            raise ValueError("GCM decodes with other groups' consensus: it needs GAM")
        index = torch.cat([torch.arange(len(encoded.features), device=swapped.device), swapped])
        decoded = self.decode(encoded.select(index), consensus)
        return TrainingMaps(decoded.logits, decoded.shrink, decoded.coarse, decoded.logits, decoded.presence)

    @torch.no_grad()
    def segment(self, image: Tensor) -> Decoded:
        """One whole group (N, 3, S, S) at once."""
        encoded = self.encode(image)
        return self.decode(encoded, self.consensus(encoded.features))
