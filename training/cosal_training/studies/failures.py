"""A gallery of failures for a model card, from the sample photographs of `examples/` alone: those may be shown.

    python -m cosal_training.studies.failures --model models/cosal-lite --output models/cosal-lite/failures.jpg

What is wrong is known by construction, without drawn masks:

* an intruder: a photograph of another group, put among a group; whatever is masked in it is wrong;
* a neighbour: a photograph of another group beside each photograph of a group, in one picture; whatever is masked
  on its side is wrong, and a picture with nothing masked on the group's own side is a miss.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.compose import resize
from ..evaluate import mask_of
from ..graphs import Graphs
from ..group_model import GroupModel, Tensors
from ..labelled import groups_in
from ..sheet import Tile, write_sheet

SIDE = 288
Images = dict[str, list[np.ndarray]]


@dataclass(frozen=True)
class Failure:
    """error: the share of the picture that is masked and should not be, 0..1; 1 for a miss."""

    group: str
    tile: Tile
    error: float


def read_samples(folder: Path) -> Images:
    """The photographs of each sample group, RGB uint8."""
    return {g.name: [g.image(i) for i in range(len(g.photographs))] for g in groups_in(folder)}


def intruders(model: GroupModel, samples: Images) -> list[Failure]:
    """Each photograph of each other group among all of a group."""
    encoded = {name: _encode(model, images) for name, images in samples.items()}
    found = []
    for own in samples:
        for other in samples:
            for stranger, one in zip(samples[other], encoded[other], strict=True) if other != own else []:
                _, consensus = model.consensus([*encoded[own], one])
                mask = _masks(model, [stranger], [one], consensus)[0]
                share = float((mask >= 128).mean())
                tile = Tile(stranger, mask, f"{other} among {own}: {share:.0%} masked")
                found.append(Failure(own, tile, share))
    return found


def neighbours(model: GroupModel, samples: Images) -> list[Failure]:
    """A group whose every photograph stands beside one of another group; groups and sides take turns.

    With a single other group, two kinds of things would be common to all pictures.
    """
    found = []
    for own, images in samples.items():
        others = [name for name in samples if name != own]
        names = [others[i % len(others)] for i in range(len(images))]
        pairs = [
            (a, samples[name][i % len(samples[name])]) for i, (a, name) in enumerate(zip(images, names, strict=True))
        ]
        pictures = [_beside(a, b, i % 2 == 1) for i, (a, b) in enumerate(pairs)]
        encoded = _encode(model, pictures)
        masks = _masks(model, pictures, encoded, model.consensus(encoded)[1])
        for index, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
            sides = np.array_split((mask >= 128), 2, axis=1)
            mine, theirs = sides if index % 2 == 0 else sides[::-1]
            wrong = float(theirs.mean()) / 2
            missed = not mine.any()
            what = "missed" if missed else f"{wrong:.0%} wrong"
            tile = Tile(picture, mask, f"{own} beside {names[index]}: {what}")
            found.append(Failure(own, tile, 1.0 if missed else wrong))
    return found


def worst(failures: list[Failure], count: int, *, each: int = 2) -> list[Tile]:
    """The largest errors, largest first, at most `each` of a group."""
    chosen: list[Failure] = []
    for failure in sorted(failures, key=lambda f: -f.error):
        if sum(f.group == failure.group for f in chosen) < each:
            chosen.append(failure)
    return [f.tile for f in chosen[:count]]


def _encode(model: GroupModel, images: list[np.ndarray]) -> list[Tensors]:
    return model.encode(np.stack([model.input.tensor(image) for image in images]))


def _masks(
    model: GroupModel, images: list[np.ndarray], encoded: list[Tensors], consensus: np.ndarray
) -> list[np.ndarray]:
    logits, _ = model.decode(encoded, consensus)
    return [mask_of(z[0], image.shape[1], image.shape[0]) for z, image in zip(logits, images, strict=True)]


def _beside(a: np.ndarray, b: np.ndarray, swapped: bool) -> np.ndarray:
    parts = [resize(image, SIDE // 2, SIDE) for image in (a, b)]
    return np.concatenate(parts[::-1] if swapped else parts, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/cosal-lite"))
    parser.add_argument("--samples", type=Path, default=Path("examples"))
    parser.add_argument("--output", type=Path, required=True, help=".jpg")
    options = parser.parse_args()
    model, samples = Graphs(options.model), read_samples(options.samples)
    kinds = {"intruders": intruders(model, samples), "neighbours": neighbours(model, samples)}
    for name, failures in kinds.items():
        errors = [f.error for f in failures]
        print(f"{name}: {len(errors)} pictures, mean error {np.mean(errors):.3f}")
    tiles = [worst(failures, 6) for failures in kinds.values()]
    write_sheet([row[i : i + 3] for row in tiles for i in range(0, len(row), 3)], options.output, quality=80)


if __name__ == "__main__":
    main()
