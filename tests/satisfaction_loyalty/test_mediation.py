"""Mediation by satisfaction: against regressions, by hand, and by coverage."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel._core import resampling
from loyaltymodel.errors import (
    DataError,
    FailedResamplesWarning,
    NotIdentifiedError,
    OptionError,
)
from loyaltymodel.satisfaction_loyalty import mediation as determination
from loyaltymodel.satisfaction_loyalty.mediation import partial_determination

from tolerances import SAME

NAMES = ("quality", "satisfaction", "loyalty")


def world(rng, n, *, a=0.7, b=0.4, direct=0.1):
    q = rng.normal(size=n)
    s = a * q + rng.normal(size=n)
    return dict(zip(NAMES, (q, s, b * s + direct * q + rng.normal(size=n)), strict=True))


def effects(found):
    return found.effects.set_index("quantity")


@pytest.fixture(scope="module")
def people():
    return world(np.random.default_rng(1), 200)


@pytest.fixture(scope="module")
def found(people):
    return partial_determination(**people, rng=1)


def regress(target, *drivers):
    return sm.OLS(target, sm.add_constant(np.column_stack(drivers))).fit()


def test_effects_are_those_of_regressions(people, found):
    q, s, loyal = people.values()
    first, both, alone = regress(s, q), regress(loyal, s, q), regress(loyal, q)
    only = regress(loyal, s)
    a, b, direct = first.params[1], both.params[1], both.params[2]
    total = alone.params[1]
    expected = [a, b, total, a * b, direct, a * b / total]
    assert found.effects["estimate"].tolist() == pytest.approx(expected, abs=SAME)
    shares = [
        first.rsquared,
        only.rsquared,
        both.rsquared - only.rsquared,
        1 - both.rsquared,
    ]
    assert found.variance["estimate"].tolist() == pytest.approx(shares, abs=SAME)


def test_a_stack_of_matrices_is_decomposed_one_by_one():
    rng = np.random.default_rng(11)
    samples = rng.normal(size=(5, 60, 3)) @ rng.normal(size=(5, 3, 3))
    covariances = np.array([np.cov(rows, rowvar=False) for rows in samples])
    stack = determination.decompose(covariances, np.ones(3))
    for rows, found in zip(samples, stack, strict=True):
        q, s, loyal = rows.T
        first, both, only = regress(s, q), regress(loyal, s, q), regress(loyal, s)
        assert found[[0, 1, 4]] == pytest.approx([first.params[1], *both.params[1:]], rel=1e-8)
        shares = [first.rsquared, only.rsquared, both.rsquared - only.rsquared, 1 - both.rsquared]
        assert found[6:] == pytest.approx(shares, abs=1e-8)  # nearly collinear samples


def test_standardised_effects_are_those_of_z_scores(people):
    z = {name: (v - v.mean()) / v.std() for name, v in people.items()}
    raw = partial_determination(**z, n_resamples=39, rng=1)
    standardised = partial_determination(**people, standardised=True, n_resamples=39, rng=1)
    np.testing.assert_allclose(standardised.estimates.estimate, raw.estimates.estimate, atol=SAME)
    # In resamples the deviations are those of the resample, so that errors differ.
    assert not np.allclose(
        standardised.estimates.std_error[:5], raw.estimates.std_error[:5], rtol=1e-3
    )
    np.testing.assert_allclose(
        standardised.estimates.std_error[6:], raw.estimates.std_error[6:], rtol=1e-8
    )


@given(
    scales=st.lists(st.floats(0.1, 10), min_size=3, max_size=3),
    shifts=st.lists(st.floats(-10, 10), min_size=3, max_size=3),
)
def test_units_are_carried_through(scales, shifts):
    people = world(np.random.default_rng(2), 40)
    moved = {n: x * k + m for (n, x), k, m in zip(people.items(), scales, shifts, strict=True)}
    plain = partial_determination(**people, n_resamples=39, rng=1).estimates.estimate
    found = partial_determination(**moved, n_resamples=39, rng=1).estimates.estimate
    q, s, loyal = scales
    units = [s / q, loyal / s, loyal / q, loyal / q, loyal / q, 1, 1, 1, 1, 1]
    np.testing.assert_allclose(found, plain * units, rtol=1e-8, atol=1e-9)  # shifts cost digits
    # Total is direct and indirect, and the variance of loyalty is shared out.
    assert found[2] == pytest.approx(found[3] + found[4], abs=SAME * 100)  # units up to 100
    assert found[7:].sum() == pytest.approx(1, abs=SAME)
    assert (found[6:] >= -SAME).all()


def test_resampling_is_that_of_customers_drawn_one_by_one(people):
    rng = np.random.default_rng(7)
    q, s, loyal = people.values()
    drawn = []
    for _ in range(1500):
        pick = rng.integers(0, 200, 200)
        c = np.cov([q[pick], s[pick], loyal[pick]])
        a = c[0, 1] / c[0, 0]
        b, direct = np.linalg.solve([[c[1, 1], c[0, 1]], [c[0, 1], c[0, 0]]], [c[1, 2], c[0, 2]])
        drawn.append((a, b, c[0, 2] / c[0, 0], a * b, direct))
    found = partial_determination(**people, n_resamples=4000, rng=1)
    # A standard error from 1,500 draws is itself sure to about 1 / sqrt(3000) = 1.8 percent,
    # from 4,000 to 1.1; four times both together is 8.5 percent.
    np.testing.assert_allclose(
        found.estimates.std_error[:5], np.std(drawn, axis=0, ddof=1), rtol=0.085
    )
    # Ends: the density at the 2.5 percent point makes a quantile of 1,500 draws sure to about
    # 0.067 standard errors, and of 4,000 to 0.041; four times both is 0.31.
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0, method="weibull")
    error = 0.32 * found.estimates.std_error[:5]
    assert (np.abs(found.estimates.ci_low[:5] - low) < error).all()
    assert (np.abs(found.estimates.ci_high[:5] - high) < error).all()


def test_answers_that_repeat_are_drawn_as_counts(monkeypatch):
    rng = np.random.default_rng(8)
    q = rng.integers(1, 4, 400)
    s = np.clip(q + rng.integers(-1, 2, 400), 1, 4)
    loyal = np.clip(s + rng.integers(-1, 2, 400), 1, 4)
    given = dict(zip(NAMES, (q, s, loyal), strict=True))
    grouped = partial_determination(**given, n_resamples=4000, rng=1)

    class OneByOne:
        unique = staticmethod(lambda rows, **_: (rows, np.ones(len(rows))))

        def __getattr__(self, name):
            return getattr(np, name)

    monkeypatch.setattr(determination, "np", OneByOne())
    one_by_one = partial_determination(**given, n_resamples=4000, rng=1)
    np.testing.assert_array_equal(grouped.estimates.estimate, one_by_one.estimates.estimate)
    # Four times the error of two standard errors from 4,000 draws each: 6.4 percent.
    np.testing.assert_allclose(
        grouped.estimates.std_error, one_by_one.estimates.std_error, rtol=0.065
    )


def test_slices_change_nothing(people, monkeypatch):
    whole = partial_determination(**people, n_resamples=50, rng=3)
    few = {name: np.round(v) for name, v in people.items()}
    whole_few = partial_determination(**few, n_resamples=50, rng=3)
    monkeypatch.setattr(resampling, "_COUNTS", 7 * 200)
    for answers, before in ((people, whole), (few, whole_few)):
        sliced = partial_determination(**answers, n_resamples=50, rng=3)
        np.testing.assert_allclose(sliced.estimates.ci_low, before.estimates.ci_low, atol=SAME)
    other = partial_determination(**people, n_resamples=50, rng=4)
    assert not np.allclose(other.estimates.ci_low, whole.estimates.ci_low)


def test_full_and_no_mediation():
    rng = np.random.default_rng(9)
    n = 20_000
    none = partial_determination(**world(rng, n, b=0.0, direct=0.5), n_resamples=50, rng=1)
    full = partial_determination(**world(rng, n, direct=0.0), n_resamples=50, rng=1)
    # Four standard errors of about 1 / sqrt(n).
    assert effects(none).loc["indirect effect, through satisfaction", "estimate"] == pytest.approx(
        0, abs=0.03
    )
    assert effects(full).loc["direct effect of quality", "estimate"] == pytest.approx(0, abs=0.03)
    assert full.estimates.estimate[determination._SHARE] == pytest.approx(1, abs=0.1)


def test_a_total_effect_of_zero_has_no_shares():
    # Direct and indirect effect cancel exactly.
    q = np.array([-1.0, -1, 1, 1] * 5)
    e = np.array([-1.0, 1, -1, 1] * 5)
    found = partial_determination(quality=q, satisfaction=q + e, loyalty=e, n_resamples=100, rng=1)
    share = found.effects.iloc[-1]
    assert found.estimates.estimate[2] == 0
    assert share[["estimate", "ci_low", "ci_high"]].isna().all()
    assert found.effects.iloc[:-1, 1:].notna().all(axis=None)
    assert found.effects.loc[3, "estimate"] == pytest.approx(1, abs=SAME)


def test_failed_resamples_are_counted():
    # One customer in eight differs in quality: a third of the resamples has none of him.
    given = {
        "quality": [0, 0, 0, 0, 0, 0, 0, 1],
        "satisfaction": [1, 2, 3, 4, 5, 6, 7, 9],
        "loyalty": [1, 3, 2, 5, 4, 7, 6, 8],
    }
    with pytest.warns(FailedResamplesWarning, match="does not vary"):
        found = partial_determination(**given, n_resamples=2000, rng=1)
    # (7 / 8)^8 = 0.344; in some more only he is drawn, or satisfaction follows quality.
    assert found.n_failed / 2000 == pytest.approx(0.344, abs=0.05)
    assert np.isfinite(found.estimates.std_error).all()
    assert f"{found.n_failed} left out" in str(found.summary())


def test_columns_and_missing_values(people, found):
    table = pd.DataFrame(people)
    by_name = partial_determination(
        quality="quality", satisfaction="satisfaction", loyalty="loyalty", data=table, rng=1
    )
    np.testing.assert_array_equal(by_name.estimates.estimate, found.estimates.estimate)
    np.testing.assert_array_equal(by_name.estimates.ci_high, found.estimates.ci_high)
    table.loc[5, "loyalty"] = np.nan
    dropped = partial_determination(
        quality="quality",
        satisfaction="satisfaction",
        loyalty="loyalty",
        data=table,
        missing="drop",
        n_resamples=39,
    )
    assert (dropped.n_obs, dropped.n_dropped) == (199, 1)


BAD = [
    ({"satisfaction": [2, 4, 6, 8, 10, 12]}, NotIdentifiedError, "leave one out"),
    ({"loyalty": [3] * 6}, DataError, "loyalty is 3 for every"),
    ({"quality": [1, 2, 3, 4, 5, np.nan]}, DataError, 'missing="drop"'),
    ({"quality": [1, 2, 3]}, DataError, "equally long"),
    ({"quality": "q"}, DataError, "give data="),
    ({"n_resamples": 1}, OptionError, "at least 2"),
    ({"level": 1}, OptionError, "between 0 and 1"),
    ({"standardised": "yes"}, OptionError, "True or False"),
]


@pytest.mark.parametrize(("change", "kind", "message"), BAD)
def test_what_is_refused(change, kind, message):
    given = {
        "quality": [1, 2, 3, 4, 5, 6],
        "satisfaction": [2, 1, 4, 3, 6, 5],
        "loyalty": [1, 1, 2, 2, 4, 3],
    }
    with pytest.raises(kind, match=message):
        partial_determination(**{**given, **change})


@pytest.mark.slow
def test_intervals_keep_their_promise():
    rng = np.random.default_rng(10)
    # Variances: S 1 + 0.49, L 0.16 * 1.49 + 2 * 0.4 * 0.1 * 0.7 + 0.01 + 1.
    loyal = 0.16 * 1.49 + 0.056 + 0.01 + 1
    with_s = (0.4 * 1.49 + 0.1 * 0.7) ** 2 / (1.49 * loyal)
    truth = np.array([0.7, 0.4, 0.38, 0.28, 0.1, 0.28 / 0.38])
    truth = np.append(truth, [0.49 / 1.49, with_s, 1 - 1 / loyal - with_s, 1 / loyal])
    hits = np.array(
        [
            (found.estimates.ci_low <= truth) & (truth <= found.estimates.ci_high)
            for found in (
                partial_determination(**world(rng, 200), n_resamples=999, rng=rng)
                for _ in range(600)
            )
        ]
    ).mean(axis=0)
    # Percentile intervals of 200 customers fall short of 95 by a point or two, and four
    # standard errors of a share of 600 are 0.036. What quality adds, a share near its bound 0,
    # is left out.
    assert (np.delete(hits, 8) > 0.905).all(), hits
    assert (hits < 0.99).all(), hits


def test_too_few_resamples_that_can_be_estimated():
    # At this level three resamples would do; with this seed two lack the only one who differs.
    given = {
        "quality": [0, 0, 0, 0, 1],
        "satisfaction": [1, 3, 2, 5, 4],
        "loyalty": [1, 2, 4, 3, 5],
    }
    with pytest.raises(NotIdentifiedError, match="more customers"):
        partial_determination(**given, n_resamples=3, level=0.5, rng=2)
