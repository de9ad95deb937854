"""Who walks through the rendered world: one person's attributes, body, clothes and bags, drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reseen.world.optics.mesh import Colour, PatternKind


@dataclass(frozen=True, slots=True)
class Cloth:
    """What a garment is made of; see `Material` for the patterns."""

    colour: Colour
    pattern: PatternKind = "plain"
    second: Colour = (0.5, 0.5, 0.5)
    scale: float = 0.1


@dataclass(frozen=True, slots=True)
class Pedestrian:
    """One person.

    Attributes:
        pid: Person id, from 1.
        attributes: Class index by attribute name, all of `MARKET1501_SCHEMA` but a colour that is unknown.
        body: Value in [0, 1] by name of anny's phenotype (gender, age, muscle, weight, height, proportions).
        skin: Colour of the skin.
        hair: ``bald``, ``short`` and ``bun`` count as short; ``bob``, ``ponytail`` and ``long`` as long hair.
        hair_colour: Colour of the hair.
        upper: The upper garment.
        upper_kind: ``shirt`` (close), ``jacket`` (thick, open over an inner shirt), ``hoodie``, ``coat`` (down to the
            thighs), ``blouse`` (loose).
        inner: Colour of the shirt under an open jacket or coat.
        sleeve: Length of the sleeve as a fraction of the arm: below 0.1 none, 0.5 elbow, 1 wrist.
        hem: Where the upper garment ends below the waist, in metres.
        lower: The lower garment.
        lower_kind: Trousers (of any length) or a skirt (with an upper garment of its own colour: a dress).
        lower_length: Length of the lower garment as a fraction of the leg: 0.5 knee, 1 ankle.
        looseness: How far clothes stand off the body, 0 (leggings) to 1 (wide).
        shoes: Colour of the shoes.
        shoe_kind: What shoes.
        hat: Kind of hat, or None.
        hat_colour: Its colour.
        backpack: Its colour, or None.
        bag: Colour of a bag carried on a strap, or None.
        handbag: Colour of a bag carried in the hand, or None.
        glasses: Whether dark glasses are worn.
        stride: This person's habit of walking: length of steps, about 1.
        seed: Seed of everything else about this person.
    """

    pid: int
    attributes: Mapping[str, int]
    body: Mapping[str, float]
    skin: Colour
    hair: Literal["bald", "short", "bun", "bob", "ponytail", "long"]
    hair_colour: Colour
    upper: Cloth
    upper_kind: Literal["shirt", "jacket", "hoodie", "coat", "blouse"]
    inner: Colour
    sleeve: float
    hem: float
    lower: Cloth
    lower_kind: Literal["trousers", "skirt"]
    lower_length: float
    looseness: float
    shoes: Colour
    shoe_kind: Literal["trainers", "leather", "boots", "sandals"]
    hat: Literal["cap", "beanie", "sun"] | None
    hat_colour: Colour
    backpack: Colour | None
    bag: Colour | None
    handbag: Colour | None
    glasses: bool
    stride: float
    seed: int
