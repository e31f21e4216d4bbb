"""`cosal-train`: train, blend, curve, evaluate, calibrate, export, convert."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .data import Catalogue
    from .group_model import GroupModel
    from .presence import Evidence, Thresholds

DATA = "../shared/data"


def main() -> None:
    parser = argparse.ArgumentParser(prog="cosal-train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser(
        "train",
        help="train a network, or go on from OUTPUT/last.pt",
        description="Train a network, or go on from OUTPUT/last.pt. The rest is as the network's recipe says.",
        argument_default=argparse.SUPPRESS,
    )
    train.add_argument("--network", choices=("cosal-lite", "gconet-plus"), default="cosal-lite")
    train.add_argument("--config", type=Path, help="recipe as JSON: a run's config.json, or parts of one")
    train.add_argument("--data", help=f"folder of class folders, or with index.jsonl; {DATA}")
    train.add_argument("--output", help="checkpoints and logs; training/runs/lite or training/runs/gconet-plus")
    train.add_argument("--steps", type=int)
    train.add_argument(
        "--initial",
        help="weights to begin with: cosal-lite, a model folder, else ImageNet's in its encoder; gconet-plus, a "
        "published checkpoint or torchvision's VGG16-BN (.pth), else random ones",
    )
    train.add_argument("--learning-rate", type=float)
    train.add_argument("--size", type=_side, help="side of pictures in pixels, a multiple of 32; to validate too")
    train.add_argument("--evaluate-every", type=int, help="steps between validations on DATA/val; 0: none")
    train.add_argument("--seed", type=int)
    train.add_argument("--threads", type=int)
    train.add_argument("--device", choices=("auto", "cpu", "cuda"), help="auto: the GPU where there is one")
    train.add_argument("--precision", choices=("float32", "bfloat16"), help="of forward passes; float32")
    train.add_argument("--tensorboard", action="store_true", help="write OUTPUT/tensorboard too")

    blend = commands.add_parser(
        "blend", help="mean of the weights that a run began with and those it came to, or of two models'"
    )
    blend.add_argument(
        "last", type=Path, help="RUN/last.pt, config.json beside it; or the folder of a cosal-lite model"
    )
    blend.add_argument("--output", type=Path, required=True, help="a checkpoint to evaluate and export")
    blend.add_argument("--share", type=float, default=0.75, help="of `last` in the mean; 0.75")
    blend.add_argument("--data", help="training data, where it is elsewhere now")
    blend.add_argument(
        "--initial", help="the weights that the run began with, where they are elsewhere now; the other model"
    )

    evaluate = commands.add_parser("evaluate", help="metrics of a checkpoint, graphs or masks on groups")
    source = evaluate.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path)
    source.add_argument("--onnx", type=Path, help="folder with manifest.json and the graphs")
    source.add_argument("--masks", type=Path, help="folder of groups of mask PNGs")
    evaluate.add_argument("--groups", type=Path, default=Path(DATA) / "val")
    evaluate.add_argument("--size", type=int, default=256, help="input side for --checkpoint; graphs know theirs")
    evaluate.add_argument("--group-size", type=_count, help="cut groups into smaller ones; 1: each image alone")
    evaluate.add_argument("--all", action="store_true", help="S, F, E and MAE too")
    evaluate.add_argument("--protocols", action="store_true", help="seeds, reuse, presence, distractors too")
    evaluate.add_argument("--csv", type=Path, help="write the table there, and other figures to NAME.figures.csv")
    evaluate.add_argument("--reliability", type=Path, help="draw probabilities against what they come true there")
    evaluate.add_argument("--sheet", type=Path, help="write best and worst of each group there (.jpg)")
    evaluate.add_argument("--keep", type=Path, help="write the masks there")

    curve = commands.add_parser("curve", help="plot a run's losses and validation")
    curve.add_argument("run", type=Path, help="folder with log.csv and validation.txt")
    curve.add_argument("--output", type=Path, help="RUN/curve.png, unless given; also .svg and .pdf")

    calibrate = commands.add_parser(
        "calibrate", help="calibrated logits, confidence and presence thresholds into a model"
    )
    calibrate.add_argument("model", type=Path, help="folder with manifest.json and the graphs")
    calibrate.add_argument("--data", type=Path, default=Path(DATA), help="training data")
    calibrate.add_argument("--groups", type=Path, help="held-out groups; DATA/val where there is one")
    calibrate.add_argument(
        "--held-back", type=int, default=0, help="fit on one class and scene in so many, as in the recipe"
    )

    export = commands.add_parser("export", help="checkpoint to ONNX graphs, manifest and golden tensors")
    export.add_argument("--checkpoint", type=Path, required=True)
    export.add_argument("--output", type=Path, help="model folder; models/NETWORK")
    export.add_argument("--size", type=int, default=256, help="side of the input in pixels, a multiple of 32")
    export.add_argument("--version", default="0.1.0")
    export.add_argument("--details", type=Path, help="JSON that the manifest takes over: training, metrics")

    convert = commands.add_parser("convert", help="published GCoNet+ checkpoint (.pth) to a model folder")
    convert.add_argument("--checkpoint", type=Path, required=True)
    convert.add_argument("--output", type=Path, required=True, help="models/NAME; the model is called NAME")
    convert.add_argument("--size", type=int, default=256, help="side of the input in pixels, a multiple of 16")
    convert.add_argument("--version", default="1.0.0")
    convert.add_argument("--licence", default="unknown", help="of the weights, for the manifest")
    convert.add_argument("--half", action="store_true", help="store weights as float16: half the bytes, not exact")

    options = parser.parse_args()
    if options.command == "evaluate" and options.protocols and options.masks:
        parser.error("--protocols needs --checkpoint or --onnx")
    run = {
        "train": _train,
        "blend": _blend,
        "curve": _curve,
        "evaluate": _evaluate,
        "calibrate": _calibrate,
        "export": _export,
        "convert": _convert,
    }
    run[options.command](options)


ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_ARENA_MAX": "2"}
"""glibc gives every large tensor back to the system and asks for it again: 29 % of the time of a training step
was spent in page faults, 3 % with these settings (2 cores, steps of 20 pictures)."""


def _keep_memory() -> None:
    """Start this command again with an allocator that keeps what it has; glibc reads these variables only once."""
    if sys.platform == "linux" and not ALLOCATOR.keys() & os.environ.keys():
        os.execve(sys.executable, [sys.executable, "-m", "cosal_training.cli", *sys.argv[1:]], os.environ | ALLOCATOR)


def _train(options: argparse.Namespace) -> None:
    _keep_memory()
    from .recipes import RECIPES, read_recipe
    from .train import train

    given = vars(options).copy()
    for name in ("command", "config", "network", "size"):
        given.pop(name, None)
    try:
        config = read_recipe(options.config) if "config" in options else RECIPES[options.network]
        if "size" in options:
            given |= {"evaluate_size": options.size, "sampling": replace(config.sampling, sizes=(options.size,))}
        train(replace(config, **given))
    except (ValueError, ImportError, OSError) as error:
        sys.exit(f"cosal-train train: {error}")


def _blend(options: argparse.Namespace) -> None:
    from .blend import blend

    try:
        blend(options.last, options.output, options.share, data=options.data, initial=options.initial)
    except (ValueError, OSError) as error:
        sys.exit(f"cosal-train blend: {error}")
    print(f"wrote {options.output}")


def _side(text: str) -> int:
    side = int(text)
    if side < 64 or side % 32:
        raise argparse.ArgumentTypeError(f"{side} is no multiple of 32 from 64")
    return side


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} photographs make no group")
    return count


def _curve(options: argparse.Namespace) -> None:
    from .curve import RunError, draw

    output = options.output or options.run / "curve.png"
    try:
        draw(options.run, output)
    except (RunError, OSError) as error:
        sys.exit(f"cosal-train curve: {error}")
    print(f"wrote {output}")


def _evaluate(options: argparse.Namespace) -> None:
    from .evaluate import GroupScore, evaluate, evaluate_masks
    from .reliability import draw
    from .report import calibration, table, trust, write_csv, write_figures
    from .sheet import best_and_worst, write_sheet

    def told(score: GroupScore) -> None:
        print(f"{score.group}: {score.images} photographs, J {score.jaccard:.3f}", file=sys.stderr, flush=True)

    model = None if options.masks else _model(options)
    given = {"everything": options.all, "told": told}
    try:
        if model is None:
            scores = evaluate_masks(options.masks, options.groups, **given)
        else:
            scores = evaluate(model, options.groups, group_size=options.group_size, keep=options.keep, **given)
        print(table(scores))
        figures = {"trust": trust(scores)}
        _print("trust", figures["trust"])
        if options.csv:
            write_csv(scores, options.csv)
        if options.reliability:
            draw({options.groups.name: calibration(scores)}, options.reliability)
        if options.sheet:
            write_sheet(best_and_worst(scores), options.sheet)
    except (ValueError, OSError) as error:
        sys.exit(f"cosal-train evaluate: {error}")
    if options.protocols and model is not None:
        figures |= _protocols(model, options)
    if options.csv:
        write_figures(figures, options.csv.with_suffix(".figures.csv"))


def _model(options: argparse.Namespace) -> GroupModel:
    """That of --onnx, or of --checkpoint at --size."""
    from .graphs import Graphs
    from .torch_model import TorchModel
    from .train import load_network

    return Graphs(options.onnx) if options.onnx else TorchModel(load_network(options.checkpoint), options.size)


def _protocols(model: GroupModel, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Each printed when it is done; one that cannot be measured says why and stops no other."""
    from . import protocols
    from .presence import read_thresholds

    folder = options.groups
    thresholds = read_thresholds(options.onnx) if options.onnx else None
    groups = protocols.read_groups(folder, model)
    measured = {
        "J by size of group": lambda: protocols.group_gain(groups, model),
        "J with seeds": lambda: protocols.seeds(groups, model),
        "J with a reused consensus": lambda: protocols.reuse(groups, model),
        "J where two objects are common, with seeds": lambda: protocols.two_in_common(folder, model),
        "J with a distractor": lambda: protocols.distractors(folder, model),
        "presence": lambda: protocols.presence(groups, model, thresholds),
    }
    found = {}
    for title, measure in measured.items():
        try:
            found[title] = measure()
        except ValueError as error:
            print(f"\n{title}: not measured: {error}", flush=True)
            continue
        _print(title, found[title])
    return found


def _print(title: str, figures: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, value in figures.items():
        print(f"  {name:<30} {value:.3f}", flush=True)


def _calibrate(options: argparse.Namespace) -> None:
    from . import protocols
    from .data import Catalogue
    from .graphs import Graphs
    from .presence import calibrate, classes_that_meet, leave_one_out, merged, write_thresholds

    held_out = options.groups or options.data / "val"
    try:
        catalogue = Catalogue.read(options.data)
        if options.held_back:
            _calibrate_masks(options.model, catalogue, options.held_back)
        held = catalogue.split(options.held_back)[1]
        if classes_that_meet(held):
            thresholds, found = _calibrate_presence(options.model, held)
        elif held_out.is_dir():
            model = Graphs(options.model)
            parts = protocols.presence_by_group(protocols.read_groups(held_out, model), model)
            found = merged(parts)
            thresholds = found.thresholds()
            _print("each group at the others' thresholds", leave_one_out(parts))
        else:
            thresholds, found = calibrate(Graphs(options.model), catalogue)
    except (ValueError, OSError) as error:
        sys.exit(f"cosal-train calibrate: {error}")
    write_thresholds(options.model, thresholds)
    _print("thresholds", {"image": thresholds.image, "group": thresholds.group})
    _print("where they were chosen", found.figures(thresholds))


def _calibrate_masks(folder: Path, catalogue: Catalogue, every: int) -> None:
    """Calibrate a model's logits and fit its confidence on what training held back."""
    from dataclasses import asdict

    from .calibration import rescale
    from .confidence import write_weights
    from .graphs import Graphs
    from .held_back import calibrate, held_back_cases

    cases = list(held_back_cases(Graphs(folder), catalogue, every))
    scales, confidence = calibrate(cases)
    rescale(folder, scales)
    write_weights(folder, confidence)
    _print(f"logits, by {len(cases)} masks that were held back", asdict(scales))
    _print("confidence", asdict(confidence))


def _calibrate_presence(folder: Path, held: Catalogue) -> tuple[Thresholds, Evidence]:
    """Fit a model's presence on what training held back."""
    from dataclasses import asdict

    from .confidence import write_weights
    from .graphs import Graphs
    from .presence import calibrate_held_back

    weights, thresholds, found = calibrate_held_back(Graphs(folder), held)
    write_weights(folder, weights)
    _print("presence", asdict(weights))
    return thresholds, found


def _export(options: argparse.Namespace) -> None:
    from .export import export
    from .train import load_network

    details = json.loads(options.details.read_text()) if options.details else {}
    folder = export(
        load_network(options.checkpoint),
        options.output,
        size=options.size,
        version=options.version,
        details=details,
    )
    print(f"wrote {folder}")


def _convert(options: argparse.Namespace) -> None:
    from .convert import convert

    try:
        convert(
            options.checkpoint,
            options.output,
            size=options.size,
            version=options.version,
            licence=options.licence,
            half=options.half,
        )
    except (ValueError, OSError) as error:
        sys.exit(f"cosal-train convert: {error}")
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
