"""Where a training runs, and in which arithmetic.

bfloat16 on a CPU with AMX (Xeon, PyTorch 2.15): forward and backward pass of cosal-lite on 20 pictures of 256 px took
2.23 s of one thread in float32, 2.53 s under autocast, as depth-wise convolutions are slow in bfloat16, and 1.76 s
with those left in float32, which is what `--precision bfloat16` does on a CPU (measured by `studies.precision`).
float32 stays the default: the shipped weights were trained in it, and what bfloat16 does to masks was not measured.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from types import MethodType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["float32", "bfloat16"]

MOST_LOADERS = 8


def place(device: Device) -> torch.device:
    """auto: the GPU where there is one. Raises ValueError for one that is missing."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("there is no CUDA device; --device cpu trains without")
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


def arithmetic(device: torch.device, precision: Precision) -> AbstractContextManager:
    """What forward passes run under. Weights, optimiser, consensus and losses stay float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def keep_depth_wise_in_float32(network: nn.Module) -> None:
    """Exempt convolutions with groups from autocast."""

    def forward(convolution: nn.Conv2d, image: Tensor) -> Tensor:
        with torch.autocast(image.device.type, enabled=False):
            return type(convolution).forward(convolution, image.float())

    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            module.forward = MethodType(forward, module)


def loader(dataset: Dataset, device: torch.device, processes: int | None = None) -> DataLoader:
    """Batches of a data set in its order, made ahead by other processes.

    processes: 0 makes them here. Unless given, one beside a training on the CPU, and more for a GPU, which would
    wait for it. Their number changes no picture.
    """
    if processes is None:
        processes = 1 if device.type == "cpu" else max(1, min(MOST_LOADERS, (os.cpu_count() or 2) - 1))
    return DataLoader(
        dataset,
        batch_size=None,
        num_workers=processes,
        prefetch_factor=4 if processes else None,
        pin_memory=device.type == "cuda",
        worker_init_fn=_one_thread,
        # A forked child inherits OpenMP's threads as they are not, and hangs in its first parallel loop.
        multiprocessing_context="spawn" if processes else None,
    )


def _one_thread(_: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
