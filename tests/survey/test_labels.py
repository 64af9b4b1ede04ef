"""Answers that came as labels of a scale, and the sets of labels of the catalogue."""

import pandas as pd
import polars as pl
import pytest

from loyaltymodel import evidence
from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.survey import Scale


def scale_of(name, **options):
    return Scale.of_labels(evidence.catalogue(f"labels_{name}")["chinese"], **options)


@pytest.mark.parametrize("name", ["neutral", "fair", "mild", "graded"])
def test_every_set_has_five_labels_in_order(name):
    table = evidence.catalogue(f"labels_{name}")
    assert table["code"].tolist() == [1, 2, 3, 4, 5]
    assert table["chinese"].is_unique
    scale = scale_of(name, dont_know=[9])
    assert scale.codes(table["chinese"].tolist()).tolist() == [1, 2, 3, 4, 5]
    assert list(scale.labels.values()) == table["chinese"].tolist()
    assert (scale.pair, scale.dont_know) == ((1, 5), (9,))


def test_the_sets_as_the_teaching_texts_have_them():
    sets = {
        name: " ".join(evidence.catalogue(f"labels_{name}")["chinese"])
        for name in ("neutral", "fair", "mild", "graded")
    }
    assert sets["neutral"] == "非常不满意 不满意 中立 满意 非常满意"
    assert sets["mild"] == "很不满意 不太满意 一般 比较满意 很满意"
    assert sets["graded"].endswith("无意见 一般满意 高度满意")
    assert sets["fair"] == "非常不满意 不满意 一般 满意 非常满意"  # one or two to a line
    lists = evidence.catalogue().set_index("list")
    assert lists.loc["labels_fair", "sources"] == "003:67-72"
    assert "小" in lists.loc["labels_graded", "note"]


def test_labels_keep_the_index_and_their_spaces_do_not_matter():
    labels = pd.Series([" 一般", "很满意", None], index=["p", "q", "r"])
    assert scale_of("mild").codes(labels, missing="drop").to_dict() == {"p": 3, "q": 5}
    data = pl.DataFrame({"s": ["中立", "满意"]})
    assert scale_of("neutral").codes("s", data=data).to_list() == [3, 4]


def test_a_scale_may_begin_anywhere_and_name_some_answers_only():
    scale = Scale(lowest=0, highest=1, labels={0: "no", 1: "yes"})
    assert scale.codes(["yes", "no"]).tolist() == [1, 0]
    half = Scale(lowest=0, highest=1, step=0.5, labels={0: "no", 0.5: "partly"})
    assert half.codes(["partly", "no"]).tolist() == [0.5, 0]


REFUSED = {
    "label of another set": (
        lambda: scale_of("neutral").codes(["中立", "一般"]),
        DataError,
        "'一般' is in the list 'labels_fair' and 'labels_mild'",
    ),
    "label of no set": (lambda: scale_of("mild").codes(["凑合"]), DataError, "Recode other words"),
    "code instead of label": (lambda: scale_of("mild").codes([3]), DataError, "Recode other"),
    "missing label": (
        lambda: scale_of("mild").codes(["一般", None]),
        DataError,
        'missing="drop"',
    ),
    "no labels": (lambda: Scale(lowest=1, highest=5).codes(["a"]), ModelError, "has no labels"),
    "one word for two answers": (
        lambda: Scale(lowest=1, highest=3, labels={1: "bad", 2: "bad"}).codes(["bad"]),
        ModelError,
        "two answers of the scale are called bad",
    ),
    "labels twice": (lambda: Scale.of_labels(["a", "b", "a"]), ModelError, "labels has a twice"),
    "one label": (lambda: Scale.of_labels(["a"]), ModelError, "at least two"),
    "one word": (lambda: Scale.of_labels("ab"), OptionError, "labels"),
    "numbers": (lambda: Scale.of_labels([1, 2]), ModelError, "labels"),
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
