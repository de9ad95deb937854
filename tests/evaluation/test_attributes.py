"""Attribute accuracy in both colour forms, PETA's metrics, and the annotators' own example."""

import json

import numpy as np
import pytest
from scipy.io import loadmat

from reseen.data.annotations.lin_attributes import read_lin_attributes
from reseen.data.attributes import MARKET1501_SCHEMA, Attribute, AttributeSchema, binary, multi_class
from reseen.data.images.source import open_folder
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation import attribute_accuracy, predicted_columns

COLORS = AttributeSchema(
    "colors",
    (binary("gender", ("male", "female")), multi_class("upper_color", "black", "white", "red")),
)
SEVERAL = AttributeSchema("several", (binary("hat"), Attribute("upper_color", ("black", "red", "blue"), "multi_label")))
BINARY = AttributeSchema("binary", tuple(binary(name) for name in ("hat", "bag", "coat")))


def test_both_colour_forms_by_hand():
    labels = [[0, 0], [0, 1], [1, 2], [1, -1]]
    predicted = [[0, 0], [1, 0], [1, 2], [1, 1]]
    report = attribute_accuracy(predicted, labels, COLORS)
    assert report.accuracy == pytest.approx({"gender": 3 / 4, "upper_color": 2 / 3})
    assert report.mean == pytest.approx((3 / 4 + 2 / 3) / 2)
    # The last image's colour is unknown; of the three others the second is black instead of white.
    assert report.binary_accuracy == pytest.approx(
        {"gender": 3 / 4, "upper_color:black": 2 / 3, "upper_color:white": 2 / 3, "upper_color:red": 1}
    )
    # As in IVA's table 6, the mean over colours is one attribute's accuracy.
    assert report.mean_binary == pytest.approx((3 / 4 + (2 / 3 + 2 / 3 + 1) / 3) / 2)
    assert report.accuracy_over_all == pytest.approx({"gender": 3 / 4, "upper_color": 2 / 4})
    assert report.mean_over_all == pytest.approx((3 / 4 + 2 / 4) / 2)
    assert report.known == {"gender": 4, "upper_color": 3}
    assert report.shares["gender"] == pytest.approx({"male": 1 / 2, "female": 1 / 2})
    assert report.shares["upper_color"] == pytest.approx({"black": 1 / 3, "white": 1 / 3, "red": 1 / 3})
    assert report.binary is None


def test_balanced_accuracy_gives_every_class_the_same_say():
    labels = [[0, 0]] * 6 + [[1, 1], [1, 2], [-1, 2], [0, -1]]
    predicted = [[0, 0]] * 5 + [[1, 1], [1, 1], [0, 0], [0, 2], [0, 0]]
    report = attribute_accuracy(predicted, labels, COLORS)
    # gender: 6 of 7 men and 1 of 2 women; black 5 of 6, white 1 of 1, red 1 of 2
    assert report.balanced == pytest.approx({"gender": (6 / 7 + 1 / 2) / 2, "upper_color": (5 / 6 + 1 + 1 / 2) / 3})
    assert report.mean_balanced == pytest.approx(np.mean([(6 / 7 + 1 / 2) / 2, (5 / 6 + 1 + 1 / 2) / 3]))
    assert report.accuracy == pytest.approx({"gender": 7 / 9, "upper_color": 7 / 9})
    assert report.guess == pytest.approx({"gender": 7 / 9, "upper_color": 6 / 9})
    # black: 5 of 6 found, 2 of 3 others; white: 1 of 1, 7 of 8; red: 1 of 2, 7 of 7
    assert report.binary_balanced == pytest.approx(
        {
            "gender": (6 / 7 + 1 / 2) / 2,
            "upper_color:black": (5 / 6 + 2 / 3) / 2,
            "upper_color:white": (1 + 7 / 8) / 2,
            "upper_color:red": (1 / 2 + 1) / 2,
        }
    )
    always = attribute_accuracy([[0, 0]] * 10, labels, COLORS)
    assert always.balanced == pytest.approx({"gender": 1 / 2, "upper_color": 1 / 3})


def test_a_class_without_labels_is_no_part_of_balanced_accuracy():
    report = attribute_accuracy([[0, 0], [0, 1], [1, 1]], [[0, 0], [0, 1], [1, 0]], COLORS)
    assert report.balanced["upper_color"] == pytest.approx((1 / 2 + 1) / 2)


def test_several_classes_at_once_are_scored_one_by_one():
    labels = SEVERAL.encode([{"hat": 1, "upper_color": 0b011}, {"hat": 0, "upper_color": 0b100}, {"hat": 0}])
    predicted = SEVERAL.encode([{"hat": 1, "upper_color": 0b001}, {"hat": 1, "upper_color": 0b101}, {"hat": 0}])
    predicted[2, 1:] = 0
    report = attribute_accuracy(predicted, labels, SEVERAL)
    each = {"upper_color:black": 1 / 2, "upper_color:red": 1 / 2, "upper_color:blue": 1}
    assert report.binary_accuracy == pytest.approx({"hat": 2 / 3} | each)
    assert report.accuracy == pytest.approx({"hat": 2 / 3, "upper_color": 2 / 3})
    assert report.accuracy_over_all["upper_color"] == pytest.approx((1 / 3 + 1 / 3 + 2 / 3) / 3)
    assert report.balanced["upper_color"] == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert report.shares["upper_color"] == pytest.approx({"black": 1 / 2, "red": 1 / 2, "blue": 1 / 2})
    assert report.known == {"hat": 3, "upper_color": 2}
    assert report.binary is not None
    # hat: TPR 1, TNR 1/2; black: 1, 0; red: 0, 1; blue: 1, 1
    assert report.binary.mA == pytest.approx((3 / 4 + 1 / 2 + 1 / 2 + 1) / 4)


def test_a_model_that_predicts_colours_one_by_one_is_scored_in_both_forms():
    """No colour reaches one half for the second image: all its binary decisions are no, its colour is still red."""
    yes = np.array([[0.9, 0.6, 0.1], [0.1, 0.3, 0.4], [0.2, 0.8, 0.1]], dtype=np.float32)
    tables = {
        f"upper_color:{name}": np.stack([1 - p, p], 1) for name, p in zip(("black", "white", "red"), yes.T, strict=True)
    } | {"gender": np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)}
    predicted, one_by_one = predicted_columns(tables, COLORS.as_binary(), COLORS)
    assert predicted.tolist() == [[0, 0], [1, 2], [1, 1]]
    assert one_by_one.tolist() == [[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 1, 0]]
    report = attribute_accuracy(predicted, [[0, 0], [1, 2], [1, 0]], COLORS, one_by_one=one_by_one)
    assert report.accuracy == pytest.approx({"gender": 1, "upper_color": 2 / 3})
    assert report.binary_accuracy == pytest.approx(
        {"gender": 1, "upper_color:black": 2 / 3, "upper_color:white": 1 / 3, "upper_color:red": 2 / 3}
    )


def test_a_model_that_chooses_one_colour_says_no_to_the_others():
    tables = {
        "gender": np.array([[0.6, 0.4]], dtype=np.float32),
        "upper_color": np.array([[0.3, 0.4, 0.3]], dtype=np.float32),
    }
    predicted, one_by_one = predicted_columns(tables, COLORS, COLORS)
    assert predicted.tolist() == [[0, 1]]
    assert one_by_one.tolist() == [[0, 0, 1, 0]]


def test_images_without_any_label_count_nowhere():
    labels, predicted = [[0, 0], [-1, -1]], [[0, 1], [0, 0]]
    report = attribute_accuracy(predicted, labels, COLORS)
    assert report.images == 1
    assert report.accuracy_over_all == {"gender": 1, "upper_color": 0}


def test_metrics_of_binary_attributes_by_hand():
    labels = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 0], [1, 1, 0]])
    predicted = np.array([[1, 1, 1], [0, 1, 0], [0, 0, 0], [0, 1, 0]])
    metrics = attribute_accuracy(predicted, labels, BINARY).binary
    assert metrics is not None
    # hat: TPR 1/2, TNR 1; bag: TPR 1, TNR 1/2; coat: TPR 1/2, TNR 1.
    assert metrics.mA == pytest.approx(3 / 4)
    assert metrics.accuracy == pytest.approx((2 / 3 + 1 / 2 + 0 + 1 / 2) / 4)
    assert metrics.precision == pytest.approx((2 / 3 + 1 + 0 + 1) / 4)
    assert metrics.recall == pytest.approx((1 + 1 / 2 + 0 + 1 / 2) / 4)
    assert (metrics.precision, metrics.recall, metrics.F1) == pytest.approx((2 / 3, 1 / 2, 4 / 7))


def test_unknown_labels_are_left_out_of_binary_metrics():
    labels = np.array([[1, -1, 0], [0, 1, 1], [0, 0, 0]])
    predicted = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]])
    metrics = attribute_accuracy(predicted, labels, BINARY).binary
    assert metrics is not None
    assert (metrics.mA, metrics.precision, metrics.recall) == pytest.approx((1, 2 / 3, 2 / 3))


def test_attributes_all_alike_are_left_out_of_mean_accuracy():
    labels, predicted = [[1, 1, 0], [0, 1, 1]], [[1, 0, 0], [0, 0, 1]]
    with pytest.warns(ReseenWarning, match="all known labels of bag are alike"):
        report = attribute_accuracy(predicted, labels, BINARY)
    assert report.binary is not None
    assert report.binary.mA == 1


def test_an_attribute_nobody_is_labelled_with_is_named():
    with pytest.warns(ReseenWarning, match="no known label for upper_color"):
        report = attribute_accuracy([[0, 0], [1, 1]], [[0, -1], [1, -1]], COLORS)
    assert report.accuracy == {"gender": 1}
    assert report.mean_binary == 1


@pytest.mark.parametrize(
    ("predicted", "labels", "raises"),
    [
        ([[0, 0]], [[0, 0], [0, 0]], "1 predictions for 2 labelled images"),
        ([[0]], [[0, 0]], r"predicted must be integers of shape \(N, 2\)"),
        ([[0.5, 0.2]], [[0, 0]], "predicted must be integers"),
        ([[0, 3]], [[0, 0]], "image 0 has class 3 for 'upper_color', which has classes 0 to 2"),
        ([[-1, 0]], [[0, 0]], "image 0 has class -1 for 'gender'"),
        ([[0, 0]], [[0, -2]], "labels: image 0 has class -2"),
        ([[0, 0]], [[-1, -1]], "no image has a known label"),
    ],
)
def test_tables_that_do_not_fit_are_errors(predicted, labels, raises):
    with pytest.raises(ReseenError, match=raises):
        attribute_accuracy(predicted, labels, COLORS)


def test_a_report_can_be_written_as_json():
    report = attribute_accuracy([[1, 0, 1], [0, 1, 0]], [[1, 0, 1], [0, 1, 0]], BINARY)
    loaded = json.loads(json.dumps(report.as_dict()))
    assert loaded["mean_accuracy"]["colors_multi_class"] == 1
    assert loaded["mean_balanced_accuracy"]["colors_multi_class"] == 1
    assert loaded["balanced_accuracy"]["colors_binary"] == {"hat": 1, "bag": 1, "coat": 1}
    assert loaded["binary_metrics"]["mA"] == 1


@pytest.mark.shared
def test_the_annotators_own_example(shared):
    """Lin et al.'s example prediction, scored by their own code: to four digits."""
    order = ("gender", "hair", "age", "sleeve", "lower_length", "lower_type", "hat", "backpack", "bag", "handbag")
    columns = [(*order, "upper_color", "lower_color").index(name) for name in MARKET1501_SCHEMA.names]
    content = loadmat(shared / "fixtures" / "lin_gallery_market_prediction.mat")["gallery"]
    predicted = content[:, columns].astype(np.int64) - 1
    annotations = open_folder(shared / "data" / "annotations").find_file("market_attribute.mat")
    assert annotations is not None
    known = read_lin_attributes(annotations, MARKET1501_SCHEMA)
    images = open_folder(shared / "data" / "market1501-test.zip").find("bounding_box_test")
    assert images is not None
    names = sorted(entry.name for entry in images.images())
    pids = [int(name.split("_")[0]) for name in names]
    labels = MARKET1501_SCHEMA.encode([known[pid] for pid in pids if pid > 0])
    report = attribute_accuracy(predicted, labels, MARKET1501_SCHEMA)

    certain = {
        "gender": 0.8645,
        "hair": 0.8365,
        "age": 0.8708,
        "sleeve": 0.9366,
        "lower_length": 0.9332,
        "lower_type": 0.9146,
        "hat": 0.9713,
        "backpack": 0.8279,
        "bag": 0.7507,
        "handbag": 0.8998,
    }
    over_all = {name: round(value, 4) for name, value in report.accuracy_over_all.items()}
    assert over_all == certain | {"upper_color": 0.7340, "lower_color": 0.6991}
    assert round(report.mean_over_all, 4) == 0.8533
    assert report.images == 13115
    # Without the persons whose colour nobody knows.
    assert {name: round(report.accuracy[name], 4) for name in certain} == certain
    assert report.accuracy["upper_color"] == pytest.approx(0.7340 * 13115 / report.known["upper_color"], abs=1e-4)
