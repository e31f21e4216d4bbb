"""A published GCoNet+ checkpoint (`.pth`) -> a model folder that the engine runs."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import torch
from torch import Tensor

from .export import export
from .network import GCoNetPlus, GCoNetPlusConfig

FIRST, CLASSIFIER = "bb.conv1.0.weight", "classifier.weight"


class CheckpointError(ValueError):
    """A file is not a checkpoint of the published layout."""


def read_published(path: Path) -> GCoNetPlus:
    """The published network with a checkpoint's weights, in evaluation mode.

    The encoder's width and the number of classes are read off the tensors. Raises CheckpointError, which names
    the layers that are missing, unexpected or of another shape.
    """
    state = read_tensors(path)
    for name in (FIRST, CLASSIFIER):
        if name not in state:
            raise CheckpointError(f"{path} is not a GCoNet+ checkpoint: it has no {name}")
    config = GCoNetPlusConfig(compat="published", width=state[FIRST].shape[0], classes=state[CLASSIFIER].shape[0])
    network = GCoNetPlus(config)
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as cause:
        raise CheckpointError(f"{path} is not a GCoNet+ checkpoint: {cause}") from cause
    return network.eval()


def convert(
    checkpoint: Path,
    output: Path,
    *,
    size: int = 256,
    version: str = "1.0.0",
    licence: str = "unknown",
    half: bool = False,
) -> None:
    """Write graphs, manifest and golden tensors into `output`; the model is called as that folder.

    The arithmetic is the released one, float32 throughout. size: side of the input in pixels, a multiple of 16;
    the checkpoints were trained at 256, and other sizes scale the consensus. licence: of the weights. half: store
    weights as float16, half the bytes, masks no longer those of the checkpoint to 1e-4.
    """
    network = read_published(checkpoint)
    source = {
        "network": "GCoNet+ (arXiv 2205.15469)",
        "checkpoint": checkpoint.name,
        "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
    }
    export(
        network,
        output,
        name=output.resolve().name,
        size=size,
        version=version,
        licence=licence,
        half=half,
        details={"training": source},
    )


def read_tensors(path: Path) -> dict[str, Tensor]:
    """A plain state dict. Raises CheckpointError for any other file."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as cause:
        raise CheckpointError(f"{path} is not a PyTorch file of tensors") from cause
    if not isinstance(state, dict) or not all(isinstance(values, Tensor) for values in state.values()):
        raise CheckpointError(f"{path} holds no plain state dict: names and tensors, as the release saves them")
    return state
