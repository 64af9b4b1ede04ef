"""SERVQUAL by hand, person by person, and by simulation."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

from loyaltymodel.errors import (
    DataError,
    LowReliabilityWarning,
    LoyaltyModelWarning,
    ModelError,
    OptionError,
)
from loyaltymodel.expectation_gap import (
    ServiceInstrument,
    servqual,
)

from tolerances import EXACT, SAME

INSTRUMENT = ServiceInstrument(
    dimensions=[
        {"name": "speed", "items": [{"name": "wait"}, {"name": "reply"}, {"name": "queue"}]},
        {"name": "staff", "items": [{"name": "polite"}, {"name": "able"}]},
    ]
)
OWN = {"speed": "points_speed", "staff": "points_staff"}


def world(rng, n, *, noise=0.4, together=0.3):
    """Continuous answers within 1 to 7, of people whose dimensions differ."""
    columns = {}
    for dimension in INSTRUMENT.dimensions:
        e, p = rng.normal(size=(2, n))
        p = together * e + np.sqrt(1 - together**2) * p
        for item in dimension.items:
            columns[f"E_{item.name}"] = 5 + 0.4 * e + noise * rng.normal(size=n)
            columns[f"P_{item.name}"] = 4.5 + 0.4 * p + noise * rng.normal(size=n)
    table = pd.DataFrame(columns).clip(1, 7)
    table["points_speed"] = rng.integers(30, 80, n)
    table["points_staff"] = 100 - table["points_speed"]
    return table


def scores_of(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LoyaltyModelWarning)
        return servqual(*args, **options).customers


def quietly(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LoyaltyModelWarning)
        return servqual(*args, **options).result


@pytest.fixture(scope="module")
def answers():
    return world(np.random.default_rng(7), 60)


def test_servqual_has_22_items_in_4_5_4_4_5():
    instrument = ServiceInstrument.servqual()
    assert instrument.sizes == (4, 5, 4, 4, 5)
    assert instrument.names == (
        "tangibles", "reliability", "responsiveness", "assurance", "empathy",
    )  # fmt: skip
    assert len(set(instrument.items)) == 22
    assert all(item.text for dimension in instrument.dimensions for item in dimension.items)
    assert ServiceInstrument.from_json(instrument.to_json()) == instrument


def test_scores_are_those_worked_out_by_hand():
    # Gaps: wait -2, 0; reply -1, -1; queue 0, -2; polite 1, 1; able 0, 2.
    answers = pd.DataFrame(
        {
            "E_wait": [7, 6], "P_wait": [5, 6], "E_reply": [6, 5], "P_reply": [5, 4],
            "E_queue": [4, 6], "P_queue": [4, 4], "E_polite": [5, 6], "P_polite": [6, 7],
            "E_able": [5, 4], "P_able": [5, 6],
        }
    )  # fmt: skip
    result = quietly(INSTRUMENT, answers, scale=(1, 7), points={"speed": 60, "staff": 40})
    assert result.items["estimate"].tolist() == pytest.approx([-1, -1, -1, 1, 1])
    assert result.dimensions["estimate"].tolist() == pytest.approx([-1, 1])
    # 0.6 (-1) + 0.4 (1) = -0.2
    assert result.overall["estimate"].tolist() == pytest.approx([0, -0.2])
    own = answers.assign(points_speed=[50, 100], points_staff=[50, 0])
    # First customer: 0.5 (-1) + 0.5 (0.5) = -0.25; second: -1.
    weighted = quietly(INSTRUMENT, own, scale=(1, 7), points=OWN).overall["estimate"][1]
    assert weighted == pytest.approx((-0.25 - 1) / 2)


def test_tables_are_those_made_person_by_person(answers):
    result = quietly(INSTRUMENT, answers, scale=(1, 7), points=OWN)
    people = scores_of(INSTRUMENT, answers, scale=(1, 7), points=OWN)
    for row, dimension in enumerate(INSTRUMENT.dimensions):
        names = [item.name for item in dimension.items]
        gaps = np.array([answers[f"P_{name}"] - answers[f"E_{name}"] for name in names])
        own = gaps.mean(axis=0)
        np.testing.assert_allclose(people[dimension.name], own, atol=SAME)
        line = result.dimensions.iloc[row]
        assert line["estimate"] == pytest.approx(own.mean(), abs=SAME)
        theirs = stats.t.interval(0.95, 59, own.mean(), stats.sem(own))
        np.testing.assert_allclose([line["ci_low"], line["ci_high"]], theirs, atol=SAME)
        k = len(names)
        alpha = k / (k - 1) * (1 - gaps.var(axis=1, ddof=1).sum() / gaps.sum(axis=0).var(ddof=1))
        assert result.reliability["alpha_gap"][row] == pytest.approx(alpha, abs=SAME)
    overall = people[["unweighted", "weighted"]]
    np.testing.assert_allclose(result.overall["estimate"], overall.mean(), atol=SAME)
    np.testing.assert_allclose(result.overall["std_error"], overall.sem(), atol=SAME)
    by_hand = people["speed"] * answers["points_speed"] + people["staff"] * answers["points_staff"]
    np.testing.assert_allclose(people["weighted"], by_hand / 100, atol=SAME)


def test_a_dimension_of_one_item_has_no_reliability():
    staff = ServiceInstrument(dimensions=[{"name": "staff", "items": [{"name": "polite"}]}])
    answers = pd.DataFrame({"E_polite": [5, 6, 7], "P_polite": [6, 4, 5]})
    result, _ = servqual(staff, answers, scale=(1, 7))
    assert result.reliability[["alpha_gap", "reliability_of_gap"]].isna().all(axis=None)
    assert result.reliability["correlation"][0] == pytest.approx(
        np.corrcoef([5, 6, 7], [6, 4, 5])[0, 1]
    )
    assert "has no alpha" in str(result.summary())


def plain_alpha(ratings):
    k = len(ratings)
    return k / (k - 1) * (1 - ratings.var(axis=1, ddof=1).sum() / ratings.sum(axis=0).var(ddof=1))


def test_reliabilities_are_the_formulas_on_the_answers(answers):
    table = quietly(INSTRUMENT, answers, scale=(1, 7)).reliability
    for row, dimension in enumerate(INSTRUMENT.dimensions):
        names = [item.name for item in dimension.items]
        e, p = (np.array([answers[f"{kind}_{name}"] for name in names]) for kind in "EP")
        own_e, own_p = e.mean(axis=0), p.mean(axis=0)
        variance_e, variance_p = own_e.var(ddof=1), own_p.var(ddof=1)
        shared = np.cov(own_e, own_p)[0, 1]
        true = variance_e * plain_alpha(e) + variance_p * plain_alpha(p) - 2 * shared
        expected = [
            plain_alpha(e),
            plain_alpha(p),
            plain_alpha(p - e),
            np.corrcoef(own_e, own_p)[0, 1],
            true / (own_p - own_e).var(ddof=1),
        ]
        found = table.drop(columns=["dimension", "n_items"]).iloc[row]
        np.testing.assert_allclose(found.astype(float), expected, atol=SAME)


def test_fixed_points_weigh_the_same_for_everybody(answers):
    points = {"speed": 70, "staff": 30}
    result = quietly(INSTRUMENT, answers, scale=(1, 7), points=points)
    people = scores_of(INSTRUMENT, answers, scale=(1, 7), points=points)["weighted"]
    assert result.overall["estimate"][1] == pytest.approx(people.mean(), abs=SAME)
    assert result.overall["std_error"][1] == pytest.approx(people.sem(), abs=SAME)


def test_levels_have_intervals_of_their_own(answers):
    result = quietly(INSTRUMENT, answers, scale=(1, 7))
    items = result.item_levels.frame().set_index(["item", "quantity"])
    for name in INSTRUMENT.items:
        for kind, letter in (("expected", "E"), ("perceived", "P")):
            own = answers[f"{letter}_{name}"]
            theirs = stats.t.interval(0.95, 59, own.mean(), stats.sem(own))
            line = items.loc[(name, kind)]
            assert line["estimate"] == pytest.approx(own.mean(), abs=SAME)
            np.testing.assert_allclose([line["ci_low"], line["ci_high"]], theirs, atol=SAME)
    mean = answers[["E_wait", "E_reply", "E_queue"]].mean(axis=1)
    line = result.dimension_levels.frame().iloc[0]
    theirs = stats.t.interval(0.95, 59, mean.mean(), stats.sem(mean))
    np.testing.assert_allclose(line[["ci_low", "ci_high"]].astype(float), theirs, atol=SAME)


def test_performance_alone_is_servperf(answers):
    result, _ = servqual(INSTRUMENT, answers, scale=(1, 7), design="performance")
    means = answers[[f"P_{name}" for name in INSTRUMENT.items]].mean()
    np.testing.assert_allclose(result.items["estimate"], means, atol=SAME)
    np.testing.assert_allclose(result.items["perceived"], means, atol=SAME)
    assert "expected" not in result.items
    assert list(result.reliability) == ["dimension", "n_items", "alpha_perceived"]
    assert "certain" not in result.weak_spots("items")
    both = quietly(INSTRUMENT, answers, scale=(1, 7)).reliability["alpha_perceived"]
    np.testing.assert_allclose(result.reliability["alpha_perceived"], both, atol=SAME)


def test_one_column_measures_from_the_middle_or_from_what_means_as_expected(answers):
    direct = answers.rename(columns={f"P_{name}": name for name in INSTRUMENT.items})
    middle, _ = servqual(INSTRUMENT, direct, scale=(1, 7), design="one_column")
    means = direct[list(INSTRUMENT.items)].mean()
    np.testing.assert_allclose(middle.items["estimate"], means - 4, atol=SAME)
    other, _ = servqual(INSTRUMENT, direct, scale=(1, 7), design="one_column", neutral=5)
    np.testing.assert_allclose(other.items["estimate"], means - 5, atol=SAME)
    np.testing.assert_allclose(middle.items["std_error"], other.items["std_error"], atol=SAME)
    assert middle.item_levels.frame().empty
    assert list(middle.reliability) == ["dimension", "n_items", "alpha_gap"]
    assert "asked against" in str(middle.summary())


def test_weak_spots_are_ranked_by_what_they_cost(answers):
    points = {"speed": 90, "staff": 10}
    result = quietly(INSTRUMENT, answers, scale=(1, 7), points=points)
    for part in ("items", "dimensions"):
        ranked = result.weak_spots(part)
        assert ranked["contribution"].is_monotonic_increasing
        assert ranked["contribution"].sum() == pytest.approx(
            result.overall["estimate"][1], abs=SAME
        )
        assert ranked["weight"].sum() == pytest.approx(1, abs=EXACT)
        assert ranked["certain"].tolist() == (ranked["ci_high"] < 0).tolist()
    without = quietly(INSTRUMENT, answers, scale=(1, 7)).weak_spots("items")
    assert without["contribution"].sum() == pytest.approx(result.overall["estimate"][0], abs=SAME)


def test_reliability_of_the_gap_is_that_of_the_world():
    # Means of k items of variance 0.16 + 0.4^2: true score and error are known, and 20,000
    # people leave an alpha within about 0.01 (three of its standard errors).
    table = world(np.random.default_rng(1), 20_000, together=0.5)
    found = quietly(INSTRUMENT, table, scale=(1, 7)).reliability
    for row, k in enumerate(INSTRUMENT.sizes):
        true, error = 2 * 0.16 * (1 - 0.5), 2 * 0.16 / k
        assert found["reliability_of_gap"][row] == pytest.approx(true / (true + error), abs=0.02)
        assert found["alpha_gap"][row] == pytest.approx(true / (true + error), abs=0.02)


def test_gaps_that_are_not_reliable_are_warned_of():
    table = world(np.random.default_rng(1), 200, noise=1.0, together=0.8)
    with pytest.warns(LowReliabilityWarning, match=r"speed .*design=\"performance\""):
        result, _ = servqual(INSTRUMENT, table, scale=(1, 7))
    assert "less reliable than the customary 0.7" in " ".join(str(result.summary()).split())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        servqual(INSTRUMENT, world(np.random.default_rng(1), 200, noise=0.05), scale=(1, 7))


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say():
    # 400 samples: the share that cover has a standard error of 0.011; four of them are 0.044.
    rng = np.random.default_rng(3)
    covered = np.zeros(4)
    for _ in range(400):
        table = world(rng, 25)
        result = quietly(INSTRUMENT, table, scale=(1, 7), points=OWN)
        intervals = pd.concat(
            [part[["ci_low", "ci_high"]] for part in (result.dimensions, result.overall)]
        )
        covered += (intervals["ci_low"] <= -0.5) & (intervals["ci_high"] >= -0.5)
    np.testing.assert_allclose(covered / 400, 0.95, atol=0.044)


# What comes in and what goes out


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_any_table_gives_the_same(answers, make):
    ours = quietly(INSTRUMENT, answers, scale=(1, 7), points=OWN)
    theirs = quietly(INSTRUMENT, make(answers), scale=(1, 7), points=OWN)
    pd.testing.assert_frame_equal(ours.items, theirs.items)
    pd.testing.assert_frame_equal(ours.overall, theirs.overall)


def test_customers_without_an_answer_are_left_out_of_everything(answers):
    holes = answers.copy()
    holes.iloc[3, 0] = np.nan
    holes.loc[5, "points_staff"] = np.nan
    options = {"scale": (1, 7), "points": OWN}
    result = quietly(INSTRUMENT, holes, missing="drop", **options)
    rest = quietly(INSTRUMENT, answers.drop([3, 5]), **options)
    assert (result.n_obs, result.n_dropped) == (58, 2)
    pd.testing.assert_frame_equal(result.items, rest.items)
    pd.testing.assert_frame_equal(result.overall, rest.overall)
    scores = scores_of(INSTRUMENT, holes, missing="drop", **options)
    assert scores.index.tolist() == [k for k in range(60) if k not in (3, 5)]
    assert ("left out", "2") in result.summary().facts


def test_many_slices_are_one_table():
    # More rows than a slice of the door holds.
    table = pd.concat([world(np.random.default_rng(1), 300)] * 40, ignore_index=True)
    scores = scores_of(INSTRUMENT, table, scale=(1, 7), points=OWN)
    assert len(scores) == 12_000
    pd.testing.assert_frame_equal(scores.iloc[11_700:].reset_index(drop=True), scores.iloc[:300])


def test_a_result_stays_as_it_is(answers):
    before = answers.copy()
    result = pickle.loads(pickle.dumps(quietly(INSTRUMENT, answers, scale=(1, 7))))
    pd.testing.assert_frame_equal(answers, before)
    with pytest.raises(ValueError, match="read-only"):
        result.item_scores.estimate[0] = 1
    table = result.dimensions
    table.iloc[:, 1:] = 0
    assert (result.dimensions["estimate"] != 0).all()


HUNDRED = {"speed": 60, "staff": 40}
BAD = [
    ({"points": {"speed": 60, "staff": 50}}, DataError, "add up to 110.*sum to 100"),
    ({"points": {"speed": 120, "staff": -20}}, DataError, "0 or more"),
    ({"points": {"speed": 100}}, OptionError, "speed, staff"),
    ({"points": {"speed": "points_speed", "staff": 40}}, OptionError, "every dimension"),
    ({"points": [60, 40]}, OptionError, "mapping"),
    ({"points": {"speed": np.nan, "staff": 40}}, OptionError, "number"),
    ({"points": dict.fromkeys(OWN, "points_speed")}, OptionError, "column of its own"),
    ({"points": {"speed": "points_speed", "staff": "P_wait"}}, OptionError, "column of its own"),
    ({"scale": (1, 3)}, DataError, "off the scale"),
    ({"scale": (7, 1)}, OptionError, "lower one first"),
    ({"scale": None}, OptionError, "two numbers"),
    ({"design": "three_column"}, OptionError, "'two_column', 'one_column', 'performance'"),
    ({"design": "performance", "expected": "E_{item}"}, OptionError, "no effect"),
    ({"neutral": 4}, OptionError, "no effect"),
    ({"design": "one_column", "neutral": 9}, OptionError, "neither better nor worse"),
    ({"expected": "P_{item}"}, OptionError, "columns of its own"),
    ({"expected": "E_"}, OptionError, r"\{item\}"),
    ({"expected": "X_{item}"}, DataError, "no column 'X_wait'"),
    ({"level": 1}, OptionError, "0.95"),
    ({"missing": "mean"}, OptionError, "'raise', 'drop'"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "error", "says"), BAD)
def test_bad_options_are_refused_with_a_way_out(answers, options, error, says):
    with pytest.raises(error, match=says):
        servqual(INSTRUMENT, answers, **{"scale": (1, 7), **options})


def test_bad_answers_are_refused_with_a_way_out(answers):
    holes = answers.copy()
    holes.iloc[3, 0] = np.nan
    with pytest.raises(DataError, match='missing="drop"'):
        servqual(INSTRUMENT, holes, scale=(1, 7))
    with pytest.raises(DataError, match="of more customers"):
        servqual(INSTRUMENT, answers.iloc[:1], scale=(1, 7))
    wrong = answers.assign(points_staff=answers["points_staff"].where(answers.index != 4, 0))
    with pytest.raises(DataError, match="in row 4; every customer's points must sum to 100"):
        servqual(INSTRUMENT, wrong, scale=(1, 7), points=OWN)
    with pytest.raises(OptionError, match=r"ServiceInstrument\.servqual"):
        servqual("SERVQUAL", answers, scale=(1, 7))
    with pytest.raises(DataError, match="no row is left"):
        scores_of(INSTRUMENT, answers * np.nan, scale=(1, 7), missing="drop")
    with pytest.raises(OptionError, match="'items', 'dimensions'"):
        quietly(INSTRUMENT, answers, scale=(1, 7)).weak_spots("people")


@pytest.mark.parametrize(
    ("dimensions", "says"),
    [
        ([], "1 or more"),
        ([{"name": "a", "items": []}], "1 or more"),
        ([{"name": "a", "items": [{"name": "x"}, {"name": "x"}]}], "item x stands twice"),
        (
            [{"name": "a", "items": [{"name": "x"}]}, {"name": "a", "items": [{"name": "y"}]}],
            "dimension a stands twice",
        ),
        ([{"name": "a", "items": [{"name": ""}]}], "name is not allowed"),
    ],
)
def test_an_instrument_must_make_sense(dimensions, says):
    with pytest.raises(ModelError, match=says):
        ServiceInstrument(dimensions=dimensions)


def test_scores_are_divided_once_so_that_their_answers_may_stand_in_any_order():
    items = ["a", "b", "c", "d", "e", "f", "g"]
    named = [{"name": item} for item in items]
    instrument = ServiceInstrument(dimensions=[{"name": "all", "items": named}])
    rng = np.random.default_rng(1)
    answers = np.array([rng.permutation([1, 2, 2, 5, 6, 7, 7]) for _ in range(200)])
    table = pd.DataFrame(answers, columns=items)
    scores = scores_of(instrument, table, scale=(1, 7), design="performance", perceived="{item}")
    assert (scores.loc[:, "all"] == 30 / 7).all()


@pytest.mark.parametrize(
    ("dimensions", "says"),
    [
        ([("weighted", "a")], "called as an overall score"),
        ([("x", "a"), ("unweighted", "b")], "called as an overall score"),
        ([("café", "a"), ("cafe\N{COMBINING ACUTE ACCENT}", "b")], "stands twice"),
        ([(" ", "a")], "name"),
        ([("x", "\t")], "name"),
    ],
)
def test_names_that_would_hide_a_score_are_refused(dimensions, says):
    with pytest.raises(ModelError, match=says):
        ServiceInstrument(
            dimensions=[{"name": name, "items": [{"name": item}]} for name, item in dimensions]
        )
