"""The published figures: complete, as printed, and impossible to change."""

import copy
import math
import pickle
import re
from dataclasses import FrozenInstanceError, fields, replace
from itertools import pairwise
from typing import get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import evidence
from loyaltymodel.errors import DataError, LoyaltyModelError, ModelError, OptionError
from loyaltymodel.evidence.results import Dispute, Figure

# 17 were ticks of an axis.
ROWS = [f"B{k:02d}" for k in range(1, 46) if k != 17]
FIGURES = [figure for row in ROWS for figure in evidence.get(row)]
BY_NUMBER = {figure.number: figure for figure in FIGURES}

# Typed from the list of figures by hand, not from the data: number, concept, low, high, unit,
# sources, status.
PRINTED = [
    ("B01", "REL-09", 0.92, 0.97, "share", ("000:223-225",), "unknown"),
    ("B02", "REL-09", 0.80, 0.85, "share", ("000:223-225",), "unknown"),
    ("B03", "REL-09", 0.60, 0.65, "share", ("000:223-225",), "unknown"),
    ("B04", "REL-09", 0.15, 0.20, "share", ("000:223-225",), "unknown"),
    ("B05", "REL-09", 0.00, 0.05, "share", ("000:223-225",), "unknown"),
    ("B06", "REL-10", 0.80, 0.80, "share", ("004:41",), "recalled"),
    ("B07", "REL-10", 0.40, 0.40, "share", ("004:41",), "recalled"),
    ("B08", "REL-10", 0.20, 0.20, "share", ("004:41",), "recalled"),
    ("B09", "REL-10", 0.10, 0.10, "share", ("004:41",), "recalled"),
    ("B10", "REL-10", 0.01, 0.02, "share", ("004:41",), "recalled"),
    ("B11", "REL-11", 0.65, 0.85, "share", ("004:48",), "recalled"),
    ("B12", "REL-11", 0.85, 0.90, "share", ("004:49",), "recalled"),
    ("B13", "REL-11", 0.30, 0.40, "share", ("004:49",), "recalled"),
    ("B14", "REL-11", 0.60, 0.65, "share", ("004:49",), "recalled"),
    ("B15", "REL-15", 6, 6, "times", ("003:70",), "checked"),
    ("B16", "REL-16", 0.20, 0.20, "share", ("003:66",), "unknown"),
    ("B18", "CMP-01", 0.96, 0.96, "share", ("000:262", "000:70", "003:462", "003:539"), "checked"),
    ("B19", "CMP-01", 0.04, 0.04, "share", ("003:462", "003:539"), "checked"),
    ("B20a", "CMP-02", 0.90, 0.90, "share", ("000:263",), "checked"),
    ("B20b", "CMP-02", 0.90, 0.90, "share", ("003:539",), "checked"),
    ("B21", "CMP-03", 9, None, "people", ("000:264",), "checked"),
    ("B22a", "CMP-03", 12, 12, "people", ("003:463",), "unknown"),
    ("B22b", "CMP-03", 12, 12, "people", ("003:465",), "unknown"),
    ("B23", "CMP-03", 8, 12, "people", ("003:542",), "checked"),
    ("B24a", "CMP-03", 0.20, 0.20, "share", ("003:542",), "checked"),
    ("B24b", "CMP-03", 20, 20, "people", ("003:542",), "checked"),
    ("B25", "CMP-07", 12, 12, "times", ("003:542",), "checked"),
    ("B26", "CMP-05", 0.70, 0.70, "share", ("003:543",), "checked"),
    ("B27", "CMP-05", 0.95, 0.95, "share", ("003:544",), "checked"),
    ("B28", "CMP-06", 5, 5, "people", ("003:545",), "checked"),
    ("B29", "ECO-07", 5, 5, "times", ("000:265", "000:70"), "checked"),
    ("B30", "ECO-07", 6, 6, "times", ("003:546",), "checked"),
    ("B31", "ECO-06", 10, 10, "customers", ("000:265", "000:70"), "checked"),
    ("B32", "ECO-06", 3, None, "customers", ("002:13",), "unknown"),
    ("B33", "ECO-08", 10, 10, "purchases", ("003:546",), "checked"),
    ("B34a", "ECO-16", 8, 8, "deals", ("000:218",), "unknown"),
    ("B34b", "ECO-16", 1, None, "deals", ("000:218",), "unknown"),
    ("B35a", "CMP-08", 0.03, 0.03, "share", ("003:540",), "checked"),
    ("B35e", "CMP-08", 0.68, 0.68, "share", ("003:540",), "checked"),
    ("B36a", "CXM-01", 0.44, 0.44, "share", ("003:172-173",), "recalled"),
    ("B36b", "CXM-01", 0.14, 0.14, "share", ("003:172-173",), "recalled"),
    ("B37a", "CXM-01", 0.46, 0.46, "share", ("003:174-175",), "recalled"),
    ("B37b", "CXM-01", 0.21, 0.21, "share", ("003:174-175",), "recalled"),
    ("B38a", "CXM-01", 0.47, 0.47, "share", ("003:176-179",), "recalled"),
    ("B38b", "CXM-01", 0.30, 0.30, "share", ("003:176-179",), "recalled"),
    ("B39a", "SAT-17", 0.23, 0.23, "share", ("003:455", "003:457"), "recalled"),
    ("B39b", "SAT-17", 0.65, 0.65, "share", ("003:455", "003:457"), "recalled"),
    ("B40a", "SAT-17", 0.51, 0.51, "share", ("003:455", "003:459"), "recalled"),
    ("B40b", "SAT-17", 0.44, 0.44, "share", ("003:455", "003:459"), "recalled"),
    ("B41", "ECO-15", 0.10, 0.10, "share", ("002:13",), "unknown"),
    ("B42", "ECO-15", 200_000, None, "people", ("002:13",), "unknown"),
    ("B43", "ECO-05", None, None, "none", ("002:13",), "checked"),
    ("B44", "CMP-04", 1, 1, "minutes", ("003:473",), "unknown"),
    ("B45", "SAT-19", 1, 1, "surveys", ("003:10",), "unknown"),
]


@pytest.mark.parametrize(
    ("number", "concept", "low", "high", "unit", "sources", "status"),
    PRINTED,
    ids=[row[0] for row in PRINTED],
)
def test_figures_are_those_that_are_printed(number, concept, low, high, unit, sources, status):
    figure = BY_NUMBER[number]
    assert figure.concept == concept
    assert (figure.low, figure.high) == (low, high)
    assert (figure.unit, figure.sources, figure.status) == (unit, sources, status)


def test_every_row_is_there_once_and_in_order():
    numbers = [figure.number for figure in FIGURES]
    assert sorted(set(numbers)) == numbers == list(evidence.table()["number"])
    for row in ROWS:
        letters = [figure.number.removeprefix(row) for figure in evidence.get(row)]
        assert letters in ([""], list("abcde"[: len(letters)]))


def test_series_have_their_other_values():
    def lows(row):
        return [figure.low for figure in evidence.get(row)]

    assert lows("B35") == [0.03, 0.05, 0.09, 0.14, 0.68]
    assert lows("B39") == [0.23, 0.65, 0.12]
    assert lows("B40") == [0.51, 0.44, 0.05]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.number)
def test_every_figure_is_well_formed(figure):
    assert re.fullmatch(r"B\d\d[a-e]?", figure.number)
    assert re.fullmatch(r"[A-Z]{3}-\d\d", figure.concept)
    assert figure.sources
    assert all(re.fullmatch(r"00[0-4]:\d+(-\d+)?", source) for source in figure.sources)
    hints = get_type_hints(Figure)
    for name in ("unit", "kind", "status"):
        assert getattr(figure, name) in get_args(hints[name])
    for value in (figure.low, figure.high):
        assert value is None or (isinstance(value, float) and math.isfinite(value))
    assert (figure.low is None) == (figure.unit == "none")
    if figure.high is not None:
        assert figure.low <= figure.high
    if figure.unit == "share":
        assert 0 <= figure.low <= figure.high <= 1
    for name in ("subject", "claim", "literature"):
        assert getattr(figure, name).strip() == getattr(figure, name) != ""
    # What is recalled or made up is never left without a word of caution.
    if figure.status == "recalled" or figure.kind in ("case", "label", "rhetoric"):
        assert figure.doubt
    if figure.status == "recalled":
        assert "from memory" in figure.literature


def test_few_complain_is_said_to_be_a_misquotation():
    """By the word of TARP itself, to which the 4 percent are credited."""
    for number in ("B18", "B19"):
        doubt = BY_NUMBER[number].doubt
        for said in ("misquotation", "headquarters", "small problems", "half of all dissatisfied"):
            assert said in doubt


def test_ticks_of_an_axis_are_no_figures():
    assert not any("axis" in f.claim or "tick" in f.subject for f in FIGURES)
    with pytest.raises(DataError, match="no figure under 'B17'"):
        evidence.get("B17")


def test_twelve_people_are_told_of_two_groups():
    """By the silent ones at 003:463, by whoever was served badly at 003:465."""
    silent, served = evidence.get("B22")
    assert (silent.chinese, served.chinese) == (
        "将他不满意口传给周围的12个人", "平均而言他还会告诉另外12个人"
    )  # fmt: skip
    assert "on average" not in silent.claim
    assert "on average" in served.claim


def test_kinds_and_periods():
    kinds = {figure.number: figure.kind for figure in FIGURES if figure.kind != "claim"}
    assert kinds == {
        "B16": "label",
        "B41": "case",
        "B42": "case",
        "B44": "rhetoric",
        "B45": "rule",
    }
    periods = {figure.number: figure.period for figure in FIGURES if figure.period}
    assert periods == {
        **dict.fromkeys(("B01", "B02", "B03", "B04", "B05", "B41"), "one year"),
        "B45": "one quarter of a year",
    }


def test_retention_rises_with_the_score_and_loss_falls():
    retained = evidence.get("REL-09")
    assert [figure.subject[:7] for figure in retained] == [f"score {k}" for k in (5, 4, 3, 2, 1)]
    for higher, lower in pairwise(retained):
        assert higher.low > lower.high
    lost = evidence.get("REL-10")
    for lower, higher in pairwise(lost):
        assert lower.low > higher.high


def test_parts_add_up():
    def total(concept):
        return sum(figure.low for figure in evidence.get(concept))

    assert total("B35") == pytest.approx(0.99)
    assert total("B39") == pytest.approx(1)
    assert total("B40") == pytest.approx(1)
    assert total("CMP-01") == pytest.approx(1)


def test_get_takes_concepts_numbers_and_parts():
    assert [figure.number for figure in evidence.get("ECO-06")] == ["B31", "B32"]
    assert [figure.number for figure in evidence.get("B34")] == ["B34a", "B34b"]
    assert evidence.get("B34b") == (BY_NUMBER["B34b"],)
    everything = {f.number for c in {f.concept for f in FIGURES} for f in evidence.get(c)}
    assert everything == set(BY_NUMBER)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("REL-9", r"did you mean 'REL-09'\?"),
        ("rel-10", r"did you mean 'REL-10'\?"),
        ("B35f", r"did you mean 'B35[a-e]?'\?"),
        ("LOY-08", "there is no figure under 'LOY-08'"),
        ("", "there is no figure under ''"),
    ],
)
def test_an_unknown_name_is_an_error_that_lists_what_is_known(given, hint):
    with pytest.raises(DataError, match=hint) as caught:
        evidence.get(given)
    message = str(caught.value)
    assert "B01 to B45" in message
    assert all(figure.concept in message for figure in FIGURES)


def test_a_table_is_made_afresh_and_says_what_the_records_say():
    first, second = evidence.table(), evidence.table()
    assert first is not second
    pd.testing.assert_frame_equal(first, second)
    assert list(first.columns) == [field.name for field in fields(Figure)]
    assert first["number"].is_unique
    assert len(first) == len(FIGURES)
    first.iloc[:, :] = np.nan
    pd.testing.assert_frame_equal(evidence.table(), second)
    assert second["low"].dtype == second["high"].dtype == np.float64
    for figure, row in zip(FIGURES, second.itertuples(index=False), strict=True):
        for name in ("number", "concept", "subject", "claim", "unit", "kind", "status", "doubt"):
            assert getattr(row, name) == getattr(figure, name)
        assert tuple(row.sources.split("; ")) == figure.sources
        for value, cell in ((figure.low, row.low), (figure.high, row.high)):
            assert cell == value if value is not None else math.isnan(cell)
        assert pd.isna(row.period) if figure.period is None else row.period == figure.period


def test_disputes_speak_of_figures_that_exist():
    found = evidence.disputes()
    topics = [dispute.topic for dispute in found]
    assert len(set(topics)) == len(topics) == 9
    for dispute in found:
        assert isinstance(dispute, Dispute)
        assert len(dispute.versions) >= 2
        assert all(dispute.versions)
        assert dispute.verdict
        assert set(dispute.figures) <= set(BY_NUMBER)
        assert sorted(set(dispute.figures)) == list(dispute.figures)


@pytest.mark.parametrize(
    ("concept", "topics"),
    [
        ("CMP-03", ["people told"]),
        ("B24", ["people told"]),
        ("ECO-07", ["cost of winning"]),
        ("ECO-06", ["new customers"]),
        ("CMP-02", ["base of the 90"]),
        ("REL-11", ["satisfied customers who switch"]),
        ("B12", []),
        ("REL-15", ["factor between", "shape of the curve"]),
        ("B03", ["retention by", "shape of the curve"]),
        ("CMP-08", ["reasons for leaving"]),
        ("SAT-17", []),
    ],
)
def test_disputes_of_a_concept(concept, topics):
    found = evidence.disputes(concept=concept)
    assert [d.topic.startswith(t) for d, t in zip(found, topics, strict=True)] == [True] * len(
        found
    )


def test_disputes_of_an_unknown_concept():
    with pytest.raises(DataError, match="did you mean 'CMP-03'"):
        evidence.disputes(concept="CMP-3")


def verdict(concept, start):
    (found,) = [d for d in evidence.disputes(concept=concept) if d.topic.startswith(start)]
    return found.verdict


def test_the_sums_in_the_verdicts_follow_from_the_figures():
    share, people = BY_NUMBER["B24a"].low, BY_NUMBER["B24b"].low
    low, high = BY_NUMBER["B23"].low, BY_NUMBER["B23"].high
    told = [(1 - share) * few + share * people for few in ((low + high) / 2, low, high)]
    assert told == pytest.approx([12, 10.4, 13.6])
    text = verdict("CMP-03", "people told")
    assert "= 12;" in text
    assert "10.4 or 13.6" in text

    silent, leave = 100 * BY_NUMBER["B18"].low, BY_NUMBER["B20b"].low
    complain, handled, spot = 100 - silent, BY_NUMBER["B26"].low, BY_NUMBER["B27"].low
    stay = [silent * (1 - leave) + complain * back for back in (handled, spot)]
    text = verdict("CMP-02", "base")
    for value in (silent * leave, *stay):
        assert f"{value:.1f}" in text
    assert BY_NUMBER["B05"].high < min(stay) / 100 < max(stay) / 100 < BY_NUMBER["B04"].low

    def middle(number):
        return (BY_NUMBER[number].low + BY_NUMBER[number].high) / 2

    def odds(p):
        return p / (1 - p)

    text = verdict("REL-15", "factor")
    top, next_ = middle("B01"), middle("B02")
    raised = BY_NUMBER["B15"].low * odds(next_)
    assert BY_NUMBER["B01"].low < raised / (1 + raised) < BY_NUMBER["B01"].high
    assert f"{raised / (1 + raised):.3f}" in text
    # 3.645 and 3.18, 7.30 and 6.67 before rounding.
    assert odds(top) / odds(next_) == pytest.approx(3.64, abs=0.01)
    assert (1 - next_) / (1 - top) == pytest.approx(3.2, abs=0.05)
    best, good = 1 - middle("B10"), 1 - middle("B09")
    assert odds(best) / odds(good) == pytest.approx(7.3, abs=0.05)
    assert (1 - good) / (1 - best) == pytest.approx(6.7, abs=0.05)


@pytest.mark.parametrize("record", [FIGURES[0], evidence.disputes()[0]], ids=["figure", "dispute"])
def test_nothing_can_be_changed(record):
    with pytest.raises(FrozenInstanceError):
        setattr(record, fields(record)[0].name, "another")
    assert hash(record) == hash(copy.deepcopy(record))
    assert pickle.loads(pickle.dumps(record)) == record
    for container in (
        evidence.get("REL-09"),
        evidence.disputes(),
        evidence.disputes(concept="B01"),
    ):
        assert isinstance(container, tuple)


@pytest.mark.parametrize("given", [None, 5])
def test_a_name_that_is_no_text_is_refused(given):
    with pytest.raises(LoyaltyModelError, match="there is no figure under"):
        evidence.get(given)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("low", 2.0, ModelError),  # above the highest
        ("low", np.nan, ModelError),
        ("high", np.inf, ModelError),
        ("high", "many", OptionError),
        ("unit", "cats", OptionError),
        ("sources", "000", OptionError),
        ("sources", ["000:1", " "], ModelError),
        ("subject", "caf\ud800", OptionError),
        ("chinese", None, OptionError),
    ],
)
def test_a_figure_that_cannot_be_is_refused(field, value, error):
    (figure,) = evidence.get("B01")
    with pytest.raises(error):
        replace(figure, **{field: value})


@pytest.mark.parametrize("field", ["versions", "figures"])
def test_a_dispute_has_no_empty_sides(field):
    (dispute, *_) = evidence.disputes()
    with pytest.raises(ModelError, match=f"{field} have an empty text"):
        replace(dispute, **{field: ("B01", "")})
