import numpy as np
import pytest

from reseen.world.bodies.body import JOINT_NAMES, Body, bone_transforms, make_body
from reseen.world.bodies.poses import Arm, Stance, draw_stance, pose, turn_about
from reseen.world.optics.raster import skin

JOINT = {name: number for number, name in enumerate(JOINT_NAMES)}


@pytest.fixture(scope="module", params=[(0.0, 0.67), (1.0, 0.67), (0.5, 0.3)], ids=["man", "woman", "child"])
def body(request: pytest.FixtureRequest) -> Body:
    gender, age = request.param
    return make_body({"gender": gender, "age": age})


def joints(body: Body, stance: Stance) -> np.ndarray:
    motion = bone_transforms(body, pose(body, stance))
    rig = body.skeleton
    return rig.joints(skin(body.vertices, rig.bones, rig.weights, motion))


def test_the_left_leg_is_in_front_when_its_heel_strikes_and_the_right_half_a_cycle_on(body: Body):
    for phase, front, back in ((0.0, "left", "right"), (0.5, "right", "left")):
        found = joints(body, Stance(phase, 1.0, "swing", "swing"))
        step = found[JOINT[f"{back}_ankle"], 1] - found[JOINT[f"{front}_ankle"], 1]
        assert 0.3 < step / body.height < 0.6  # a step is a bit less than half the stature
        # The opposite arm is in front.
        assert found[JOINT[f"{back}_wrist"], 1] < found[JOINT[f"{front}_wrist"], 1]


def test_standing_feet_are_side_by_side_and_hands_hang_at_the_thighs(body: Body):
    found = joints(body, Stance(0.3, 0.0, "hang", "hang", lean=0))
    ankles = found[[JOINT["left_ankle"], JOINT["right_ankle"]]]
    assert abs(ankles[0, 1] - ankles[1, 1]) < 0.02
    assert 0.08 < (ankles[0, 0] - ankles[1, 0]) / body.height < 0.22
    for side in ("left", "right"):
        wrist, hip, knee = (found[JOINT[f"{side}_{name}"]] for name in ("wrist", "hip", "knee"))
        assert knee[2] < wrist[2] < hip[2] + 0.12 * body.height
        assert abs(wrist[0]) < 0.24 * body.height


@pytest.mark.parametrize(("arm", "above", "below"), [("phone", "right_hip", "neck"), ("ear", "right_shoulder", "head")])
def test_a_telephone_is_held_in_front_of_the_chest_or_at_the_ear(body: Body, arm: Arm, above: str, below: str):
    found = joints(body, Stance(0.3, 0.0, "hang", arm, lean=0))
    wrist, top = found[JOINT["right_wrist"]], body.vertices[:, 2].max()
    assert found[JOINT[above], 2] < wrist[2] < (top if below == "head" else found[JOINT[below], 2])
    if arm == "phone":
        assert wrist[1] < found[JOINT["right_shoulder"], 1] - 0.08
        # Not held out to the side.
        assert abs(wrist[0]) < abs(found[JOINT["right_elbow"], 0]) + 0.03


def test_bones_keep_their_length(body: Body):
    motion = bone_transforms(body, pose(body, Stance(0.2, 1.1, "strap", "ear", head_turn=40)))
    rig = body.skeleton
    heads = np.einsum("bij,bj->bi", motion[:, :, :3], body.heads) + motion[:, :, 3]
    child = rig.parents >= 0
    before = np.linalg.norm(body.heads[child] - body.heads[rig.parents[child]], axis=1)
    after = np.linalg.norm(heads[child] - heads[rig.parents[child]], axis=1)
    assert np.allclose(before, after, atol=1e-4)


def test_a_turned_body_faces_where_it_is_turned(body: Body):
    motion = bone_transforms(body, pose(body, Stance(0.3, 0.0, "hang", "hang")), turn=turn_about("z", 90))
    rig = body.skeleton
    found = rig.joints(skin(body.vertices, rig.bones, rig.weights, motion))
    nose, neck = found[JOINT["nose"]], found[JOINT["neck"]]
    assert nose[0] - neck[0] > 0.05  # -y turned by 90 degrees about z is +x
    assert abs(nose[1] - neck[1]) < 0.08


def test_stances_follow_from_the_generator_and_what_is_carried():
    draws = [
        draw_stance(np.random.default_rng(seed), stride=1.0, bag=True, backpack=False, handbag=True)
        for seed in range(300)
    ]
    assert draws[5] == draw_stance(np.random.default_rng(5), stride=1.0, bag=True, backpack=False, handbag=True)
    assert {stance.right for stance in draws} == {"carry"}
    assert (
        {"swing", "hang", "pocket", "phone", "strap", "ear"} >= {stance.left for stance in draws} >= {"swing", "strap"}
    )
    walking = np.mean([stance.stride > 0.5 for stance in draws])
    assert 0.7 < walking < 0.9
