"""What smaller weights and 8-bit arithmetic cost in quality: a model folder per variant, and J of each.

    python -m cosal_training.studies.quantisation --checkpoint training/runs/lite/last.pt

The encoder and the decoder are quantised, as they take nearly all of the time; the small graphs of the consensus
stay in float32. `bench/quantisation/main.ts` then measures the same folders in onnxruntime-web.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime as ort
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from ..bootstrap import intervals
from ..data import Catalogue, GroupDataset, SamplingConfig
from ..evaluate import GroupScore, evaluate, mean_of
from ..export import export
from ..graphs import Graphs
from ..group_model import Tensors
from ..train import load_network

QUANTISED = ("encoder", "decoder")
Feeds = dict[str, list[Tensors]]
"""Inputs of each quantised graph on training pictures, batch 1."""


class _Reader(CalibrationDataReader):
    def __init__(self, feeds: list[Tensors]) -> None:
        self._feeds: Iterator[Tensors] = iter(feeds)

    def get_next(self) -> Tensors | None:
        return next(self._feeds, None)


def calibration_feeds(model: Graphs, data: Path, *, steps: int = 2, seed: int = 29) -> Feeds:
    """What the graphs take on `steps` composited training steps of about 20 pictures."""
    sampling = SamplingConfig(sizes=(model.input.size,))
    dataset = GroupDataset(Catalogue.read(data), sampling, seed=seed, steps=steps)
    feeds: Feeds = {name: [] for name in QUANTISED}
    wanted = model.manifest["graphs"]["decoder"]["inputs"]
    for step in range(steps):
        batch = dataset[step]
        for group in batch.image.split(batch.sizes):
            pixels = (group.numpy() + 1) / 2
            mean, std = (np.array(v, np.float32).reshape(3, 1, 1) for v in (model.input.mean, model.input.std))
            images = (pixels - mean) / std
            encoded = model.encode(images)
            _, consensus = model.consensus(encoded)
            feeds["encoder"] += [{"image": images[i : i + 1]} for i in range(len(images))]
            inputs = [{**e, "consensus": consensus} for e in encoded]
            feeds["decoder"] += [{name: given[name] for name in wanted} for given in inputs]
    return feeds


def static(only: tuple[str, ...] = QUANTISED) -> Callable[[str, Path, Path, Feeds], bool]:
    """QDQ: activations of 8 bits (unsigned), their range from training pictures; weights of 8 bits per channel."""

    def quantise(name: str, source: Path, target: Path, feeds: Feeds) -> bool:
        if name not in only:
            return False
        quantize_static(
            source,
            target,
            _Reader(feeds[name]),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        return True

    return quantise


def dynamic(name: str, source: Path, target: Path, feeds: Feeds) -> bool:
    """Weights of 8 bits; the range of activations is measured as they come."""
    del feeds
    if name not in QUANTISED:
        return False
    quantize_dynamic(source, target, op_types_to_quantize=["Conv", "MatMul", "Gemm"], weight_type=QuantType.QUInt8)
    return True


VARIANTS: dict[str, Callable[[str, Path, Path, Feeds], bool]] = {
    "int8-static": static(),
    "int8-static-encoder": static(("encoder",)),
    "int8-dynamic": dynamic,
}


def write_variants(checkpoint: Path, data: Path, output: Path, *, size: int) -> list[Path]:
    """Model folders: float32, weights stored as float16, and the 8-bit variants made of float32."""
    network = load_network(checkpoint)
    folders = [output / "float32", output / "float16-storage"]
    export(network, folders[0], size=size, half=False)
    export(network, folders[1], size=size, half=True)
    feeds = calibration_feeds(Graphs(folders[0], threads=1), data)
    for variant, quantise in VARIANTS.items():
        folder = output / variant
        shutil.copytree(folders[0], folder, dirs_exist_ok=True)
        manifest = json.loads((folder / "manifest.json").read_text())
        with TemporaryDirectory() as scratch:
            for name, graph in manifest["graphs"].items():
                prepared, target = Path(scratch) / graph["file"], folder / graph["file"]
                quant_pre_process(folders[0] / graph["file"], prepared, skip_symbolic_shape=True)
                if quantise(name, prepared, target, feeds):
                    graph |= {
                        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
                        "bytes": target.stat().st_size,
                    }
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        folders.append(folder)
    return folders


def difference(scores: list[GroupScore], reference: list[GroupScore]) -> tuple[float, float]:
    """95 % interval of the difference in mean J, over groups and their photographs, which are the same in both."""
    paired = [a.vectors - b.vectors for a, b in zip(scores, reference, strict=True)]
    return intervals(paired, images=True)["J"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--groups", type=Path, default=Path("../shared/data/val"), help="to measure J on")
    parser.add_argument("--output", type=Path, default=Path("training/runs/quantised"))
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    folders = write_variants(options.checkpoint, options.data, options.output, size=options.size)
    print(f"onnxruntime {ort.__version__}, {options.checkpoint}, {options.size} x {options.size}")
    print(f"{'variant':<24} {'bytes':>9} {'J':>6}  difference to float32 (95 %)")
    reference: list[GroupScore] | None = None
    for folder in folders:
        model = Graphs(folder, threads=options.threads)
        scores = evaluate(model, options.groups)
        reference = reference or scores
        low, high = difference(scores, reference)
        size = sum(graph["bytes"] for graph in model.manifest["graphs"].values())
        print(f"{folder.name:<24} {size:>9} {mean_of(scores):6.3f}  {low:+.3f} to {high:+.3f}", flush=True)


if __name__ == "__main__":
    main()
