"""Which groups and kinds of pictures a training sees, and how often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SamplingConfig:
    shapes: tuple[tuple[int, int], ...] = ((5, 4), (4, 5), (3, 7), (2, 10))
    """(groups, images of each) of a step; one is drawn."""
    sizes: tuple[int, ...] = (192, 224, 256)
    """Side of the pictures of a step in pixels; one is drawn. Networks do best on somewhat larger inputs."""
    single: float = 0.12
    """Share of groups that are views of one photograph."""
    jigsaw: float = 0.2
    pasted: float = 0.15
    absent: float = 0.06
    """Shares of pictures; the rest are photographs with objects of other groups pasted in."""
    plain: float = 0.35
    """Of the photographs, the share that stays without a distractor."""
    hosted: float = 0.0
    """Of the other photographs, the share whose object is pasted into a photograph of another group, rather than
    another group's object into its own. At .5 nothing in a picture of two objects says which one is meant: a
    pasted object has edges that a network learns to see, and as a rule without this it is the distractor."""
    step_mates: float = 0.75
    """Share of distractors that come from the other groups of the same step."""
    near: float = 0.0
    """Share of a step's further groups that are of a class much like the first group's: hard negatives."""
    scenes: float = 0.0
    """Share of steps whose groups are made of scenes: photographs with a mask for each of several classes."""
    scene_mates: float = 0.3
    """In such a step, the share of pictures that are plain photographs of the class, where there are any."""
    held_back: int = 0
    """One class and one scene in so many are left out of training, to calibrate with. 0: none."""
