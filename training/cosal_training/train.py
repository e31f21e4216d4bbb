"""The training loop, the same for every network: resumable, deterministic from a seed on the CPU, logged to CSV."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Subset
from tqdm import tqdm

from .architectures import NetworkConfig, architecture_of, load_network, read_config
from .data import Catalogue, GroupDataset, SamplingConfig, nearest_classes
from .evaluate import evaluate, mean_of
from .log import Log
from .losses import LossConfig, training_loss
from .network import LiteConfig
from .network.encoder import efficientnet_lite
from .optimisation import parameter_groups, schedule, update_average
from .placement import Device, Precision, _one_thread, arithmetic, keep_depth_wise_in_float32, loader, place
from .tensorboard import Board
from .torch_model import TorchModel

__all__ = ["TrainConfig", "_one_thread", "load_network", "train"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A recipe; the defaults are those of cosal-lite (`recipes` has them all)."""

    data: str
    output: str
    steps: int = 4000
    stop_at: int | None = None
    """Stop after this step, as if interrupted; the schedule stays that of `steps`."""
    seed: int = 7
    initial: str | None = None
    """Weights to begin with. cosal-lite: a model folder, such as that of the shipped model; else ImageNet's.
    GCoNet+: a published checkpoint, or torchvision's VGG16-BN for the encoder; else random ones."""
    learning_rate: float = 1.5e-3
    backbone_factor: float = 0.1
    weight_decay: float = 1e-2
    warmup: int = 100
    clip: float = 5.0
    ema: float = 0.998
    device: Device = "auto"
    precision: Precision = "float32"
    threads: int = 2
    loaders: int | None = None
    """Processes that make pictures; 0: this one. Unless given, one on the CPU and more for a GPU."""
    checkpoint_every: int = 100
    evaluate_every: int = 500
    """Steps between evaluations on `data/val`, where that exists; the last step is evaluated too. 0: never."""
    evaluate_size: int = 320
    tensorboard: bool = False
    """Write the losses and the validation for TensorBoard too."""
    network: NetworkConfig = field(default_factory=LiteConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    losses: LossConfig = field(default_factory=LossConfig)


def train(config: TrainConfig) -> Path:
    """Train, or go on from `output/last.pt`, on whatever device that was made. Returns the last checkpoint's path.

    Raises ValueError when there is no such device, when the data cannot be used (DataError), or the initial
    weights do not fit.
    """
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    device = place(config.device)
    output, last = Path(config.output), Path(config.output) / "last.pt"
    output.mkdir(parents=True, exist_ok=True)
    catalogue, _ = Catalogue.read(Path(config.data)).split(config.sampling.held_back)
    architecture = architecture_of(config.network)
    state = torch.load(last, map_location="cpu", weights_only=True) if last.exists() else None
    classes = len(catalogue.groups)
    if state is None:
        network_config = architecture.prepare(config.network, classes, config.initial is not None)
    else:
        network_config = read_config(state)
        if type(network_config) is not type(config.network):
            raise ValueError(f"{last} is of {architecture_of(network_config).name}, not of {architecture.name}")
    (output / "config.json").write_text(
        json.dumps({"architecture": architecture.name, **asdict(config)}, indent=2) + "\n"
    )

    network = architecture.network(network_config).to(memory_format=torch.channels_last)
    near = _near(output / "near.json", catalogue) if config.sampling.near else None
    dataset = GroupDataset(catalogue, config.sampling, seed=config.seed, steps=config.steps, near=near)
    if state is None:
        begin(network, config, catalogue)
        print(f"{architecture.name} begins with {config.initial or architecture.unbegun}", flush=True)
    classifier = architecture.classifier(network, classes)
    average = deepcopy(network).requires_grad_(False)
    for module in (network, classifier, average):
        module.to(device)
    optimiser = torch.optim.AdamW(
        parameter_groups(
            network, classifier, backbone_factor=config.backbone_factor, weight_decay=config.weight_decay
        )
    )
    start, end = 0, config.stop_at or config.steps
    if state is not None:
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        classifier.load_state_dict(state["classifier"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]

    log = Log(output / "log.csv", start)
    board = Board(output, start) if config.tensorboard else None
    validation = Path(config.data) / "val"
    validated = validation.is_dir() and any(p.is_dir() for p in validation.iterdir())
    if device.type == "cpu" and config.precision == "bfloat16":
        keep_depth_wise_in_float32(network)
    network.train()
    batches = loader(Subset(dataset, range(start, end)), device, config.loaders)
    bar = tqdm(batches, initial=start, total=config.steps, dynamic_ncols=True, mininterval=5)
    for step, batch in enumerate(bar, start):
        rate = schedule(step, warmup=config.warmup, steps=config.steps)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"] * config.learning_rate
        began = time.perf_counter()
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        with arithmetic(device, config.precision):
            loss = training_loss(network, classifier, batch.to(device), config.losses, generator)
        optimiser.zero_grad(set_to_none=True)
        loss.total.backward()
        nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        optimiser.step()
        update_average(average, network, min(config.ema, (1 + step) / (10 + step)))
        # Reading the losses waits for the device: the time is that of the whole step.
        total, *values = torch.stack([loss.total.detach(), *loss.terms.values()]).tolist()
        terms = dict(zip(loss.terms, values, strict=True))
        seconds = time.perf_counter() - began
        log.write(step, terms, total, seconds)
        if board:
            board.step(step, terms, total, seconds)
        bar.set_postfix(loss=f"{total:.3f}", refresh=False)
        if (step + 1) % config.checkpoint_every == 0 or step + 1 == end:
            _save(
                last,
                step=step + 1,
                network=network.state_dict(),
                average=average.state_dict(),
                classifier=classifier.state_dict(),
                optimiser=optimiser.state_dict(),
                architecture=architecture.name,
                network_config=asdict(network_config),
            )
        due = config.evaluate_every and ((step + 1) % config.evaluate_every == 0 or step + 1 == end)
        if due and validated:
            model = TorchModel(average.eval(), config.evaluate_size)
            scores = evaluate(model, validation)
            alone = evaluate(model, validation, group_size=1)
            line = f"step {step + 1}: J {mean_of(scores):.4f}, each image alone {mean_of(alone):.4f} "
            line += " ".join(f"{s.group} {s.jaccard:.2f}" for s in scores)
            bar.write(line)
            with (output / "validation.txt").open("a") as lines:
                lines.write(line + "\n")
            if board:
                board.validation(step, {"J": mean_of(scores), "J alone": mean_of(alone)})
    if board:
        board.close()
    return last


def begin(network: nn.Module, config: TrainConfig, catalogue: Catalogue) -> None:
    """Give a new network the weights that the recipe begins with. Raises ValueError when they do not fit."""
    if config.initial is None:
        return
    steps = GroupDataset(catalogue, config.sampling, seed=config.seed + 1, steps=16)
    drawn = (steps[step] for step in range(len(steps)))
    pictures = (group for batch in drawn for group in batch.image.split(batch.sizes))
    architecture_of(config.network).begin(network, Path(config.initial), pictures)


def _save(path: Path, **state: Any) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def _near(path: Path, catalogue: Catalogue) -> dict[str, list[str]]:
    """Classes that look alike to a network of ImageNet's; kept, so that a resumed run draws the same."""
    if not path.exists():
        with torch.random.fork_rng(devices=[]):
            backbone = efficientnet_lite()
        path.write_text(json.dumps(nearest_classes(catalogue, backbone)))
    return json.loads(path.read_text())
