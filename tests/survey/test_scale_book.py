"""``scale=book`` on raw answers gives what clean answers with limits by hand give."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import loyaltymodel as lm
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.survey import Codebook, Item, Scale

from tolerances import EXACT

BOOK = Codebook(
    title="Raw",
    scales={
        "ten": Scale(lowest=1, highest=10, labels={1: "bad", 10: "good"}, dont_know=[99]),
        "seven": Scale(lowest=1, highest=7, labels={1: {"en": "no", "zh": "否"}}),
        "share": Scale(lowest=0, highest=1, step=None),
    },
    items=[
        Item(name="s", scale="ten"),
        Item(name="bad", scale="ten", reversed=True),
        Item(name="l", scale="seven", dont_know={88: "don't know"}),
        *(Item(name=f"{side}_{k}", scale="seven", reversed=k == "b")
          for side in "EP" for k in "ab"),
        Item(name="c", scale="share"),
    ],
)  # fmt: skip
TURNED = {"bad": 11, "E_b": 8, "P_b": 8}


def _clean():
    rng = np.random.default_rng(17)
    n, good = 60, rng.normal(size=60)
    rated = {
        name: np.clip(np.rint(middle + width * good + rng.normal(size=n)), 1, top)
        for name, middle, width, top in (
            ("s", 6, 2, 10), ("bad", 6, 2, 10), ("l", 4, 1, 7), ("E_a", 5, 1, 7),
            ("E_b", 5, 1, 7), ("P_a", 4, 1, 7), ("P_b", 4, 1, 7),
        )
    }  # fmt: skip
    share = np.round(rng.uniform(0, 0.9, n), 2)
    table = pd.DataFrame({**rated, "c": share, "group": np.tile(["x", "y", "z"], 20)})
    table["stayed"] = (good + rng.normal(size=n) > 0).astype(int)
    table.loc[3, ["s", "bad"]] = np.nan
    table.loc[5, "l"] = np.nan
    return table


def _raw(table):
    """Undo by hand what the codebook does: turned, coded and labelled as in the field."""
    raw = table.assign(**{name: whole - table[name] for name, whole in TURNED.items()})
    raw = raw.astype(dict.fromkeys(["s", "bad", "l"], object))
    raw["s"] = raw["s"].replace({1.0: "bad", 10.0: " GOOD"}).fillna(99)
    raw["bad"] = raw["bad"].astype(float).fillna(99)
    raw["l"] = raw["l"].replace({1.0: "否"}).fillna("Don't know")
    return raw


CLEAN = _clean()
RAW = _raw(CLEAN)
TEN, SEVEN = (1, 10), (1, 7)


MODEL = lm.structural.StructuralModel.from_text("q =~ s + bad; l =~ l; l ~ q")
BRANCH = lm.expectation_gap.ServiceInstrument(
    dimensions=[
        {"name": "one", "items": [{"name": "a"}]},
        {"name": "two", "items": [{"name": "b"}]},
    ]
)
CURVE = lm.jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
MONEY = lm.chain.CustomerEconomics(
    margin=100, per="year", discount=0.25, timing="now", customers=2, horizon=None
)
BOTH = {"satisfaction": TEN, "loyalty": SEVEN}
SKIP = {"missing": "drop"}


def _stated(data):
    """Columns of performance and importance, of people who rated all."""
    return data.dropna() if data is CLEAN else data.loc[CLEAN.dropna().index]


# Each gets the raw answers with the codebook, and the clean ones with limits written by hand.
CALLS = {
    "structural.fit": (
        lambda d, scale: lm.structural.fit(MODEL, d, scale=scale, **SKIP).index,
        {"s": TEN, "bad": TEN, "l": SEVEN},
    ),
    "servqual": (
        lambda d, scale: lm.expectation_gap.servqual(BRANCH, d, scale=scale)[1], SEVEN,
    ),
    "provider_gaps": (
        lambda d, scale: lm.expectation_gap.provider_gaps(
            expected="E_a", understood="E_b", designed="P_a", delivered="P_b", perceived="l",
            data=d, scale=scale, **SKIP,
        ).gaps,
        SEVEN,
    ),
    "quality_profile": (
        lambda d, scale: lm.expectation_gap.quality_profile(
            "supplier", {"on_time_rate": "c", "quality": "s", "price": "l"}, data=d, scale=scale,
            **SKIP,
        ).points,
        {"on_time_rate": (0, 1), "quality": TEN, "price": SEVEN},
    ),
    "derived_dissatisfaction": (
        lambda d, scale: lm.attributes.derived_dissatisfaction(
            {"a": ("E_a", "P_a"), "b": ("E_b", "P_b")}, data=d, scale=scale
        ),
        SEVEN,
    ),
    "direct_report": (
        lambda d, scale: lm.attributes.direct_report("bad", data=d, scale=scale, **SKIP).quantities,
        TEN,
    ),
    "importance_index": (
        lambda d, scale: lm.attributes.importance_index(
            {"a": "s", "b": "l"}, {"a": "E_a", "b": "E_b"}, data=d, scale=scale, **SKIP
        )[1],
        {"a": TEN, "b": SEVEN},
    ),
    "importance_performance": (
        lambda d, scale: lm.attributes.importance_performance(
            {"a": "s", "b": "bad"}, importance={"a": "E_a", "b": "E_b"}, data=d, scale=scale,
            **SKIP,
        ).attributes,
        {"performance": TEN, "importance": SEVEN},
    ),
    "importance_performance, derived": (
        lambda d, scale: lm.attributes.importance_performance(
            ["s", "bad"], "l", data=d, scale=scale, **SKIP
        ).attributes,
        {"performance": TEN},
    ),
    "index_by_wave": (
        lambda d, scale: lm.chain.index_by_wave(
            "bad", "group", data=d, scale=scale, order=["x", "y", "z"], **SKIP
        ).changes,
        TEN,
    ),
    "scenario": (
        lambda d, scale: lm.chain.scenario(
            "q", "satisfaction", change=1, impact=0.5, curve=CURVE, satisfaction="bad",
            data=_stated(d), scale=scale, economics=MONEY, observed_per="year",
        ).satisfaction,
        TEN,
    ),
    "early_warning": (
        lambda d, scale: lm.jones_sasser.early_warning(
            CURVE, "bad", constraint="c", value=50, data=d, scale=scale, **SKIP
        ),
        TEN,
    ),
    "textbook_segments": (
        lambda d, scale: lm.jones_sasser.textbook_segments(
            CURVE, "bad", constraint="c", data=d, scale=scale, **SKIP
        )[1],
        TEN,
    ),
    "segments": (
        lambda d, scale: lm.jones_sasser.segments("bad", "l", data=d, scale=scale, **SKIP)[1],
        BOTH,
    ),
    "jones_sasser.fit": (
        lambda d, scale: lm.jones_sasser.fit(
            "s", "l", data=d, outcome="score", scale=scale, **SKIP
        ).parameters,
        BOTH,
    ),
    "jones_sasser.fit, kept or not": (
        lambda d, scale: lm.jones_sasser.fit(
            "s", "stayed", data=d, scale=scale, **SKIP
        ).parameters,
        TEN,
    ),
    "remove_constraint": (
        lambda d, scale: lm.jones_sasser.remove_constraint(
            CURVE, "s", data=d, constraint="c", scale=scale, **SKIP
        )[1],
        TEN,
    ),
    "guttman_errors": (
        lambda d, scale: lm.loyalty_stage.guttman_errors(
            ["l", "E_a", "E_b"], data=d, scale=scale, **SKIP
        ),
        SEVEN,
    ),
    "scalability": (
        lambda d, scale: lm.loyalty_stage.scalability(
            ["E_a", "E_b"], data=d, scale=scale, n_resamples=20, rng=1
        ).items,
        SEVEN,
    ),
    "oliver": (
        lambda d, scale: lm.loyalty_stage.oliver(
            {"cognitive": "s", "affective": "bad", "conative": "l", "action": "c"}, data=d,
            scale=scale, **SKIP,
        )[1],
        {"cognitive": TEN, "affective": TEN, "conative": SEVEN, "action": (0, 1)},
    ),
    "loyalty_types": (
        lambda d, scale: lm.loyalty_stage.loyalty_types(
            "s", "l", matrix="dick_basu", data=d, scale=scale, **SKIP
        )[1],
        {"attitude": TEN, "patronage": SEVEN},
    ),
    "necessary_condition": (
        lambda d, scale: lm.satisfaction_loyalty.necessary_condition(
            "s", "l", data=d, scale=scale, n_resamples=20, rng=1, **SKIP
        ).effect_size,
        BOTH,
    ),
    "compare_views": (
        lambda d, scale: lm.satisfaction_loyalty.compare_views(
            "s", "stayed", data=d, scale=scale, n_resamples=20, rng=1, **SKIP
        ).regressions[0].terms,
        TEN,
    ),
    "value_account": (
        lambda d, scale: lm.delivered_value.value_account(
            d, offer="group", unit="points", values=["s"], costs=["bad"], scale=scale, **SKIP
        ).totals,
        TEN,
    ),
    "delivered_value": (
        lambda d, scale: lm.delivered_value.delivered_value(
            d, unit="points", values={"good": "s"}, costs={"effort": "l"}, scale=scale, **SKIP
        ),
        {"good": TEN, "effort": SEVEN},
    ),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_a_codebook_reads_what_is_written_by_hand(call):
    function, limits = CALLS[call]
    raw, clean = function(RAW, BOOK), function(CLEAN, limits)
    if isinstance(clean, pd.DataFrame):
        pd.testing.assert_frame_equal(raw, clean, check_dtype=False)
    else:
        np.testing.assert_array_equal(raw, clean)


def test_items_of_other_lengths_need_limits_of_their_own():
    """Means of 5.5 are 50 points of 1 to 10 and 75 of 1 to 7: 100 (4.5 + 4.5) / (9 + 6) is 60."""
    means, weights = {"s": 5.5, "l": 5.5}, {"s": 1, "l": 1}
    index = lm.structural.satisfaction_index
    assert index(means, weights, scale=BOOK) == pytest.approx(60, abs=EXACT)
    assert index(means, weights, scale=(1, 10)) == pytest.approx(50, abs=EXACT)


def test_a_series_with_its_name_is_read_as_a_column_is():
    whole = lm.attributes.direct_report("bad", data=RAW, scale=BOOK, **SKIP)
    alone = lm.attributes.direct_report(RAW["bad"], scale=BOOK, **SKIP)
    pd.testing.assert_frame_equal(alone.quantities, whole.quantities)


def test_what_was_read_is_not_read_again():
    read = BOOK.clean(RAW, keep="all")
    for bad in (read["bad"], "bad"):
        once = lm.attributes.direct_report(bad, data=read, scale=BOOK, **SKIP).quantities
        clean = lm.attributes.direct_report(CLEAN["bad"], scale=TEN, **SKIP).quantities
        pd.testing.assert_frame_equal(once, clean)
    other = BOOK.model_copy(update={"title": "Another"})
    with pytest.raises(DataError, match="read by the codebook Raw"):
        lm.attributes.direct_report("bad", data=read, scale=other, **SKIP)


def test_only_the_items_named_must_be_fit():
    """The other items may hold anything, and other columns come through as they are."""
    spoilt = RAW.assign(l="nonsense")
    found = lm.attributes.direct_report("s", data=spoilt, scale=BOOK, **SKIP)
    assert found.quantities.equals(
        lm.attributes.direct_report("s", data=RAW, scale=BOOK, **SKIP).quantities
    )


def test_polars_is_read_too():
    table = pl.DataFrame({"bad": [1, 10, 99, 4], "w": [1, 1, 1, 2]})
    found = lm.attributes.direct_report("bad", data=table, scale=BOOK, weights="w", **SKIP)
    # Turned 10, 1 and 7, the last twice: 25 / 4.
    assert found.quantities["estimate"][0] == pytest.approx(6.25, abs=EXACT)


REFUSED = {
    "array": (lambda: lm.attributes.direct_report([1, 2], scale=BOOK), "ratings has no name"),
    "stranger": (
        lambda: lm.attributes.direct_report("stayed", data=CLEAN, scale=BOOK),
        "no item 'stayed'",
    ),
    "two scales": (
        lambda: lm.loyalty_stage.scalability(["s", "l"], data=RAW, scale=BOOK),
        "'items s' goes from 1 to 10 and 'items l' from 1 to 7",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_codebook_cannot_say_is_refused(case):
    call, message = REFUSED[case]
    with pytest.raises(OptionError, match=message):
        call()
