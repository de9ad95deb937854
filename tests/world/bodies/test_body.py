from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from reseen.world.bodies.body import JOINT_NAMES, _anny, bone_transforms, make_body, skeleton
from reseen.world.optics.raster import skin

JOINT = {name: number for number, name in enumerate(JOINT_NAMES)}


def test_a_body_stands_upright_and_looks_along_minus_y():
    joints = make_body({"gender": 0.0, "age": 0.67}).joints
    assert (
        joints[JOINT["nose"], 2]
        > joints[JOINT["neck"], 2]
        > joints[JOINT["left_hip"], 2]
        > joints[JOINT["left_ankle"], 2]
    )
    assert joints[JOINT["nose"], 1] < joints[JOINT["left_ear"], 1] - 0.05
    assert joints[JOINT["left_shoulder"], 0] > 0.1 > -0.1 > joints[JOINT["right_shoulder"], 0]


def test_a_torn_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anny writes its cache in place; a first load that was killed leaves half a file."""
    (tmp_path / "v1").mkdir()
    torn = tmp_path / "v1" / "model.safetensors"
    torn.write_bytes(b"\x08")
    monkeypatch.setattr("anny.paths._ANNY_CACHE_DIR", [tmp_path])
    loads = []

    def load() -> str:
        loads.append(torn.exists())
        if torn.exists():
            load_file(torn)
        return "model"

    monkeypatch.setattr("reseen.world.bodies.body._load_anny", load)
    assert _anny.__wrapped__() == "model"
    assert loads == [True, False]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_body_is_the_same_whatever_number_of_threads(threads: int):
    before = torch.get_num_threads()
    expected = make_body({"age": 0.7, "weight": 0.3}).vertices
    torch.set_num_threads(threads)
    body = make_body({"age": 0.7, "weight": 0.3})
    assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert np.array_equal(body.vertices, expected)


def test_phenotypes_change_the_body():
    child, man, woman = (make_body({"gender": g, "age": a}) for g, a in ((0.0, 0.3), (0.0, 0.67), (1.0, 0.67)))
    assert child.height < woman.height < man.height
    thin, heavy = (make_body({"gender": 0.0, "age": 0.67, "weight": w}) for w in (0.1, 0.9))
    belly = [
        body.vertices[
            (np.abs(body.vertices[:, 2] - body.head("spine04")[2]) < 0.02) & (np.abs(body.vertices[:, 0]) < 0.1)
        ]
        for body in (thin, heavy)
    ]
    assert np.ptp(belly[1][:, 1]) > 1.08 * np.ptp(belly[0][:, 1])


def test_the_surface_is_closed_but_for_eyes_and_mouth():
    faces = skeleton().faces
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, times = np.unique(edges, axis=0, return_counts=True)
    assert times.max() == 2
    assert (times == 1).sum() < 250


def test_weights_are_of_four_bones_and_sum_to_one():
    rig = skeleton()
    assert rig.weights.shape == (len(rig.bones), 4)
    assert np.allclose(rig.weights.sum(axis=1), 1, atol=1e-6)
    assert np.allclose(rig.regressor.sum(axis=1), 1, atol=1e-5)


def test_no_pose_leaves_every_vertex_where_it_is():
    body = make_body({})
    rig = body.skeleton
    assert np.allclose(skin(body.vertices, rig.bones, rig.weights, bone_transforms(body, {})), body.vertices, atol=1e-5)


@pytest.mark.parametrize("bone", ["upperarm01.L", "lowerleg01.R", "head"])
def test_a_turned_bone_moves_what_hangs_on_it_and_nothing_else(bone: str):
    body = make_body({})
    rig = body.skeleton
    quarter = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # about x
    motion = bone_transforms(body, {bone: quarter})
    below = {rig.index[bone]}
    for number, parent in enumerate(rig.parents):
        if parent in below:
            below.add(number)
    still = [number for number in range(len(rig.names)) if number not in below]
    assert np.allclose(motion[still], np.eye(3, 4), atol=1e-6)
    moved = motion[rig.index[bone]]
    assert np.allclose(moved[:, :3], quarter, atol=1e-6)
    assert np.allclose(
        moved[:, :3] @ body.head(bone) + moved[:, 3], body.head(bone), atol=1e-5
    )  # it turns about its head
