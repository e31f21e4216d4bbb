"""What other encoders would take in WebAssembly: a model folder for each, weights untrained.

    python -m cosal_training.studies.encoder_speed training/runs/encoders
    node bench/quantisation/main.ts training/runs/encoders/*

There depth-wise 5 x 5 convolutions are the slowest for what they do, and dense 3 x 3 ones the fastest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from timm.layers import create_conv2d
from timm.models._efficientnet_blocks import EdgeResidual
from torch import nn

from ..export import deployed
from ..export.cosal_lite import GRAPHS, cosal_lite_interface
from ..export.graph import write_graph
from ..network import CosalLite

EXPANSION = 3
"""Of fused blocks: at the 6 of the others they would have a third more multiplications than the whole encoder."""


def as_it_is(_backbone: nn.Module) -> None:
    pass


def three_by_three(backbone: nn.Module) -> None:
    """3 x 3 in place of every depth-wise 5 x 5."""
    for module in list(backbone.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, nn.Conv2d) and layer.groups > 1 and layer.kernel_size == (5, 5):
                channels, stride = layer.out_channels, layer.stride[0]
                smaller = create_conv2d(
                    channels, channels, 3, stride=stride, padding="same", groups=channels, bias=False
                )
                setattr(module, name, smaller)


def fused(backbone: nn.Module) -> None:
    """That, and dense 3 x 3 in place of expansion and depth-wise convolution in the first two stages."""
    three_by_three(backbone)
    inside = 32
    for stage, stride in ((0, 1), (1, 2)):
        blocks = []
        for index, block in enumerate(backbone.blocks[stage]):
            outside = next(m.out_channels for m in reversed(list(block.modules())) if isinstance(m, nn.Conv2d))
            blocks.append(
                EdgeResidual(
                    inside,
                    outside,
                    exp_ratio=1 if stage == 0 else EXPANSION,
                    stride=stride if index == 0 else 1,
                    pad_type="same",
                    act_layer=nn.ReLU6,
                )
            )
            inside = outside
        backbone.blocks[stage] = nn.Sequential(*blocks)


VARIANTS: dict[str, Callable[[nn.Module], None]] = {
    "as-it-is": as_it_is,
    "three-by-three": three_by_three,
    "fused": fused,
}


def write_variant(model: Path, output: Path, change: Callable[[nn.Module], None]) -> None:
    """A copy of a cosal-lite model folder with another encoder."""
    shutil.copytree(model, output, dirs_exist_ok=True)
    manifest = json.loads((output / "manifest.json").read_text())
    network = CosalLite().eval()
    change(network.backbone)
    shapes = cosal_lite_interface(network, manifest["input"]["width"]).shapes
    path = output / "encoder.onnx"
    write_graph(deployed(network.eval()), GRAPHS["encoder"], shapes, path, half=True)
    manifest["graphs"]["encoder"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["graphs"]["encoder"]["bytes"] = path.stat().st_size
    (output / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/cosal-lite"))
    options = parser.parse_args()
    for name, change in VARIANTS.items():
        write_variant(options.model, options.output / name, change)
        print(f"wrote {options.output / name}")


if __name__ == "__main__":
    main()
