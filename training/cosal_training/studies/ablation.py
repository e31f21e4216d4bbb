"""What each module of GCoNet+ is worth here: networks trained alike, one module more each time.

    python -m cosal_training.studies.ablation --data DATA --output training/runs/ablation

Every run has the same seed, hence the same pictures in the same order, the same steps and the same schedule, from
ImageNet's weights: 12 pictures of 192 pixels, most with distractors, many of classes that look alike. Runs that are
complete are not repeated; an interrupted one goes on. Writes `table.md` and `table.csv`: the validation groups whole
and each image alone, and composites with a distractor.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path

from ..data import SamplingConfig
from ..evaluate import evaluate, mean_of
from ..losses import LossConfig
from ..network import LiteConfig
from ..protocols import distractors
from ..torch_model import TorchModel
from ..train import TrainConfig, load_network, train

METRICS = ("J", "P", "S", "Fmax", "Emax", "MAE")


@dataclass(frozen=True)
class Run:
    """A row of the table."""

    name: str
    title: str
    network: LiteConfig
    losses: LossConfig
    hosted: float = 0.0
    """See `SamplingConfig`: at .5 the pictures themselves do not say which of two objects is meant."""


def runs() -> list[Run]:
    """The rows: each adds one module to the row before. Then the recipe of the shipped weights' first training, and
    that of their last, whose pictures only a group can tell, with a single-image network on the same pictures."""
    recipe = LossConfig(reused_share=0.25)
    network = LiteConfig(gam=False, cem=False, frozen=3)
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
    rows.append(Run("recipe", "the recipe: GAM, GCM, ACM, CEM", LiteConfig(frozen=3), recipe))
    rows.append(replace(rows[0], name="baseline-hosted", title="single image, hosted objects", hosted=0.5))
    rows.append(replace(rows[-2], name="recipe-hosted", title="the recipe, hosted objects", hosted=0.5))
    return rows


def train_all(data: str, output: Path, *, steps: int, threads: int) -> dict[str, Path]:
    """Train what is not yet trained. Returns each run's checkpoint."""
    sampling = SamplingConfig(shapes=((3, 4), (2, 6)), sizes=(192,), plain=0.25, step_mates=0.8, near=0.4)
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
                sampling=replace(sampling, hosted=run.hosted),
            )
        )
        for run in runs()
    }


def measure(checkpoint: Path, groups: Path, size: int) -> dict[str, float]:
    """The columns of a row: metrics of whole groups, J of each image alone, J where a distractor is pasted in.

    Kept beside the checkpoint, in `figures.json`.
    """
    kept = checkpoint.with_name("figures.json")
    if kept.exists():
        return json.loads(kept.read_text())
    model = TorchModel(load_network(checkpoint), size)
    scores = evaluate(model, groups, everything=True)
    found = {name: mean_of(scores, name) for name in METRICS}
    found["J alone"] = mean_of(evaluate(model, groups, group_size=1))
    pasted = distractors(groups, model)
    found |= {f"J with a distractor, {name}": value for name, value in pasted.items()}
    kept.write_text(json.dumps(found))
    return found


def write_tables(rows: dict[str, dict[str, float]], output: Path) -> str:
    """Both files; returns the text of the Markdown one."""
    columns = list(next(iter(rows.values())))
    with (output / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["network", *columns])
        writer.writerows([title, *(f"{value:.4f}" for value in row.values())] for title, row in rows.items())
    lines = [f"| network | {' | '.join(columns)} |", f"|---{'|---:' * len(columns)}|"]
    lines += [f"| {title} | {' | '.join(f'{v:.3f}' for v in row.values())} |" for title, row in rows.items()]
    text = "\n".join(lines) + "\n"
    (output / "table.md").write_text(text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--output", type=Path, default=Path("training/runs/ablation"))
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, default=256, help="side of the input at which networks are measured")
    options = parser.parse_args()
    checkpoints = train_all(options.data, options.output, steps=options.steps, threads=options.threads)
    groups = Path(options.data) / "val"
    rows = {run.title: measure(checkpoints[run.name], groups, options.size) for run in runs()}
    print(write_tables(rows, options.output))


if __name__ == "__main__":
    main()
