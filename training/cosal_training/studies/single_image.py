"""What seeing the group is worth at the end of a training: two networks that go on from the same weights alike.

    python -m cosal_training.studies.single_image --data DATA --output training/runs/single-image

One is cosal-lite. In the other a constant takes the consensus' place, so that it sees one image at a time; GCM, which
needs a consensus, goes with it. Everything else is the same: initial weights, pictures, steps, schedule, seed. Prints
the table that `studies.ablation` prints. What is complete is not repeated; what was interrupted goes on.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..recipes import read_recipe
from ..train import TrainConfig, train
from .ablation import measure, write_tables


def configs(
    recipe: TrainConfig, data: str, initial: str, output: Path, *, stop: int, threads: int
) -> dict[str, TrainConfig]:
    """By title, which makes the table's rows."""
    group = replace(
        recipe,
        data=data,
        initial=initial,
        output=str(output / "group"),
        stop_at=stop,
        threads=threads,
        evaluate_every=0,
    )
    alone = replace(
        group,
        output=str(output / "single-image"),
        network=replace(recipe.network, gam=False),
        losses=replace(recipe.losses, gcm=0.0),
    )
    return {"single image: no GAM": alone, "group": group}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--initial", default="models/cosal-lite", help="folder of the weights that both begin with")
    parser.add_argument("--output", type=Path, default=Path("training/runs/single-image"))
    parser.add_argument("--config", type=Path, default=Path("training/recipes/second.json"))
    parser.add_argument("--stop", type=int, default=1200, help="step of the recipe's schedule after which both stop")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, default=320, help="side of the input at which networks are measured")
    o = parser.parse_args()
    runs = configs(read_recipe(o.config), o.data, o.initial, o.output, stop=o.stop, threads=o.threads)
    groups = Path(o.data) / "val"
    rows = {title: measure(train(config), groups, o.size) for title, config in runs.items()}
    print(write_tables(rows, o.output))


if __name__ == "__main__":
    main()
