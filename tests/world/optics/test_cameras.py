from dataclasses import replace

import numpy as np
import pytest

from reseen.world.optics.cameras import Camera, draw_camera
from reseen.world.optics.sensor import Sensor

LEVEL = Camera(1, (0.0, 0.0, 3.0), 0.0, 0.0, 0.0, 1000.0, 1280, 720, Sensor())
TILTED = Camera(1, (2.0, -1.0, 4.0), 0.7, 0.3, 0.05, 900.0, 800, 600, Sensor())


def test_points_fall_where_reckoned_by_hand():
    # 10 m ahead; 1 m to the right; 1 m below the lens.
    points = LEVEL.project(np.array([[0, 10, 3], [1, 10, 3], [0, 10, 2]]))
    assert points == pytest.approx(np.array([[640, 360, 10], [740, 360, 10], [640, 460, 10]]))


def test_yaw_turns_left_pitch_down_and_roll_sinks_the_right():
    ahead = np.array([[0, 10, 3.0]])
    assert replace(LEVEL, yaw=0.1).project(ahead)[0, :2] == pytest.approx([640 + 1000 * np.tan(0.1), 360])
    assert replace(LEVEL, pitch=0.1).project(ahead)[0, :2] == pytest.approx([640, 360 - 1000 * np.tan(0.1)])
    right = replace(LEVEL, roll=0.1).project(np.array([[1, 10, 3.0]]))[0]
    assert right[1] < 360 < right[0]


def test_what_is_behind_has_no_positive_depth():
    assert (LEVEL.project(np.array([[0, -5, 3], [0, 0, 3.0]]))[:, 2] <= 0).all()


def test_the_rotation_is_one():
    assert TILTED.rotation @ TILTED.rotation.T == pytest.approx(np.eye(3))
    assert np.linalg.det(TILTED.rotation) == pytest.approx(1)


def test_project_goes_back_along_a_pixels_ray():
    right, down, forward = TILTED.rotation
    rng = np.random.default_rng(0)
    u, v, depth = rng.uniform(0, 800, 50), rng.uniform(0, 600, 50), rng.uniform(1, 40, (50, 1))
    aside, below = (((u - 400) / TILTED.focal)[:, None], ((v - 300) / TILTED.focal)[:, None])
    points = np.array(TILTED.position) + depth * (forward + aside * right + below * down)
    assert TILTED.project(points) == pytest.approx(np.column_stack([u, v, depth]))


def test_drawn_cameras_hang_and_look_as_surveillance_cameras_do():
    cameras = [draw_camera(seed, camid) for seed in range(20) for camid in range(1, 7)]
    heights = np.array([camera.position[2] for camera in cameras])
    pitches = np.degrees([camera.pitch for camera in cameras])
    fields = np.degrees([2 * np.arctan(camera.width / 2 / camera.focal) for camera in cameras])
    assert heights.min() >= 1.5
    assert heights.max() <= 6
    assert np.median(heights) < 3
    assert pitches.min() >= 2
    assert pitches.max() <= 40
    assert fields.min() >= 25 - 1e-9
    assert fields.max() <= 65 + 1e-9
    assert np.std(heights) > 0.5
    assert np.std(fields) > 5


def test_a_camera_depends_on_seed_and_camid_alone():
    assert draw_camera(3, 2) == draw_camera(3, 2)
    assert len({draw_camera(seed, camid).position for seed in range(3) for camid in range(1, 4)}) == 9
