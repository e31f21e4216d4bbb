"""Scenes: photographs of several classes with a mask for each, so that one belongs to several groups.

scenes/index.jsonl                        a line per photograph
scenes/SOURCE/NAME.jpg                    and its masks, NAME.CLASS.png beside it

A line's `path`, and `classes`, which have masks (all their instances together). What else it may show without a mask:
`small` (classes that are there but tiny), any class outside of `labelled`, if that is given, and, if `partial`, more
of any class.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

SCENES, INDEX = "scenes", "index.jsonl"

PARTIAL = 0.6
"""Trust in masks of photographs in which not everything was drawn."""


@dataclass(frozen=True)
class Scene:
    path: Path
    classes: frozenset[str]
    """Those with a mask."""
    small: frozenset[str] = frozenset()
    labelled: frozenset[str] | None = None
    """The only classes that were looked for; None: all were."""
    partial: bool = False

    def mask(self, name: str) -> Path:
        """Of one of `classes`."""
        return self.path.with_suffix(f".{name}.png")

    def lacks(self, name: str) -> bool:
        """Whether it is known that the photograph does not show the class."""
        looked_for = not self.partial and (self.labelled is None or name in self.labelled)
        return looked_for and name not in self.classes and name not in self.small

    def knows(self, name: str) -> bool:
        """Whether every part of the photograph is known to show the class or not."""
        return self.lacks(name) or (name in self.classes and not self.partial)

    @property
    def weight(self) -> float:
        """Trust in its masks."""
        return PARTIAL if self.partial else 1.0


def read_scenes(folder: Path) -> list[Scene]:
    """The scenes of a folder with an index, in its order."""
    with (folder / INDEX).open() as lines:
        return [_scene(folder, json.loads(line)) for line in lines]


def _scene(folder: Path, entry: dict) -> Scene:
    return Scene(
        folder / entry["path"],
        frozenset(entry["classes"]),
        frozenset(entry.get("small", ())),
        frozenset(entry["labelled"]) if "labelled" in entry else None,
        bool(entry.get("partial")),
    )
