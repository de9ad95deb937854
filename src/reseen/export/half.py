"""What all that is put into the package has: 16 bits in matrices and filters, a limit of bytes, a card that says so."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from torch import nn

from reseen.checkpoint_files import CARD
from reseen.errors import ReseenError
from reseen.training.card import DATA, PLACE, with_section

M = TypeVar("M", bound=nn.Module)


def halved(model: M) -> M:
    """Returns the model with 16 bits in matrices and filters; biases and statistics, which are few, keep 32."""
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data = parameter.data.half()
    return model


def check_original(folder: Path, box: Path, command: str) -> None:
    """Makes sure that a folder is something to pack: no part of the package itself, and under terms that it states.

    Args:
        folder: What is to be packed.
        box: Where models of the package lie.
        command: What writes such folders.

    Raises:
        ReseenError: If it is not.
    """
    if box.resolve() in folder.resolve().parents:
        raise ReseenError(f"{folder} is in the package already: name the folder that {command} wrote")
    card = folder / CARD
    if not card.is_file() or f"{DATA}\n" not in card.read_text():
        raise ReseenError(f"{folder} has no {CARD} that says whose terms it is under: {command} writes one")


def check_size(packed: Path, checkpoint: Path, largest: int, remedy: str) -> None:
    """Makes sure that a packed model is small enough.

    Args:
        packed: Its folder.
        checkpoint: What it was made of.
        largest: Bytes that its files may have together.
        remedy: What makes a smaller one.

    Raises:
        ReseenError: If it is not.
    """
    size = sum(file.stat().st_size for file in packed.iterdir())
    if size > largest:
        raise ReseenError(
            f"{checkpoint} has {size / 1e6:.1f} MB in half precision, models in the package at most "
            f"{largest / 1e6:g} MB: {remedy}"
        )


def packed_card(checkpoint: Path, name: str, *sections: str) -> str:
    """Returns a checkpoint's card, with the model's name in the package in its example, and with more sections.

    Args:
        checkpoint: What the model is made of.
        name: Of the model in the package.
        sections: Each with its heading; empty ones are left out.
    """
    card = (checkpoint / CARD).read_text().replace(PLACE, name)
    for section in filter(None, sections):
        card = with_section(card, section)
    return card
