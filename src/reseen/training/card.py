"""Model cards that write themselves: what it is, what it was trained on and under which terms, what it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import reseen
from reseen.checkpoint_files import CARD
from reseen.data import DATASETS
from reseen.data.person import Split, sorted_label_map
from reseen.descriptors.calibration import Calibration
from reseen.evaluation import EvaluationReport
from reseen.evaluation.calibration import Fitted
from reseen.models.embedder import Embedder
from reseen.models.initial import HUB
from reseen.models.parts.backbones.backbone import hub_licence
from reseen.provenance import commit
from reseen.training.recipe import TEACHER, Recipe, dump_recipe
from reseen.training.recipe.locate import placeless
from reseen.training.recipe.starts import called

DATA = "## Data and its terms"
SAME_PERSON = "## Same person?"
PLACE = "path/to/this/folder"
"""Stands in a card for where it lies."""
_USE = """\
This model recognises *that* two pictures show the same person, never *who* it is. Do not use it to watch
people without a legal ground, to decide about a person without a human in between, or on groups it was not
measured on: its errors are not evenly spread over people, clothes and cameras.
"""


def model_card(
    recipe: Recipe, split: Split, embedder: Embedder, report: EvaluationReport | None, trained: Sequence[Split]
) -> str:
    """Returns the model card in Markdown.

    Args:
        recipe: How the model was trained.
        split: What it was tested on.
        embedder: The model.
        report: The final figures, or None while training goes on.
        trained: What its phases so far have learnt from, each data set once.
    """
    parameters = sum(parameter.numel() for parameter in embedder.model.parameters())
    lines = [
        f"# {recipe.name}",
        "",
        f"`{recipe.key}` for person re-identification, {parameters / 1e6:.1f} M parameters,"
        f" input {embedder.config.size[0]}×{embedder.config.size[1]}.",
        written_by(),
        "",
        "```python",
        "import reseen",
        f'model = reseen.load("{PLACE}")',
        "```",
        "",
        DATA,
        *_data(recipe, split, trained),
        *_beginnings(recipe),
        "",
        "## Figures",
        *(_figures(report) if report else ["Not evaluated yet."]),
        "",
        "## Use",
        _USE,
        "## Recipe",
        "```yaml",
        dump_recipe(placeless(recipe)).rstrip(),
        "```",
        "",
    ]
    if citation := getattr(embedder.model, "citation", ""):
        lines += ["## Citation", "```bibtex", citation.strip(), "```", ""]
    return "\n".join(lines)


def written_by() -> str:
    """Returns a card's line of which code wrote it, and when."""
    code = f"commit {made_by}" if (made_by := commit()) else "released package"
    return f"Written by reseen {reseen.__version__} ({code}) on {date.today().isoformat()}."


def calibration_section(fitted: Fitted, picture: str) -> str:
    """Returns what a card says of "same person?".

    Args:
        fitted: The calibration, and how it did on persons held out of the fit.
        picture: The reliability curve's file, beside the card.
    """
    found, (even, own) = fitted.calibration, fitted.reliability
    losses = ", ".join(f"{name} {loss:.5f}" for name, loss in fitted.losses.items())
    where = f"; its own curve for cameras {', '.join(found.cameras)}" if found.cameras else ""
    return "\n".join(
        [
            SAME_PERSON,
            f"Told by the distance of two pictures. Fitted to {found.pairs:,} pairs of {found.persons:,} persons "
            f"({found.source}), chosen on persons held out of the fit: {found.method} (log loss: {losses}){where}.",
            evidence_words(found),
            "",
            "| same person in | expected calibration error |",
            "|---|---|",
            *(f"| 1 pair in {1 / each.odds:,.0f} | {each.error:.2%} |" for each in (even, own)),
            "",
            f"![How often what is told is so]({picture})",
            "",
        ]
    )


def evidence_words(calibration: Calibration) -> str:
    """Says in how large a gallery a calibration lets anybody be above the line of evidence."""
    reach = calibration.reach
    if not reach:
        return (
            "Everybody will be below the line of evidence, however few pictures are searched: no distance makes one "
            "person more probable than two. Calibrate on more persons, or train the model longer."
        )
    return (
        f"Among more than {reach:,.0f} pictures, of which {calibration.expected:.3g} are expected to show the person, "
        "everybody will be below the line of evidence."
    )


def with_section(card: str, section: str) -> str:
    """Returns a card with a section in place of the one with its heading, else before the use or at the end."""
    heading = section.partition("\n")[0]
    before, found, rest = card.partition(f"{heading}\n")
    if found:
        _, another, after = rest.partition("\n## ")
        return f"{before}{section}{another}{after}"
    before, use, after = card.partition("## Use\n")
    return f"{before}{section}\n{use}{after}" if use else f"{card.rstrip()}\n\n{section}".lstrip()


def _data(recipe: Recipe, split: Split, trained: Sequence[Split]) -> list[str]:
    """Returns what it was trained and tested on; a data set in a paragraph of its own, its notes below it."""
    lines: list[str] = []
    for own in trained:
        what = f"{len(own.train):,} images of {len(sorted_label_map(own.train)):,} persons of {own.name}"
        lines += ["", f"Trained on {what}. {own.terms}".rstrip(), *(f"- {note}" for note in own.notes)]
    if all(own is not split for own in trained):
        here = f"Tested on {split.name}, on persons whom these phases have not seen."
        if not recipe.phases:
            here = f"No weights were trained here: its parts are those of the recipe's `init`. Made for {split.name}."
        lines += ["", f"{here} {split.terms}".rstrip(), *(f"- {note}" for note in split.notes)]
    return lines[1:]


def _beginnings(recipe: Recipe) -> list[str]:
    """Returns what its parts and its teacher began with and learnt from before."""
    lines = [f"- Parts of it have learnt from {name}. {DATASETS[name].TERMS}" for name in _others(recipe)]
    for part, source in recipe.init.items():
        if source == HUB:
            name = getattr(recipe.model, "backbone", part)
            licence = f" Their licence: {known}." if (known := hub_licence(name)) else ""
            what = "ImageNet's, unless the name says otherwise"
            lines.append(f"- `{part}` began with the weights of {name}: {what}.{licence}")
        elif part != TEACHER:
            lines.append(f"- `{part}` began with {called(source)}.")
    if TEACHER in recipe.init:
        file = Path(recipe.init[TEACHER]) / CARD
        _, _, section = (file.read_text() if file.is_file() else "").partition(f"{DATA}\n")
        told = section.partition("\n## ")[0].strip().splitlines()
        name = called(recipe.init[TEACHER])
        lines.append(f"- Its teacher was {name}, which says of itself:" if told else f"- Its teacher was {name}.")
        lines += ["", *(f"> {line}".rstrip() for line in told)] if told else []
    return ["", "Before that:", "", *lines] if lines else []


def _others(recipe: Recipe) -> list[str]:
    """Returns the data sets of the checkpoints that parts start from, where no phase has them as well."""
    own = (recipe.data, *(phase.data for phase in recipe.phases if phase.data))
    told = {source.name for data in own for source in (data, *data.extra)}
    return [name for name in recipe.trained_on if name not in told]


def _figures(report: EvaluationReport) -> list[str]:
    lines = [f"{report.dataset}."]
    if report.ranking is not None:
        lines = [f"{report.dataset}, protocol {report.protocol.kind}."]
        rankings = {"": report.ranking} | ({"re-ranked": report.reranked} if report.reranked else {})
        figures = report.ranking.figures()
        lines += ["", f"| | {' | '.join(figures)} |", "|---" * (len(figures) + 1) + "|"]
        for name, ranking in rankings.items():
            lines.append(f"| {name} | {' | '.join(f'{value:.2%}' for value in ranking.figures().values())} |")
    if report.attributes is not None:
        scored = report.attributes
        lines += ["", "| attribute | accuracy | balanced |", "|---|---|---|"]
        lines += [f"| {name} | {value:.2%} | {scored.balanced[name]:.2%} |" for name, value in scored.accuracy.items()]
        lines.append(f"| mean | {scored.mean:.2%} | {scored.mean_balanced:.2%} |")
        if scored.accuracy.keys() != scored.binary_accuracy.keys():
            lines.append(
                f"| mean, each colour yes or no | {scored.mean_binary:.2%} | {scored.mean_binary_balanced:.2%} |"
            )
        if scored.binary is not None:
            told = asdict(scored.binary) | {"instance accuracy": scored.binary.accuracy}
            names = ("mA", "instance accuracy", "precision", "recall", "F1")
            lines += ["", f"{', '.join(f'{name} {told[name]:.2%}' for name in names)}."]
    return lines
