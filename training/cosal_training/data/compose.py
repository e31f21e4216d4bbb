"""Composites: photographs put together so that only the group tells which object is meant.

A picture carries its image and one mask per subject: subject 0 is the group's own object, other subjects
are objects of the other groups of the same step. All arrays are square, `size` pixels a side.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Generator = np.random.Generator


@dataclass
class Picture:
    image: np.ndarray
    """RGB uint8 (size, size, 3)."""
    masks: dict[int, np.ndarray]
    """Subject -> uint8 (size, size), 0..255."""


@dataclass
class Cutout:
    image: np.ndarray
    mask: np.ndarray
    """uint8 of the image's height and width; both cropped to the object."""


def crop(rng: Generator, image: np.ndarray, mask: np.ndarray, *, size: int, smallest: float) -> Picture:
    """A random window of the photograph that keeps at least half of the object, flipped by chance."""
    return crop_all(rng, image, {0: mask}, keep=0, size=size, smallest=smallest)


def crop_all(
    rng: Generator, image: np.ndarray, masks: dict[int, np.ndarray], *, keep: int, size: int, smallest: float
) -> Picture:
    """`crop`, with the masks of several subjects; it is of subject `keep` that at least half stays."""
    mask = masks[keep]
    height, width = mask.shape
    total = max(1.0, float(mask.sum()))
    window = np.s_[:height, :width]
    for _ in range(6):
        scale = rng.uniform(smallest, 1.0)
        aspect = np.exp(rng.uniform(-0.25, 0.25))
        h = int(np.clip(height * scale * aspect, 16, height))
        w = int(np.clip(width * scale / aspect, 16, width))
        y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        if mask[y : y + h, x : x + w].sum() >= 0.5 * total:
            window = np.s_[y : y + h, x : x + w]
            break
    flipped = np.s_[:, :: -1 if rng.random() < 0.5 else 1]

    def part(pixels: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(resize(pixels[window], size, size)[flipped])

    return Picture(part(image), {subject: part(m) for subject, m in masks.items()})


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    shrinking = width * height < image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def cut_out(image: np.ndarray, mask: np.ndarray) -> Cutout | None:
    """The object alone, or None when the mask is nearly empty or fills the photograph."""
    share = float((mask > 127).mean())
    if not 0.01 < share < 0.85:
        return None
    ys, xs = np.where(mask > 127)
    window = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    return Cutout(image[window], mask[window])


def paste(rng: Generator, picture: Picture, cutout: Cutout, subject: int, *, side: float, cover: float) -> bool:
    """Paste an object whose longer side is `side` of the picture's; False when no place is found.

    It may hang over the border, and covers at most the share `cover` of any subject that is already there.
    """
    size = picture.image.shape[0]
    height, width = cutout.mask.shape
    scale = side * size / max(height, width)
    stretch = np.exp(rng.uniform(-0.15, 0.15))
    h, w = max(4, int(height * scale * stretch)), max(4, int(width * scale / stretch))
    image, mask = resize(cutout.image, w, h), resize(cutout.mask, w, h)
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    for _ in range(8):
        y = int(rng.integers(-h // 5, size - h + h // 5 + 1)) if h < size * 1.2 else (size - h) // 2
        x = int(rng.integers(-w // 5, size - w + w // 5 + 1)) if w < size * 1.2 else (size - w) // 2
        top, left, bottom, right = max(0, y), max(0, x), min(size, y + h), min(size, x + w)
        if bottom - top < 3 or right - left < 3:
            continue
        window = np.s_[top:bottom, left:right]
        part = np.s_[top - y : bottom - y, left - x : right - x]
        alpha = mask[part].astype(np.float32) / 255
        covered = [
            float((other[window] * alpha).sum()) > cover * max(1.0, float(other.sum()))
            for key, other in picture.masks.items()
            if key != subject and other.any()
        ]
        if any(covered):
            continue
        soft = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 1.2))[..., None]
        region = picture.image[window]
        picture.image[window] = (region * (1 - soft) + image[part] * soft).astype(np.uint8)
        for key, other in picture.masks.items():
            if key != subject:
                other[window] = (other[window] * (1 - alpha)).astype(np.uint8)
        target = picture.masks.setdefault(subject, np.zeros((size, size), np.uint8))
        target[window] = np.maximum(target[window], (alpha * 255).astype(np.uint8))
        return True
    return False


def beside(rng: Generator, parts: list[Picture]) -> Picture:
    """Jigsaw of two to four pictures: halves or quarters of the square."""
    size = parts[0].image.shape[0]
    half = size // 2
    if len(parts) == 2:
        at = int(size * rng.uniform(0.35, 0.65))
        boxes = (
            [(0, 0, size, at), (0, at, size, size)] if rng.random() < 0.5 else [(0, 0, at, size), (at, 0, size, size)]
        )
    else:
        boxes = [(0, 0, half, half), (0, half, half, size), (half, 0, size, half), (half, half, size, size)]
    order = rng.permutation(len(parts))
    out = Picture(np.zeros_like(parts[0].image), {})
    for box, k in zip(boxes, order, strict=False):
        top, left, bottom, right = box
        window = np.s_[top:bottom, left:right]
        out.image[window] = resize(parts[k].image, right - left, bottom - top)
        for subject, mask in parts[k].masks.items():
            target = out.masks.setdefault(subject, np.zeros((size, size), np.uint8))
            target[window] = resize(mask, right - left, bottom - top)
    return out


def jitter(rng: Generator, image: np.ndarray) -> np.ndarray:
    """Brightness, contrast, saturation and hue; now and then grey, blur, noise or JPEG-like softness."""
    x = image.astype(np.float32)
    mean = x.mean()
    x = (x - mean) * rng.uniform(0.6, 1.4) + mean * rng.uniform(0.6, 1.35)
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    saturation = 0.0 if rng.random() < 0.06 else rng.uniform(0.4, 1.5)
    x = grey[..., None] + (x - grey[..., None]) * saturation
    x *= rng.uniform(0.9, 1.1, 3).astype(np.float32)
    kind = rng.random()
    if kind < 0.12:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.5, 1.5))
    elif kind < 0.2:
        x += rng.normal(0, rng.uniform(2, 10), x.shape).astype(np.float32)
    return np.clip(x, 0, 255).astype(np.uint8)
