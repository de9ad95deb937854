"""What is said of the model."""

from __future__ import annotations

from typing import Literal

from reseen.app.messages.base import Message

ModelPicture = Literal["cmc", "reliability", "hardest"]


class AttributeAccuracy(Message):
    """How often the model read an attribute right, over the test pictures whose label is known; shares from 0 to 1.

    Attributes:
        name: The attribute.
        label: What to call it.
        accuracy: Share that was right.
        balanced: The same with every class as important as the others.
        guess: What always guessing the commonest class would reach; None if the report does not say.
        known: How many labels are known.
    """

    name: str
    label: str
    accuracy: float
    balanced: float
    guess: float | None
    known: int


class ModelTest(Message):
    """What the model reached when it was evaluated.

    Attributes:
        dataset: On which data set.
        queries: How many queries; None if it was evaluated for attributes alone.
        gallery: In how many pictures.
        mean_ap: Mean average precision.
        rank1: Share of queries whose nearest is the right person.
        rank5: Share with the right person among the first five.
        attributes: One by one; those that are turned off are left out.
    """

    dataset: str
    queries: int | None
    gallery: int | None
    mean_ap: float | None
    rank1: float | None
    rank5: float | None
    attributes: tuple[AttributeAccuracy, ...]


class ModelInfo(Message):
    """The model, as its own card and its evaluation describe it.

    Attributes:
        digest: Tells it from all others.
        rows: Rows of the gallery that it made.
        width: Of its descriptors.
        attributes: What it reads.
        sensitive: Whether apparent gender and age are turned on.
        calibration: In words, what makes distances into probabilities; empty if nothing does.
        test: Its evaluation; None if no report lies beside it.
        pictures: Which pictures of it there are.
        card: In Markdown.
    """

    digest: str
    rows: int
    width: int
    attributes: tuple[str, ...]
    sensitive: bool
    calibration: str
    test: ModelTest | None
    pictures: tuple[ModelPicture, ...]
    card: str
