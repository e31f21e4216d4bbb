"""The training loop: resumable, deterministic from a seed, logged to CSV."""

from __future__ import annotations

import csv
import json
import math
import time
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from tqdm import tqdm

from .data import Catalogue, GroupDataset, SamplingConfig, nearest_classes
from .evaluate import evaluate, mean_of, torch_segment
from .losses import AuxiliaryClassifier, LossConfig, training_loss
from .network import CosalLite, LiteConfig
from .warm_start import warm_start


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    data: str
    output: str
    steps: int = 4000
    stop_at: int | None = None
    """Stop after this step, as if interrupted; the schedule stays that of `steps`."""
    seed: int = 7
    initial: str | None = None
    """A model folder whose weights to begin with, such as that of the shipped model; else ImageNet's."""
    learning_rate: float = 1.5e-3
    backbone_factor: float = 0.1
    weight_decay: float = 1e-2
    warmup: int = 100
    clip: float = 5.0
    ema: float = 0.998
    threads: int = 2
    checkpoint_every: int = 100
    evaluate_every: int = 500
    """Steps between evaluations on `data/val`, where that exists; the last step is evaluated too. 0: never."""
    evaluate_size: int = 320
    network: LiteConfig = field(default_factory=LiteConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    losses: LossConfig = field(default_factory=LossConfig)


def train(config: TrainConfig) -> Path:
    """Train, or go on from `output/last.pt`. Returns the path of the last checkpoint."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    output = Path(config.output)
    output.mkdir(parents=True, exist_ok=True)
    (output / "config.json").write_text(json.dumps(asdict(config), indent=2))

    catalogue = Catalogue.read(Path(config.data))
    last = output / "last.pt"
    network = CosalLite(config.network).to(memory_format=torch.channels_last)
    near = _near(output / "near.json", catalogue, network) if config.sampling.near else None
    dataset = GroupDataset(catalogue, config.sampling, seed=config.seed, steps=config.steps, near=near)
    if config.initial is not None and not last.exists():
        steps = GroupDataset(catalogue, config.sampling, seed=config.seed + 1, steps=4)
        batches = (steps[step] for step in range(len(steps)))
        warm_start(network, Path(config.initial), (group for b in batches for group in b.image.split(b.sizes)))
    classifier = AuxiliaryClassifier(config.network.channels, len(dataset.names))
    average = deepcopy(network).requires_grad_(False)
    optimiser = torch.optim.AdamW(_parameter_groups(network, classifier, config))
    start, end = 0, config.stop_at or config.steps
    if last.exists():
        state = torch.load(last, map_location="cpu", weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        classifier.load_state_dict(state["classifier"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]

    def save() -> None:
        state = {
            "step": step + 1,
            "network": network.state_dict(),
            "average": average.state_dict(),
            "classifier": classifier.state_dict(),
            "optimiser": optimiser.state_dict(),
            "network_config": asdict(config.network),
        }
        torch.save(state, last.with_suffix(".part"))
        last.with_suffix(".part").replace(last)

    loader = DataLoader(
        Subset(dataset, range(start, end)),
        batch_size=None,
        num_workers=1,
        prefetch_factor=4,
        worker_init_fn=_one_thread,
        # A forked child inherits OpenMP's threads as they are not, and hangs in its first parallel loop.
        multiprocessing_context="spawn",
    )
    log = _Log(output / "log.csv", start)
    network.train()
    bar = tqdm(loader, initial=start, total=config.steps, dynamic_ncols=True, mininterval=5)
    for step, batch in enumerate(bar, start):
        rate = _schedule(step, config)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"] * config.learning_rate
        began = time.perf_counter()
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        loss = training_loss(network, classifier, batch, config.losses, generator)
        optimiser.zero_grad(set_to_none=True)
        loss.total.backward()
        nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        optimiser.step()
        _update_average(average, network, min(config.ema, (1 + step) / (10 + step)))
        log.write(step, loss.terms, float(loss.total.detach()), time.perf_counter() - began)
        bar.set_postfix(loss=f"{float(loss.total.detach()):.3f}", refresh=False)
        if (step + 1) % config.checkpoint_every == 0 or step + 1 == end:
            save()
        size, validation = config.evaluate_size, Path(config.data) / "val"
        due = config.evaluate_every and ((step + 1) % config.evaluate_every == 0 or step + 1 == end)
        if due and validation.is_dir():
            scores = evaluate(torch_segment(average.eval()), validation, size=size)
            alone = evaluate(torch_segment(average), validation, size=size, group_size=1)
            line = f"step {step + 1}: J {mean_of(scores):.4f}, each image alone {mean_of(alone):.4f} "
            line += " ".join(f"{s.group} {s.jaccard:.2f}" for s in scores)
            bar.write(line)
            with (output / "validation.txt").open("a") as lines:
                lines.write(line + "\n")
    return last


def load_network(checkpoint: Path, *, average: bool = True) -> CosalLite:
    """The averaged (EMA) network of a checkpoint, in evaluation mode."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network = CosalLite(LiteConfig(**state["network_config"]))
    network.load_state_dict(state["average" if average else "network"])
    return network.to(memory_format=torch.channels_last).eval()


def _near(path: Path, catalogue: Catalogue, network: CosalLite) -> dict[str, list[str]]:
    """Classes that look alike under the network's ImageNet backbone; kept, so that a resumed run draws the same."""
    if not path.exists():
        path.write_text(json.dumps(nearest_classes(catalogue, network.encoder.backbone)))
    return json.loads(path.read_text())


def _parameter_groups(network: CosalLite, classifier: nn.Module, config: TrainConfig) -> list[dict]:
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    named = [*network.named_parameters(), *classifier.named_parameters()]
    for name, parameter in named:
        if not parameter.requires_grad:
            continue
        factor = config.backbone_factor if name.startswith("encoder.backbone") else 1.0
        decay = 0.0 if parameter.ndim < 2 else config.weight_decay
        groups.setdefault((factor, decay), []).append(parameter)
    return [{"params": p, "factor": f, "weight_decay": d, "lr": 0.0} for (f, d), p in groups.items()]


def _schedule(step: int, config: TrainConfig) -> float:
    if step < config.warmup:
        return (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, config.steps - config.warmup)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))


@torch.no_grad()
def _update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


def _one_thread(_: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


class _Log:
    """CSV with a line per step."""

    def __init__(self, path: Path, start: int) -> None:
        """Go on after step `start` - 1; what an interrupted run wrote beyond its checkpoint goes."""
        self.path = path
        self.fields = ["step", "total", "seconds", *LossConfig().terms()]
        kept = []
        if start and path.exists():
            with path.open(newline="") as file:
                kept = [row for row in csv.DictReader(file) if int(row["step"]) < start]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.fields, restval="")
            writer.writeheader()
            writer.writerows(kept)

    def write(self, step: int, terms: dict[str, float], total: float, seconds: float) -> None:
        row = {"step": step, "total": f"{total:.5f}", "seconds": f"{seconds:.3f}"}
        row |= {name: f"{value:.5f}" for name, value in terms.items()}
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, self.fields, restval="").writerow(row)
