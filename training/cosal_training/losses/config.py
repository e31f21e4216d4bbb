"""Which terms a step's loss has, and how much each weighs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; 0 switches a term off."""

    bce: float = 1.0
    edge: float = 0.0
    """How much more a pixel on the mask's edge counts in the cross-entropy than one far from it (`edge_weight`)."""
    iou: float = 1.0
    shrink: float = 0.5
    """Direct supervision of the CEM's P."""
    coarse: float = 0.5
    """Coarse logits under the own group's consensus, at every refinement. In GCoNet+ they are those of GCM's head:
    this is the half of GCM that must give the mask."""
    gcm: float = 1.0
    """Another group's consensus must give that group's object, or an empty map: the coarse logits' loss counts half,
    and in cosal-lite, which decodes such maps too, so does that of either output of the CEM."""
    gamma: float = 0.0
    """Focus of the GCM's loss on the coarse maps: 2 is the published focal loss, 0 plain cross-entropy."""
    presence: float = 0.1
    acm: float = 0.1
    racm: float = 0.0
    gst: float = 0.0
    margin: float = 0.1
    """Of the triplet loss, on unit features."""
    foreign_share: float = 0.5
    """Share of a step's pictures that are also decoded with another group's consensus."""
    racm_share: float = 0.25
    """Share of a step's pictures that go through the encoder again, multiplied by their masks."""
    seeded_share: float = 0.2
    """Share of groups whose consensus starts from marked regions instead of affinity."""
    reused_share: float = 0.0
    """Share of groups whose consensus is made by some of their images only, as when it is reused for others."""

    def terms(self) -> list[str]:
        """Names of the terms, on or off."""
        return ["bce", "iou", "shrink", "coarse", "gcm", "presence", "acm", "racm", "gst"]
