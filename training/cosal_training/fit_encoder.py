"""Another encoder under a trained network's heads, so that a larger network need not begin at ImageNet's weights.

The new encoder's projections are fitted by least squares (ridge) to what the old encoder's projections give on some
pictures; all behind them is taken over as it is. What comes of it is the start of a training.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .export.deployed import foldable
from .network import CosalLite
from .network.blocks import ConvBN, upsample_to
from .normalisation import neutralise

RIDGE = 1e-3
"""As a share of the mean square of each channel."""
NEW = ("backbone", "from16", "from32", "lateral8", "lateral4")


@torch.no_grad()
def fit_encoder(network: CosalLite, trained: CosalLite, pictures: Iterable[Tensor]) -> list[nn.BatchNorm2d]:
    """Give `network` the heads of `trained`, which differs in its encoder alone, and projections that fit them.

    pictures: (N, 3, S, S) each, some 250 in all; with 60 the fit is half as good. `trained` has normalisations that
    do nothing but add (`neutralise`), and so has `network` then, but for its backbone's. Returns those.
    """
    own = tuple(f"encoder.{name}." for name in NEW)
    heads = {name: value for name, value in trained.state_dict().items() if not name.startswith(own)}
    network.load_state_dict(heads, strict=False)
    new, old = network.encoder, trained.encoder
    modes = network.training, trained.training
    network.eval(), trained.eval()
    at16, at8, at4 = _LeastSquares(), _LeastSquares(), _LeastSquares()
    for image in pictures:
        _, x4, x8, x16, x32 = new.backbone(image)
        _, t4, t8, t16, t32 = old.backbone(image)
        wanted = old.from16(t16)
        # Only the projections' sum is used, and a projection can change places with the upsampling behind it.
        at16.add(torch.cat([x16, upsample_to(x32, x16)], 1), wanted + upsample_to(old.from32(t32), wanted))
        at8.add(x8, old.lateral8(t8))
        at4.add(x4, old.lateral4(t4))
    weight, bias = at16.solve()
    split = new.from16[0].in_channels
    _set(new.from16, weight[:, :split], bias)
    _set(new.from32, weight[:, split:], torch.zeros_like(bias))
    _set(new.lateral8, *at8.solve())
    _set(new.lateral4, *at4.solve())
    network.train(modes[0]), trained.train(modes[1])
    return [norm for name, _, norm in foldable(network) if not name.startswith("encoder.backbone.")]


class _LeastSquares:
    """Ridge regression of pixels' channels (N, D, H, W) on others (N, C, H, W) and a constant."""

    def __init__(self) -> None:
        self.products: list[Tensor] = []
        self.targets: list[Tensor] = []

    def add(self, given: Tensor, wanted: Tensor) -> None:
        x, y = given.movedim(1, -1).flatten(0, 2).double(), wanted.movedim(1, -1).flatten(0, 2).double()
        x = F.pad(x, (0, 1), value=1.0)
        self.products.append(x.T @ x)
        self.targets.append(x.T @ y)

    def solve(self) -> tuple[Tensor, Tensor]:
        """Weights (D, C) and the constant (D)."""
        products = torch.stack(self.products).sum(0)
        penalty = RIDGE * products.diagonal()
        penalty[-1] = 0
        solution = torch.linalg.solve(products + penalty.diag(), torch.stack(self.targets).sum(0)).T.float()
        return solution[:, :-1], solution[:, -1]


def _set(projection: ConvBN, weight: Tensor, bias: Tensor) -> None:
    convolution, normalisation = projection
    assert isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d)
    convolution.weight.copy_(weight[:, :, None, None])
    neutralise(normalisation, bias)
