"""A run's curves: as a plot, and in TensorBoard."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cosal_training.cli import main
from cosal_training.curve import read_log, read_validation, smoothed
from cosal_training.tensorboard import FOLDER, Board


@pytest.fixture
def run(tmp_path: Path) -> Path:
    lines = ["step,total,seconds,bce,gst"]
    lines += [f"{step},{2 / (1 + step):.5f},1.2,{1 / (1 + step):.5f}," for step in range(100)]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["cosal-train", "curve", *(str(a) for a in arguments)])
    main()


def test_a_plot_of_losses_grows_with_validation(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(monkeypatch, run)
    losses = cv2.imread(str(run / "curve.png"))
    assert losses.std() > 5, "nothing was drawn"
    (run / "validation.txt").write_text(
        "step 50: J 0.4, each image alone 0.4\nstep 50: J 0.5012, each image alone 0.48 aero 0.50\nstep 100: J 0.6"
    )
    assert read_validation(run).tolist() == [[50, 0.5012, 0.48]], "a line that was cut off is left out"
    _run(monkeypatch, run, "--output", run / "both.png")
    assert cv2.imread(str(run / "both.png")).shape[0] > losses.shape[0]


def test_losses_that_were_off_are_gaps(run: Path) -> None:
    log = read_log(run)
    assert np.isnan(log["gst"]).all() and log["bce"][1] == 0.5


def test_smoothing_keeps_constants_and_skips_gaps() -> None:
    values = np.full(200, 3.0)
    values[50:53] = np.nan
    assert smoothed(values) == pytest.approx(np.full(200, 3.0))


def test_errors_say_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"log\.csv is missing"):
        _run(monkeypatch, tmp_path)
    (tmp_path / "log.csv").write_text("step,total\n")
    with pytest.raises(SystemExit, match="no step yet"):
        _run(monkeypatch, tmp_path)


def test_a_resumed_board_hides_what_was_beyond_its_checkpoint(tmp_path: Path) -> None:
    with Board(tmp_path) as board:
        for step in range(4):
            board.step(step, {"bce": 1.0}, 2.0, 0.5)
    with Board(tmp_path, start=2) as board:
        board.step(2, {"bce": 0.5}, 1.0, 0.5)
        board.validation(2, {"J": 0.6})
    events = EventAccumulator(str(tmp_path / FOLDER)).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss/total")] == [(0, 2.0), (1, 2.0), (2, 1.0)]
    assert events.Scalars("validation/J")[0].value == pytest.approx(0.6)
