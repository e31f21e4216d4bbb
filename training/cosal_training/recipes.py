"""How each network is trained unless told otherwise."""

from __future__ import annotations

from .data import SamplingConfig
from .losses import LossConfig
from .network import GCoNetPlusConfig
from .train import TrainConfig

DATA = "../shared/data"

RECIPES = {
    "cosal-lite": TrainConfig(data=DATA, output="training/runs/lite"),
    "gconet-plus": TrainConfig(
        data=DATA,
        output="training/runs/gconet-plus",
        learning_rate=1.6e-4,
        weight_decay=0.0,
        evaluate_size=256,
        network=GCoNetPlusConfig(),
        sampling=SamplingConfig(shapes=((2, 16), (4, 8)), sizes=(256,)),
        losses=LossConfig(
            bce=1.0,
            iou=0.87,
            shrink=0.0,
            coarse=1.04,
            gcm=2.08,
            gamma=2.0,
            presence=0.0,
            acm=0.025,
            racm=0.083,
            gst=0.1,
            foreign_share=1.0,
            racm_share=1.0,
            seeded_share=0.0,
        ),
    ),
}
"""By name of network.

GCoNet+: learning rate (1.625e-4), no decay, groups of 16 where published ones have up to 26 (a step of 32 pictures),
and the released code's weights as they take effect: 120 for BCE, 2 for IoU summed over up to 52 pictures, 250 for
GCM's focal loss over own and swapped maps, 3 for ACM, 10 for RACM, 12 for GST. All are divided by 120, a factor that
Adam does not see, so that clipping means the same for either network; IoU is 2 * 52 / 120 of a mean. GCM's two halves
are `coarse` (own) and half of `gcm` (swapped): 125 / 120 each. P has no loss of its own, there is no presence to
learn, and the network's graphs take no seeds, so groups are not seeded.
"""
