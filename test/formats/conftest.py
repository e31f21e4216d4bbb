"""Masks that `cosal` writes in every format, once for all tests."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
LABEL = 'cat & "co"'
#: Half of COCO's polygons is drawn outwards by half a pixel or more: as large as photographs are.
SIZE = 1600
UPRIGHT, TURNED = 1, 6
FORMATS = "binary,coco,yolo,colmap,nerfstudio,labelme,cvat,label-studio"


@dataclass(frozen=True)
class Written:
    photographs: Path
    masks: Path

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.photographs.glob("*.jpg"))

    def mask(self, name: str) -> np.ndarray:
        """What `binary` says, upright."""
        return opened(self.masks / f"{Path(name).stem}.binary.png")


def opened(path: Path) -> np.ndarray:
    return np.array(Image.open(path).convert("L")) > 127


def iou(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float((a & b).sum() / max(1, (a | b).sum()))


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Written:
    folder = tmp_path_factory.mktemp("formats")
    photographs = folder / "photos"
    photographs.mkdir()
    save("by-a-hedge", photographs / "by-a-hedge.jpg", UPRIGHT)
    save("on-a-waste-bin", photographs / 'a "bin" & ü.jpg', UPRIGHT)
    # As phones write them: stored sideways.
    save("in-a-wooden-box", photographs / "turned.jpg", TURNED)
    frames = [{"file_path": name} for name in os.listdir(photographs)]
    (photographs / "transforms.json").write_text(json.dumps({"frames": frames}))
    command = ["node", ROOT / "bin" / "cosal.mjs", photographs, "-o", folder / "masks"]
    subprocess.run([*command, "-f", FORMATS, "--label", LABEL, "-q"], check=True)
    return Written(photographs, folder / "masks")


def save(name: str, path: Path, orientation: int) -> None:
    photograph = Image.open(ROOT / "examples" / "cats" / f"{name}.jpg")
    # Not square, so that sideways is seen.
    photograph = photograph.crop((0, 0, photograph.width, photograph.height - 40))
    photograph = photograph.resize((SIZE, SIZE * photograph.height // photograph.width))
    exif = Image.Exif()
    exif[0x0112] = orientation
    if orientation == TURNED:
        photograph = photograph.transpose(Image.Transpose.ROTATE_90)
    photograph.save(path, exif=exif, quality=90)
