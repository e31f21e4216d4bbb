"""What forward and backward pass of cosal-lite take in float32 and under bfloat16 autocast.

    python -m cosal_training.studies.precision --pictures 20 --size 256 --threads 1

The third way casts dense convolutions only: depth-wise ones, whose backward pass is slow in bfloat16 on CPUs, stay in
float32, at the cost of casts between them. The ways take turns. On the CPU the time is the process', which with one
thread is that of a step on an idle core even if the machine is busy.
"""

from __future__ import annotations

import argparse
import platform
import time

import torch

from ..data import GroupBatch
from ..losses import AuxiliaryClassifier, LossConfig, training_loss
from ..network import CosalLite
from ..placement import arithmetic, keep_depth_wise_in_float32, place


def random_batch(pictures: int, size: int) -> GroupBatch:
    """Four groups of noise with square masks: time does not depend on what pictures show."""
    generator = torch.Generator().manual_seed(0)
    mask = torch.zeros(pictures, 1, size, size)
    mask[..., size // 4 : size // 2, size // 4 : size // 2] = 1
    own = torch.arange(pictures) // (pictures // 4)
    return GroupBatch(
        image=torch.rand(pictures, 3, size, size, generator=generator) * 2 - 1,
        mask=mask,
        foreign=(own + 1) % 4,
        foreign_mask=torch.zeros_like(mask),
        weight=torch.ones(pictures),
        foreign_weight=torch.ones(pictures),
        sizes=[pictures // 4] * 4,
        classes=own,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20, help="of a step, a multiple of 4")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = place(options.device)
    batch = random_batch(options.pictures, options.size).to(device)
    classifier = AuxiliaryClassifier(128, 4).to(device)
    ways = {}
    for name in ("float32", "bfloat16", "bfloat16, depth-wise in float32"):
        torch.manual_seed(0)
        network = CosalLite().to(device, memory_format=torch.channels_last).train()
        if "depth-wise" in name:
            keep_depth_wise_in_float32(network)
        ways[name] = network
    times: dict[str, list[float]] = {name: [] for name in ways}
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    for _ in range(1 + options.rounds):
        for name, network in ways.items():
            began = clock()
            with arithmetic(device, "float32" if name == "float32" else "bfloat16"):
                loss = training_loss(network, classifier, batch, LossConfig(), torch.Generator().manual_seed(0))
            loss.total.backward()
            float(next(network.gam.parameters()).grad.sum())
            times[name].append(clock() - began)
    where = torch.cuda.get_device_name() if device.type == "cuda" else platform.processor() or platform.machine()
    shape = f"{options.pictures} x {options.size} px"
    print(f"{where}, PyTorch {torch.__version__}, {options.threads} thread(s), {shape}")
    for name, seconds in times.items():
        print(f"{name:<32} {min(seconds[1:]):.2f} s, median {sorted(seconds[1:])[len(seconds[1:]) // 2]:.2f} s")


if __name__ == "__main__":
    main()
