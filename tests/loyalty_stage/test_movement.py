"""Markov chains against plain iteration, SciPy and panels of a known truth."""

import itertools
import pickle
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loyaltymodel.errors import (
    DataError,
    LoyaltyModelError,
    ModelError,
    NotIdentifiedError,
    OptionError,
)
from loyaltymodel.loyalty_stage.movement import kernels, weighting
from loyaltymodel.loyalty_stage.movement.estimate import estimate_movement, markov_chain
from loyaltymodel.loyalty_stage.movement.stages import Stages, formation_stage, life_cycle_stage

from tolerances import EXACT, SAME

# Derivatives by differences of step 1e-6: rounding of times of up to 1000 periods, 1e-13, over the
# step leaves 1e-7, and the curvature of one-sided differences about as much of the slope.
SLOPE = 1e-5

# Sums of a million periods by doubling: rounding grows with every one of twenty doublings.
SUMMED = 1e-7

FORMATION = np.array(
    [[0.6, 0.3, 0.08, 0.02], [0.1, 0.5, 0.3, 0.1], [0.02, 0.1, 0.6, 0.28], [0.01, 0.03, 0.06, 0.9]]
)
LEAVING = np.array(
    [[0.6, 0.3, 0.0, 0.1], [0.0, 0.5, 0.4, 0.1], [0.0, 0.1, 0.8, 0.1], [0.0, 0.0, 0.0, 1.0]]
)


def random_chains(seed, b, k, zeros=0.3):
    """Chains with some transitions that cannot happen; every stage keeps a chance to stay."""
    rng = np.random.default_rng(seed)
    weights = rng.random((b, k, k)) * (rng.random((b, k, k)) > zeros) + 0.1 * np.eye(k)
    return weights / weights.sum(axis=-1, keepdims=True)


def estimates(table):
    return table["estimate"].to_numpy()


def quantity(table, name):
    return estimates(table.groupby("quantity").get_group(name))


# Kernels against plain iteration


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_what_can_be_reached_is_what_some_power_shows(seed, k):
    chains = random_chains(seed, 3, k, zeros=0.7)
    powers = np.linalg.matrix_power(chains + np.eye(k), k)
    paths = kernels.reachable(chains)
    assert (paths == (powers > 0)).all()
    for chain, reach, stays, n in zip(
        chains, paths, kernels.recurrent(paths), kernels.n_closed_classes(paths), strict=True
    ):
        # The multiplicity of the eigenvalue 1 is the number of closed classes.
        assert (np.abs(np.linalg.eigvals(chain) - 1) < 1e-9).sum() == n
        for i in range(k):
            assert stays[i] == all(reach[j, i] for j in np.flatnonzero(reach[i]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_the_steady_state_is_what_long_waiting_gives(seed, k):
    chains = random_chains(seed, 4, k)
    found = kernels.stationary(chains)
    n = kernels.n_closed_classes(kernels.reachable(chains))
    for chain, shares, classes in zip(chains, found, n, strict=True):
        if classes > 1:
            assert np.isnan(shares).all()
            continue
        # Every stage stays with a chance of at least 0.01, so 2**20 periods are for ever.
        far = np.linalg.matrix_power(chain, 2**20)
        np.testing.assert_allclose(shares, far[0], atol=SAME)
        np.testing.assert_allclose(shares @ chain, shares, atol=EXACT)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_hitting_is_what_period_after_period_gives(seed, k):
    chains = random_chains(seed, 3, k)
    goal = np.zeros(k, dtype=bool)
    goal[seed % k] = True
    chance, time, reached = kernels.hitting(chains, goal)
    for b, chain in enumerate(chains):
        stopped = np.where(goal[:, None], np.eye(k), chain)
        arrived = np.linalg.matrix_power(stopped, 2**20)[:, goal].sum(axis=1)
        np.testing.assert_allclose(chance[b], arrived, atol=SAME)
        sure = arrived > 1 - SAME
        assert (np.isinf(time[b]) == ~sure).all()
        # E[T] = sum over t of P(T > t), and where reached of P(t < T < infinity): sums of powers,
        # twice as many each time.
        power = np.where(goal[:, None] | goal, 0.0, chain)
        total = np.eye(k)
        for _ in range(20):
            total, power = total + power @ total, power @ power
        away = (~goal).astype(float)
        np.testing.assert_allclose(
            time[b][sure], (total @ (sure * away))[sure] * away[sure], rtol=SUMMED
        )
        some = arrived > SAME
        late = (total @ (arrived * away))[some] * away[some] / arrived[some]
        np.testing.assert_allclose(reached[b][some], late, rtol=SUMMED, atol=EXACT)
        assert np.isnan(reached[b][~some]).all()


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_the_period_of_a_circle_is_its_length(k):
    circle = np.roll(np.eye(k), 1, axis=1)
    assert (kernels.period(circle) == k).all()
    shortcut = circle.copy()
    shortcut[0] = 0.5 * circle[0] + 0.5 * np.eye(k)[0]
    assert (kernels.period(shortcut) == 1).all()


def test_the_period_of_circles_that_share_a_stage_is_their_divisor():
    chain = np.zeros((9, 9))  # circles of 4 and 6 stages through stage 0
    for path in ([0, 1, 2, 3, 0], [0, 4, 5, 6, 7, 8, 0]):
        for i, j in itertools.pairwise(path):
            chain[i, j] = 1
    chain /= chain.sum(axis=1, keepdims=True)
    assert (kernels.period(chain) == 2).all()


def test_a_walk_between_two_doors():
    # Drunkard's walk of five corners, worked out in Grinstead and Snell, Introduction to
    # Probability, examples 11.13 to 11.15: N, times 3, 4, 3, and where it ends.
    half = 0.5
    walk = np.zeros((5, 5))
    walk[0, 0] = walk[4, 4] = 1
    for i in (1, 2, 3):
        walk[i, i - 1] = walk[i, i + 1] = half
    chain = markov_chain(walk, stages=list("01234"))
    visits = estimates(chain.visits()).reshape(3, 3)
    np.testing.assert_allclose(visits, [[1.5, 1, 0.5], [1, 2, 1], [0.5, 1, 1.5]], atol=EXACT)
    np.testing.assert_allclose(
        estimates(chain.expected_time(["0", "4"])), [0, 3, 4, 3, 0], atol=EXACT
    )
    ends = estimates(chain.absorption()).reshape(3, 2)
    np.testing.assert_allclose(ends, [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], atol=EXACT)


def test_a_stack_is_its_chains_one_by_one():
    chains = random_chains(1, 6, 4)
    chains[2] = np.nan
    goal = np.array([False, True, False, False])
    for work in (
        kernels.stationary,
        kernels.fundamental,
        kernels.stationary_slopes,
        lambda c: kernels.hitting(c, goal)[1],
        lambda c: kernels.hitting_slopes(c, goal, time=False),
        lambda c: kernels.shares_after(c, np.full(4, 0.25), 3),
    ):
        whole = work(chains)
        for b in range(6):
            np.testing.assert_allclose(whole[b], work(chains[b : b + 1])[0], atol=EXACT)
        assert np.isnan(whole[2][-1]).all()


# Derivatives against differences


def perturbed(chain, i, j, step):
    return kernels.replaced(chain[None], i, j, np.array([chain[i, j] + step]))


@pytest.mark.parametrize("quantity", ["steady", "time", "chance"])
@pytest.mark.parametrize("chain", [FORMATION, LEAVING, *random_chains(3, 4, 4)])
def test_derivatives_are_those_of_small_changes(quantity, chain):
    goal = np.array([False, False, True, False])
    if quantity == "steady":
        slopes, work = kernels.stationary_slopes(chain[None])[0], kernels.stationary
    elif quantity == "time":
        slopes = kernels.hitting_slopes(chain[None], goal, time=True)[0]

        def work(c):
            return kernels.hitting(c, goal)[1]
    else:
        slopes = kernels.hitting_slopes(chain[None], goal, time=False)[0]

        def work(c):
            return kernels.hitting(c, goal)[0]

    now = work(chain[None])[0]
    for i in range(4):
        for j in range(4):
            if chain[i, j] == 1:
                assert np.isnan(slopes[i, j]).any() or (slopes[i, j] == 0).all()
                continue
            h = 1e-6
            up = work(perturbed(chain, i, j, h))[0]
            if chain[i, j] > 0:
                with np.errstate(invalid="ignore"):
                    numeric = (up - work(perturbed(chain, i, j, -h))[0]) / (2 * h)
            else:  # nothing can be taken away: a one-sided difference of second order
                up2 = work(perturbed(chain, i, j, 2 * h))[0]
                with np.errstate(invalid="ignore"):
                    numeric = (-3 * now + 4 * up - up2) / (2 * h)
            for s in range(4):
                if np.isnan(slopes[i, j, s]):
                    # Undefined only where the quantity is, or where it jumps.
                    with np.errstate(invalid="ignore"):
                        assert not np.isfinite(now[s]) or not abs(up[s] - now[s]) < 1e-3
                else:
                    assert numeric[s] == pytest.approx(slopes[i, j, s], rel=SLOPE, abs=SLOPE)


def test_opening_a_closed_way_is_a_jump_and_not_a_slope():
    chain = markov_chain(LEAVING, stages=Stages.life_cycle())
    table = chain.sensitivity(quantity="hitting_probability", goal="maturity")
    pick = table.query("source == 'decline' and target == 'maturity'")
    assert estimates(pick)[[0, 1, 3]].tolist() == pytest.approx([np.nan] * 3, nan_ok=True)
    assert pick["estimate"].iloc[2] == 0


# What a chain does not have is said


def test_no_silent_steady_state():
    two = markov_chain(np.eye(2), stages=["a", "b"])
    with pytest.raises(NotIdentifiedError, match=r"2 classes.*\(a\) and \(b\).*absorption"):
        two.steady_state()
    with pytest.raises(NotIdentifiedError, match="2 classes"):
        two.sensitivity(quantity="steady_state")
    swap = markov_chain([[0, 1], [1, 0]], stages=["a", "b"])
    with pytest.raises(NotIdentifiedError, match=r'multiples of 2 periods.*periodic="average"'):
        swap.steady_state()
    assert estimates(swap.steady_state(periodic="average")).tolist() == [0.5, 0.5]
    with pytest.raises(NotIdentifiedError, match="nobody ends anywhere"):
        swap.absorption()
    assert "No steady state: the chain returns only" in str(swap.summary())


def test_a_passing_circle_does_not_keep_the_chain_from_settling():
    # a and b alternate on their way out: their returns have a period, the long run has none.
    chain = markov_chain([[0, 1, 0], [0.5, 0, 0.5], [0, 0, 1]], stages=["a", "b", "c"])
    assert chain.structure["period"].tolist() == [2, 2, 1]
    assert estimates(chain.steady_state()).tolist() == [0, 0, 1]


def test_a_goal_that_may_be_missed_takes_for_ever():
    chain = markov_chain(LEAVING, stages=Stages.life_cycle())
    times = chain.expected_time("maturity").set_index("stage")["estimate"]
    assert np.isinf(times[["exploration", "build-up", "decline"]]).all()
    assert times["maturity"] == 0
    reached = chain.expected_time("maturity", where_reached=True).set_index("stage")["estimate"]
    # From build-up: at each step 0.4 of 0.9 who go on or stay reach it, geometric with 0.5.
    assert reached["build-up"] == pytest.approx(1 / (1 - 0.5), rel=EXACT)
    assert np.isnan(reached["decline"])
    assert "decline" in chain.structure.loc["decline", "closed_class"]
    assert chain.structure["absorbing"].tolist() == [False, False, False, True]


def test_a_closed_class_of_several_stages_is_one_end():
    chain = markov_chain(
        [[0.5, 0.2, 0.1, 0.2], [0, 0.3, 0.7, 0], [0, 0.4, 0.6, 0], [0, 0, 0, 1]],
        stages=list("abcd"),
    )
    table = chain.absorption()
    assert table["ends_in"].tolist() == ["b, c", "d"]
    np.testing.assert_allclose(estimates(table), [0.6, 0.4], atol=EXACT)


# Given chains and what-if


def test_a_table_with_names_may_come_in_any_order():
    names = list(Stages.formation().names)
    table = pd.DataFrame(FORMATION, index=names, columns=names)
    turned = markov_chain(table.iloc[::-1, [2, 0, 3, 1]], stages=Stages.formation())
    np.testing.assert_array_equal(turned.matrix, FORMATION)
    chinese = pd.DataFrame(
        FORMATION, index=Stages.formation().chinese, columns=Stages.formation().chinese
    )
    chain = markov_chain(chinese, stages=Stages.formation())
    assert chain.stages == Stages.formation()
    pd.testing.assert_frame_equal(chain.expected_time("忠诚"), turned.expected_time("loyalty"))
    assert markov_chain(table).stages.names == tuple(names)


BAD_MATRICES = {
    "rows": ([[0.5, 0.4], [0, 1]], {}, "row of 'a' sums to 0.9.*divide every row"),
    "negative": ([[1.1, -0.1], [0, 1]], {}, "'a' to 'a' is 1.1|'a' to 'b' is -0.1"),
    "missing": ([[np.nan, 1], [0, 1]], {}, "1 missing value"),
    "shape": ([[0.5, 0.5]], {}, r"shape \(1, 2\), but there are 2 stages"),
    "text": ([["x", "y"], ["z", "w"]], {}, "not numeric"),
    "names": (
        pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "c"]),
        {},
        "does not know 'b' and is labelled 'c'",
    ),
    "other names": (
        pd.DataFrame(np.eye(2), index=["x", "y"], columns=["x", "y"]),
        {},
        "is labelled 'x', 'y'; label it by a, b",
    ),
}


@pytest.mark.parametrize("case", BAD_MATRICES)
def test_matrices_that_are_none(case):
    matrix, options, message = BAD_MATRICES[case]
    with pytest.raises(DataError, match=message):
        markov_chain(matrix, stages=["a", "b"], **options)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1), st.integers(0, 3), st.integers(0, 3))
def test_what_if_keeps_a_row_a_row_and_the_others_in_proportion(seed, value, i, j):
    chain = markov_chain(random_chains(seed, 1, 4, zeros=0)[0], stages=list("abcd"))
    after = chain.what_if(source="abcd"[i], target="abcd"[j], probability=value)
    assert after.matrix[i, j] == value
    np.testing.assert_allclose(after.matrix.sum(axis=1), 1, atol=EXACT)
    others = [k for k in range(4) if k != j]
    before = chain.matrix[i, others]
    np.testing.assert_allclose(
        after.matrix[i, others] * before.sum(), before * (1 - value), atol=EXACT
    )
    keep = [k for k in range(4) if k != i]
    np.testing.assert_array_equal(after.matrix[keep], chain.matrix[keep])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, OptionError, "either probability= or change="),
        ({"probability": 0.5, "change": 0.1}, OptionError, "not both"),
        ({"change": 0.9}, OptionError, "would become 1.5.*it is 0.6 now"),
        ({"probability": np.nan}, OptionError, "finite number"),
        ({"change": 0.1, "source": "awarenes"}, DataError, "did you mean 'awareness'"),
        ({"change": -0.1, "source": "decline", "target": "decline"}, DataError, "no stage"),
    ],
)
def test_impossible_changes(options, error, message):
    where = {"source": "awareness", "target": "awareness"}
    with pytest.raises(error, match=message):
        markov_chain(FORMATION).what_if(**(where | options))


def test_who_must_go_one_way_cannot_go_less():
    chain = markov_chain(LEAVING, stages=Stages.life_cycle())
    with pytest.raises(DataError, match="everybody goes to 'decline'"):
        chain.what_if(source="decline", target="decline", probability=0.9)


def test_comparing_asks_for_what_belongs_to_it():
    chain = markov_chain(FORMATION)
    for options in (
        {"quantity": "expected_time"},
        {"quantity": "steady_state", "goal": "loyalty"},
        {"quantity": "distribution", "start": "awareness"},
    ):
        with pytest.raises(OptionError, match="needs"):
            chain.compare(chain, **options)
    with pytest.raises(DataError, match="differ in stages"):
        chain.compare(markov_chain(LEAVING, stages=Stages.life_cycle()), quantity="steady_state")
    better = chain.what_if(source="approval", target="preference", change=0.1)
    table = chain.compare(
        better, quantity="distribution", start={"awareness": 3, "loyalty": 1}, periods=5
    )
    start = np.array([0.75, 0, 0, 0.25])
    far = start @ np.linalg.matrix_power(better.matrix, 5)
    before, after, difference = (
        quantity(table, name) for name in ("before", "after", "difference")
    )
    np.testing.assert_allclose(after, far, atol=EXACT)
    np.testing.assert_allclose(difference, after - before, atol=EXACT)


@pytest.mark.parametrize("what", ["steady_state", "hitting_probability"])
def test_a_small_change_moves_as_its_derivative_says(what):
    chain = markov_chain(LEAVING, stages=Stages.life_cycle())
    goal = None if what == "steady_state" else "maturity"
    step = 1e-6
    after = chain.what_if(source="exploration", target="build-up", change=step)
    moved = quantity(chain.compare(after, quantity=what, goal=goal), "difference") / step
    slopes = chain.sensitivity(quantity=what, goal=goal)
    pick = slopes.query("source == 'exploration' and target == 'build-up'")
    np.testing.assert_allclose(moved, estimates(pick), atol=SLOPE)


def test_transitions_are_the_matrix_row_by_row():
    table = fit(panel_of(FORMATION, 40, 2)).chain().transitions
    assert table.loc[1, ["source", "target"]].tolist() == ["awareness", "approval"]
    # A transition has one interval, which stands with the moves it rests on.
    assert list(table) == ["source", "target", "estimate"]
    np.testing.assert_array_equal(estimates(markov_chain(FORMATION).transitions), FORMATION.ravel())


# Estimates


def panel_of(matrix, n, seed, periods=5, stages=None, **options):
    chain = markov_chain(matrix, stages=stages)
    return chain.simulate(n, n_periods=periods, rng=seed, **options)


def ends(found):
    """Lower and upper ends of the transitions, as matrices."""
    return [
        end.reshape(found.counts.shape) for end in (found.estimates.ci_low, found.estimates.ci_high)
    ]


def fit(panel, **options):
    return estimate_movement("customer", "date", "stage", data=panel, **({"rng": 1} | options))


@pytest.mark.parametrize("kind", ["pandas", "polars", "shuffled", "arrays", "Chinese"])
def test_counts_are_those_of_counting_by_hand(kind):
    panel = panel_of(FORMATION, 60, 4)
    counted = Counter()
    triples = Counter()
    for _, own in panel.groupby("customer"):
        seen = own.sort_values("date")["stage"].tolist()
        counted.update(itertools.pairwise(seen))
        triples.update(zip(seen[:-2], seen[1:-1], seen[2:], strict=True))
    names = Stages.formation().names
    if kind == "arrays":
        found = estimate_movement(
            panel["customer"].to_numpy(), list(panel["date"]), panel["stage"].to_numpy()
        )
    elif kind == "polars":
        found = fit(pl.from_pandas(panel))
    elif kind == "Chinese":
        chinese = dict(zip(names, Stages.formation().chinese, strict=True))
        found = fit(panel.assign(stage=panel["stage"].map(chinese)))
    else:
        found = fit(panel if kind == "pandas" else panel.sample(frac=1, random_state=2))
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            assert found.counts[i, j] == counted[one, other]
            for l, last in enumerate(names):  # noqa: E741
                assert found.triples[i, j, l] == triples[one, other, last]
    assert found.per_date.sum(axis=0).tolist() == found.counts.tolist()
    rows = found.counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.likelihood, found.counts / rows, atol=EXACT)


def test_intervals_are_quantiles_of_the_posterior():
    found = fit(panel_of(FORMATION, 80, 5), level=0.9, prior=0.7)
    after = found.counts + 0.7
    rest = after.sum(axis=1, keepdims=True) - after
    low = np.where(found.counts == 0, 0, stats.beta.ppf(0.05, after, rest))
    np.testing.assert_allclose(ends(found)[0], low, rtol=SAME)
    np.testing.assert_allclose(ends(found)[1], stats.beta.ppf(0.95, after, rest), rtol=SAME)
    np.testing.assert_allclose(
        found.posterior_mean, after / after.sum(axis=1, keepdims=True), atol=EXACT
    )
    # Draws follow the same law: their moments within five standard errors of 20,000 draws.
    chain = fit(panel_of(FORMATION, 80, 5), prior=0.7, n_resamples=20_000).chain()
    sd = stats.beta.std(after, rest)
    assert (np.abs(chain.draws.mean(axis=0) - found.posterior_mean) < 5 * sd / 20_000**0.5).all()
    np.testing.assert_allclose(chain.draws.std(axis=0), sd, rtol=0.05)
    wilson = fit(panel_of(FORMATION, 80, 5), interval="wilson")
    shares = found.counts / found.counts.sum(axis=1, keepdims=True)
    assert ((ends(wilson)[0] <= shares) & (shares <= ends(wilson)[1])).all()


def test_one_transition_by_scipy():
    found = fit(panel_of(FORMATION, 80, 5), interval="wilson")
    n = int(found.counts[0].sum())
    expected = stats.binomtest(int(found.counts[0, 1]), n).proportion_ci(method="wilson")
    assert ends(found)[0][0, 1] == pytest.approx(expected.low, rel=SAME)
    assert ends(found)[1][0, 1] == pytest.approx(expected.high, rel=SAME)


def test_draws_carry_uncertainty_into_what_follows():
    chain = fit(panel_of(FORMATION, 200, 6)).chain()
    table = chain.expected_time("loyalty")
    goal = np.array([False, False, False, True])
    by_one = [
        np.linalg.solve(np.eye(3) - d[:3, :3], np.ones(3))[0] for d in chain.draws
    ]  # one plain system a draw
    row = table.iloc[0]
    assert row["std_error"] == pytest.approx(np.std(by_one, ddof=1), rel=SAME)
    ends = np.quantile(by_one, [0.025, 0.975], method="weibull")
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(list(ends), rel=SAME)
    assert row["finite"] == 1
    assert kernels.hitting(chain.stack(), goal)[1].shape == (2001, 4)
    # Draws of before and after belong together: the difference is surer than either.
    better = chain.what_if(source="awareness", target="approval", change=0.05)
    change = chain.compare(better, quantity="expected_time", goal="loyalty")
    difference = change.groupby("quantity").get_group("difference")
    assert difference["std_error"].iloc[0] < table["std_error"][0] / 2
    np.testing.assert_array_equal(quantity(change, "before"), estimates(table))


def test_impossible_moves_stay_impossible():
    possible = LEAVING > 0
    panel = panel_of(LEAVING, 300, 7, stages=Stages.life_cycle())
    found = fit(panel, stages=Stages.life_cycle(), possible=possible)
    assert (found.draws[:, ~possible] == 0).all()
    assert (ends(found)[1][~possible] == 0).all()
    table = found.chain().expected_time("maturity")
    assert np.isinf(table["estimate"][0])
    assert np.isinf(table["ci_low"][0])
    assert table["finite"][0] == 0
    assert np.isnan(table["std_error"][0])
    reached = found.chain().hitting_probability("maturity")
    assert reached["ci_low"][1] < 2 / 3 + 0.1
    # Without the claim the draws let people come back, and the summary says so.
    loose = fit(panel, stages=Stages.life_cycle())
    assert "Possible and never seen: exploration to maturity, " in str(loose.summary())
    assert loose.chain().expected_time("maturity")["finite"][0] == 1
    assert np.isinf(loose.chain().expected_time("maturity")["ci_high"][0])
    with pytest.raises(DataError, match="which possible= or absorbing= rules out"):
        fit(panel, stages=Stages.life_cycle(), possible=np.eye(4, dtype=bool))


def test_weights_count_by_their_worth():
    panel = panel_of(FORMATION, 100, 8)
    plain = fit(panel)
    same = fit(panel.assign(w=2.0), weights="w")
    np.testing.assert_allclose(same.likelihood, plain.likelihood, atol=EXACT)
    np.testing.assert_allclose(ends(same)[0], ends(plain)[0], rtol=SAME)
    panel["w"] = np.where(panel["customer"] < 50, 1.0, 3.0)
    uneven = fit(panel, weights="w")
    heavy = fit(panel[panel["customer"] >= 50]).counts
    light = fit(panel[panel["customer"] < 50]).counts
    np.testing.assert_allclose(uneven.counts, 3 * heavy + light, atol=EXACT)
    # The variance of each share linearised over customers, one by one: each has his own moves
    # less those expected of him. Rows are worth the moves that would have the sum of them.
    own = np.zeros((100, 4, 4))
    for customer, seen in panel.groupby("customer"):
        places = [Stages.formation().names.index(s) for s in seen["stage"]]
        np.add.at(own[customer], (places[:-1], places[1:]), seen["w"].iloc[0])
    share, total = uneven.likelihood, uneven.counts.sum(axis=1)
    apart = own - own.sum(axis=2, keepdims=True) * share
    variance = (apart**2).sum(axis=0) / total[:, None] ** 2
    worth = (share * (1 - share)).sum(axis=1) / variance.sum(axis=1)
    most = (heavy + light).sum(axis=1)
    np.testing.assert_allclose(uneven.effective, np.minimum(worth, most), rtol=SAME)
    # Draws have these variances, unbiased and with Student's tails of as many degrees as customers
    # of equal weight less 1; and less of a prior that counts one move a row.
    of_rows = own.sum(axis=2)
    customers = of_rows.sum(axis=0) ** 2 / (of_rows**2).sum(axis=0)
    wider = customers / (customers - 3)
    drawn = fit(panel, weights="w", n_resamples=20_000).draws.var(axis=0)
    # Of fewer than 20 customers shares near 0 and 1 are too near to vary by this law.
    seen = (share > 0.05) & (customers > 20)[:, None]
    ratio = (drawn / wider[:, None])[seen] / variance[seen]
    assert seen.sum() > 8
    np.testing.assert_allclose(ratio, 1, atol=0.08)
    with pytest.raises(OptionError, match="needs plain counts"):
        uneven.order_test()


def test_a_stage_that_nobody_was_seen_in():
    panel = panel_of(
        FORMATION[:2, :2] / FORMATION[:2, :2].sum(axis=1, keepdims=True),
        50,
        9,
        stages=["awareness", "approval"],
    )
    found = fit(panel)
    assert np.isnan(found.likelihood[2:]).all()
    with pytest.raises(NotIdentifiedError, match=r"from preference, loyalty.*posterior_mean"):
        found.chain()
    assert fit(panel, point="posterior_mean").chain().matrix[3].tolist() == [0.25] * 4
    with pytest.raises(NotIdentifiedError, match="'preference' has neither moves nor prior"):
        fit(panel, prior=0)
    assert np.isnan(ends(fit(panel, prior=0, n_resamples=0))[0][2]).all()


def test_gaps_are_refused_or_skipped():
    panel = panel_of(FORMATION, 30, 10)
    cut = panel[~((panel["customer"] == 3) & (panel["date"] == 2))]
    with pytest.raises(DataError, match=r'1 gap in time, first after date 1 of customer 3.*"skip"'):
        fit(cut)
    found = fit(cut, gaps="skip")
    assert found.n_gaps == 1
    assert found.counts.sum() == 30 * 4 - 2
    assert "pairs across gaps  1" in str(found.summary())
    dropped = fit(panel.assign(stage=panel["stage"].mask(panel["date"] == 0)), missing="drop")
    assert (dropped.n_dropped, dropped.n_gaps) == (30, 0)


BAD_PANELS = {
    "two at once": ({"stage": ["awareness", "loyalty"], "date": [1, 1]}, {}, "two stages at once"),
    "twice": ({"stage": ["loyalty", "loyalty"], "date": [1, 1]}, {}, "repeat others: 1, first"),
    "unknown": ({"stage": ["awareness", "loyalti"]}, {}, "did you mean 'loyalty'"),
    "missing": ({"stage": ["awareness", None]}, {}, 'missing="drop"'),
    "months": ({"date": pd.to_datetime(["2024-01-01", "2024-02-01"])}, {}, 'period="month"'),
    "halves": ({"date": [0.5, 1.5]}, {}, "whole numbers that count periods"),
    "text": ({"date": ["a", "b"]}, {}, "whole numbers that count periods"),
    "one time": ({"customer": [1, 2]}, {}, "at two successive dates"),
    "weights": ({"w": [1, -1]}, {"weights": "w"}, "weights must lie 0 or more"),
    "no weight": ({"w": [0, 0]}, {"weights": "w"}, "all weights are zero"),
    "no column": ({}, {"weights": "v"}, "no column 'v'"),
}
BAD_OPTIONS = [
    ({"gaps": "fill"}, "'skip'"),
    ({"point": "mode"}, "'posterior_mean'"),
    ({"interval": "wald"}, "'wilson'"),
    ({"level": 95}, "between 0 and 1"),
    ({"n_resamples": -1}, "whole number"),
    ({"n_resamples": 38}, "38 draws cannot show .* at least 39.*draw 0"),
    ({"prior": -1}, "from 0 to 1e"),
    ({"prior": np.ones(3)}, "4 by 4"),
    ({"possible": np.full((4, 4), 2)}, "True or False"),
    ({"possible": np.zeros((4, 4), dtype=bool)}, "staying is one too"),
    ({"missing": "em"}, "'drop'"),
]


@pytest.mark.parametrize("case", BAD_PANELS)
def test_bad_panels_end_in_a_named_error(case):
    columns, options, message = BAD_PANELS[case]
    good = {"customer": [1, 1], "date": [1, 2], "stage": ["awareness", "loyalty"]}
    with pytest.raises(DataError, match=message):
        fit(pd.DataFrame(good | columns), **options)


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS)
def test_bad_options_end_in_a_named_error(options, message):
    with pytest.raises(OptionError, match=message):
        fit(panel_of(FORMATION, 5, 1), **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.expected_time("loyal"), "no stage 'loyal' .did you mean 'loyalty'"),
        (lambda c: c.hitting_probability([]), "name at least one"),
        (lambda c: c.distribution("gone", periods=1), "no stage 'gone'"),
        (lambda c: c.distribution({"loyalty": -1.0}, periods=1), "none negative"),
        (lambda c: c.distribution({"loyalty": 1, "忠诚": 1}, periods=1), "both of its names"),
        (lambda c: c.distribution({"loyalty": "x"}, periods=1), "stages to numbers"),
        (lambda c: c.distribution(5, periods=1), "neither a stage nor a mapping"),
        (lambda c: c.distribution("loyalty", periods=0), "periods"),
        (lambda c: c.steady_state(periodic="ignore"), "'average'"),
        (lambda c: c.sensitivity(quantity="steady_state", goal="loyalty"), "no goal"),
        (lambda c: c.sensitivity(quantity="expected_time"), "need one"),
        (lambda c: c.simulate(3, n_periods=1), "n_periods"),
    ],
)
def test_bad_questions(call, message):
    with pytest.raises((DataError, OptionError), match=message):
        call(markov_chain(FORMATION))


# Tests of what a chain claims


def test_both_tests_are_those_of_contingency_tables():
    found = fit(panel_of(FORMATION, 500, 12))
    for test, tables in (
        (found.homogeneity_test(n_resamples=0), found.per_date.swapaxes(0, 1)),
        (found.order_test(n_resamples=0), found.triples.swapaxes(0, 1)),
    ):
        for k, table in enumerate(tables):
            there = table[table.sum(axis=1) > 0]
            there = there[:, there.sum(axis=0) > 0]
            ratio = stats.chi2_contingency(there, correction=False, lambda_="log-likelihood")
            square = stats.chi2_contingency(there, correction=False)
            for name, other in (("likelihood ratio", ratio), ("chi-square", square)):
                row = test.tests.groupby("test").get_group(name).iloc[k]
                assert row["statistic"] == pytest.approx(other.statistic, rel=SAME)
                assert row["df"] == other.dof
                assert row["p_value"] == pytest.approx(other.pvalue, rel=SAME)
        last = test.tests.query("test == 'likelihood ratio'").iloc[-1]
        assert test.p_value == pytest.approx(stats.chi2.sf(last["statistic"], last["df"]))
        assert last["df"] == test.df.sum()
        assert test.n_obs == tables.sum()


PLAIN = [[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.2, 0.2, 0.6]]


def rejections(n_panels, seed, *, n=400, matrix=PLAIN, n_resamples=0):
    """Share of panels of a true chain of order 1 at which each test is at most 0.05."""
    rng = np.random.default_rng(seed)
    names = list("abcd")[: len(matrix)]
    chain = markov_chain(matrix, stages=names)
    hits = np.zeros(4)
    for _ in range(n_panels):
        panel = chain.simulate(n, rng=rng, n_periods=6, start=dict.fromkeys(names, 1))
        found = fit(panel, stages=names, n_resamples=0)
        both = [
            t(n_resamples=n_resamples, rng=rng).tests
            for t in (found.homogeneity_test, found.order_test)
        ]
        hits += pd.concat([t.loc[t["stage"] == "all", "p_value"] for t in both]) <= 0.05
    return np.asarray(hits) / n_panels


def test_the_tests_hold_their_size():
    # 150 panels: a true 0.05 has a standard error of 0.018; four of them.
    assert (np.abs(rejections(150, 21) - 0.05) < 0.072).all()


@pytest.mark.slow
def test_the_tests_hold_their_size_closely():
    # 4,000 panels: a standard error of 0.0034; three of them, and 0.005 for the finite sample.
    assert (np.abs(rejections(4000, 22) - 0.05) < 0.0155).all()
    # With rare moves and few customers random tables keep the size, where the law of chi-square
    # does not: it finds order 2 in one panel of seven. Conditional tests may be a little cautious.
    for n in (30, 100):
        assert rejections(1000, 23, n=n, matrix=FORMATION)[3] > 0.09
        size = rejections(1000, 23, n=n, matrix=FORMATION, n_resamples=199)
        assert ((size > 0.01) & (size < 0.07)).all()


def test_random_tables_are_those_of_the_exact_test():
    # Of 2 by 2 tables with these sums all probabilities are known: the hypergeometric law.
    found = estimate_movement(
        [c for c in range(16) for _ in range(3)],
        [1, 2, 3] * 16,
        ["a", "m", "a"] * 6 + ["a", "m", "b"] * 2 + ["b", "m", "a"] * 3 + ["b", "m", "b"] * 5,
        stages=["a", "m", "b"],
        n_resamples=0,
    )
    table = np.array([[6, 2], [3, 5]])
    law = stats.hypergeom(16, 9, 8)
    x = np.arange(1, 9)
    ways = np.array([[[i, 8 - i], [9 - i, i - 1]] for i in x], dtype=float)
    seen = [stats.chi2_contingency(t, correction=False).statistic for t in (*ways, table)]
    exact = law.pmf(x)[np.array(seen[:-1]) >= seen[-1] - 1e-9].sum()
    test = found.order_test(n_resamples=20_000, rng=1)
    p = test.tests.query("test == 'chi-square' and stage == 'm'")["p_value"].iloc[0]
    assert abs(p - exact) < 4 * np.sqrt(exact * (1 - exact) / 20_000)
    assert "random tables" in str(test.summary())
    assert np.isnan(test.tests.query("stage == 'a'")["p_value"]).all()


def test_the_tests_see_what_they_are_for():
    rng = np.random.default_rng(31)
    changing = [
        panel_of(chain, 400, rng, periods=2, stages=list("ab")).assign(
            date=lambda d, t=t: d["date"] + t
        )
        for t, chain in enumerate(([[0.7, 0.3], [0.3, 0.7]], [[0.5, 0.5], [0.3, 0.7]]))
    ]
    changing[1]["customer"] += 400
    found = fit(pd.concat(changing), stages=list("ab"))
    assert found.homogeneity_test().p_value == 0.001  # none of 999 tables
    assert found.homogeneity_test(n_resamples=0).p_value < 0.001
    # Two kinds of customers, each a chain of order 1: together they look like memory.
    mixed = [
        panel_of([[s, 1 - s], [1 - s, s]], 300, rng, stages=list("ab")).assign(kind=s)
        for s in (0.9, 0.4)
    ]
    mixed[1]["customer"] += 300
    found = fit(pd.concat(mixed), stages=list("ab"))
    assert found.order_test().p_value == 0.001


def test_tests_that_cannot_be_made_say_why():
    short = fit(panel_of(FORMATION, 50, 1, periods=2))
    with pytest.raises(NotIdentifiedError, match="one date only"):
        short.homogeneity_test()
    with pytest.raises(NotIdentifiedError, match="three successive periods"):
        short.order_test()
    assert "Tests" not in str(short.summary())
    still = fit(panel_of(np.eye(2), 20, 1, stages=list("ab")), stages=list("ab"))
    assert np.isnan(still.homogeneity_test().p_value)
    few = fit(panel_of(FORMATION, 30, 1))
    assert "Many expected counts are small" in str(few.order_test(n_resamples=0).summary())
    assert few.order_test(n_resamples=0).is_sparse


# Recovery and coverage


def coverage(n_panels, seed, *, n=150, periods=5):
    """Share of intervals that hold the truth: of transitions, and of what follows from them."""
    rng = np.random.default_rng(seed)
    truth = markov_chain(FORMATION)
    goal = np.array([False, False, False, True])
    time = kernels.hitting(FORMATION[None], goal)[1][0, :3]
    steady = kernels.stationary(FORMATION[None])[0]
    held = {name: [] for name in ("posterior", "wilson", "time", "steady")}
    for _ in range(n_panels):
        panel = truth.simulate(
            n, rng=rng, n_periods=periods, start=dict.fromkeys(truth.stages.names, 1)
        )
        for interval in ("posterior", "wilson"):
            found = fit(
                panel, interval=interval, n_resamples=400 * (interval == "posterior"), rng=rng
            )
            held[interval].append((ends(found)[0] <= FORMATION) & (ends(found)[1] >= FORMATION))
            if interval == "posterior":
                chain = found.chain()
        for name, table, value in (
            ("time", chain.expected_time("loyalty")[:3], time),
            ("steady", chain.steady_state(), steady),
        ):
            held[name].append((table["ci_low"] <= value) & (table["ci_high"] >= value))
    return {name: np.mean(hits, axis=0) for name, hits in held.items()}


def test_intervals_hold_the_truth():
    # 200 panels: 0.95 has a standard error of 0.015, and four of them are 0.062; the mean over
    # many intervals is surer.
    for name, share in coverage(200, 41).items():
        assert share.min() > 0.95 - 0.062, name
        assert abs(share.mean() - 0.95) < 0.025, name


@pytest.mark.slow
def test_intervals_hold_the_truth_closely():
    # 4,000 panels: a standard error of 0.0034. The posterior of a small transition (0.01 of about
    # 150 moves) is discrete at heart and may be off by 0.025; the rest by 0.015.
    for name, share in coverage(4000, 42).items():
        assert (
            np.abs(share - 0.95) < (0.035 if name in ("posterior", "wilson") else 0.02)
        ).all(), name


def test_the_matrix_is_recovered():
    found = fit(panel_of(FORMATION, 20_000, 51), n_resamples=0)
    n = found.counts.sum(axis=1, keepdims=True)
    error = np.sqrt(FORMATION * (1 - FORMATION) / n)
    assert (np.abs(found.likelihood - FORMATION) < 5 * error).all()


def test_a_simulated_crowd_moves_as_expected():
    panel = panel_of(FORMATION, 20_000, 52, periods=7)
    expected = markov_chain(FORMATION).distribution("awareness", periods=6)
    seen = panel.groupby("date")["stage"].value_counts(normalize=True)
    for period, stage, share in expected.itertuples(index=False):
        assert abs(seen.get((period, stage), 0.0) - share) < 5 * np.sqrt(0.25 / 20_000)
    # Those who set out from awareness reach loyalty after the expected time.
    long = panel_of(FORMATION, 4000, 53, periods=120)
    arrival = long[long["stage"] == "loyalty"].groupby("customer")["date"].min()
    assert len(arrival) == 4000
    time = markov_chain(FORMATION).expected_time("loyalty")["estimate"][0]
    assert abs(arrival.mean() - time) < 5 * arrival.std() / 4000**0.5


# Rules and records


def test_formation_follows_its_rule():
    people = pd.DataFrame(
        {
            "n": [0, 0, 1, 9, 1, 4, 3],
            "p": [np.nan, np.nan, 2, 2, 3, 4, 3],
            "e": [np.nan, np.nan, 3, 3, 3, 3, 3],
            "a": [False, True, True, True, True, True, True],
        },
        index=list("abcdefg"),
    )
    for table in (people, pl.from_pandas(people)):
        stage = formation_stage(
            "n", performance="p", expectation="e", aware="a", least_repeats=3, data=table
        )
        words = [
            "unaware",
            "awareness",
            "approval",
            "approval",
            "preference",
            "loyalty",
            "preference",
        ]
        assert stage.tolist() == words
    assert stage.cat.ordered
    assert formation_stage(1, performance=3, expectation=3, least_repeats=1) == "preference"
    assert list(formation_stage([0, 2], performance=5, expectation=[1, 9], least_repeats=1)) == [
        "awareness",
        "approval",
    ]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"aware": [True, False]}, DataError, "1 customer bought without being aware"),
        ({"performance": [1, np.nan]}, DataError, "have no performance, first at place 1"),
        ({"expectation": [np.inf, 1]}, DataError, "infinite"),
        ({"expectation": ["a", "b"]}, DataError, "not numeric"),
        ({"expectation": [1, 2, 3]}, DataError, "equally long"),
        ({"aware": [1, 0.5]}, DataError, "1 or 0 .*but is 0.5 at place 1"),
        ({"expectation": "e"}, DataError, "there is no data"),
        (
            {"purchases": pd.Series([0, 1]), "expectation": pd.Series([1, 2], index=[5, 6])},
            DataError,
            "different labels",
        ),
        ({"purchases": [-1, 1]}, DataError, "0 or more"),
        ({"least_repeats": 0}, OptionError, "at least 1"),
    ],
)
def test_formation_needs_sense(options, error, message):
    good = {"purchases": [0, 1], "performance": [1, 1], "expectation": [1, 1], "least_repeats": 1}
    given_all = good | options
    with pytest.raises(error, match=message):
        formation_stage(given_all.pop("purchases"), **given_all)


def test_the_life_cycle_follows_its_rule():
    level = pd.Series([1.0, 2.0, 8.0, 9.0, 3.0, 8.0], index=list("abcdef"))
    before = pd.Series([1.0, 1.0, 5.0, 9.5, 9.0, 9.0], index=list("abcdef"))
    stage = life_cycle_stage(level, before, cuts=8, steady=0.5)
    assert stage.tolist() == [
        "exploration",
        "build-up",
        "maturity",
        "maturity",
        "decline",
        "decline",
    ]
    assert life_cycle_stage(3, 1, cuts=8, steady=0) == "build-up"
    with pytest.raises(DataError, match="steady must lie"):
        life_cycle_stage(3, 1, cuts=8, steady=-1)
    assert life_cycle_stage(3, 1, cuts={"strength": 2}, steady=0) == "maturity"
    for bad in ((3, 8), True, None, "median", {"level": 3}):
        with pytest.raises(OptionError, match="cuts"):
            life_cycle_stage(3, 1, cuts=bad, steady=0)


def test_stages_are_a_specification():
    stages = Stages.formation()
    assert Stages.from_json(stages.to_json()) == stages
    for names, chinese, message in (
        (("a",), (), "2 or more"),
        (("a", "a"), (), "named twice: a"),
        (("a", "b"), ("甲",), "1 Chinese name;"),
    ):
        with pytest.raises(ModelError, match=message):
            Stages(names=names, chinese=chinese)
    with pytest.raises(ModelError, match="one name"):
        markov_chain(np.eye(2), stages="ab")


def test_results_pickle_and_stay_as_they_are():
    panel = panel_of(FORMATION, 50, 61)
    before = panel.copy()
    found = fit(panel)
    pd.testing.assert_frame_equal(panel, before)
    again = pickle.loads(pickle.dumps(found))
    assert not again.draws.flags.writeable
    pd.testing.assert_frame_equal(again.transitions, found.transitions)
    chain = found.chain()
    with pytest.raises(ValueError, match="read-only"):
        chain.matrix[0, 0] = 1
    matrix = found.matrix
    matrix.iloc[0, 0] = 9.0
    assert found.matrix.iloc[0, 0] < 1
    pd.testing.assert_frame_equal(
        fit(panel, rng=7).chain().steady_state(), fit(panel, rng=7).chain().steady_state()
    )


# What is labelled, written as a date, or tiny


@pytest.mark.parametrize("option", ["possible", "prior"])
def test_tables_of_transitions_are_put_in_order_by_their_labels(option):
    panel = panel_of(FORMATION, 50, 3)
    names = list(Stages.formation().names)
    values = np.triu(np.ones((4, 4), dtype=bool)) | (FORMATION > 0)
    if option == "prior":
        values = np.arange(16.0).reshape(4, 4) + 1
    plain = fit(panel, **{option: values})
    table = pd.DataFrame(values, index=names, columns=names).iloc[[2, 0, 3, 1], ::-1]
    np.testing.assert_array_equal(getattr(fit(panel, **{option: table}), option), values)
    np.testing.assert_array_equal(fit(panel, **{option: table}).draws, plain.draws)
    with pytest.raises(DataError, match="is labelled 'gone'"):
        fit(panel, **{option: table.rename(index={"loyalty": "gone"})})
    with pytest.raises(DataError, match="rows have no names"):
        fit(panel, **{option: pl.from_pandas(table)})


def test_a_matrix_whose_columns_alone_are_named_is_refused():
    table = pd.DataFrame([[0.7, 0.3], [0.4, 0.6]], columns=["b", "a"])
    with pytest.raises(DataError, match="index of the matrix"):
        markov_chain(table, stages=["a", "b"])
    assert markov_chain(table.to_numpy(), stages=["a", "b"]).matrix[0, 1] == 0.3
    numbered = pd.DataFrame([[0.7, 0.3], [0.4, 0.6]], index=[2, 1], columns=[2, 1])
    assert markov_chain(numbered, stages=["1", "2"]).matrix[0, 1] == 0.4


def test_prices_go_to_their_brands():
    chain = markov_chain([[0.5, 0.5], [0.5, 0.5]], stages=["A", "B"])
    for prices in ({"B": 7.0, "A": 2.0}, pd.Series({"B": 7.0, "A": 2.0}), [2.0, 7.0]):
        bought = chain.simulate_purchases(20, rate=3, prices=prices, rng=1)
        assert dict(zip(bought["brand"], bought["amount"], strict=True)) == {"A": 2.0, "B": 7.0}


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ([202411, 202412, 202501], 'written yyyymm.*period="month"'),
        ([20240130, 20240131, 20240201], "written yyyymmdd.*count days"),
        (["2024-01-01", "2024-01-02", "2024-01-03"], "count periods, not '2024-01-01'"),
        (pd.date_range("2024", periods=3), "count periods, not"),
        ([1.0, 1.5, 2.0], "not 1.5"),
        ([1.0, 2.0, 1e17], "not 1e"),
        ([1.0, 2.0, 1e300], "too large"),
        ([True, False, True], "not True"),
    ],
)
def test_dates_that_do_not_count_are_refused(dates, message):
    with pytest.raises(DataError, match=message):
        estimate_movement([1, 1, 1], dates, list("aba"), stages=list("ab"), rng=1)


def test_months_of_one_year_and_any_numbers_count():
    for dates in ([202410, 202411, 202412], [998, 999, 1000]):
        found = estimate_movement([1, 1, 1], dates, list("aba"), stages=list("ab"), rng=1)
        assert found.counts.tolist() == [[0, 1], [1, 0]]


def test_a_stage_that_is_said_to_be_the_end_is_one():
    can = np.ones((3, 3), dtype=bool)
    can[2] = [False, False, True]
    found = estimate_movement(
        [1, 1, 1, 2, 2], [1, 2, 3, 1, 2], list("abcac"), stages=list("abc"), possible=can, rng=1
    )
    np.testing.assert_allclose(found.chain().matrix, [[0, 0.5, 0.5], [0, 0, 1], [0, 0, 1]])
    end = found.transitions.iloc[-1]
    assert end[["estimate", "ci_low", "ci_high"]].tolist() == [1, 1, 1]
    assert (found.draws[:, 2] == [0, 0, 1]).all()
    # From a: half the time by way of b, so 1.5 periods.
    np.testing.assert_allclose(found.chain().expected_time("c")["estimate"], [1.5, 1, 0])
    none = estimate_movement(
        [1, 1], [1, 2], list("ac"), stages=list("ac"), possible=can[1:, 1:], prior=0, rng=1
    )
    assert none.posterior_mean.tolist() == [[0, 1], [0, 1]]


def test_tiny_transitions_are_not_lost():
    chain = markov_chain([[1 - 1e-200, 1e-200], [3e-200, 1 - 3e-200]], stages=["a", "b"])
    np.testing.assert_allclose(chain.steady_state()["estimate"], [0.75, 0.25])
    np.testing.assert_allclose(chain.expected_time("b")["estimate"], [1e200, 0])
    assert not chain.structure["absorbing"].any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: markov_chain(FORMATION).simulate(10**6, n_periods=10**4), OptionError, "rows"),
        (
            lambda: markov_chain(FORMATION).simulate_purchases(10**6, rate=1e20),
            OptionError,
            "rows",
        ),
        (
            lambda: markov_chain(FORMATION).simulate_purchases(9, rate=1, prices=["1"] * 4),
            DataError,
            "numeric",
        ),
        (lambda: markov_chain(FORMATION).simulate(10**12, n_periods=2), OptionError, "at most"),
        (lambda: Stages(names=[f"s{i}" for i in range(500)]), ModelError, "300 parts or fewer"),
        (
            lambda: markov_chain([["0.5", "0.5"], ["0", "1"]], stages=["a", "b"]),
            DataError,
            "numeric",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("now", "before", "steady", "stage"),
    [
        (0.3, 0.1 + 0.2, 0.0, "exploration"),
        (0.4, 0.7, 0.3, "exploration"),  # .7 - .4 is .29999999999999999
        (0.1 + 0.2, 0.0, 0.3, "exploration"),
        (0.1 * 3, 0.4, 0.1, "maturity"),  # at the cut-off, after a fall of no more than .1
    ],
)
def test_rounding_moves_nobody_between_stages(now, before, steady, stage):
    cuts = 0.3 if stage == "maturity" else 9
    assert life_cycle_stage(now, before, cuts=cuts, steady=steady) == stage
    assert life_cycle_stage(now + 1e-6, before + 1e-6, cuts=cuts, steady=steady) == stage


@pytest.mark.parametrize("name", ["performance", "expectation"])
@pytest.mark.parametrize(
    "values",
    [["1", "2"], pd.date_range("2024", periods=2), [True, False], [1j, 2], {1, 2}, [10**400, 1]],
)
def test_formation_takes_numbers_alone(name, values):
    good = {"purchases": [0, 1], "performance": [1, 1], "expectation": [1, 1], "least_repeats": 1}
    with pytest.raises(LoyaltyModelError):
        formation_stage(**(good | {name: values}))


@pytest.mark.parametrize("dtype", [int, float, "Int64", "int8", str])
def test_stages_may_be_numbers(dtype):
    seen = pd.Series([0, 1, 1, 2, 0, 0, 1, 2])
    panel = pd.DataFrame(
        {"who": [1] * 4 + [2] * 4, "t": list(range(4)) * 2, "s": seen.astype(dtype)}
    )
    for stages in ([0, 1, 2], np.array([0, 1, 2]), ["0", "1", "2"]):
        found = estimate_movement("who", "t", "s", data=panel, stages=stages, rng=1)
        assert found.counts.tolist() == [[1, 2, 0], [0, 1, 2], [0, 0, 0]]
        assert found.stages.names == ("0", "1", "2")
    for stages in ([True, False], [0.5, 1]):
        with pytest.raises(ModelError, match="must be text"):
            estimate_movement("who", "t", "s", data=panel, stages=stages)
    with pytest.raises(DataError, match=r"unknown stage, first '?0"):
        estimate_movement("who", "t", "s", data=panel)


# What was never seen: impossible or rare


def journeys(words, **options):
    """Estimate moves of customers whose stages are the letters of words, "." for no row."""
    rows = [(c, t, s) for c, word in enumerate(words) for t, s in enumerate(word) if s != "."]
    panel = pd.DataFrame(rows, columns=["customer", "date", "stage"])
    return fit(panel, **({"stages": sorted(set(panel["stage"]))} | options))


def test_one_interval_is_right_where_a_move_was_never_seen():
    # Of 60 moves out of a none and of b all go to b. Exact ends: no move is seen in 2.5 % of
    # panels if its probability p has (1 - p)^60 = .025.
    found = journeys(["abbb"] * 20, stages=["a", "b", "c"])
    n = found.counts.sum(axis=1)
    assert n.tolist() == [20, 40, 0]
    low, high = ends(found)
    exact = 1 - 0.025 ** (1 / n[:2])
    np.testing.assert_allclose(high[0], [exact[0], 1, exact[0]], rtol=SAME)
    np.testing.assert_allclose(low[0], [0, 1 - exact[0], 0], rtol=SAME)
    np.testing.assert_allclose((low[1, 1], high[1, 1]), (1 - exact[1], 1), rtol=SAME)
    # Where nobody was nothing is known.
    assert (low[2].tolist(), high[2].tolist()) == ([0, 0, 0], [1, 1, 1])


def test_jeffreys_interval_keeps_its_level_for_every_share():
    # Coverage by the binomial law itself, with no chance in it.
    for n in (30, 200):
        x = np.arange(n + 1.0)
        low, high = kernels.jeffreys(x, np.full(n + 1, float(n)), level=0.95)
        share = np.linspace(0.0005, 0.9995, 1999)[:, None]
        held = (low <= share) & (share <= high)
        coverage = (stats.binom.pmf(x, n, share) * held).sum(axis=1)
        assert coverage.min() > 0.92
        assert abs(coverage.mean() - 0.95) < 0.01
        plain = stats.beta.ppf(0.025, x + 0.5, n - x + 0.5)
        np.testing.assert_allclose(low[2:-1], plain[2:-1], rtol=SAME)


LEFT = ["trial", "regular", "loyal", "gone"]


def test_what_hangs_on_an_unseen_move_is_refused_until_it_is_said():
    panel = panel_of(LEAVING, 200, 71, stages=LEFT)
    loose = fit(panel, stages=LEFT).chain()
    assert loose.unseen[3].tolist() == [True, True, True, False]
    with pytest.raises(NotIdentifiedError, match=r"nobody was seen to leave gone.*absorbing="):
        loose.hitting_probability("loyal")
    with pytest.raises(NotIdentifiedError, match="nobody was seen to leave gone"):
        loose.expected_time("loyal", where_reached=True)
    with pytest.raises(NotIdentifiedError, match="nobody was seen to leave gone"):
        loose.sensitivity(quantity="hitting_probability", goal="loyal")
    with pytest.raises(NotIdentifiedError, match="nobody was seen to leave gone"):
        loose.compare(loose, quantity="hitting_probability", goal="loyal")
    for question in (loose.absorption, loose.visits):
        with pytest.raises(NotIdentifiedError, match="trial, regular, loyal is left for good dep"):
            question()
    # What does not jump has an interval that holds both: nobody or hardly anybody is left.
    long = loose.steady_state().set_index("stage")
    assert long.loc["gone", ["estimate", "ci_high"]].tolist() == [1, 1]
    assert 0.5 < long.loc["gone", "ci_low"] < 1
    time = loose.expected_time("gone")
    assert np.isfinite(time["estimate"]).all()
    # Three ways to say it: nobody leaves, no unseen move happens, or all do by the prior.
    said = fit(panel, stages=LEFT, absorbing="gone").chain()
    ever = said.hitting_probability("loyal")
    truth = estimates(markov_chain(LEAVING, stages=LEFT).hitting_probability("loyal"))
    assert ((ever["ci_low"] <= truth) & (truth <= ever["ci_high"])).all()
    assert (said.draws[:, 3] == [0, 0, 0, 1]).all()
    assert "Nobody was seen to leave gone" in " ".join(str(loose.summary()).split())
    assert "Nobody was seen" not in str(said.summary())
    assert said.absorption()["estimate"].tolist() == pytest.approx([1, 1, 1])
    seen = fit(panel, stages=LEFT, prior=0).chain()
    assert not seen.unseen.any()
    assert estimates(seen.hitting_probability("loyal")) == pytest.approx(estimates(ever))
    mean = fit(panel, stages=LEFT, point="posterior_mean").chain()
    assert not mean.unseen.any()
    assert estimates(mean.hitting_probability("loyal")) == pytest.approx([1, 1, 1, 1])


def test_ends_that_unseen_moves_might_join_are_said_to_be_so():
    found = journeys(["abcb"] * 10 + ["dddd"] * 10, stages=list("abcd"))
    with pytest.raises(NotIdentifiedError, match=r"2 classes.*as far as was seen.*posterior_mean"):
        found.chain().steady_state()
    with pytest.raises(NotIdentifiedError) as error:
        journeys(["abcb"] * 10 + ["dddd"] * 10, possible=LEFT_ALONE).chain().steady_state()
    assert "as far as was seen" not in str(error.value)


def test_a_time_that_an_unseen_move_would_make_infinite_is_refused():
    # From a everybody seen arrives at c; d is the end for some from b only.
    found = journeys(["aac", "acc", "bdd", "bcc", "aac"], absorbing="d").chain()
    with pytest.raises(NotIdentifiedError, match=r"arrive from a, but a move.*leads away for good"):
        found.expected_time("c")
    later = found.expected_time("c", where_reached=True).set_index("stage")
    assert later.loc["a", "estimate"] == pytest.approx(5 / 3)  # 3 of 5 moves out of a arrive
    can = pd.DataFrame(True, index=list("abcd"), columns=list("abcd"))
    can.loc["a", ["b", "d"]] = False
    said = journeys(["aac", "acc", "bdd", "bcc", "aac"], absorbing="d", possible=can).chain()
    assert said.expected_time("c")["estimate"][0] == pytest.approx(5 / 3)


def test_what_is_supposed_is_no_longer_unseen():
    panel = panel_of(LEAVING, 200, 71, stages=LEFT)
    loose = fit(panel, stages=LEFT, possible=np.triu(np.ones((4, 4), dtype=bool), -1)).chain()
    assert loose.unseen[3].tolist() == [False, False, True, False]
    with pytest.raises(DataError, match="everybody goes to 'gone'"):
        loose.what_if(source="gone", target="gone", probability=0.5)
    said = loose.what_if(source="gone", target="gone", probability=1.0)
    assert not said.unseen[3].any()
    assert (said.draws[:, 3] == [0, 0, 0, 1]).all()
    assert said.hitting_probability("loyal")["estimate"][3] == 0


def test_a_stage_that_nobody_leaves_is_named_with_what_may_be():
    found = journeys(["abcb"] * 10 + ["dddd"] * 10, stages=list("abcd"))
    text = " ".join(str(found.summary()).split())
    # Nobody in n moves: with 95 % confidence at most 1 - .05^(1/n), about 3 / n.
    assert f"leave b, c in 20 moves: at most {100 * (1 - 0.05 ** (1 / 20)):.2g}% leave" in text
    assert f"leave d in 30 moves: at most {100 * (1 - 0.05 ** (1 / 30)):.2g}% leave" in text
    assert "Nobody was seen" not in str(
        journeys(["abcb"] * 10 + ["dddd"] * 10, possible=LEFT_ALONE).summary()
    )


LEFT_ALONE = np.array([[1, 1, 1, 1], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]], dtype=bool)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"absorbing": "b"}, DataError, "from 'b' to 'a' were seen.*absorbing= rules out"),
        ({"absorbing": ["c"]}, DataError, "no stage 'c'"),
        (
            {"absorbing": "b", "possible": [[True, True], [True, False]]},
            OptionError,
            "nobody leaves 'b', and possible= that nobody stays",
        ),
        ({"absent": "c"}, DataError, "no stage 'c'"),
        ({"gaps": "absent"}, OptionError, "needs absent="),
        ({"period": "year"}, OptionError, "'month'"),
    ],
)
def test_stages_that_are_claimed_must_fit(options, error, message):
    with pytest.raises(error, match=message):
        journeys(["abab", "aabb"], **options)


# Chains that are compared


def test_equal_seeds_make_no_difference():
    # Two panels of one chain, with the same seed: 95 % intervals hold 0 in 95 %, as with two seeds.
    # 100 pairs: a standard error of .0218, four of them.
    rng = np.random.default_rng(81)
    names = ["new", "loyal"]
    held, apart = [], []
    for _ in range(100):
        panels = [panel_of([[0.7, 0.3], [0.2, 0.8]], 40, rng, stages=names) for _ in range(2)]
        one, same, other = (
            fit(p, stages=names, n_resamples=399, rng=seed).chain()
            for p, seed in zip([panels[0], panels[1], panels[1]], [5, 5, 6], strict=True)
        )
        for chain, kept in ((same, held), (other, apart)):
            table = one.compare(chain, quantity="steady_state")
            gap = table.query("quantity == 'difference' and stage == 'loyal'").iloc[0]
            kept.append((gap["ci_low"] <= 0 <= gap["ci_high"], gap["std_error"]))
    assert abs(np.mean(held, axis=0)[0] - 0.95) < 4 * 0.0218
    # Independent draws: the error of the difference is that of other seeds.
    ratio = np.mean(held, axis=0)[1] / np.mean(apart, axis=0)[1]
    assert ratio == pytest.approx(1, abs=0.02)


def test_the_same_estimate_belongs_to_itself():
    panel = panel_of(FORMATION, 60, 82)
    one, again = fit(panel).chain(), pickle.loads(pickle.dumps(fit(panel).chain()))
    table = one.compare(again, quantity="expected_time", goal="loyalty")
    gap = table[table["quantity"] == "difference"]
    assert (gap[["estimate", "std_error", "ci_low", "ci_high"]] == 0).all(axis=None)


def test_the_value_of_customers_is_the_sum_over_all_periods():
    matrix = np.array(
        [
            [0.6, 0.2, 0.1, 0.05, 0.05],
            [0.125, 0.625, 0.125, 0.0625, 0.0625],
            [0.05, 0.1, 0.5, 0.3, 0.05],
            [0, 0.1, 0.2, 0.6, 0.1],
            [0, 0, 0, 0, 1],
        ]
    )
    names = ["platinum", "gold", "silver", "bronze", "left"]
    chain = markov_chain(matrix, stages=names)
    reward = dict(zip(names, [20, 10, 5, 2, 0], strict=True))
    value = estimates(chain.discounted_value(reward, discount=0.15))
    money, power, plain = np.array([20, 10, 5, 2, 0.0]), np.eye(5), np.zeros(5)
    for t in range(400):  # 1.15 ** -400 is 1e-24
        plain += power @ money / 1.15**t
        power = power @ matrix
    np.testing.assert_allclose(value, plain, rtol=SAME)
    # 180 customers, an example published with this result.
    assert value @ [10, 20, 100, 50, 0] == pytest.approx(6241.38555365, abs=1e-7)
    customers = dict(zip(names, [10, 20, 100, 50, 0], strict=True))
    equity = chain.customer_equity(customers, reward, discount=0.15)
    assert estimates(equity)[0] == pytest.approx(6241.38555365, abs=1e-7)
    later = chain.customer_equity(customers, reward, discount=0.15, timing="after_renewal")
    # The margins of today: 10 * 20 + 20 * 10 + 100 * 5 + 50 * 2.
    assert estimates(equity)[0] - estimates(later)[0] == pytest.approx(1000, rel=SAME)
    np.testing.assert_array_equal(
        estimates(chain.discounted_value([20, 10, 5, 2, 0], discount=0.15)), value
    )
    with pytest.raises(OptionError, match="discount"):
        chain.discounted_value(reward, discount=0)
    with pytest.raises(DataError, match="rewards"):
        chain.discounted_value([1, 2], discount=0.1)
    found = fit(panel_of(LEAVING, 200, 71, stages=LEFT), stages=LEFT).chain()
    table = found.discounted_value([1, 2, 3, 0], discount=0.2)
    truth = estimates(
        markov_chain(LEAVING, stages=LEFT).discounted_value([1, 2, 3, 0], discount=0.2)
    )
    assert ((table["ci_low"] <= truth) & (truth <= table["ci_high"])).all()


def test_the_sensitivity_of_a_value_is_its_derivative():
    chain = markov_chain([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0, 0.2, 0.8]], stages=list("abc"))
    money = {"rewards": [1.0, 5.0, 20.0], "discount": 0.1}
    table = chain.sensitivity(quantity="discounted_value", **money)
    step = 1e-6
    for source, target in (("a", "c"), ("b", "b"), ("c", "a")):
        up = chain.what_if(source=source, target=target, change=step)
        slope = (
            estimates(up.discounted_value(**money)) - estimates(chain.discounted_value(**money))
        ) / step
        rows = table.query("source == @source and target == @target")
        np.testing.assert_allclose(estimates(rows), slope, rtol=1e-4)  # of one-sided steps
    with pytest.raises(OptionError, match="needs both"):
        chain.sensitivity(quantity="discounted_value", rewards=[1.0, 5.0, 20.0])
    with pytest.raises(OptionError, match="belong to"):
        chain.sensitivity(quantity="steady_state", discount=0.1)
    with pytest.raises(OptionError, match="do not go together"):
        chain.sensitivity(quantity="discounted_value", goal="c", **money)


# Customers whose rows end, and months


def test_customers_whose_rows_end_are_counted():
    words = ["aab", "ab.", "aa.", "a..", "bbb", ".ab"]
    found = journeys(words)
    assert (found.n_panel, found.n_ended) == (6, 3)
    assert found.counts.tolist() == [[2, 3], [0, 2]]
    text = " ".join(str(found.summary()).split())
    assert "rows end early 3 customers" in text
    assert "The rows of 3 of 6 customers end before the last date" in text
    # By hand: the same rows with the lacking ones written out.
    said = journeys(words, stages=list("abz"), absent="z", absorbing="z")
    written = [w if w[0] == "." else w.replace(".", "z") for w in words]
    plain = journeys(written, stages=list("abz"), absorbing="z")
    for name in ("counts", "per_date", "triples", "draws", "effective"):
        np.testing.assert_array_equal(getattr(said, name), getattr(plain, name))
    assert (said.n_ended, plain.n_ended) == (3, 0)
    assert "rows end early 3 customers, then z" in " ".join(str(said.summary()).split())
    weights = {"weights": "w"}
    panel = pd.DataFrame({"customer": [1, 1, 2, 3, 3], "date": [0, 1, 0, 0, 1], "stage": "aaaaa"})
    panel = panel.assign(stage=list("ababa"), w=[1.0, 2.0, 3.0, 4.0, 4.0])
    ended = fit(panel, stages=list("abz"), absent="z", **weights)
    assert ended.counts.tolist() == [[0, 1, 3], [4, 0, 0], [0, 0, 0]]


def test_stages_that_are_numbers_are_named_by_numbers():
    words = ["001", "01.", "0.."]
    said = journeys(words, stages=[0, 1, 2], absent=2, absorbing=[2])
    plain = journeys(words, stages=["0", "1", "2"], absent="2", absorbing="2")
    np.testing.assert_array_equal(said.draws, plain.draws)
    assert (said.absent, journeys(words, stages=[0, 1], absorbing=1).possible[1, 0]) == ("2", False)


def test_absence_in_between_is_a_choice():
    words = ["a.ab", "aa..", "aaab"]
    with pytest.raises(DataError, match='gaps="absent" puts the customer'):
        journeys(words, stages=list("abz"), absent="z")
    away = journeys(words, stages=list("abz"), absent="z", gaps="absent")
    plain = journeys(["azab", "aazz", "aaab"], stages=list("abz"))
    np.testing.assert_array_equal(away.counts, plain.counts)
    assert away.n_gaps == 1
    skipped = journeys(words, stages=list("abz"), absent="z", gaps="skip")
    assert skipped.counts.tolist() == [[3, 2, 1], [0, 0, 0], [0, 0, 1]]
    with pytest.raises(DataError, match="1 moves from 'z' to 'a' were seen"):
        journeys(words, stages=list("abz"), absent="z", gaps="absent", absorbing="z")
    panel = pd.DataFrame({"customer": [1, 1, 2], "date": [0, 1, 0], "stage": ["a", None, "a"]})
    with pytest.raises(DataError, match="customers without a row count as absent"):
        fit(panel, stages=["a", "z"], absent="z", missing="drop")
    far = pd.DataFrame({"customer": [1, 1, 2], "date": [0, 1, 10**12], "stage": ["a"] * 3})
    with pytest.raises(DataError, match="more than can be counted"):
        fit(far, stages=["a", "z"], absent="z")


@pytest.mark.parametrize(
    "dates",
    [
        [202411, 202412, 202501, 202502],
        pd.to_datetime(["2024-11-03", "2024-12-31", "2025-01-01", "2025-02-14"]),
        np.array(["2024-11", "2024-12", "2025-01", "2025-02"], dtype="datetime64[M]"),
    ],
)
def test_months_go_on_over_the_new_year(dates):
    panel = pd.DataFrame({"stage": list("abab")}).assign(customer=1, date=dates)
    found = fit(panel, stages=list("ab"), period="month")
    assert found.counts.tolist() == [[0, 2], [1, 0]]
    assert (found.n_gaps, found.dates.tolist()) == (0, [202411, 202412, 202501])
    late = panel[panel["stage"].index != 2]
    assert fit(late, stages=list("ab"), period="month", gaps="skip").n_gaps == 1


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ([1, 2, 3], "not 1;"),
        ([202413, 202501, 202502], "not 202413"),
        ([20241101, 20241201, 20250101], "not 20241101"),
        (["2024-11", "2024-12", "2025-01"], "not '2024-11'.*pandas.to_datetime"),
        ([202411.5, 202501, 202502], "not 202411.5"),
    ],
)
def test_what_is_no_month_is_refused(dates, message):
    with pytest.raises(DataError, match=message):
        estimate_movement(
            [1, 1, 1], dates, list("aba"), stages=list("ab"), period="month", n_resamples=0
        )


def test_many_customers_vary_in_groups_as_one_by_one(monkeypatch):
    panel = panel_of(FORMATION, 2000, 92)
    panel["w"] = 1.0 + panel["customer"] % 3
    alone = fit(panel, weights="w", n_resamples=8000).draws
    monkeypatch.setattr(weighting, "_GROUPS", 500)
    grouped = fit(panel, weights="w", n_resamples=8000).draws
    # Of 500 groups a variance has an error of 6 %, and of 8,000 draws of 2 %.
    np.testing.assert_allclose(grouped.mean(axis=0), alone.mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(grouped.std(axis=0) / alone.std(axis=0), 1, atol=0.13)


def test_weights_that_are_equal_are_none():
    panel = panel_of(FORMATION, 60, 91).assign(w=3.0)
    same = fit(panel, weights="w")
    assert not same.weighted
    assert same.order_test(rng=1).p_value == fit(panel).order_test(rng=1).p_value
    np.testing.assert_array_equal(same.draws, fit(panel).draws)
    customers = panel["customer"] % 2 + 1.0
    assert fit(panel.assign(w=customers), weights="w").weighted
