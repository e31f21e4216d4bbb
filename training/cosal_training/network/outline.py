"""Where a mask's outline lies: at half of its height, rather than where the network's logits cross 0.

One threshold for all photographs cuts sure masks too wide and unsure ones too narrow: of single things that stand
out, J and the outlines are best above 0, in clutter below it. So the outline lies halfway between the highest logit
of a photograph and a `floor`, as the full width at half maximum of a peak does. The floor was chosen on what training
held back.
"""

from __future__ import annotations

import torch
from torch import Tensor

FLOOR = -3.75


def at_half_height(logits: Tensor, floor: float = FLOOR) -> Tensor:
    """Logits (N, 1, h, w) that cross 0 halfway between each map's peak and `floor`, both below and above.

    A peak near 0 lowers its outline by no more than its own height, so that a photograph in which nothing was found
    stays empty.
    """
    peak = logits.amax((1, 2, 3), keepdim=True)
    return logits - torch.maximum((peak + floor) / 2, -peak.clamp_min(0))
