"""What an exported model's card says on top of its checkpoint's."""

from __future__ import annotations

from datetime import date

import reseen
from reseen.checkpoint_files import EngineName
from reseen.export.low import AsRun
from reseen.export.parity import Parity
from reseen.models.backends.graph import GraphForm

_ENGINES = {"onnx": "ONNX", "openvino": "OpenVINO"}


def exported_card(
    card: str,
    form: GraphForm,
    written_for: EngineName,
    parity: Parity,
    size: tuple[int, int],
    loss: str,
    as_run: AsRun | None,
) -> str:
    """Returns the card in Markdown: what the graph is, then the card of the checkpoint it was made of.

    Args:
        card: The checkpoint's card.
        form: What goes in and what comes out.
        written_for: The engine.
        parity: How near it is to PyTorch.
        size: (H, W) of its pictures.
        loss: What eight bits cost, in sentences; empty for a graph of 32.
        as_run: How near it is in the number formats both run in, where that is not 32 bits.
    """
    bits = "8-bit integers" if loss else "32-bit floats"
    inputs = {"images": size, **form.views}
    pictures = ", ".join(f"`{name}` (B, 3, {height}, {width})" for name, (height, width) in inputs.items())
    lines = [
        f"# An {_ENGINES[written_for]} graph, {bits}",
        "",
        f"Exported by reseen {reseen.__version__} on {date.today().isoformat()} from the checkpoint described below.",
        f"In: {pictures}, RGB, ImageNet's mean and deviation taken out, any B.",
        f"Out: {', '.join(f'`{name}`' for name in form.outputs)}; the descriptor is the first {len(form.features)} side"
        " by side. A checkpoint's flip average and scaling are done by `reseen.load`, not by the graph.",
        "",
        f"Beside PyTorch in 32 bits, {parity.words()}.",
        *([f"On the machine that wrote this: {as_run.words()}."] if as_run else []),
        *([loss, "", "Figures below are those of the checkpoint, not of this graph."] if loss else []),
        "",
        "---",
        "",
        card,
    ]
    return "\n".join(lines)
