"""Tables of estimates: columns, names, differences, JSON."""

import json
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.results import EstimateTable

from tolerances import EXACT

PATHS = {"source": ["image", "value", "image"], "target": ["loyalty", "loyalty", "value"]}


@pytest.fixture
def table():
    covariance = [[0.04, 0.01, 0.0], [0.01, 0.03, 0.0], [0.0, 0.0, 0.01]]
    errors = np.sqrt(np.diag(covariance))
    return EstimateTable.wald(PATHS, [1.0, 0.5, 0.0], errors, covariance=covariance, level=0.9)


@pytest.fixture
def resampled():
    rng = np.random.default_rng(1)
    drawn = rng.normal([1.0, 0.5, 0.0], 0.2, (400, 3))
    return EstimateTable.resampled(PATHS, [1.0, 0.5, 0.0], drawn)


def test_students_columns_are_those_of_scipy():
    df = np.array([3.0, 12.0])
    table = EstimateTable.student({"term": ["a", "b"]}, [1.5, -0.2], [0.5, 0.4], df=df, level=0.9)
    law = stats.t(df)
    reach = law.ppf(0.95) * table.std_error
    np.testing.assert_allclose(table.ci_low, table.estimate - reach, rtol=EXACT)
    np.testing.assert_allclose(table.ci_high, table.estimate + reach, rtol=EXACT)
    t = np.abs(table.estimate / table.std_error)
    np.testing.assert_allclose(table.p_value, 2 * law.sf(t), rtol=1e-10)


def test_wilsons_interval_is_that_of_scipy():
    table = EstimateTable.wilson({"answer": ["yes"]}, [7 / 31], [31])
    expected = stats.binomtest(7, 31).proportion_ci(method="wilson")
    assert [table.ci_low[0], table.ci_high[0]] == pytest.approx([expected.low, expected.high])
    assert list(table.frame().columns) == ["answer", "estimate", "ci_low", "ci_high"]


def test_frames_have_labels_first_and_belong_to_the_caller(table):
    frame = table.frame()
    assert list(frame.columns) == [
        "source", "target", "estimate", "std_error", "ci_low", "ci_high", "p_value",
    ]  # fmt: skip
    frame.loc[:, "estimate"] = 9.0
    assert table.estimate.tolist() == [1.0, 0.5, 0.0]
    assert not any(
        np.shares_memory(table.frame()[name].to_numpy(), getattr(table, name))
        for name in ("estimate", "std_error")
    )


def test_rows_are_found_by_all_labels_or_by_the_last(table):
    assert table.row(("image", "value"))["estimate"] == 0.0
    assert table.row("value")["estimate"] == 0.0
    assert table.place(["value", "loyalty"]) == 1
    with pytest.raises(OptionError, match="several rows are called 'loyalty'"):
        table.row("loyalty")
    with pytest.raises(OptionError, match="no row is called 'price'"):
        table.row("price")


def test_a_difference_needs_what_tells_how_sure_it_is(table):
    apart = table.difference(("image", "loyalty"), ("value", "loyalty"))
    assert apart["estimate"] == 0.5
    assert apart["std_error"] == pytest.approx(np.sqrt(0.04 + 0.03 - 2 * 0.01))
    assert apart["p_value"] == pytest.approx(2 * stats.norm.sf(0.5 / np.sqrt(0.05)))
    alone = EstimateTable.wald(PATHS, [1.0, 0.5, 0.0], [0.2, 0.1, 0.1])
    with pytest.raises(DataError, match="cannot be told how sure"):
        alone.difference("value", ("image", "loyalty"))


def test_a_difference_of_resamples_keeps_their_dependence(resampled):
    drawn = resampled.replicates[:, 0] - resampled.replicates[:, 1]
    apart = resampled.difference(("image", "loyalty"), ("value", "loyalty"))
    assert apart["std_error"] == pytest.approx(drawn.std(ddof=1))
    ends = np.quantile(drawn, [0.025, 0.975], method="weibull")
    assert [apart["ci_low"], apart["ci_high"]] == pytest.approx(ends.tolist())
    itself = resampled.difference("value", "value")
    assert itself["estimate"] == itself["std_error"] == 0.0


@pytest.mark.parametrize("name", ["table", "resampled"])
def test_json_reads_back_to_an_equal_table(name, request):
    table = request.getfixturevalue(name)
    text = table.to_json()
    again = EstimateTable.from_json(text)
    assert again.to_json() == text
    pd.testing.assert_frame_equal(again.frame(), table.frame(), check_exact=True)
    assert repr(again) == repr(table)
    one, other = ("image", "loyalty"), ("value", "loyalty")
    pd.testing.assert_series_equal(
        again.difference(one, other), table.difference(one, other), check_exact=True
    )


def test_what_is_missing_or_endless_survives_json():
    table = EstimateTable(
        labels={"item": ("a", "b")},
        estimate=[np.nan, 1.0],
        ci_low=[-np.inf, 0],
        ci_high=[2, np.inf],
    )
    again = EstimateTable.from_json(table.to_json())
    np.testing.assert_array_equal(again.ci_low, [-np.inf, 0])
    assert np.isnan(again.estimate[0])
    assert again.p_value is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"labels": {}, "estimate": [1]', '{"x": 1}'])
def test_other_json_is_refused_by_name(text):
    with pytest.raises(DataError, match="no table of estimates"):
        EstimateTable.from_json(text)


def test_columns_of_other_lengths_are_refused():
    with pytest.raises(DataError, match="there are 2 estimates, but term has another length"):
        EstimateTable(labels={"term": ("a",)}, estimate=[1.0, 2.0])
    with pytest.raises(DataError, match="std_error has another length"):
        EstimateTable(labels={"term": ("a", "b")}, estimate=[1.0, 2.0], std_error=[1.0])


def test_tables_cannot_be_changed_and_pickle(table):
    with pytest.raises(AttributeError):
        table.level = 0.5
    again = pickle.loads(pickle.dumps(table))
    for each in (table, again):
        with pytest.raises(ValueError, match="read-only"):
            each.estimate[0] = 2.0
    assert again.to_json() == table.to_json()


def test_tables_show_themselves(table):
    assert repr(table) == "<EstimateTable: 3 rows by source, target, 90% Wald>"
    assert "<table>" in table._repr_html_()
    assert json.loads(table.to_json())["method"] == "Wald"


@pytest.mark.parametrize(
    "labels",
    [[1, 2], [0.5, 2.5], [("a", "b"), ("c", "d")], [pd.Timestamp("2024-01"), pd.Timestamp("2025")]],
)
def test_labels_may_be_anything(labels):
    covariance = [[0.04, 0.01], [0.01, 0.03]]
    table = EstimateTable.wald({"at": labels}, [1.0, 0.5], [0.2, 0.2], covariance=covariance)
    assert [table.place(label) for label in labels] == [0, 1]
    assert [table.place([label]) for label in labels] == [0, 1]
    assert table.difference(*labels)["estimate"] == 0.5
    with pytest.raises(OptionError, match="no row is called 99"):
        table.place(99)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, "", " "], ids=repr)
def test_a_missing_or_blank_label_is_the_empty_text(missing):
    table = EstimateTable.wald({"term": ["a", missing]}, [1.0, 0.5], [0.2, 0.2])
    assert table.labels["term"] == ("a", "")
    assert table.place("") == 1


def test_labels_that_are_tuples_come_back_from_json():
    table = EstimateTable.wald({"pair": [("a", "b"), ("c", ("d", 1))]}, [1.0, 0.5], [0.2, 0.2])
    assert EstimateTable.from_json(table.to_json()).labels == table.labels


@pytest.mark.parametrize("interval", ["percentile", "basic"])
def test_what_does_not_exist_in_some_resamples_rests_on_the_others(interval):
    drawn = np.random.default_rng(1).normal(size=(99, 3))
    drawn[:9, 1] = drawn[1:, 2] = np.nan
    labels = {"term": ["a", "b", "c"]}
    table = EstimateTable.resampled(labels, [2.0, 0.0, 1.0], drawn, interval=interval)
    for place, rows in enumerate([drawn[:, :1], drawn[9:, 1:2]]):
        name = labels["term"][place]
        b = [table.estimate[place]]
        alone = EstimateTable.resampled({"term": [name]}, b, rows, interval=interval)
        pd.testing.assert_series_equal(table.row(name), alone.row(name), check_exact=True)
    assert table.row("c").drop("estimate").isna().all()  # one number has no spread
    assert table.difference("a", "b").notna().all()
    nothing = table.difference("a", "c")
    assert nothing["estimate"] == 1.0
    assert nothing.drop("estimate").isna().all()


def test_a_covariance_and_replicates_of_other_tables_are_refused():
    with pytest.raises(DataError, match=r"the covariance has shape \(3, 3\), not \(2, 2\)"):
        EstimateTable.wald({"term": ["a", "b"]}, [1, 2], [1, 1], covariance=np.eye(3))
    with pytest.raises(DataError, match=r"the replicates have shape \(9, 3\); give 2 columns"):
        EstimateTable(labels={"term": ("a", "b")}, estimate=[1, 2], replicates=np.ones((9, 3)))


NO_NUMBERS = [
    "text", ["1", "2"], [1 + 2j, 1.0], np.array(["2020-01-01", "2020-01-02"], "M8[D]"),
    [True, False], {0.5, 0.2}, iter([0.5, 0.2]), [0.5, object()], [0.5, 10**400], object(), dict,
]  # fmt: skip
WRONG_SHAPES = [0.5, np.array(0.5), [0.5], [[0.5, 0.2]], np.ones((2, 2)), []]
MAKERS = {
    "constructor": (EstimateTable, ["estimate", "std_error", "ci_low", "ci_high", "p_value"]),
    "wald": (EstimateTable.wald, ["estimate", "std_error"]),
    "student": (EstimateTable.student, ["estimate", "std_error", "df"]),
    "wilson": (EstimateTable.wilson, ["share", "n"]),
    "resampled": (EstimateTable.resampled, ["estimate"]),
}
PLACES = [(maker, name) for maker, (_, names) in MAKERS.items() for name in names]


def made(maker, **changes):
    """Make a table of two rows, each number a half unless something else is said."""
    function, names = MAKERS[maker]
    arguments = {"labels": {"term": ["a", "b"]}} | {name: [0.5, 0.5] for name in names}
    if maker == "resampled":
        arguments["replicates"] = np.linspace(0, 1, 80).reshape(40, 2)
    return function(**arguments | changes)


@pytest.mark.parametrize(("maker", "name"), [*PLACES, ("resampled", "replicates")])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda v: type(v).__name__)
def test_what_is_no_number_is_refused_by_name(maker, name, value):
    with pytest.raises(OptionError, match=name):
        made(maker, **{name: value})


@pytest.mark.parametrize(("maker", "name"), PLACES)
@pytest.mark.parametrize("value", WRONG_SHAPES, ids=ascii)
def test_numbers_that_are_not_one_a_row_are_refused_by_name(maker, name, value):
    if name in ("df", "n") and np.ndim(value) == 0:  # one for all rows
        assert np.isfinite(made(maker, **{name: value}).ci_low).all()
        return
    with pytest.raises(DataError, match=rf"\b{name}\b|has another length|replicates have shape"):
        made(maker, **{name: value})


@pytest.mark.parametrize(("maker", "name"), PLACES)
def test_numbers_of_every_kind_are_those_numbers(maker, name):
    expected = made(maker, **{name: [0.25, 1.0]})
    for kind in (
        np.array([0.25, 1.0], "f4"), np.array([0.25, 1.0], ">f8"), [Decimal("0.25"), Fraction(1)],
        pd.Series([0.25, 1.0], dtype="Float64"), np.array([0.25, 1], object),
    ):  # fmt: skip
        assert made(maker, **{name: kind}).to_dict() == expected.to_dict()
    masked = made(maker, **{name: np.ma.masked_array([0.25, 1.0], [True, False])})
    assert masked.to_dict() == made(maker, **{name: [np.nan, 1.0]}).to_dict()


@pytest.mark.parametrize(
    ("maker", "name", "value"),
    [
        ("constructor", "std_error", -1.0), ("wald", "std_error", -1.0), ("wilson", "share", 1.2),
        ("constructor", "p_value", 1.5), ("constructor", "p_value", -0.1), ("wilson", "n", -3.0),
        ("wilson", "share", -0.1), ("student", "df", -1.0),
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_what_they_are_called_are_refused(maker, name, value):
    with pytest.raises(DataError, match=rf"{name} has {value:g}, which is (below|outside) 0"):
        made(maker, **{name: [0.5, value]})


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("level", [-1, 0, 1, 2, np.nan, "0.9", Decimal("sNaN"), [0.9], None])
def test_levels_are_held_to_their_limits_before_anything_is_computed(maker, level):
    with pytest.raises(OptionError, match="level"):
        made(maker, level=level)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    "labels",
    [
        None, 3, "term", ["a", "b"], {"a": 1}, {"term": "ab"}, {"term": {"a", "b"}}, dict,
        {"term": [["a"], ["b"]]}, {"t\ud800": ["a", "b"]}, {"term": ["a", "\ud800"]},
        {3: ["a", "b"]},
        {"term": pd.Series(["a", "b"], index=["x", "y"])},
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_what_is_no_mapping_of_lists_of_names_is_refused(maker, labels):
    with pytest.raises(OptionError, match=r"label|name"):
        made(maker, labels=labels)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_row_too_few_or_many_is_refused(maker):
    with pytest.raises(DataError, match="2 estimates, but term has another length"):
        made(maker, labels={"term": ["a"]})


@pytest.mark.parametrize(
    "name",
    [pd.NA, np.array("a"), np.array(["a", "b"]), np.ones((2, 2)), Decimal("sNaN"), [["a"]], object],
    ids=lambda v: type(v).__name__,
)
@pytest.mark.parametrize("method", ["place", "row", "difference"])
def test_what_cannot_be_compared_is_no_name_of_a_row(table, method, name):
    arguments = (name, "loyalty") if method == "difference" else (name,)
    with pytest.raises(OptionError, match="no row is called"):
        getattr(table, method)(*arguments)


def test_very_large_and_very_small_numbers_have_intervals_and_no_warnings():
    table = made("wald", estimate=[1e308, 1e-200], std_error=[0.5, 1e-200])
    assert table.p_value == pytest.approx([0, 2 * stats.norm.sf(1)])
    endless = made("wald", estimate=[0.0, 1.0], std_error=[1e308, np.inf])
    assert endless.ci_high.tolist() == [np.inf, np.inf]
    assert endless.p_value.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("size", [1e-200, 1e300])
def test_errors_of_resamples_have_their_unit(size):
    drawn = np.random.default_rng(1).normal(1, 0.2, (40, 2))
    plain = made("resampled", replicates=drawn)
    scaled = made("resampled", replicates=drawn * size, estimate=[0.5 * size] * 2)
    np.testing.assert_allclose(scaled.std_error / size, plain.std_error, rtol=EXACT)
    np.testing.assert_allclose(plain.std_error, drawn.std(axis=0, ddof=1), rtol=EXACT)


def test_one_resample_has_no_spread():
    table = made("resampled", replicates=[[0.5, 0.6]])
    assert np.isnan([table.std_error, table.ci_low, table.p_value]).all()


def test_of_nobody_every_share_is_possible():
    table = made("wilson", n=[0, np.inf])
    assert [table.ci_low.tolist(), table.ci_high.tolist()] == [[0.0, 0.5], [1.0, 0.5]]
