"""Losses of GCoNet+, each a term with a weight of its own."""

from .classification import AuxiliaryClassifier
from .config import LossConfig
from .step import training_loss
from .terms import per_image_bce, per_image_iou

__all__ = ["AuxiliaryClassifier", "LossConfig", "per_image_bce", "per_image_iou", "training_loss"]
