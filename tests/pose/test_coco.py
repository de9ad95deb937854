"""A small file in the form of COCO's person keypoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError
from reseen.pose.coco import COCO17, read_coco


def keypoints(**places: tuple[int, int, int]) -> list[int]:
    return [value for name in COCO17 for value in places.get(name, (0, 0, 0))]


def annotation(image: int, box: list[int], points: list[int], **more: Any) -> dict[str, Any]:
    return {
        "image_id": image,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": box,
        "keypoints": points,
        "num_keypoints": sum(flag > 0 for flag in points[2::3]),
        "segmentation": [[0, 0, 1, 0, 1, 1]],
        **more,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    images = [{"id": number, "file_name": f"{number}.jpg", "height": 4, "width": 6} for number in (7, 8, 9)]
    annotations = [
        annotation(7, [0, 0, 2, 2], keypoints(nose=(1, 1, 2))),
        annotation(7, [2, 0, 4, 4], keypoints(left_shoulder=(5, 2, 2), right_shoulder=(3, 1, 1), left_wrist=(4, 3, 2))),
        # Three pixels down the second column and on to the third: a crowd.
        annotation(8, [1, 1, 2, 3], keypoints(), iscrowd=1, segmentation={"size": [4, 6], "counts": [5, 4, 15]}),
        annotation(8, [3, 1, 2, 2], keypoints(), segmentation=[[3, 1, 5, 1, 5, 2, 3, 2]]),
    ]
    path = tmp_path / "person_keypoints_made.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": []}))
    return path


def test_seventeen_joints_become_eighteen(file: Path) -> None:
    image = read_coco(file).images[0]
    person = dict(zip(COCO18.joints, image.persons[1].tolist(), strict=True))
    assert person["left_shoulder"] == [4.5, 1.5, 1]
    assert person["right_shoulder"] == [2.5, 0.5, 0.5]
    assert person["neck"] == [3.5, 1, 0.5]
    assert person["left_wrist"] == [3.5, 2.5, 1]
    assert person["right_wrist"] == [0, 0, 0]
    assert not image.persons[0, 1].any(), "no neck without shoulders"
    assert (image.name, image.size) == ("7.jpg", (4, 6))


def test_crowds_and_persons_without_joints_are_masked(file: Path) -> None:
    first, second, empty = read_coco(file).images
    assert first.mask().all()
    covered = np.argwhere(second.mask() == 0).tolist()
    crowd = [[1, 1], [2, 1], [3, 1], [0, 2]]
    assert [place for place in crowd if place not in covered] == []
    assert sorted(place for place in covered if place not in crowd) == [[y, x] for y in (1, 2) for x in (3, 4, 5)]
    assert len(second.persons) == len(empty.persons) == 0
    assert empty.mask().all()


def test_a_crop_is_of_its_largest_person(file: Path) -> None:
    joints = read_coco(file).joints()
    assert list(joints) == ["7.jpg"]
    assert joints["7.jpg"][COCO18.joints.index("left_wrist"), 2] == 1


@pytest.mark.parametrize("text", ["", "[]", '{"images": []}', '{"images": [], "annotations": [{"image_id": 3}]}'])
def test_another_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ReseenError, match="cannot read COCO keypoints from"):
        read_coco(tmp_path / "x.json")


def test_an_unknown_outline_is_told(file: Path) -> None:
    content = json.loads(file.read_text())
    content["annotations"][2]["segmentation"]["counts"] = "abc"
    file.write_text(json.dumps(content))
    with pytest.raises(ReseenError, match=r"an outline of 8.jpg is neither"):
        read_coco(file).images[1].mask()
