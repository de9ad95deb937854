"""The card of a pose network: what it is, whom it has learnt from, and under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import reseen
from reseen.data import DATASETS
from reseen.pose.network import PoseNet
from reseen.provenance import commit
from reseen.training.card import DATA
from reseen.training.pose.examples import COCO

_COCO_TERMS = (
    "COCO (Lin et al., Microsoft COCO, ECCV 2014): annotations under CC BY 4.0; its images keep the terms that "
    "Flickr's users gave them."
)
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
    code = f"commit {made_by}" if (made_by := commit()) else "released package"
    names = ", ".join(images["datasets"])
    known = {name: data.TERMS for name, data in DATASETS.items()} | {COCO: _COCO_TERMS}
    terms = [known[name] for name in images["datasets"] if name in known]
    lines = [
        "# A pose network",
        "",
        f"18 joints of the person in a picture: 19 confidence maps, 38 fields. {parameters / 1e6:.1f} M parameters, "
        f"input {config.size[0]}×{config.size[1]}.",
        f"Written by reseen {reseen.__version__} ({code}) on {date.today().isoformat()}.",
        "",
        "```text",
        "reseen pose DATA --source path/to/this/folder --out joints.parquet",
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
