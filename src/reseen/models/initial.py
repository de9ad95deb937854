"""What parts of a system start from: hub weights, a file, or another checkpoint."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from reseen.checkpoint_files import MODEL_FILE
from reseen.errors import ReseenError
from reseen.models.parts.backbones.backbone import Backbone, in_floats, load_hub_weights, load_weights, read_weights
from reseen.models.parts.body.crops import BodyBoxes
from reseen.pose.canonical import load_poses

HUB = "hub"
"""Stands for timm's own download in the place of a file."""


def initialise(model: nn.Module, part: str, source: str) -> None:
    """Loads the weights that a part of a system starts from.

    A backbone takes weights in timm's names, or those of the backbone of any system's checkpoint; boxes of body parts
    take canonical poses (``reseen pose --canonical``). Any other part takes what a checkpoint has under the part's own
    name, else the whole of it: a system may contain another one.

    Args:
        model: The system.
        part: Name of the part, such as ``backbone``.
        source: ``hub``, a file, or the folder of a checkpoint.

    Raises:
        ReseenError: If there is no such part, or the weights are missing or do not fit it.
    """
    module = part_of(model, part, "init")
    if isinstance(module, Backbone):
        if source == HUB:
            load_hub_weights(module)
        else:
            load_weights(module, source)
        return
    if source == HUB:
        raise ReseenError(f"init.{part}: only a backbone has weights on the hub; name a file or a checkpoint's folder")
    path = Path(source)
    if isinstance(module, BodyBoxes) and path.suffix == ".json":
        module.take(load_poses(path))
        return
    content = read_weights(path / MODEL_FILE if path.is_dir() else path)
    own = {key.removeprefix(f"{part}."): value for key, value in content.items() if key.startswith(f"{part}.")}
    _load(module, own or content, f"init.{part}: {path}")


def part_of(model: nn.Module, name: str, what: str) -> nn.Module:
    """Returns a part of a system.

    Args:
        model: The system.
        name: Of the part, such as ``backbone`` or ``backbone.net.layer4``.
        what: Of the recipe names it.

    Raises:
        ReseenError: If there is no such part; names those there are.
    """
    try:
        return model.get_submodule(name)
    except AttributeError:
        parts = ", ".join(child for child, _ in model.named_children())
        raise ReseenError(f"{what} names {name!r}, but the system has no such part; it has: {parts}") from None


def _load(module: nn.Module, content: dict[str, Tensor], what: str) -> None:
    wanted = module.state_dict()
    different = [key for key in wanted.keys() & content.keys() if wanted[key].shape != content[key].shape]
    problems = {
        "missing": wanted.keys() - content.keys(),
        "unexpected": content.keys() - wanted.keys(),
        "of another shape": different,
    }
    for problem, keys in problems.items():
        if keys:
            raise ReseenError(f"{what} does not fit: {len(keys)} weights {problem}, such as {min(keys)}")
    module.load_state_dict(in_floats(content))


def carry_over(source: nn.Module, target: nn.Module, fresh: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Copies weights and buffers of equal name and shape from one system to another.

    A layer is carried over as a whole or not at all: where its input has another width, its bias begins anew, too.

    Args:
        source: The system of the phase before.
        target: The system of the next.
        fresh: Parts that keep what they have.

    Returns:
        The names of the target's weights that are new.
    """
    before = source.state_dict()
    content = target.state_dict()
    changed = {
        _layer(name) for name, value in content.items() if name not in before or before[name].shape != value.shape
    }
    new = []
    for name in content:
        is_fresh = any(name == part or name.startswith(f"{part}.") for part in fresh)
        if is_fresh or _layer(name) in changed:
            new.append(name)
        else:
            content[name] = before[name]
    target.load_state_dict(content)
    return tuple(new)


def _layer(name: str) -> str:
    """Returns the layer that a weight or buffer belongs to."""
    return name.rpartition(".")[0]
