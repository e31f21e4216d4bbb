"""What each module of GCoNet+ is worth here: networks trained alike, one module more each time.

    python -m cosal_training.studies.ablation --data DATA --output training/runs/ablation

Every run has the same seed, hence the same pictures in the same order, the same steps and the same schedule, from
ImageNet's weights. Runs that are complete are not repeated; an interrupted one goes on.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from ..data import SamplingConfig
from ..losses import LossConfig
from ..network import LiteConfig
from ..train import TrainConfig, train


@dataclass(frozen=True)
class Run:
    """A row of the table."""

    name: str
    title: str
    network: LiteConfig
    losses: LossConfig


def runs() -> list[Run]:
    """The rows: each adds one module to the row before; the last is the recipe of the shipped weights."""
    recipe = LossConfig()
    network = LiteConfig(gam=False, cem=False)
    losses = replace(recipe, shrink=0.0, gcm=0.0, acm=0.0, racm=0.0, gst=0.0)
    rows = [Run("baseline", "single image: no GAM, plain head", network, losses)]
    network = replace(network, gam=True)
    rows.append(Run("gam", "+ GAM", network, losses))
    losses = replace(losses, gcm=1.0)
    rows.append(Run("gcm", "+ GCM", network, losses))
    losses = replace(losses, acm=0.1, racm=0.1)
    rows.append(Run("acm", "+ ACM, RACM", network, losses))
    losses = replace(losses, gst=0.2)
    rows.append(Run("gst", "+ GST", network, losses))
    network, losses = replace(network, cem=True), replace(losses, shrink=recipe.shrink)
    rows.append(Run("cem", "+ CEM: everything", network, losses))
    rows.append(Run("recipe", "the recipe: GAM, GCM, ACM, CEM", LiteConfig(), recipe))
    return rows


def train_all(data: str, output: Path, *, steps: int, threads: int) -> dict[str, Path]:
    """Train what is not yet trained. Returns each run's checkpoint."""
    sampling = SamplingConfig(shapes=((3, 4), (2, 6)), sizes=(192,))
    return {
        run.name: train(
            TrainConfig(
                data=data,
                output=str(output / run.name),
                steps=steps,
                threads=threads,
                warmup=60,
                evaluate_every=0,
                network=run.network,
                losses=run.losses,
                sampling=sampling,
            )
        )
        for run in runs()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--output", type=Path, default=Path("training/runs/ablation"))
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    train_all(options.data, options.output, steps=options.steps, threads=options.threads)


if __name__ == "__main__":
    main()
