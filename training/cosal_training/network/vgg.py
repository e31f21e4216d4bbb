"""The published encoder: the convolutions of torchvision's VGG16-BN, without the last pooling."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

STAGES = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))
"""Convolutions of a stage, and its channels in widths."""


class VGG16BN(nn.Module):
    """Image (N, 3, S, S), ImageNet normalisation -> five maps at strides 1, 2, 4, 8, 16.

    They have 1, 2, 4, 8 and 8 times `width` channels; the published width is 64. Layers carry the numbers that
    they have in torchvision's `features`, as in the published checkpoint: `conv3.14.weight`.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        index, inputs = 0, 3
        for stage, (count, factor) in enumerate(STAGES, 1):
            layers: OrderedDict[str, nn.Module] = OrderedDict()
            if stage > 1:
                layers[str(index)] = nn.MaxPool2d(2)
                index += 1
            for _ in range(count):
                layers[str(index)] = nn.Conv2d(inputs, factor * width, 3, padding=1)
                layers[str(index + 1)] = nn.BatchNorm2d(factor * width)
                layers[str(index + 2)] = nn.ReLU(inplace=True)
                index, inputs = index + 3, factor * width
            self.add_module(f"conv{stage}", nn.Sequential(layers))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        x1 = self.conv1(image)
        x2 = self.conv2(x1)
        x3 = self.conv3(x2)
        x4 = self.conv4(x3)
        return x1, x2, x3, x4, self.conv5(x4)

    def load_torchvision(self, state: dict[str, Tensor]) -> None:
        """Take over the ImageNet weights of torchvision's or timm's `vgg16_bn` (a whole state dict)."""
        stages = {layer: stage for stage, layers in self.named_children() for layer, _ in layers.named_children()}
        features = {name.removeprefix("features."): v for name, v in state.items() if name.startswith("features.")}
        self.load_state_dict({f"{stages[name.split('.')[0]]}.{name}": values for name, values in features.items()})
