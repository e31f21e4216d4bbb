"""A data set of one's own: a folder of class folders, without an index.

DATA/mugs/1.jpg, DATA/mugs/1.png, ...                 masks beside the photographs
DATA/mugs/images/1.jpg, DATA/mugs/masks/1.png, ...    or apart from them
DATA/backgrounds/*.jpg                                scenes that show none of the classes; may be missing
DATA/val/mugs/1.jpg, DATA/val/mugs/1.png, ...         to validate on, never trained on; may be missing
"""

from __future__ import annotations

from pathlib import Path

import cv2

BACKGROUNDS, VALIDATION = "backgrounds", "val"
PHOTOGRAPHS = (".jpg", ".jpeg", ".webp")
FEWEST = 4
"""Photographs of a class: a group needs some."""

Pair = tuple[Path, Path]
"""A photograph and its mask."""


class DataError(ValueError):
    """Training data cannot be used. The message names the file."""


def class_folders(root: Path) -> dict[str, list[Pair]]:
    """Photographs and masks of every class below `root`, in order of their names.

    Raises DataError for a missing or unreadable mask, one of another size than its photograph or without values
    from 128 on (but not all 0), and a class of fewer than 4 photographs.
    """
    folders = sorted(p for p in root.iterdir() if p.is_dir() and p.name not in (BACKGROUNDS, VALIDATION))
    if not folders:
        raise DataError(f"{root} holds neither index.jsonl nor folders of classes")
    found = {}
    for folder in folders:
        pairs = [(photograph, _mask_of(folder, photograph)) for photograph in _photographs(folder)]
        if len(pairs) < FEWEST:
            raise DataError(f"{folder} holds {len(pairs)} photographs; a class needs at least {FEWEST}")
        for photograph, mask in pairs:
            _check(photograph, mask)
        found[folder.name] = pairs
    return found


def backgrounds(root: Path) -> list[Path]:
    """Scenes without an object of any class."""
    folder = root / BACKGROUNDS
    return _with_suffix(folder, (*PHOTOGRAPHS, ".png")) if folder.is_dir() else []


def _photographs(folder: Path) -> list[Path]:
    if (folder / "images").is_dir():
        return _with_suffix(folder / "images", (*PHOTOGRAPHS, ".png"))
    return _with_suffix(folder, PHOTOGRAPHS)


def _with_suffix(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in suffixes)


def _mask_of(folder: Path, photograph: Path) -> Path:
    apart = photograph.parent.name == "images" and photograph.parent.parent == folder
    mask = (folder / "masks" if apart else folder) / f"{photograph.stem}.png"
    if not mask.is_file():
        raise DataError(f"{mask} is missing: the mask of {photograph}")
    return mask


def _check(photograph: Path, mask: Path) -> None:
    image, values = cv2.imread(str(photograph)), cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    for path, read in ((photograph, image), (mask, values)):
        if read is None:
            raise DataError(f"{path} cannot be decoded")
    assert image is not None and values is not None
    if image.shape[:2] != values.shape:
        (height, width), (h, w) = image.shape[:2], values.shape
        raise DataError(f"{mask} is {w} x {h} pixels, its photograph {width} x {height}")
    largest = int(values.max())
    if 0 < largest < 128:
        raise DataError(f"{mask} holds values up to {largest}; the object is what has 128 or more, best 255")
