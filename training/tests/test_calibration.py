"""Calibration and confidence of a model folder, on classes and scenes that are held back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import pytest
import torch

from cosal_training.calibration import Scales, fit_scales, rescale
from cosal_training.data import Catalogue
from cosal_training.export import export
from cosal_training.graphs import Graphs
from cosal_training.held_back import Case, calibrate, held_back_cases, weights_of
from cosal_training.likeness import NOTHING
from cosal_training.network import CosalLite

SIZE = 64


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return export(CosalLite().eval(), tmp_path_factory.mktemp("models") / "m", size=SIZE)


def test_the_scales_make_probabilities_come_true() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3, 80, 80))
    right = Scales(inside=0.4, outside=1.3)
    truths = 1 / (1 + np.exp(-right(logits)))
    found = fit_scales(list(logits), list(truths), np.ones(3))
    assert found.inside == pytest.approx(0.4, abs=1e-3) and found.outside == pytest.approx(1.3, abs=1e-3)


def test_parts_that_were_left_out_bend_no_scale() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (1, 80, 80))
    truths = 1 / (1 + np.exp(-Scales(inside=1.0, outside=1.0)(logits)))
    logits[:, 4:16], truths[:, 4:16] = NOTHING, 1
    assert fit_scales(list(logits), list(truths), np.ones(1)).outside == pytest.approx(1, abs=1e-3)


def test_a_model_is_rescaled_with_its_manifest_and_golden_tensors(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(shipped, folder)
    index = json.loads((folder / "golden.json").read_text())["tensors"]
    scales = Scales(inside=0.25, outside=2.0)
    rescale(folder, scales)
    with pytest.raises(ValueError, match="calibrated already"):
        rescale(folder, scales)
    manifest = json.loads((folder / "manifest.json").read_text())["graphs"]["decoder"]
    assert manifest["bytes"] == (folder / "decoder.onnx").stat().st_size

    def golden(at: Path, name: str) -> np.ndarray:
        entry = index[name]
        count = int(np.prod(entry["shape"]))
        return np.frombuffer((at / "golden.bin").read_bytes(), np.float32, count, entry["offset"])

    assert np.allclose(golden(folder, "logits"), scales(golden(shipped, "logits")), atol=1e-5)
    assert (golden(folder, "presence") == golden(shipped, "presence")).all()
    rng = np.random.default_rng(0)
    sessions = [ort.InferenceSession(str(at / "decoder.onnx")) for at in (shipped, folder)]
    feeds = {
        i.name: rng.normal(size=[1 if isinstance(s, str) else s for s in i.shape]).astype(np.float32)
        for i in sessions[0].get_inputs()
    }
    before, after = (session.run(["logits", "presence"], feeds) for session in sessions)
    assert np.allclose(after[0], scales(before[0]), atol=1e-5) and np.allclose(after[1], before[1])


def test_kinds_count_alike() -> None:
    def case(kind: str) -> Case:
        nothing = np.zeros((1, 1))
        return Case(kind, nothing, nothing, nothing, nothing, 0.0)

    assert weights_of([case("plain"), case("plain"), case("plain"), case("scenes")]).tolist() == [2 / 3] * 3 + [2]


def test_only_what_is_held_back_is_scored(shipped: Path, shapes: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(shapes, root)
    (root / "scenes").mkdir()
    lines = []
    for index in range(9):
        image, mask = np.full((60, 80, 3), 120, np.uint8), np.zeros((60, 80), np.uint8)
        mask[10:50, 10:40] = 255
        image[mask > 0] = (30, 200, 30)
        cv2.imwrite(str(root / "scenes" / f"{index}.jpg"), image)
        cv2.imwrite(str(root / "scenes" / f"{index}.mug.png"), mask)
        lines.append(json.dumps({"path": f"{index}.jpg", "classes": {"mug": 0.25}}))
    (root / "scenes" / "index.jsonl").write_text("\n".join(lines))
    catalogue = Catalogue.read(root)
    held = catalogue.split(3)[1]
    cases = list(held_back_cases(Graphs(shipped), catalogue, 3))
    count = {kind: sum(case.kind == kind for case in cases) for kind in ("plain", "alone", "scenes")}
    photographs = sum(len(group) for group in held.groups.values())
    assert count == {"plain": photographs, "alone": photographs, "scenes": min(8, len(held.scenes))}
    assert all(case.truth.shape == case.logits.shape for case in cases)
    scales, confidence = calibrate(cases)
    assert scales.inside > 0 and scales.outside > 0 and np.isfinite(confidence.bias)
    with pytest.raises(ValueError, match="no class and no scene is held back"):
        next(held_back_cases(Graphs(shipped), catalogue, 0))
