"""Networks: encoder, Group Affinity Module, decoder and Confidence Enhancement Module."""

from .cosal_lite import CosalLite, Decoded, Encoded, LiteConfig

__all__ = ["CosalLite", "Decoded", "Encoded", "LiteConfig"]
