"""Presence: does an image show the group's object, and has a group one in common at all?

The decoder tells how likely it is; together with the likeness of the mask it is told better (`PresenceWeights`). The
weights and the thresholds come from classes that training held back (`calibrate_held_back`), or the thresholds from
held-out groups, each judged by those of the others (`leave_one_out`), or from composites of training classes
(`calibrate`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from .confidence import Figures, PresenceWeights, fit_presence
from .data import Catalogue
from .data.catalogue import Photograph, read_image, read_mask
from .data.compose import Picture, cut_out, paste, resize
from .group_model import GroupModel, Tensors

CLASSES = 48
"""Training classes that a calibration draws groups of."""
SIDE = 288
"""Pixels a side of the composites."""
PHOTOGRAPHS = 8
"""Of a class that was held back, at most."""


@dataclass(frozen=True)
class Kind:
    """Something that images can show. draw(rng, n) gives n encoded images of it."""

    name: str
    draw: Callable[[np.random.Generator, int], list[Tensors]]


@dataclass(frozen=True)
class Thresholds:
    """From which presence on an image shows the object, and (their mean) a group has one in common; 0..1."""

    image: float
    group: float


@dataclass
class Evidence:
    """Presence of images that belong or do not, and mean presence of groups of one thing or of unlike things."""

    inside: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)
    same: list[float] = field(default_factory=list)
    mixed: list[float] = field(default_factory=list)

    def thresholds(self) -> Thresholds:
        """Those with the best balanced accuracy here."""
        return Thresholds(best_threshold(self.inside, self.outside), best_threshold(self.same, self.mixed))

    def figures(self, at: Thresholds | None = None) -> dict[str, float]:
        """Areas under the ROC curves, and balanced accuracies at thresholds that were chosen elsewhere."""
        found = {
            "image AUC": area_under_curve(self.inside, self.outside),
            "group AUC": area_under_curve(self.same, self.mixed),
        }
        if at is not None:
            found["image accuracy"] = balanced_accuracy(self.inside, self.outside, at.image)
            found["group accuracy"] = balanced_accuracy(self.same, self.mixed, at.group)
        return found


def evidence(
    model: GroupModel,
    kinds: list[Kind],
    may_meet: Callable[[str, str], bool],
    *,
    size: int = 6,
    tries: int = 12,
    seed: int = 13,
) -> Evidence:
    """All of `evidence_by_kind` in one."""
    return merged(evidence_by_kind(model, kinds, may_meet, size=size, tries=tries, seed=seed))


def evidence_by_kind(
    model: GroupModel,
    kinds: list[Kind],
    may_meet: Callable[[str, str], bool],
    *,
    size: int = 6,
    tries: int = 12,
    seed: int = 13,
) -> list[Evidence]:
    """Per kind, `tries` times: `size` images of it; one exchanged for another kind's; `size` unlike images.

    Raises ValueError when a kind may meet no other.
    """
    return [_evidence_of(model, draws) for draws in draws_by_kind(kinds, may_meet, size=size, tries=tries, seed=seed)]


@dataclass(frozen=True)
class Draw:
    """Three groups of encoded images."""

    own: list[Tensors]
    odd: list[Tensors]
    """The last shows something else."""
    unlike: list[Tensors]


def draws_by_kind(
    kinds: list[Kind], may_meet: Callable[[str, str], bool], *, size: int, tries: int, seed: int
) -> list[list[Draw]]:
    """Per kind, `tries` of them. Raises ValueError when a kind may meet no other."""
    rng = np.random.default_rng(seed)
    parts = []
    for kind in kinds:
        others = [k for k in kinds if may_meet(kind.name, k.name)]
        if not others:
            raise ValueError(f"presence needs kinds that may meet; {kind.name} may meet no other")
        draws = []
        for _ in range(tries):
            own = kind.draw(rng, size)
            odd = [*own[:-1], *others[int(rng.integers(len(others)))].draw(rng, 1)]
            unlike = [image for k in _unlike(rng, kinds, may_meet, size) for image in k.draw(rng, 1)]
            draws.append(Draw(own, odd, unlike))
        parts.append(draws)
    return parts


def _evidence_of(model: GroupModel, draws: list[Draw]) -> Evidence:
    found = Evidence()
    for draw in draws:
        found.same.append(float(_presence(model, draw.own).mean()))
        scores = _presence(model, draw.odd)
        found.inside += scores[:-1].tolist()
        found.outside.append(float(scores[-1]))
        found.mixed.append(float(_presence(model, draw.unlike).mean()))
    return found


def leave_one_out(parts: list[Evidence]) -> dict[str, float]:
    """Balanced accuracies on each part at thresholds that all the other parts chose; mean over parts."""
    rows = [part.figures(at=merged([other for other in parts if other is not part]).thresholds()) for part in parts]
    return {name: float(np.mean([row[name] for row in rows])) for name in ("image accuracy", "group accuracy")}


def merged(parts: list[Evidence]) -> Evidence:
    """All evidence in one."""
    return Evidence(*([score for part in parts for score in getattr(part, f.name)] for f in fields(Evidence)))


def classes_that_meet(catalogue: Catalogue, size: int = 6) -> list[str]:
    """Classes of at least `size` photographs that may meet another such class."""
    large = {name for name, photographs in catalogue.groups.items() if len(photographs) >= size}
    return sorted(name for name in large if any(catalogue.may_meet(name, other) for other in large))


def calibrate_held_back(
    model: GroupModel, held: Catalogue, *, size: int = 6, tries: int = 6, seed: int = 13
) -> tuple[PresenceWeights, Thresholds, Evidence]:
    """Weights, and the thresholds of the presence that they give, from photographs of classes that were held back.

    `model` has the weights from then on. Raises ValueError for less than two classes that may meet.
    """
    names = classes_that_meet(held, size)
    if not names:
        raise ValueError(f"presence needs two classes of {size} photographs that may meet among those held back")

    def kind(name: str) -> Kind:
        photographs = held.groups[name][:PHOTOGRAPHS]
        encoded = model.encode(np.stack([model.input.tensor(read_image(p.path)) for p in photographs]))
        return Kind(name, lambda rng, count: [encoded[i] for i in rng.choice(len(encoded), count, replace=False)])

    parts = draws_by_kind([kind(name) for name in names], held.may_meet, size=size, tries=tries, seed=seed)
    presences: list[float] = []
    figures: list[Figures] = []
    for draw in (draw for draws in parts for draw in draws):
        consensus = model.consensus(draw.odd)[1]
        logits, presence = model.decoded(draw.odd, consensus)
        presences += presence.tolist()
        figures += model.figures(logits, draw.odd, consensus)
    shown = [*[True] * (size - 1), False] * (len(figures) // size)
    model.presence_weights = fit_presence(presences, figures, shown)
    found = merged([_evidence_of(model, draws) for draws in parts])
    return model.presence_weights, found.thresholds(), found


def calibrate(model: GroupModel, catalogue: Catalogue, *, seed: int = 17) -> tuple[Thresholds, Evidence]:
    """Thresholds from groups of training classes, in half of whose images another class' object stands beside.

    Validation groups have no part in it. Training has seen the photographs, if not the composites, so that both
    sides are a little further apart here than elsewhere.
    """
    rng = np.random.default_rng(seed)
    names = sorted(name for name, photographs in catalogue.groups.items() if len(photographs) >= 8)
    if len(names) < 2:
        raise ValueError("presence needs at least two classes of 8 photographs")
    names = sorted(rng.choice(names, min(CLASSES, len(names)), replace=False).tolist())

    def kind(name: str) -> Kind:
        def draw(rng: np.random.Generator, count: int) -> list[Tensors]:
            photographs = catalogue.groups[name]
            chosen = rng.choice(len(photographs), count, replace=False)
            images = [_composite(rng, photographs[i], name, catalogue) for i in chosen]
            return model.encode(np.stack([model.input.tensor(image) for image in images]))

        return Kind(name, draw)

    found = evidence(model, [kind(name) for name in names], catalogue.may_meet, tries=2, seed=seed)
    return found.thresholds(), found


def write_thresholds(folder: Path, thresholds: Thresholds) -> None:
    """Set `presence` in a model folder's manifest. The model's digest does not depend on it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["presence"] = {name: round(value, 4) for name, value in asdict(thresholds).items()}
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def read_thresholds(folder: Path) -> Thresholds | None:
    """Those of a model folder's manifest, if it has any."""
    found = json.loads((folder / "manifest.json").read_text()).get("presence")
    return None if found is None else Thresholds(**found)


def area_under_curve(positive: list[float], negative: list[float]) -> float:
    """Chance that a positive scores above a negative (ties count half)."""
    p, n = np.array(positive)[:, None], np.array(negative)[None]
    return float((p > n).mean() + 0.5 * (p == n).mean())


def balanced_accuracy(positive: list[float], negative: list[float], threshold: float) -> float:
    """Mean of the shares of positives from the threshold on and of negatives below it."""
    return float(((np.array(positive) >= threshold).mean() + (np.array(negative) < threshold).mean()) / 2)


def best_threshold(positive: list[float], negative: list[float]) -> float:
    """The threshold with the best balanced accuracy, halfway between two scores; the median of equally good ones."""
    scores = np.unique([*positive, *negative])
    between = (scores[1:] + scores[:-1]) / 2 if len(scores) > 1 else scores
    accuracy = np.array([balanced_accuracy(positive, negative, t) for t in between])
    return float(np.median(between[accuracy >= accuracy.max() - 1e-9]))


def _presence(model: GroupModel, images: list[Tensors]) -> np.ndarray:
    return model.decode(images, model.consensus(images)[1])[1]


def _unlike(
    rng: np.random.Generator, kinds: list[Kind], may_meet: Callable[[str, str], bool], size: int
) -> list[Kind]:
    """Up to `size` kinds of which any two may meet."""
    chosen: list[Kind] = []
    for index in rng.permutation(len(kinds)):
        if len(chosen) < size and all(may_meet(kinds[index].name, k.name) for k in chosen):
            chosen.append(kinds[index])
    return chosen


def _composite(rng: np.random.Generator, photograph: Photograph, name: str, catalogue: Catalogue) -> np.ndarray:
    """A photograph, by an even chance with an object of a class that may meet `name`. RGB uint8, square."""
    assert photograph.mask is not None
    mask = resize(read_mask(photograph.mask), SIDE, SIDE)
    picture = Picture(resize(read_image(photograph.path), SIDE, SIDE).copy(), {0: mask.copy()})
    strangers = [other for other in catalogue.groups if catalogue.may_meet(name, other)]
    if strangers and rng.random() < 0.5:
        photographs = catalogue.groups[strangers[int(rng.integers(len(strangers)))]]
        other = photographs[int(rng.integers(len(photographs)))]
        cutout = None if other.mask is None else cut_out(read_image(other.path), read_mask(other.mask))
        if cutout is not None:
            paste(rng, picture, cutout, 1, side=float(rng.uniform(0.2, 0.5)), cover=0.3)
    return picture.image
