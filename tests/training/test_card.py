"""A model card tells what the model is, what it was trained on, and nothing of the machine it was trained on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import yaml
from timm.models import PretrainedCfg

from reseen import models
from reseen.data.attributes import AttributeSchema, binary
from reseen.data.person import PersonImage, Split
from reseen.descriptors.calibration import Calibration, Curve
from reseen.descriptors.embeddings import Embeddings
from reseen.evaluation import EvaluationReport, attribute_accuracy, rank
from reseen.models import checkpoint
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.ide import IDEConfig
from reseen.training.card import evidence_words, model_card, with_section
from reseen.training.recipe import Recipe, recipe_from
from tests.training.small import Tiny, phase_of

SECRET = Path("/secret/place")


def recipe_of(**phase: Any) -> Recipe:
    source = {"name": "viper", "root": str(SECRET / "viper")}
    content = {
        "name": "tiny",
        "data": {"name": "market1501", "root": str(SECRET / "market"), "extra": [source]},
        "model": {"system": "ide", "backbone": "test_resnet"},
        "init": {"backbone": str(SECRET / "weights.safetensors")},
        "phases": [phase_of(**phase).model_dump(mode="json", exclude_unset=True)],
    }
    return recipe_from(content, "test")


@pytest.fixture
def split() -> Split:
    train = tuple(PersonImage(b"", pid, 1) for pid in (1, 1, 2))
    return Split("drawn", train, (), (), terms="Nobody's terms.", notes=("one thing", "another thing"))


def card(
    split: Split,
    report: EvaluationReport | None = None,
    recipe: Recipe | None = None,
    trained: tuple[Split, ...] | None = None,
) -> str:
    embedder = Embedder(Tiny(), EmbedderConfig(size=(64, 32)))
    return model_card(recipe or recipe_of(), split, embedder, report, (split,) if trained is None else trained)


def test_data_terms_and_notes_are_told(split: Split) -> None:
    text = card(split)
    assert text.startswith("# tiny\n")
    assert "`ide` for person re-identification, 0.0 M parameters, input 64×32." in text
    assert "Trained on 3 images of 2 persons of drawn. Nobody's terms.\n- one thing\n- another thing\n" in text
    assert "Tested on" not in text, "its own test set"
    assert "Not evaluated yet." in text
    assert "never *who* it is" in text
    assert "## Citation" not in text, "the stand-in has none"


def test_every_phases_persons_are_told_and_those_only_tested_on(split: Split) -> None:
    first = Split("drawn", split.train[:2], (), (), notes=("seed 1",))
    second = Split("photographed", split.train, (), ())
    text = card(split, trained=(first, second))
    assert "\nTrained on 2 images of 1 persons of drawn.\n- seed 1\n\nTrained on 3 images of 2 persons of ph" in text
    assert "\n\nTested on drawn, on persons whom these phases have not seen. Nobody's terms.\n- one thing\n" in text
    without = recipe_of().model_copy(update={"phases": ()})
    assert "No weights were trained here" in card(split, trained=(), recipe=without)


def test_what_it_began_with_and_its_teachers_own_word_are_told(
    split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which licences timm knows depends on its version.
    monkeypatch.setattr(timm, "get_pretrained_cfg", lambda name: PretrainedCfg(license=f"that of {name}"))
    teacher = tmp_path / "runs" / "wise" / "last"
    told = "Trained on 7 images.\n- `backbone` began with i.safetensors.\n"
    own = f"# wise\n\n## Data and its terms\n{told}\n## Figures\nAll.\n"
    model = models.build(IDEConfig(backbone="test_resnet"))
    checkpoint.save(teacher, model, EmbedderConfig(), card=own, trained_on=["peta"])
    recipe = recipe_of().model_copy(update={"init": {"backbone": "hub", "teacher": str(teacher)}})
    text = card(split, recipe=recipe)
    began = "- `backbone` began with the weights of test_resnet: ImageNet's, unless the name says otherwise."
    assert f"{began} Their licence: that of test_resnet.\n" in text
    told = "> Trained on 7 images.\n> - `backbone` began with i.safetensors.\n"
    assert f"- Its teacher was wise/last, which says of itself:\n\n{told}\n## Figures\nNot" in text
    assert "  teacher: wise/last\n" in text
    assert str(tmp_path) not in text


def test_the_recipe_stands_in_it_without_places_of_the_training_machine(split: Split) -> None:
    data = {
        "name": "viper",
        "root": str(SECRET / "phase"),
        "extra": [{"name": "cuhk01", "root": str(SECRET / "extra")}],
    }
    text = card(split, recipe=recipe_of(data=data))
    assert str(SECRET) not in text
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    told = yaml.safe_load(block[1])
    assert told["init"] == {"backbone": "weights.safetensors"}
    assert told["data"]["name"] == "market1501"
    assert [source["name"] for source in told["data"]["extra"]] == ["viper"]
    assert told["phases"][0]["data"]["name"] == "viper"
    recipe_from(told, "the card's")  # and can be used again


def test_figures_are_the_reports(split: Split) -> None:
    query = Embeddings(np.zeros((1, 1), np.float32), np.array([1]), np.array([1]))
    gallery = Embeddings(np.array([[1.0], [2.0]], np.float32), np.array([2, 1]), np.array([2, 2]))
    schema = AttributeSchema("own", (binary("hat"),))
    predicted, labels = np.array([[1], [0], [0], [0]]), np.array([[1], [1], [0], [0]])
    scores = attribute_accuracy(predicted, labels, schema)
    both = EvaluationReport("drawn", rank(query, gallery), reranked=rank(query, gallery), attributes=scores)
    text = card(split, both)
    assert "drawn, protocol cross_camera." in text
    names, _, values, again = text.partition("| | mAP |")[2].splitlines()[:4]
    figures = dict(zip(["mAP", *re.findall(r"\w+", names)], re.findall(r"[\d.]+%", values), strict=True))
    assert (figures["mAP"], figures["rank1"], figures["rank5"]) == ("50.00%", "0.00%", "100.00%")
    assert again.startswith("| re-ranked | ")
    # Of two pictures with a hat one is found; the other three count 0 each in the means over pictures.
    assert "mA 75.00%, instance accuracy 25.00%, precision 25.00%, recall 25.00%, F1 25.00%." in text
    assert "drawn.\n" in card(split, EvaluationReport("drawn", attributes=scores)), "nobody is ranked"
    assert "| hat | 75.00% | 75.00% |" in text  # 3 of 4; half of those with a hat, all without
    assert "| mean | 75.00% | 75.00% |" in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# tiny\n\n## Use\nwell\n", "# tiny\n\n## Own\nnew\n\n## Use\nwell\n"),
        ("# tiny\n\n## Own\nold\nolder\n\n## Use\nwell\n", "# tiny\n\n## Own\nnew\n\n## Use\nwell\n"),
        ("# tiny\n\n## Own\nold\n", "# tiny\n\n## Own\nnew\n"),
        ("# tiny\n", "# tiny\n\n## Own\nnew\n"),
        ("", "## Own\nnew\n"),
    ],
)
def test_a_section_takes_the_place_of_the_old_one(before: str, after: str) -> None:
    assert with_section(before, "## Own\nnew\n") == after


def test_a_systems_citation_is_given(split: Split) -> None:
    model = Tiny()
    model.citation = "@article{x}\n"  # type: ignore[assignment]
    embedder = Embedder(model, EmbedderConfig())
    assert model_card(recipe_of(), split, embedder, None, ()).endswith("## Citation\n```bibtex\n@article{x}\n```\n")


def test_a_packages_model_says_so(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reseen.training.card.commit", lambda: "abc1234")
    assert "(commit abc1234)" in card(split)
    monkeypatch.setattr("reseen.training.card.commit", lambda: "")
    assert "(released package)" in card(split)


def test_terms_of_what_parts_learnt_from_are_told(split: Split, tmp_path: Path) -> None:
    """A part that starts from a checkpoint brings the terms of that one's data along."""
    folder = tmp_path / "attributes"
    checkpoint.save(
        folder, models.build(IDEConfig(backbone="test_resnet")), EmbedderConfig(), card="", trained_on=["peta"]
    )
    recipe = recipe_of().model_copy(update={"init": {"backbone": str(folder)}})
    assert recipe.trained_on == ("market1501", "viper", "peta")
    text = card(split, recipe=recipe)
    assert "- Parts of it have learnt from peta. PETA (Deng et al., ACM MM 2014): for research only" in text
    assert "learnt from viper" not in text  # said by the data set's own notes
    without = recipe.model_copy(update={"phases": ()})
    assert without.trained_on == ("peta",)


@pytest.mark.parametrize(
    ("best", "told"),
    [
        (-0.1, "Everybody will be below the line of evidence, however few pictures are searched: "),
        (
            np.log(9),
            "Among more than 20 pictures, of which 2 are expected to show the person, everybody will be ",
        ),
    ],
)
def test_it_says_where_nobody_can_be_found(best: float, told: str) -> None:
    curve = Curve(distances=(0, 1), ratios=(best, -4))
    calibration = Calibration(model="", method="platt", source="", persons=4, pairs=9, expected=2, error=0, curve=curve)
    assert evidence_words(calibration).startswith(told)
