"""The published decoder (GCoNet+, sec. 3.1): five blocks, bilinear steps, and one 1x1 lateral a step."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import upsample_to


class ResBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation, a ReLU between. No skip despite its name, and no last ReLU."""

    def __init__(self, inputs: int, outputs: int, hidden: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(inputs, hidden, 3, padding=1)
        self.bn_in = nn.BatchNorm2d(hidden)
        self.conv_out = nn.Conv2d(hidden, outputs, 3, padding=1)
        self.bn_out = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn_out(self.conv_out(F.relu(self.bn_in(self.conv_in(x)))))


class ResDecoder(nn.Module):
    """Features x consensus and four laterals -> F_d, features at the size of the input.

    A base class, as these layers stand at the root of the published checkpoint. `width` is that of the
    encoder's first stage (published: 64). align_corners: of all upsampling; published: True.
    """

    def __init__(self, width: int, *, align_corners: bool) -> None:
        super().__init__()
        w = width
        self.align_corners = align_corners
        self.top_layer = ResBlock(8 * w, 4 * w, w)
        self.enlayer5 = ResBlock(4 * w, 4 * w, w)
        self.latlayer5 = nn.Conv2d(8 * w, 4 * w, 1)
        self.enlayer4 = ResBlock(4 * w, 2 * w, w)
        self.latlayer4 = nn.Conv2d(4 * w, 2 * w, 1)
        self.enlayer3 = ResBlock(2 * w, w, w)
        self.latlayer3 = nn.Conv2d(2 * w, w, 1)
        self.enlayer2 = ResBlock(w, w // 2, w)
        self.latlayer2 = nn.Conv2d(w, w // 2, 1)
        self.enlayer1 = ResBlock(w // 2, w // 2, w)

    def laterals(self, x1: Tensor, x2: Tensor, x3: Tensor, x4: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Stages at strides 1, 2, 4, 8 -> laterals at strides 8, 4, 2, 1 of 4w, 2w, w, w/2 channels."""
        return self.latlayer5(x4), self.latlayer4(x3), self.latlayer3(x2), self.latlayer2(x1)

    def pyramid(self, modulated: Tensor, laterals: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """modulated (N, 8w, S/16, S/16) and `laterals` -> F_d (N, w/2, S, S)."""
        lateral8, lateral4, lateral2, lateral1 = laterals
        y = self.enlayer5(self.top_layer(modulated))
        y = self.enlayer4(self._up(y, lateral8) + lateral8)
        y = self.enlayer3(self._up(y, lateral4) + lateral4)
        y = self.enlayer2(self._up(y, lateral2) + lateral2)
        return self.enlayer1(self._up(y, lateral1) + lateral1)

    def _up(self, x: Tensor, like: Tensor) -> Tensor:
        return upsample_to(x, like, align_corners=self.align_corners)
