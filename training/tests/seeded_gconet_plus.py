"""A converted GCoNet+ checkpoint, small and seeded, for the tests of the TypeScript engine.

python training/tests/seeded_gconet_plus.py test/fixtures/gconet-plus-seeded
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import gconet_plus_naive as naive
import torch

from cosal_training.convert import convert

WIDTH, SEED, SIZE = 4, 3, 64
"""A sixteenth of the published width; with this seed the masks fill a fifth of the golden pictures."""


def write(folder: Path) -> None:
    """Make a random checkpoint in the published layout and convert it into `folder`, as a user would."""
    with TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "seeded.pth"
        torch.save(naive.random_checkpoint(WIDTH, SEED), checkpoint)
        convert(checkpoint, folder, size=SIZE)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
