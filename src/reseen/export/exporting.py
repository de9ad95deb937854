"""A checkpoint becomes a folder with one graph, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reseen.checkpoint_files import (
    CARD,
    GRAPH_FILES,
    EngineName,
    check_new_graph,
    divisions_of,
    held_back,
    trained_on,
)
from reseen.data.person import PersonImage, Split
from reseen.data.spread import spread
from reseen.errors import ReseenError
from reseen.evaluation.report import EvaluationReport
from reseen.evaluation.split import evaluate_split
from reseen.export.card import exported_card
from reseen.export.low import AsRun, as_run
from reseen.export.parity import PICTURES, Parity, compare, pictures_of_nobody
from reseen.export.quantising import PICTURES as CALIBRATION
from reseen.export.quantising import inputs_of, write_graph
from reseen.export.share import share_of
from reseen.extras import need
from reseen.files import replacing_folder
from reseen.models import checkpoint as checkpoints
from reseen.models.backends.backend import TorchBackend
from reseen.models.backends.exported import graph_backend, graph_files
from reseen.models.backends.graph import form_of, write_onnx
from reseen.models.embedder import Embedder
from reseen.progress import Bars, silent


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export.

    Attributes:
        parity: How near the graph's descriptors are to PyTorch's, both in 32 bits.
        as_run: The same in the number formats they run in; None for a checkpoint of 32 bits or a quantised graph.
        metric: What a quantised graph was measured by, such as ``mAP``; empty for one that is not.
        before: The checkpoint's figure on the calibration data.
        after: The graph's.
        note: What a reader of these has to know.
    """

    parity: Parity
    as_run: AsRun | None = None
    metric: str = ""
    before: float = 0.0
    after: float = 0.0
    note: str = ""

    def loss(self) -> str:
        """Returns in words what eight bits cost; nothing for a graph that has 32."""
        if not self.metric:
            return ""
        cost = 100 * (self.before - self.after)
        figures = f"{self.metric} {self.before:.2%} with PyTorch, {self.after:.2%} with 8 bits, {cost:.2f} points lost"
        return f"{figures}, {self.note}."


def export(
    checkpoint: Path,
    folder: Path,
    to: EngineName,
    *,
    calibrate: Split | None = None,
    images: int = 2000,
    bars: Bars = silent,
) -> Exported:
    """Writes a checkpoint's system as one graph, which loads and embeds as the checkpoint does.

    Args:
        checkpoint: A checkpoint folder.
        folder: Folder to write; an earlier export there is replaced only once this one is complete.
        to: The engine the graph is for.
        calibrate: Makes a graph of 8-bit integers: ranges are measured on its training images, and what that costs on
            its query and gallery. Its descriptors are another model's.
        images: The cost is measured on about so many of them.
        bars: Shows how far the work has come.

    Raises:
        ReseenError: If a package is missing, something else lies in the folder, the system cannot be exported, the
            graph does not give what the system gives, or ranges and cost cannot be measured on this data.
    """
    need("export")
    check_new_graph(folder)
    torch = checkpoints.load(checkpoint, backend="torch")
    config = torch.config.model_copy(update={"precision": "float32"})
    assert isinstance(torch.backend, TorchBackend)
    own = Embedder(torch.model, config, torch.distance)
    # What is wrong with the data is told before anything is written.
    before = None if calibrate is None else _measured(own, calibrate, images, bars)
    form = form_of(own.model, config.size)
    with replacing_folder(folder) as partial:
        plain, file = partial / GRAPH_FILES["onnx"], partial / GRAPH_FILES[to]
        write_onnx(own.model, form, config.size, plain)
        pictures: Sequence[PersonImage] = pictures_of_nobody(config.size)
        if calibrate is None:
            write_graph(plain, file, to, [])
        else:
            known = spread(calibrate.train or calibrate.gallery, CALIBRATION)
            ranges = list(inputs_of(form, config, known))
            if not ranges:
                raise ReseenError(f"none of the training pictures of {calibrate.name} can be read to measure ranges on")
            write_graph(plain, file, to, ranges)
            form = form.model_copy(update={"digest": _digest(graph_files(partial, to))})
            pictures = spread(known, PICTURES)
        if to != "onnx":
            plain.unlink()
        other = Embedder(graph_backend(partial, form, to, to, "float32"), config, torch.distance)
        # Batches of several sizes: the graph has to take any.
        found = Exported(compare(*(each.embed(pictures, batch_size=5, max_corrupt=3) for each in (own, other))))
        if calibrate is None or before is None:
            found.parity.check()
            if torch.config.precision == "bfloat16":
                low = Embedder(graph_backend(partial, form, to, to, "bfloat16"), torch.config, torch.distance)
                found = replace(found, as_run=as_run(torch, low, to))
        else:
            after, note = _measured(other, calibrate, images, bars)
            found = replace(
                found, metric=after.primary_metric, before=before[0].primary, after=after.primary, note=note
            )
        card = (checkpoint / CARD).read_text() if (checkpoint / CARD).is_file() else ""
        checkpoints.save_graph(
            partial,
            form,
            to,
            torch.config,
            card=exported_card(card, form, to, found.parity, config.size, found.loss(), found.as_run),
            distance=torch.distance,
            trained_on=trained_on(checkpoint),
            divisions=divisions_of(checkpoint),
            held_back=held_back(checkpoint),
        )
        if torch.calibration is not None and form.digest == torch.digest:  # quantised, distances mean something else
            checkpoints.save_calibration(partial, torch.calibration)
    return found


def _measured(embedder: Embedder, data: Split, images: int, bars: Bars) -> tuple[EvaluationReport, str]:
    """Returns a model's figures on about so many images, and what a reader has to know of these."""
    share, note = share_of(data, images)
    return evaluate_split(embedder, share, bars=bars).report, f"on {data.name}{note}"


def _digest(files: list[Path]) -> str:
    """Returns what tells a quantised graph from all others: its descriptors are not those of its checkpoint."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
