"""The human body: anny's shapes in rest pose, and its bones put into a pose.

World and rest pose share their axes: x to the person's left, y to the person's back, z up; metres. The rest pose stands
upright with the arms held off the body; its origin lies in the pelvis.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from reseen.data.skeleton import COCO18
from reseen.world.optics.mesh import Mesh
from reseen.world.optics.raster import skin, vertex_normals

if TYPE_CHECKING:
    from anny import Anny

JOINT_NAMES = COCO18.joints
"""The joints that a body has."""

_WEIGHTS_KEPT = 4
_SMALL = 0.02
"""Share of a joint's largest weight below which a vertex is left out of it."""


@dataclass(frozen=True)
class Skeleton:
    """The rig and everything else that is the same for all bodies.

    Attributes:
        names: Bone names.
        parents: (B,) index of the parent bone, -1 for the root; parents come first.
        faces: (F, 3) int32 faces of the outer surface.
        bones: (V, 4) int32 bones of each vertex.
        weights: (V, 4) float32 their weights.
        regressor: (18, K) float32: joints as weighted means of the vertices ``regressed``.
        regressed: (K,) int64.
    """

    names: tuple[str, ...]
    parents: NDArray[np.int32]
    faces: NDArray[np.int32]
    bones: NDArray[np.int32]
    weights: NDArray[np.float32]
    regressor: NDArray[np.float32]
    regressed: NDArray[np.int64]

    def joints(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the 18 joints (18, 3) of a body with these vertices (V, 3), in any pose."""
        found: NDArray[np.float32] = self.regressor @ vertices[self.regressed]
        return found

    @cached_property
    def index(self) -> Mapping[str, int]:
        return {name: number for number, name in enumerate(self.names)}


@dataclass(frozen=True)
class Body:
    """One body in rest pose.

    Attributes:
        skeleton: The rig.
        vertices: (V, 3) float32 in rest pose.
        heads: (B, 3) float32 where each bone begins: the joint it turns about.
    """

    skeleton: Skeleton
    vertices: NDArray[np.float32]
    heads: NDArray[np.float32]

    def head(self, bone: str) -> NDArray[np.float32]:
        """Returns where a bone begins (3,)."""
        found: NDArray[np.float32] = self.heads[self.skeleton.index[bone]]
        return found

    @cached_property
    def normals(self) -> NDArray[np.float32]:
        """Outward unit normals of the vertices (V, 3)."""
        return vertex_normals(self.vertices, self.skeleton.faces)

    @cached_property
    def joints(self) -> NDArray[np.float32]:
        """The 18 joints in rest pose (18, 3)."""
        return self.skeleton.joints(self.vertices)

    @cached_property
    def height(self) -> float:
        """From sole to crown in metres."""
        return float(np.ptp(self.vertices[:, 2]))


def make_body(phenotype: Mapping[str, float]) -> Body:
    """Returns a body in rest pose.

    Args:
        phenotype: Value in [0, 1] by anny's names: gender (0 male, 1 female), age (0 baby, 1/3 child, 2/3 young
            adult, 1 old), muscle, weight, height, proportions. Those not given are 0.5.
    """
    import torch

    model = _anny()
    values = {name: torch.tensor([float(phenotype.get(name, 0.5))]) for name in model.phenotype_labels}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums over several threads round differently, and every process must make the same body
    try:
        with torch.no_grad():
            rest = model.get_rest_model(model.get_phenotype_blendshape_coefficients(**values))
    finally:
        torch.set_num_threads(threads)
    kept = _kept_vertices()
    return Body(
        skeleton(),
        np.ascontiguousarray(rest["rest_vertices"][0].numpy()[kept], dtype=np.float32),
        np.ascontiguousarray(rest["rest_bone_heads"][0].numpy(), dtype=np.float32),
    )


def bone_transforms(
    body: Body, pose: Mapping[str, NDArray[np.float64]], *, turn: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Returns each bone's motion from rest pose into the pose (B, 3, 4): R and t of R v + t.

    Args:
        body: The body.
        pose: Rotation (3, 3) of a bone against its parent, along the rest pose's axes, by bone name.
        turn: Rotation (3, 3) of the whole body about its pelvis.
    """
    skeleton = body.skeleton
    motion = np.zeros((len(skeleton.names), 3, 4))
    origin = body.heads[0] if turn is None else turn @ body.heads[0]
    for bone, (name, parent) in enumerate(zip(skeleton.names, skeleton.parents, strict=True)):
        local = pose.get(name)
        if parent < 0:
            above = np.eye(3) if turn is None else turn
            place = origin
        else:
            above = motion[parent, :, :3]
            place = above @ body.heads[bone] + motion[parent, :, 3]
        rotation = above if local is None else above @ local
        motion[bone, :, :3] = rotation
        motion[bone, :, 3] = place - rotation @ body.heads[bone]
    return motion.astype(np.float32)


def pose_mesh(mesh: Mesh, motion: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the mesh's vertices in the pose (V, 3) by linear blend skinning.

    Args:
        mesh: In rest pose.
        motion: (B, 3, 4), what `bone_transforms` returned.
    """
    return skin(mesh.vertices, mesh.bones, mesh.weights, motion)


@lru_cache(maxsize=1)
def skeleton() -> Skeleton:
    """Returns anny's rig, reduced to the outer surface and four bones a vertex."""
    from anny import KeypointsRegressor

    model, kept = _anny(), _kept_vertices()
    number = np.full(len(model.template_vertices), -1, np.int32)
    number[kept] = np.arange(len(kept))
    bones = model.vertex_bone_indices.numpy()[kept]
    weights = model.vertex_bone_weights.numpy()[kept]
    order = np.argsort(-weights, axis=1, kind="stable")[:, :_WEIGHTS_KEPT]
    weights = np.take_along_axis(weights, order, axis=1)
    coco = KeypointsRegressor.coco(model)
    regressor = coco.regression_weights.numpy()[:, kept]
    regressor[np.abs(regressor) < _SMALL * np.abs(regressor).max(axis=1, keepdims=True)] = 0
    regressor = regressor / regressor.sum(axis=1, keepdims=True)
    row = {label: regressor[number] for number, label in enumerate(coco.labels)}
    row["neck"] = (row["left_shoulder"] + row["right_shoulder"]) / 2
    joints = np.stack([row[name] for name in JOINT_NAMES]).astype(np.float32)
    regressed = np.flatnonzero(joints.any(axis=0))
    return Skeleton(
        tuple(model.bone_labels),
        np.asarray(model.bone_parents, dtype=np.int32),
        number[_outer_faces()],
        np.take_along_axis(bones, order, axis=1).astype(np.int32),
        (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        joints[:, regressed],
        regressed,
    )


def is_prepared() -> bool:
    """Whether anny's model lies in its cache already; asked without loading anny."""
    cache = Path(os.environ.get("ANNY_CACHE_DIR", Path.home() / ".cache" / "anny"))
    return any(cache.glob("v*/*.safetensors"))


@lru_cache(maxsize=1)
def _anny() -> Anny:
    """Anny's model; its first load on a machine takes about a minute and is cached in the user's cache."""
    # Warp, which anny imports, greets on standard output.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        from anny.paths import get_anny_cache_path

        try:
            return _load_anny()
        except SafetensorError:  # anny writes its cache in place: a first load that was killed has left it torn
            for file in get_anny_cache_path().glob("v*/*.safetensors"):
                file.unlink(missing_ok=True)
            return _load_anny()


def _load_anny() -> Anny:
    import torch
    from anny import Anny

    return Anny(skinning_method="lbs").to(dtype=torch.float32)


@lru_cache(maxsize=1)
def _outer_faces() -> NDArray[np.int64]:
    """Faces without the tongue, the mouth's inside and the hidden halves of the eyes."""
    from anny.face_segmentation import get_face_segmentation_mask

    inner = ["tongue", "mouth_cavity", "eye_back.L", "eye_back.R", "eye_cavity.L", "eye_cavity.R"]
    model = _anny()
    mask: NDArray[np.bool_] = get_face_segmentation_mask(model, inner).numpy()
    faces: NDArray[np.int64] = model.faces.numpy()[~mask]
    return faces


@lru_cache(maxsize=1)
def _kept_vertices() -> NDArray[np.int64]:
    return np.unique(_outer_faces())
