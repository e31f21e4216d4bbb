"""Where a training runs, and in which arithmetic.

Time of a step of cosal-lite on a CPU with AMX: MEASURE
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Literal

import torch
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
