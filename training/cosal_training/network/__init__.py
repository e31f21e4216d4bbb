"""Networks: encoder, Group Affinity Module, decoder and Confidence Enhancement Module."""

from .cosal_lite import CosalLite, Decoded, Encoded, LiteConfig
from .gconet_plus import GCoNetPlus, GCoNetPlusConfig

__all__ = ["CosalLite", "Decoded", "Encoded", "GCoNetPlus", "GCoNetPlusConfig", "LiteConfig"]
