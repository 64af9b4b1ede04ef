"""The necessary condition: against unit squares counted one by one and all permutations."""

import itertools
import pickle
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.satisfaction_loyalty import necessity
from loyaltymodel.satisfaction_loyalty.necessity import necessary_condition

from tolerances import EXACT

answers = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 5)), min_size=3, max_size=25).filter(
    lambda pairs: all(len(set(column)) > 1 for column in zip(*pairs, strict=True))
)


def empty_squares(pairs, scope):
    """Share of unit squares of the scope above which, to the left, nobody is."""
    low, high, bottom, top = scope
    squares = list(itertools.product(range(low, high), range(bottom, top)))
    empty = [not any(s <= x and loyal >= y + 1 for s, loyal in pairs) for x, y in squares]
    return np.mean(empty)


@given(pairs=answers)
def test_effect_is_the_share_of_empty_squares(pairs):
    s, loyal = (np.array(column) for column in zip(*pairs, strict=True))
    observed = (s.min(), s.max(), loyal.min(), loyal.max())
    found = necessary_condition(s, loyal, n_resamples=1, rng=1)
    assert found.effect_size == pytest.approx(empty_squares(pairs, observed), abs=EXACT)
    theirs = necessary_condition(
        s, loyal, scale={"satisfaction": (0, 7), "loyalty": (0, 6)}, n_resamples=1, rng=1
    )
    assert theirs.effect_size == pytest.approx(empty_squares(pairs, (0, 7, 0, 6)), abs=EXACT)


@given(pairs=answers)
def test_ceiling_and_bottleneck(pairs):
    s, loyal = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    found = necessary_condition(s, loyal, n_resamples=1, rng=1)
    levels = np.unique(s)
    highest = [loyal[s <= level].max() for level in levels]
    assert found.ceiling(levels).tolist() == highest
    wanted = np.unique(loyal)
    least = [s[loyal >= level].min() for level in wanted]
    assert found.bottleneck(wanted).tolist() == least
    assert (loyal <= found.ceiling(s)).all()
    allowed = (found.ceiling(s) - loyal.min()).sum()
    missing = (found.ceiling(s) - loyal).sum()
    assert found.unreached == pytest.approx(missing / allowed, abs=EXACT)


@pytest.mark.parametrize(
    ("s", "loyal"),
    [
        ([1, 1, 2, 2, 1, 1, 2], [1, 2, 1, 2, 2, 1, 3]),  # 6 cells, drawn as tables
        ([1.0, 2.1, 3.7, 4.2, 5.5, 6.0, 7.3], [0.3, 0.9, 0.2, 2.8, 1.1, 3.9, 3.1]),  # shuffled
    ],
)
def test_p_value_is_that_of_all_permutations(s, loyal):
    s, loyal = np.array(s), np.array(loyal)
    observed = necessary_condition(s, loyal, n_resamples=20_000, rng=2)
    orders = np.array(list(itertools.permutations(range(7))))
    levels, top = np.sort(s), loyal.max()
    stairs = np.maximum.accumulate(loyal[orders], axis=1)[:, :-1]
    zone = (top - stairs) @ np.diff(levels)
    effects = zone / ((levels[-1] - levels[0]) * (top - loyal.min()))
    exact = np.mean(effects >= observed.effect_size - 1e-9)
    # Four standard errors of a share of 20,000 are at most 0.0142.
    assert observed.p_value == pytest.approx(exact, abs=0.0142)


def test_tables_and_shuffles_are_the_same_lottery():
    rng = np.random.default_rng(3)
    s = rng.integers(0, 4, 40)
    loyal = np.minimum(rng.integers(0, 4, 40), s + 1)
    # 16 cells are fewer than 40 customers, and so are drawn as tables.
    drawn = np.concatenate(
        list(necessity._permuted_ceilings(s, loyal, 20_000, np.random.default_rng(1)))
    )
    order = np.argsort(s, kind="stable")
    last = np.cumsum(np.bincount(s)) - 1
    shuffled = np.random.default_rng(2).permuted(np.tile(loyal[order], (20_000, 1)), axis=1)
    other = np.maximum.accumulate(shuffled, axis=1)[:, last]
    for k in range(4):
        shares = [np.bincount(c[:, k], minlength=4) / 20_000 for c in (drawn, other)]
        # Four standard errors of a difference of shares of 20,000 are at most 0.02.
        np.testing.assert_allclose(*shares, atol=0.02)


def test_a_gate_is_found():
    # Loyalty is the smaller of satisfaction and something else, both uniform: half of the
    # picture is empty, and of the mean ceiling 1/2 a mean loyalty of 1/3 is reached.
    rng = np.random.default_rng(4)
    n = 20_000
    s = rng.uniform(size=n)
    loyal = np.minimum(s, rng.uniform(size=n))
    found = necessary_condition(s, loyal, scale=(0, 1), n_resamples=20, rng=1)
    # The stairs lie below the true ceiling by about 1 / sqrt(n), the distance to the next
    # customer near it; 0.02 is three times that.
    assert found.effect_size == pytest.approx(0.5, abs=0.02)
    assert found.unreached == pytest.approx(1 / 3, abs=0.02)
    assert found.p_value == 1 / 21
    assert found.size == "very large"


def test_the_words_for_sizes():
    plain = necessary_condition([1, 2, 3, 3], [1, 2, 3, 1], rng=1)
    sizes = [(0.0, "none"), (0.05, "small"), (0.1, "medium"), (0.3, "large"), (0.5, "very large")]
    for effect, word in sizes:
        content = {field.name: getattr(plain, field.name) for field in fields(plain)}
        assert type(plain)(**{**content, "effect_size": effect}).size == word


def test_one_loyal_dissatisfied_customer_takes_the_effect_away():
    s, loyal = [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]
    assert necessary_condition(s, loyal, rng=1).effect_size == pytest.approx(10 / 16)
    spoiled = necessary_condition([*s, 1], [*loyal, 5], rng=1)
    assert (spoiled.effect_size, spoiled.p_value, spoiled.size) == (0.0, 1.0, "none")


def test_only_the_satisfied_count_when_asked():
    found = necessary_condition([1, 4, 5, 5], [1, 2, 5, 1], cuts=5, rng=1)
    # Two could have 4 above the lowest, one has.
    assert (found.n_satisfied, found.unreached) == (2, 0.5)
    bottom = necessary_condition([1, 1, 5], [1, 1, 5], cuts={"satisfaction": 1}, rng=1)
    assert bottom.unreached == 0.0


def test_results_and_seeds():
    people = pd.DataFrame({"s": [1, 2, 3, 3, None], "l": [1, 2, 3, 1, 2]}, index=list("abcde"))
    found = necessary_condition("s", "l", data=people, missing="drop", rng=5)
    assert (found.n_obs, found.n_dropped) == (4, 1)
    again = necessary_condition("s", "l", data=people, missing="drop", rng=5)
    assert again.p_value == found.p_value
    asked = pd.Series([1.0, 3.0], index=["x", "y"])
    assert found.ceiling(asked).to_dict() == {"x": 1.0, "y": 3.0}
    assert found.bottleneck(3) == 3.0
    wide = necessary_condition("s", "l", data=people, missing="drop", scale=(0, 5))
    assert np.isnan(wide.ceiling(0.5))
    assert np.isnan(wide.bottleneck(4))
    copy = pickle.loads(pickle.dumps(found))
    with pytest.raises(ValueError, match="read-only"):
        copy.corners[0] = 9
    assert "p-value" in str(found.summary())


BAD = [
    ({"satisfaction": [1, 2]}, DataError, "equally long"),
    ({"satisfaction": [2] * 4}, DataError, "for every customer"),
    ({"satisfaction": [1, 2, 3, np.nan]}, DataError, 'missing="drop"'),
    ({"scale": {"satisfaction": (2, 5)}}, DataError, "between 2 and 5"),
    ({"scale": {"loyalty": 5}}, OptionError, "not two numbers"),
    ({"scale": {"value": (1, 5)}}, OptionError, "satisfaction and loyalty"),
    ({"cuts": {"loyalty": 4}}, OptionError, "cuts of satisfaction only"),
    ({"cuts": 4}, DataError, "choose a lower"),
    ({"n_resamples": 0}, OptionError, "at least 1"),
]


@pytest.mark.parametrize(("change", "kind", "message"), BAD)
def test_what_is_refused(change, kind, message):
    given = {"satisfaction": [1, 2, 3, 3], "loyalty": [1, 2, 3, 1]}
    with pytest.raises(kind, match=message):
        necessary_condition(**{**given, **change})


@pytest.mark.parametrize("name", ["ceiling", "bottleneck"])
def test_only_within_the_scope(name):
    found = necessary_condition([1, 2, 3, 3], [1, 2, 3, 1], rng=1)
    with pytest.raises(DataError, match="between 1 and 3"):
        getattr(found, name)(4)


@pytest.mark.slow
def test_the_shares_that_the_notes_state():
    rng = np.random.default_rng(5)

    def study(r):
        found = []
        for _ in range(400):
            s = rng.normal(size=100)
            loyal = r * s + np.sqrt(1 - r**2) * rng.normal(size=100)
            one = necessary_condition(s, loyal, n_resamples=199, rng=rng)
            found.append((one.p_value <= 0.05, one.effect_size))
        return np.mean(found, axis=0)

    rejected, effect = study(0.0)
    # Four standard errors of a share of 400: 0.044 at 0.05, 0.054 at 0.92.
    assert rejected == pytest.approx(0.05, abs=0.044)
    assert effect == pytest.approx(0.12, abs=0.02)
    assert study(0.5)[0] == pytest.approx(0.92, abs=0.054)
