"""What `cosal --format` writes, opened by the programs that read it, equals the mask."""

import json
import sqlite3
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

import numpy as np
import pycolmap
import supervision
from conftest import LABEL, TURNED, Written, iou, opened
from datumaro import AnnotationType, Dataset
from label_studio_sdk.converter import Converter
from labelme import LabelFile
from labelme.utils import shape_to_mask
from PIL import Image, ImageOps
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

SAME = 0.99


def test_pycocotools_reads_coco(written: Written):
    coco = COCO(str(written.masks / "coco.json"))
    assert [category["name"] for category in coco.cats.values()] == [LABEL]
    assert sorted(image["file_name"] for image in coco.imgs.values()) == written.names
    told = json.loads((written.masks / "masks.json").read_text())["images"]
    confidence = {image["photograph"]: image["confidence"] for image in told}
    for image in coco.imgs.values():
        [annotation] = coco.loadAnns(coco.getAnnIds(image["id"]))
        mask = coco.annToMask(annotation) > 0
        assert iou(mask, written.mask(image["file_name"])) == 1
        assert annotation["area"] == mask.sum()
        assert annotation["bbox"] == list(coco_mask.toBbox(coco.annToRLE(annotation)))
        assert annotation["score"] == confidence[image["file_name"]]


def test_datumaro_reads_coco(written: Written, tmp_path: Path):
    # It looks for annotations below a data set's folder, by their names.
    (tmp_path / "annotations").mkdir()
    (tmp_path / "images").symlink_to(written.photographs)
    text = (written.masks / "coco.json").read_text()
    (tmp_path / "annotations" / "instances_all.json").write_text(text)
    check_datumaro(Dataset.import_from(str(tmp_path), "coco"), written)


def test_datumaro_reads_cvat(written: Written, tmp_path: Path):
    # It wants the photographs too, as they lie in CVAT's own exports.
    (tmp_path / "images").symlink_to(written.photographs)
    (tmp_path / "annotations.xml").write_text((written.masks / "cvat.xml").read_text())
    check_datumaro(Dataset.import_from(str(tmp_path / "annotations.xml"), "cvat"), written)


def check_datumaro(dataset: Dataset, written: Written) -> None:
    labels = dataset.categories()[AnnotationType.label]
    assert [label.name for label in labels] == [LABEL]
    items = {item.id: item for item in dataset}
    for name in written.names:
        [annotation] = [
            one
            for one in items[Path(name).stem].annotations
            if one.type is AnnotationType.mask
        ]
        assert iou(np.asarray(annotation.image).astype(bool), written.mask(name)) == 1, name


def test_supervision_reads_yolo(written: Written):
    folder = written.masks / "yolo"
    dataset = supervision.DetectionDataset.from_yolo(
        str(folder / "images"), str(folder / "labels"), str(folder / "data.yaml"), force_masks=True
    )
    assert dataset.classes == [LABEL]
    seen = []
    for path, image, detections in dataset:
        mask = detections.mask.any(axis=0)
        assert mask.shape == image.shape[:2]
        assert iou(mask, written.mask(path)) > SAME, path
        seen.append(Path(path).name)
    assert sorted(seen) == written.names


def test_labelme_reads_labelme(written: Written):
    for name in written.names:
        file = LabelFile(str(written.masks / "labelme" / f"{Path(name).stem}.json"))
        wanted = written.mask(name)
        mask = np.zeros_like(wanted)
        for shape in file.shapes:
            assert shape["label"] == LABEL
            mask |= shape_to_mask(wanted.shape, shape["points"], shape["shape_type"])
        assert iou(mask, wanted) > SAME, name


def test_label_studio_reads_label_studio(written: Written, tmp_path: Path):
    config = (
        '<View><Image name="image" value="$image"/><PolygonLabels name="label" toName="image">'
        f"<Label value={quoteattr(LABEL)}/></PolygonLabels></View>"
    )
    tasks = json.loads((written.masks / "label-studio.json").read_text())
    # An annotator has accepted each prediction.
    for number, task in enumerate(tasks):
        task["id"] = number
        task["annotations"] = task.pop("predictions")
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    converter = Converter(config, str(tmp_path), download_resources=False)
    converter.convert_to_coco(str(tmp_path / "tasks.json"), str(tmp_path / "out"), is_dir=False)
    coco = json.loads((tmp_path / "out" / "result.json").read_text())
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    sizes = {image["id"]: (image["height"], image["width"]) for image in coco["images"]}
    masks = {number: np.zeros(size, bool) for number, size in sizes.items()}
    for annotation in coco["annotations"]:
        number = annotation["image_id"]
        rles = coco_mask.frPyObjects(annotation["segmentation"], *sizes[number])
        masks[number] |= coco_mask.decode(coco_mask.merge(rles)) > 0
    assert len(masks) == len(written.names)
    for number, mask in masks.items():
        [name] = [name for name in written.names if unquote(names[number]).endswith(name)]
        assert iou(mask, written.mask(name)) > SAME, name


def test_colmap_takes_features_within_the_masks_only(written: Written, tmp_path: Path):
    reader = pycolmap.ImageReaderOptions()
    reader.mask_path = str(written.masks / "colmap" / "masks")
    database = tmp_path / "database.db"
    pycolmap.extract_features(
        database, written.photographs, reader_options=reader, device=pycolmap.Device.cpu
    )
    query = (
        "select name, width, height, rows, cols, data from images "
        "join cameras using (camera_id) join keypoints using (image_id)"
    )
    rows = sqlite3.connect(database).execute(query).fetchall()
    assert sorted(row[0] for row in rows) == written.names
    for name, width, height, count, columns, data in rows:
        mask = opened(Path(reader.mask_path) / f"{name}.png")
        assert mask.shape == (height, width)
        assert iou(upright(mask, written.photographs / name), written.mask(name)) > 0.999
        points = np.frombuffer(data, np.float32).reshape(count, columns)[:, :2].astype(int)
        assert count > 20
        assert mask[points[:, 1], points[:, 0]].all()


def test_nerfstudio_masks_are_of_the_pixels_that_it_loads(written: Written):
    # Nerfstudio 1.1.5, data/datasets/base_dataset.py: `Image.open(path)` of photograph and mask,
    # whose sizes have to be the same, and `bool()` of the mask.
    transforms = written.masks / "nerfstudio" / "transforms.json"
    frames = json.loads(transforms.read_text())["frames"]
    assert len(frames) == len(written.names)
    for frame in frames:
        path = transforms.parent / frame["file_path"]
        mask = np.array(Image.open(transforms.parent / frame["mask_path"])).astype(bool)
        assert mask.shape == Image.open(path).size[::-1]
        assert iou(upright(mask, path), written.mask(path.name)) > 0.999


def upright(mask: np.ndarray, photograph: Path) -> np.ndarray:
    image = Image.fromarray(mask)
    if Image.open(photograph).getexif().get(0x0112) == TURNED:
        image = image.transpose(Image.Transpose.ROTATE_270)
    return np.array(image)


def test_what_is_upright_is_as_large_as_viewers_show_it(written: Written):
    for name in written.names:
        shown = ImageOps.exif_transpose(Image.open(written.photographs / name))
        assert written.mask(name).shape == shown.size[::-1]
