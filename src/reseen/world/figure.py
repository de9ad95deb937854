"""A person as triangles: body, clothes, hair and bags of one pedestrian, ready to be posed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reseen.world.bodies.body import Body, bone_transforms, make_body, pose_mesh
from reseen.world.bodies.poses import Stance, pose, turn_about
from reseen.world.optics import raster
from reseen.world.optics.mesh import Mesh, join
from reseen.world.optics.shading import material_table
from reseen.world.people.pedestrian import Pedestrian
from reseen.world.wardrobe.bags import backpack, handbag, shoulder_bag
from reseen.world.wardrobe.clothes import cloth_thickness, dress
from reseen.world.wardrobe.hair import hair
from reseen.world.wardrobe.hats import glasses, hat
from reseen.world.wardrobe.shoes import shoes


@dataclass(frozen=True)
class Figure:
    """A pedestrian in rest pose.

    Attributes:
        person: Whose figure it is.
        body: Their body.
        mesh: Everything visible of them but what the hands carry.
        table: (M, 16) its materials as numbers, see `material_table`.
    """

    person: Pedestrian
    body: Body
    mesh: Mesh
    table: NDArray[np.float32]

    @property
    def marks(self) -> NDArray[np.float32]:
        """Heights (2,) of chest and waist in rest pose, where patterns begin and end."""
        return np.array([self.body.head("spine01")[2], self.body.head("spine04")[2]], np.float32)


@dataclass(frozen=True)
class Posed:
    """A figure at its place in the world.

    Attributes:
        rest: (V, 3) vertices in rest pose.
        vertices: (V, 3) in the world.
        normals: (V, 3) in the world.
        faces: (F, 3).
        face_material: (F,) row of ``table``.
        inside: (V,) see `Mesh.inside`.
        table: (M, 16) materials.
        marks: (2,) heights of chest and waist in rest pose.
        joints: (18, 3) in the world.
    """

    rest: NDArray[np.float32]
    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    faces: NDArray[np.int32]
    face_material: NDArray[np.int32]
    inside: NDArray[np.float32]
    table: NDArray[np.float32]
    marks: NDArray[np.float32]
    joints: NDArray[np.float32]


def make_figure(person: Pedestrian) -> Figure:
    """Builds everything a pedestrian wears, in rest pose."""
    body = make_body(person.body)
    cloth = cloth_thickness(person)
    pieces = [*dress(body, person), shoes(body, person)]
    if (own := hair(body, person)) is not None:
        pieces.append(own)
    if person.hat is not None:
        pieces.append(hat(body, person))
    if person.glasses:
        pieces.append(glasses(body, person))
    if person.backpack is not None:
        pieces.append(backpack(body, person, cloth))
    if person.bag is not None:
        pieces.append(shoulder_bag(body, person, cloth))
    mesh = join(pieces)
    return Figure(person, body, mesh, material_table(mesh.materials))


def put(figure: Figure, stance: Stance, place: NDArray[np.float32], heading: float) -> Posed:
    """Poses a figure and stands it on the ground.

    Args:
        figure: Who.
        stance: What they do.
        place: (2,) where on the ground.
        heading: Direction they face in degrees; 0 is -y, 90 is +x.
    """
    body, skeleton = figure.body, figure.body.skeleton
    motion = bone_transforms(body, pose(body, stance), turn=turn_about("z", heading))
    mesh, table = figure.mesh, figure.table
    if figure.person.handbag is not None:
        down = motion[skeleton.index["wrist.R"], :, :3].T @ np.array([0, 0, -1], np.float32)
        carried = handbag(body, figure.person, "R", down)
        mesh = join([mesh, carried])
        table = np.concatenate([table, material_table(carried.materials)])
    vertices = pose_mesh(mesh, motion)
    skin = raster.skin(body.vertices, skeleton.bones, skeleton.weights, motion)
    on_ground = np.array([place[0], place[1], -vertices[:, 2].min()], np.float32)
    vertices += on_ground
    inside = np.ones(len(vertices), np.float32) if mesh.inside is None else mesh.inside
    return Posed(
        mesh.vertices,
        vertices,
        raster.vertex_normals(vertices, mesh.faces),
        mesh.faces,
        mesh.face_material,
        inside,
        table,
        figure.marks,
        skeleton.joints(skin) + on_ground,
    )
