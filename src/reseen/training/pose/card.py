"""The card of a pose network: what it is, whom it has learnt from, and under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reseen.data import DATASETS
from reseen.pose import coco
from reseen.pose.network import PoseNet
from reseen.training.card import DATA, PLACE, written_by
from reseen.training.pose.examples import COCO

_USE = """\
It tells where a person's joints are in a picture of that person: never who it is, nor what they do. It is made for
crops of one person, standing or walking, and was measured on no others.
"""


def pose_card(told: Mapping[str, Any], network: PoseNet) -> str:
    """Returns the card in Markdown.

    Args:
        told: What the run's folder says of it: ``settings``, ``images``, ``teacher``.
        network: What was trained.
    """
    config, settings, images = network.config, told["settings"], told["images"]
    parameters = sum(parameter.numel() for parameter in network.parameters())
    names = ", ".join(images["datasets"])
    known = {name: data.TERMS for name, data in DATASETS.items()} | {COCO: coco.TERMS}
    terms = [known[name] for name in images["datasets"] if name in known]
    lines = [
        "# A pose network",
        "",
        f"18 joints of the person in a picture: 19 confidence maps, 38 fields. {parameters / 1e6:.1f} M parameters, "
        f"input {config.size[0]}×{config.size[1]}.",
        written_by(),
        "",
        "```text",
        f"reseen pose DATA --source {PLACE} --out joints.parquet",
        "```",
        "",
        DATA,
        f"Trained for {settings['epochs']} epochs of {images['count']:,} pictures: {names}.",
        *(f"- {each}" for each in terms),
        *([f"- Its teacher, where joints are not known, was {told['teacher']}."] if told["teacher"] else []),
        "",
        "## Use",
        _USE,
    ]
    return "\n".join(lines)
