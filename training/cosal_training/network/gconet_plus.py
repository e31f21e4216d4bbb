"""GCoNet+ as published (Zheng et al., TPAMI 45(9), 2023; arXiv 2205.15469), to load and convert its weights.

Layers have the names and shapes of the released checkpoint. Two ways of calculating with them:

* `compat="published"`: the released arithmetic, for published weights: affinity of unnormalised products with
  the image itself among its group, consensus divided by N H W, k of 300 (50 where that overflows),
  upsampling with aligned corners, the encoder frozen, RACM on a mask head of its own.
* the default, to train: affinity as a cosine with the other images, a consensus whose scale depends neither
  on the input's size nor on the group's, one k, half-pixel upsampling, the last encoder stage trained, and
  RACM on the predicted mask, as in the paper's figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .cem import PublishedConfidenceEnhancement
from .gam import PublishedAffinity, Summary, consensus_of, mean_weights
from .protocol import TrainingMaps
from .res_decoder import ResDecoder
from .vgg import VGG16BN

DEAD = ("conv_out1.", "co_x5.conv_output.", "co_x5.conv_transform.", "co_x5.fc_transform.")
"""Layers of the released checkpoint that its code never calls. Accepted and dropped."""

TRAINING_ONLY = ("pred_layer.", "classifier.", "conv_out_mask.")
"""GCM's head, the linear layer of ACM and RACM, the mask head of RACM."""

LAST_STAGE = "conv5."

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, of RGB / 255."""


@dataclass(frozen=True)
class GCoNetPlusConfig:
    compat: Literal["published"] | None = None
    width: int = 64
    """Channels of the encoder's first stage; all others follow."""
    classes: int = 291
    """Of ACM and RACM; 291 groups of DUTS_class."""
    k: float = 50.0
    """Of the CEM, unless published."""
    temperature: float = 10.0
    """Of cosine affinities, unless published."""
    pretrained: bool = True
    """Whether the encoder gets weights to begin with: then only its last stage is trained, and none if published.
    Otherwise all of it is, with batch statistics of its own."""


@dataclass
class PyramidEncoded:
    """Images after the encoder: features (N, 8w, S/16, S/16); laterals at strides 8, 4, 2, 1 (4w, 2w, w, w/2)."""

    features: Tensor
    laterals: tuple[Tensor, Tensor, Tensor, Tensor]

    def select(self, index: Tensor | slice) -> PyramidEncoded:
        a, b, c, d = self.laterals
        return PyramidEncoded(self.features[index], (a[index], b[index], c[index], d[index]))


@dataclass
class PyramidDecoded:
    logits: Tensor
    """CEM output before its sigmoid, (N, 1, S, S)."""
    shrink: Tensor
    """Logits of the CEM's P, the same shape."""
    presence: Tensor
    """0..1, (N): see `presence_of`."""
    roi: Tensor | None
    """Logits of RACM's region of interest, (N, 1, S, S); in training only."""


class CollaborationHead(nn.Module):
    """GCM's head (GCoNet sec. 3.3): features x kernel (N, C, H, W) -> logits (N, 1, H, W). In training only.

    With the own group's consensus they must give the mask, with another's an empty map.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.enlayer = nn.Sequential(nn.Conv2d(channels, hidden, 3, padding=1), nn.ReLU(inplace=True))
        self.predlayer = nn.Sequential(nn.Conv2d(hidden, 1, 1))

    def forward(self, modulated: Tensor) -> Tensor:
        return self.predlayer(self.enlayer(modulated))


class GCoNetPlus(ResDecoder):
    """Encoder, GAM, decoder and CEM; in training also the heads of GCM, ACM and RACM.

    Input: RGB / 255, ImageNet mean and deviation, (N, 3, S, S), S at least 32. A group's consensus is (1, 8w).
    """

    def __init__(self, config: GCoNetPlusConfig | None = None) -> None:
        self.config = config = config or GCoNetPlusConfig()
        self.published = config.compat == "published"
        super().__init__(config.width, align_corners=self.published)
        channels, decoded = 8 * config.width, config.width // 2
        self.bb = VGG16BN(config.width)
        gam = PublishedAffinity(channels, published=self.published, temperature=config.temperature)
        self.co_x5 = nn.ModuleDict({"all_attention": gam})
        self.db_output_decoder = PublishedConfidenceEnhancement(decoded, k=None if self.published else config.k)
        self.pred_layer = CollaborationHead(channels, 2 * config.width)
        self.classifier = nn.Linear(channels, config.classes)
        self.conv_out_mask = nn.Sequential(nn.Conv2d(decoded, 1, 1))
        self.pretrained = config.pretrained
        self.refinements = 0
        for name, parameter in self.bb.named_parameters():
            trained = not self.published and name.startswith(LAST_STAGE)
            parameter.requires_grad = trained or not config.pretrained
        self.register_load_state_dict_pre_hook(_drop_dead_layers)

    @property
    def encoder(self) -> VGG16BN:
        return self.bb

    @property
    def backbone(self) -> VGG16BN:
        return self.bb

    @property
    def fixed_consensus(self) -> None:
        return None

    @property
    def gam(self) -> PublishedAffinity:
        gam = self.co_x5["all_attention"]
        assert isinstance(gam, PublishedAffinity)
        return gam

    def train(self, mode: bool = True) -> GCoNetPlus:
        """In training, too, the statistics of a pretrained encoder stay those of ImageNet, unless published."""
        super().train(mode)
        if self.pretrained and not self.published:
            self.bb.eval()
        return self

    def normalise(self, image: Tensor) -> Tensor:
        """From [-1, 1], as data sets give it, to ImageNet's mean and deviation."""
        mean = image.new_tensor(MEAN).reshape(3, 1, 1)
        std = image.new_tensor(STD).reshape(3, 1, 1)
        return ((image + 1) / 2 - mean) / std

    def encode(self, image: Tensor) -> PyramidEncoded:
        x1, x2, x3, x4, x5 = self.bb(image)
        return PyramidEncoded(x5, self.laterals(x1, x2, x3, x4))

    def mean_weights(self, images: int, device: torch.device | None = None) -> Tensor:
        """Rows of the affinity, (N, N): released, an image counts for itself; otherwise only the others do."""
        return mean_weights(images, device, exclude_self=not self.published)

    def affinity_summary(self, features: Tensor, keys: Tensor, weights: Tensor) -> Summary:
        return self.gam.pool(features, self.gam.region(features, keys, weights))

    def consensus(self, features: Tensor) -> Tensor:
        """The consensus (1, C) of one group's features (N, C, H, W)."""
        weights = self.mean_weights(len(features), features.device)
        return consensus_of(self.affinity_summary(features, self.gam.keys(features), weights))

    def decode(self, encoded: PyramidEncoded, consensus: Tensor) -> PyramidDecoded:
        """consensus (1, C) for all images, or (N, 1, C)."""
        decoded = self.pyramid(encoded.features * self.gam.kernel(consensus), encoded.laterals)
        logits, shrink = self.db_output_decoder(decoded)
        roi = None
        if self.training:
            roi = self.conv_out_mask(decoded) if self.published else logits
        return PyramidDecoded(logits, shrink, presence_of(logits), roi)

    def collaborate(self, features: Tensor, consensus: Tensor) -> Tensor:
        """GCM's logits (N, 1, H, W) for features under a consensus, (1, C) or (N, 1, C). In training only."""
        return self.pred_layer(features * self.gam.kernel(consensus))

    coarse = collaborate

    def training_maps(self, encoded: PyramidEncoded, consensus: Tensor, swapped: Tensor) -> TrainingMaps:
        """Foreign consensuses meet the features in GCM's head only, as published; the decoder sees own ones.

        consensus (N + foreign, 1, C): of each image's own group, then for the images `swapped` a foreign one's.
        """
        images = len(encoded.features)
        index = torch.cat([torch.arange(images, device=swapped.device), swapped])
        decoded = self.decode(encoded, consensus[:images])
        roi = decoded.logits if decoded.roi is None else decoded.roi
        return TrainingMaps(
            decoded.logits, decoded.shrink, self.collaborate(encoded.features[index], consensus), roi, None
        )

    def classify(self, features: Tensor) -> Tensor:
        """ACM: class logits (N, classes) of whole images; RACM: of images multiplied by their `roi`."""
        return self.classifier(features.mean((2, 3)))

    @torch.no_grad()
    def segment(self, image: Tensor) -> PyramidDecoded:
        """One whole group (N, 3, S, S) at once."""
        encoded = self.encode(image)
        return self.decode(encoded, self.consensus(encoded.features))


def presence_of(logits: Tensor) -> Tensor:
    """Is the object there? (N) in 0..1. The published network has no such output; this is read off its mask.

    The mask's mean in the 16 x 16 cell that it fills most: a surely masked cell gives 1, a stray pixel 1/256.
    """
    return F.avg_pool2d(logits.sigmoid(), 16).amax((1, 2, 3))


def _drop_dead_layers(_module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    for name in [name for name in state if name.startswith(tuple(prefix + dead for dead in DEAD))]:
        del state[name]
