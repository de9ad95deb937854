"""The report as table and as JSON."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from reseen.data.attributes import AttributeSchema, binary, multi_class
from reseen.data.person import Protocol
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport, ReRanking, attribute_accuracy, evaluate, rank
from reseen.evaluation.attribute_folds import average_attributes

COLORS = AttributeSchema(
    "colors", (binary("gender", ("male", "female")), multi_class("upper_color", "black", "white", "red"))
)
BINARY = AttributeSchema("binary", (binary("hat"), binary("bag")))


def on_a_line(positions, pids, camids):
    return Embeddings(np.array(positions, dtype=np.float32)[:, None], np.array(pids), np.array(camids))


QUERY, GALLERY = on_a_line([0, 5], [1, 2], [1, 1]), on_a_line([1, 4, 9], [2, 1, 2], [2, 2, 2])


def text_of(report, width=160):
    console = Console(file=io.StringIO(), width=width)
    console.print(report.table())
    return console.file.getvalue()


def full_report():
    plain = rank(QUERY, GALLERY, average_precision="trapezoid")
    return EvaluationReport(
        "market1501",
        plain,
        multiple_query=plain,
        reranked=rank(QUERY, GALLERY, average_precision="trapezoid", reranking=ReRanking(k1=2, k2=1)),
        attributes=attribute_accuracy([[0, 0], [1, 1], [1, 1]], [[0, 0], [0, 1], [1, -1]], COLORS),
        notes=("no camera ids: every image counts as its own camera",),
        counts={"queries": 2, "gallery images": 3},
    )


def test_the_table_names_protocol_form_and_both_colour_means():
    text = text_of(full_report())
    for expected in (
        "market1501 (%)",
        "single query",
        "multiple query",
        "re-ranked",
        "protocol cross_camera, AP form trapezoid; 2 queries, 3 gallery images",
        "balanced",
        "mean, colours multi-class",
        "mean, colours binary",
        "note: no camera ids",
    ):
        assert expected in text
    assert "mA " not in text


def test_nothing_is_cut_off_on_a_narrow_terminal():
    """Captions are wrapped there; the tables themselves are the same as on a wide one."""
    narrow, wide = ([line.strip() for line in text_of(full_report(), width).splitlines()] for width in (80, 160))
    rows = [line for line in wide if line.startswith(("┃", "│"))]
    assert len(rows) > 7
    assert [line for line in narrow if line.startswith(("┃", "│"))] == rows


def test_figures_in_the_table_are_percent():
    report = EvaluationReport("x", rank(QUERY, GALLERY))
    row = next(line for line in text_of(report).splitlines() if "single query" in line)
    assert [float(cell) for cell in row.replace("│", " ").split()[2:]] == [
        round(100 * value, 2) for value in report.ranking.figures().values()
    ]


def test_json_holds_fractions_and_says_how_they_were_taken():
    report = full_report()
    loaded = json.loads(report.to_json())
    assert loaded["dataset"] == "market1501"
    assert loaded["primary_metric"] == "mAP"
    assert loaded["mAP"] == loaded["ranking"]["mAP"] == report.ranking.mAP
    assert loaded["protocol"]["kind"] == "cross_camera"
    assert loaded["ranking"]["average_precision_form"] == "trapezoid"
    assert loaded["ranking"]["reranking"] is None
    assert loaded["reranked"]["reranking"]["k1"] == 2
    assert loaded["attributes"]["accuracy"]["colors_multi_class"]["gender"] == pytest.approx(2 / 3)
    assert loaded["attributes"]["accuracy"]["colors_binary"]["upper_color:red"] == 1
    assert loaded["notes"] == list(report.notes)
    assert loaded["counts"]["queries"] == 2


def test_parts_that_were_not_evaluated_are_absent():
    loaded = json.loads(EvaluationReport("x", rank(QUERY, GALLERY)).to_json())
    assert not {"multiple_query", "reranked", "attributes"} & loaded.keys()


@pytest.mark.parametrize(
    ("schema", "metric"), [(COLORS, "attribute_accuracy"), (BINARY, "mA")], ids=["colors", "binary"]
)
def test_a_pure_attribute_report_has_a_primary_metric_of_its_own(schema, metric):
    attributes = attribute_accuracy([[0, 1], [1, 1]], [[0, 0], [1, 1]], schema)
    report = EvaluationReport("peta", attributes=attributes)
    assert report.primary_metric == metric
    assert report.figures()["attribute_accuracy"] == pytest.approx(3 / 4)
    assert report.figures()["attribute_balanced_accuracy"] == pytest.approx(3 / 4)
    assert report.primary == pytest.approx(3 / 4)
    assert ("mA" in text_of(report)) == (metric == "mA")


def test_averages_show_their_spread():
    protocol = Protocol("two_way")
    text = text_of(EvaluationReport("viper", evaluate(QUERY, GALLERY, protocol), protocol=protocol))
    assert "mean of 2 rankings" in text
    assert "± std. dev." in text
    assert "protocol two_way" in text


def test_averages_of_attributes_show_theirs():
    folds = [attribute_accuracy(told, [[0, 1], [1, 0]], BINARY) for told in ([[0, 1], [1, 0]], [[0, 0], [1, 0]])]
    text = text_of(EvaluationReport("peta", attributes=average_attributes(folds)))
    assert "mean of 2 folds" in " ".join(text.split())
    assert [line.split("│")[2].strip() for line in text.splitlines() if "± std. dev." in line] == ["12.50", "12.50"]


def test_left_out_queries_are_named():
    query = on_a_line([0, 5], [1, 7], [1, 1])
    with pytest.warns(match="1 of 2"):
        report = EvaluationReport("x", rank(query, GALLERY))
    assert "1 of 2 queries have no right match" in " ".join(text_of(report).split())


def test_an_empty_report_is_an_error():
    with pytest.raises(ReseenError, match="nothing to report on viper"):
        EvaluationReport("viper")
