"""One command for a checkpoint, graphs or masks: the same scores, a table, CSV and a contact sheet."""

from __future__ import annotations

import csv
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import gconet_plus_naive as naive
import numpy as np
import pytest
import torch

from cosal_training import protocols
from cosal_training.bootstrap import intervals
from cosal_training.cli import main
from cosal_training.evaluate import GroupScore, ImageScore, evaluate, mean_of
from cosal_training.group_model import GroupModel, InputFormat, Tensors
from cosal_training.network import CosalLite, GCoNetPlus, GCoNetPlusConfig
from cosal_training.network.outline import at_half_height
from cosal_training.report import table
from cosal_training.sheet import GAP, WIDTH
from cosal_training.torch_model import TorchModel

SIZE = 64


@pytest.fixture(scope="module")
def network() -> CosalLite:
    torch.manual_seed(0)
    return CosalLite().eval()


@pytest.fixture(scope="module")
def checkpoint(network: CosalLite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "last.pt"
    torch.save({"average": network.state_dict(), "network_config": asdict(network.config)}, path)
    return path


def _images(model: TorchModel, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([model.input.tensor(rng.integers(0, 255, (50, 70, 3)).astype(np.uint8)) for _ in range(count)])


def test_step_by_step_equals_the_network_at_once(network: CosalLite) -> None:
    model = TorchModel(network, SIZE)
    images = _images(model, 3)
    model.likeness = None
    found, expected = model.segment(images), network.segment(torch.from_numpy(images))
    assert np.abs(found.logits - at_half_height(expected.logits).numpy()).max() <= 1e-4
    assert np.abs(found.presence - expected.presence.sigmoid().numpy()).max() <= 1e-5


def test_each_network_gets_the_pixels_it_was_trained_on() -> None:
    state = naive.random_checkpoint(8)
    gconet = GCoNetPlus(GCoNetPlusConfig(compat="published", width=8))
    gconet.load_state_dict(state)
    model = TorchModel(gconet.eval(), SIZE)
    white = model.input.tensor(np.full((9, 7, 3), 255, np.uint8))
    assert white[:, 0, 0] == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
    images = _images(model, 2)
    expected = gconet.segment(torch.from_numpy(images)).logits.numpy()
    assert np.abs(model.segment(images).logits - expected).max() <= 1e-3


def test_a_network_without_gam_is_measured_like_the_others(network: CosalLite, shapes: Path) -> None:
    """Its masks are those of each photograph alone; the group's own network's are not."""
    single = TorchModel(CosalLite(replace(network.config, gam=False)).eval(), SIZE)
    groups = protocols.read_groups(shapes / "val", single)
    gain = protocols.group_gain(groups, single, sizes=(1, None))
    assert gain["groups of 1"] == gain["whole group"]
    scores = evaluate(single, shapes / "val")
    alone = evaluate(single, shapes / "val", group_size=1)
    assert all((a.mask == b.mask).all() for a, b in zip(scores[0].items, alone[0].items, strict=True))


def test_the_command_writes_table_csv_sheet_and_masks(
    checkpoint: Path,
    network: CosalLite,
    shapes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _run(monkeypatch, "--checkpoint", checkpoint, "--groups", shapes / "val", "--size", SIZE, "--all",
         "--csv", tmp_path / "a.csv", "--sheet", tmp_path / "a.jpg", "--keep", tmp_path / "masks")  # fmt: skip
    first = capsys.readouterr().out
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = {row["group"]: row for row in csv.DictReader(file)}
    scores = evaluate(TorchModel(network, SIZE), shapes / "val")
    assert float(rows["mean"]["J"]) == pytest.approx(mean_of(scores), abs=1e-5)
    assert float(rows["2.5 % groups, images"]["MAE"]) <= float(rows["mean"]["MAE"]) + 1e-5
    sheet = cv2.imread(str(tmp_path / "a.jpg"))
    assert sheet.shape[1] == 3 * (3 * WIDTH + GAP) - GAP, "two worst and the one that is left"
    _run(monkeypatch, "--masks", tmp_path / "masks", "--groups", shapes / "val", "--all")
    assert capsys.readouterr().out == first


def test_errors_name_the_file(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((8, 8, 3), np.uint8))
    for groups, name in ((tmp_path.parent / "nowhere", "nowhere"), (tmp_path, str(tmp_path))):
        with pytest.raises(SystemExit, match=name):
            _run(monkeypatch, "--masks", tmp_path, "--groups", groups)
    (tmp_path / "group").mkdir()
    (tmp_path / "a.jpg").rename(tmp_path / "group" / "a.jpg")
    with pytest.raises(SystemExit, match=r"group/a\.png is missing"):
        _run(monkeypatch, "--masks", tmp_path, "--groups", tmp_path)


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["cosal-train", "evaluate", *(str(a) for a in arguments)])
    main()


def test_intervals_follow_what_is_resampled() -> None:
    rng = np.random.default_rng(1)
    alike = [np.stack([rng.uniform(0.4, 0.6, 50), np.ones(50)], 1) for _ in range(6)]
    alike = [a - a.mean(0) + [0.5, 1] for a in alike]
    assert intervals(alike, images=False)["J"] == pytest.approx((0.5, 0.5))
    low, high = intervals(alike, images=True)["J"]
    deviation = 0.2 / 12**0.5 / (6 * 50) ** 0.5
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.15)
    unlike = [a + np.array([0.1 * g, 0]) for g, a in enumerate(alike)]
    low, high = intervals(unlike, images=False)["J"]
    spread = 0.1 * np.std(range(6)) / 6**0.5
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.1)
    assert intervals(unlike, images=True) == intervals(unlike, images=True), "seeded"


def test_the_table_holds_group_mean_and_bounds() -> None:
    items = [ImageScore(Path("a.jpg"), np.zeros((2, 2), np.uint8), np.array([j, 1.0])) for j in (0.2, 0.4)]
    lines = table([GroupScore("things", items)]).splitlines()
    assert [line.split()[0] for line in lines] == ["group", "things", "mean", "2.5", "97.5", "2.5", "97.5"]
    assert lines[2].split() == ["mean", "2", "0.300", "1.000"]


def test_a_seed_tells_which_of_two_common_objects_is_meant(shapes: Path) -> None:
    """A model that finds just what is marked, and everything when nothing is."""

    class Obedient(GroupModel):
        input = InputFormat(64, (0.0,) * 3, (1.0,) * 3)
        refinements, exclude_self = 0, True

        def run(self, name: str, feeds: Tensors) -> Tensors:
            one = np.ones((1, 1), np.float32)
            if name == "encoder":
                return {"features": feeds["image"], "keys": one}
            if name == "seed":
                region = cv2.resize(feeds["region"][0, 0], (64, 64), interpolation=cv2.INTER_NEAREST) > 0.9
                return {"sums": feeds["features"][0][:, region].mean(1)[None, None], "mass": one}
            if name == "affinity":
                return {"sums": np.full((1, 1, 3), np.nan, np.float32), "mass": one}
            colour = feeds["consensus"][0][:, None, None]
            near = np.abs(feeds["features"][0] - colour).max(0) < 0.15 if np.isfinite(colour).all() else one > 0
            logits = np.where(np.broadcast_to(near, (64, 64)), 9.0, -9.0).astype(np.float32)
            return {"logits": logits[None, None], "presence": one[0]}

    found = protocols.two_in_common(shapes / "groups", Obedient(), per_group=6)
    assert found["no seed"] < 0.3
    assert found["1 seed (mask)"] > found["no seed"] + 0.3


def test_a_negative_seed_is_all_but_the_object_that_is_not_meant() -> None:
    truth, other = np.zeros((2, 4, 4), bool)
    truth[:2, :2] = True
    other[2:, 1:] = True
    group = protocols.Group("things", [truth], [{"features": np.zeros((1, 3, 2, 2), np.float32)}], not_meant=[other])
    regions = {name: region[0, 0].tolist() for name, region in group.regions(0).items()}
    assert regions["1 seed (mask)"] == [[1, 0], [0, 0]]
    assert regions["1 negative seed (mask)"] == [[1, 1], [0.5, 0]]
    assert regions["1 negative seed (box)"] == [[1, 1], [0, 0]]


def test_pixels_are_resized_as_the_engine_resizes_them() -> None:
    """Each axis by itself: one shrinks, to the mean of what it covers, while the other grows, linearly."""
    image = np.repeat(np.array([[[10], [20], [40], [70]], [[50], [60], [80], [110]]], np.uint8), 3, 2)
    pixels = InputFormat(2, (0, 0, 0), (1, 1, 1)).tensor(image)
    assert pixels[0] * 255 == pytest.approx(np.array([[15, 55], [55, 95]]), abs=1e-3)
    flat = InputFormat(4, (0, 0, 0), (1, 1, 1)).tensor(np.repeat(image, 2, 1))
    assert flat[0] * 255 == pytest.approx(image[[0, 0, 1, 1], :, 0] + np.array([[0], [10], [-10], [0]]), abs=1e-3)
