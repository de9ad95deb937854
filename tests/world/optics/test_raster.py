import numpy as np
import pytest

from reseen.world.optics.raster import depth_map, light_axes, rasterise, skin, vertex_normals

FAR = np.full((8, 8), 100, np.float32)
TRIANGLE = np.array([[0, 0, 2], [8, 0, 2], [0, 8, 4]], np.float32)
FACE = np.array([[0, 1, 2]], np.int32)
WHOLE = np.ones(3, np.float32)


def test_a_triangle_covers_the_pixels_whose_centres_lie_in_it():
    seen, _, _ = rasterise(TRIANGLE, FACE, WHOLE, FAR)
    rows, columns = np.mgrid[:8, :8] + 0.5
    assert np.array_equal(seen >= 0, rows + columns <= 8)


def test_depth_is_interpolated_in_perspective():
    # Half-way along the left edge in the picture, 1/z is the mean of 1/2 and 1/4.
    _, depth, corners = rasterise(TRIANGLE, FACE, WHOLE, FAR)
    weights = np.array([1 - 0.5 / 8 - 3.5 / 8, 0.5 / 8, 3.5 / 8])
    expected = 1 / (weights / [2, 2, 4]).sum()
    assert depth[3, 0] == pytest.approx(expected, rel=1e-5)
    assert corners[3, 0] == pytest.approx(weights / [2, 2, 4] * expected, rel=1e-5)


def test_the_nearer_triangle_wins_whatever_the_order():
    points = np.concatenate([TRIANGLE, TRIANGLE + np.array([0, 0, 1], np.float32)])
    for faces, winner in (([[0, 1, 2], [3, 4, 5]], 0), ([[3, 4, 5], [0, 1, 2]], 1)):
        seen, _, _ = rasterise(points, np.array(faces, np.int32), np.ones(6, np.float32), FAR)
        assert set(seen.ravel()) == {-1, winner}


def test_nothing_is_drawn_behind_the_limit_nor_behind_the_camera():
    seen, depth, _ = rasterise(TRIANGLE, FACE, WHOLE, np.full((8, 8), 1.5, np.float32))
    assert (seen == -1).all()
    assert (depth == 1.5).all()
    assert (rasterise(TRIANGLE * np.array([1, 1, -1], np.float32), FACE, WHOLE, FAR)[0] == -1).all()


def test_a_surface_ends_where_inside_turns_negative():
    inside = np.array([1, 1, -1], np.float32)  # zero half-way down
    seen, _, _ = rasterise(np.array([[0, 0, 2], [8, 0, 2], [0, 8, 2]], np.float32), FACE, inside, FAR)
    assert (seen[:4, 0] == 0).all()
    assert (seen[4:] == -1).all()


def test_a_depth_map_keeps_what_is_nearest_to_the_light():
    points = np.array([[0, 0, 1], [8, 0, 1], [0, 8, 1], [0, 0, 3], [4, 0, 3], [0, 4, 3]], np.float32)
    heights = depth_map(points, np.array([[0, 1, 2], [3, 4, 5]], np.int32), 8)
    assert heights[0, 0] == pytest.approx(3)
    assert heights[3, 3] == pytest.approx(1)
    assert heights[7, 7] < -1e8


def test_skinning_mixes_the_bones_motions():
    still, raised = np.eye(3, 4, dtype=np.float32), np.eye(3, 4, dtype=np.float32)
    raised[2, 3] = 1
    vertices = np.zeros((3, 3), np.float32)
    bones = np.array([[0, 1, 0, 0]] * 3, np.int32)
    weights = np.array([[1, 0, 0, 0], [0.25, 0.75, 0, 0], [0, 1, 0, 0]], np.float32)
    assert skin(vertices, bones, weights, np.stack([still, raised]))[:, 2].tolist() == [0, 0.75, 1]


def test_normals_point_outwards_of_counter_clockwise_faces():
    normals = vertex_normals(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32), FACE)
    assert np.allclose(normals, [0, 0, 1])


@pytest.mark.parametrize("towards", [(0, 0, 1), (1, 0, 0), (0.3, -0.5, 0.2)])
def test_light_axes_are_a_right_handed_frame(towards: tuple[float, float, float]):
    axes = light_axes(np.array(towards))
    assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(axes) == pytest.approx(1, abs=1e-5)
    assert np.allclose(axes[2], np.array(towards) / np.linalg.norm(towards), atol=1e-6)
