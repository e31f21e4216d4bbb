"""Checkpoint -> ONNX graphs, manifest and golden tensors, as `src/engine` reads them.

The work on a group streams image by image and a consensus is a value of its own, hence several graphs; each
network says which (`Interface`). Batch axes are dynamic. Only what inference needs is in them: encoder, GAM,
decoder and CEM.
"""

from .deployed import deployed
from .golden import golden_images
from .model import export, interface_of

__all__ = ["deployed", "export", "golden_images", "interface_of"]
