"""Contact sheets: photograph, mask and overlay side by side, each under its caption."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .data.compose import resize
from .evaluate import GroupScore, ImageScore
from .labelled import read_photograph

WIDTH, HEIGHT, CAPTION, GAP = 132, 112, 16, 6
COLOUR = np.array([255, 40, 120])
"""Of the mask in an overlay."""


@dataclass(frozen=True)
class Tile:
    """image: RGB uint8 (H, W, 3); mask: 8-bit, of the same height and width."""

    image: np.ndarray
    mask: np.ndarray
    caption: str


def overlay(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photograph, dim outside of the mask, with the mask's outline at threshold 0.5."""
    share = mask[..., None] / 255
    shown = (image * (0.35 + 0.65 * share)).astype(np.uint8)
    outlines, _ = cv2.findContours((mask >= 128).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(shown, outlines, -1, COLOUR.tolist(), 1)


def draw(rows: list[list[Tile]]) -> np.ndarray:
    """A sheet, RGB uint8: a line of tiles per row, each tile photograph, mask and overlay."""
    width = max(len(row) for row in rows) * (3 * WIDTH + GAP) - GAP
    lines = []
    for row in rows:
        line = np.full((CAPTION + HEIGHT + GAP, width, 3), 255, np.uint8)
        for index, tile in enumerate(row):
            left = index * (3 * WIDTH + GAP)
            _write(line, tile.caption, left)
            small = _fit(tile.image), _fit(tile.mask)
            grey = np.repeat(small[1][..., None], 3, 2)
            for place, part in enumerate((small[0], grey, overlay(*small))):
                height, breadth = part.shape[:2]
                x = left + place * WIDTH
                line[CAPTION : CAPTION + height, x : x + breadth] = part
        lines.append(line)
    return np.concatenate(lines)


def best_and_worst(scores: list[GroupScore], count: int = 2) -> list[list[Tile]]:
    """Per group its `count` worst images, worst first, then its best."""

    def tile(group: str, item: ImageScore) -> Tile:
        caption = f"{group}/{item.photograph.stem}  J {item.jaccard:.2f}"
        return Tile(read_photograph(item.photograph), item.mask, caption)

    found = []
    for score in scores:
        ordered = sorted(score.items, key=lambda item: item.jaccard)
        best = ordered[max(count, len(ordered) - count) :]
        found.append([tile(score.group, item) for item in ordered[:count] + best])
    return found


def write_sheet(rows: list[list[Tile]], path: Path, *, quality: int = 85) -> None:
    """Write a sheet as JPEG or PNG, by the suffix of `path`."""
    if not cv2.imwrite(str(path), draw(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]):
        raise ValueError(f"{path} cannot be written")


def _fit(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    return resize(image, max(1, round(width * scale)), max(1, round(height * scale)))


def _write(line: np.ndarray, text: str, left: int) -> None:
    cv2.putText(line, text, (left + 1, CAPTION - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
