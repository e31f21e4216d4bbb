"""Consensus to masks: modulation of features by the consensus, the coarse head, and the decoder."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import ConvBN, cosine_maps, upsample_to


class Modulation(nn.Module):
    """Features x consensus (depth-wise correlation, GCoNet sec. 3.3) and cosine maps with its prototypes.

    features (N, C, H, W), consensus (N, 2K, C) or (2K, C) -> (N, C + 2K, H, W).
    """

    def __init__(self, channels: int, prototypes: int) -> None:
        super().__init__()
        self.kernel = nn.Linear(prototypes * channels, channels)
        self.scale = nn.Parameter(torch.full((1, prototypes, 1, 1), 5.0))
        self.outputs = channels + prototypes

    def forward(self, features: Tensor, consensus: Tensor) -> Tensor:
        kernel = self.kernel(F.normalize(consensus, dim=-1, eps=1e-4).flatten(-2))
        modulated = features * kernel.reshape(-1, kernel.shape[-1], 1, 1)
        return torch.cat([modulated, cosine_maps(features, consensus) * self.scale], 1)


class CoarseHead(nn.Module):
    """Where is the consensus' object, on the feature grid? Logits (N, 1, H, W).

    No batch normalisation: the head runs once per refinement and with foreign consensuses, and each of
    these passes would have statistics of its own.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, 1, 1),
        )

    def forward(self, modulated: Tensor) -> Tensor:
        return self.layers(modulated)


class Decoder(nn.Module):
    """Modulated features, coarse logits and laterals -> CEM logits at half the input size, and presence."""

    def __init__(self, inputs: int, widths: tuple[int, int, int], cem: Callable[[int], nn.Module]) -> None:
        """cem: makes the head, from its number of input channels."""
        super().__init__()
        w16, w8, w4 = widths
        self.at16 = nn.Sequential(ConvBN(inputs + 1, w16), ConvBN(w16, w8, activation=False))
        self.at8 = nn.Sequential(nn.ReLU(), ConvBN(w8, w8), ConvBN(w8, w4, activation=False))
        self.at4 = nn.Sequential(nn.ReLU(), ConvBN(w4, w4))
        self.cem = cem(w4)
        self.presence = nn.Linear(2 + w8, 1)

    def forward(
        self, modulated: Tensor, coarse: Tensor, lateral8: Tensor, lateral4: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns CEM logits (N, 1, S/2, S/2), logits of P (the same shape), presence logits (N)."""
        y16 = self.at16(torch.cat([modulated, coarse], 1))
        y8 = self.at8(upsample_to(y16, lateral8) + lateral8)
        y4 = self.at4(upsample_to(y8, lateral4) + lateral4)
        logits, shrink = self.cem(y4)
        evidence = torch.cat([coarse.amax((2, 3)), coarse.mean((2, 3)), F.relu(y16).mean((2, 3))], 1)
        return logits, shrink, self.presence(evidence).squeeze(1)
