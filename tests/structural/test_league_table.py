"""League tables: indices of separate fits, ranks by hand, ties, and where it is refused."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import structural
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.structural import StructuralModel, fit, league_table
from loyaltymodel.structural.groups import kernels

MODEL = StructuralModel.from_text("s =~ s1 + s2; l =~ l1 + l2; l ~ s")


def survey(levels, n=60, seed=0):
    rng = np.random.default_rng(seed)
    s = np.repeat(levels, n) + rng.standard_normal(n * len(levels))
    answers = np.column_stack([s, s, 0.6 * s, 0.6 * s]) + 0.7 * rng.standard_normal((len(s), 4))
    names = np.repeat([f"c{k}" for k in range(len(levels))], n)
    return pd.DataFrame(answers + 10, columns=list(MODEL.items)).assign(company=names)


def league(data, **options):
    result = fit(MODEL, data, scale=(0, 20))
    more = {"construct": "s", "n_resamples": 199, "rng": 1} | options
    return league_table(result, data, groups="company", **more)


def test_pooled_indices_by_hand():
    data = survey([0, 1, 2])
    result = fit(MODEL, data, scale=(0, 20))
    v = result.weights.query("construct == 's'")["estimate"].to_numpy()
    v = v / data[["s1", "s2"]].std().to_numpy()
    found = league(data).ranks.set_index("group")
    for name, part in data.groupby("company"):
        means = part[["s1", "s2"]].mean().to_dict()
        index = structural.satisfaction_index(
            means, dict(zip(["s1", "s2"], v, strict=True)), scale={"s1": (0, 20), "s2": (0, 20)}
        )
        assert found.loc[name, "estimate"] == pytest.approx(index, abs=1e-8)


def test_own_weights_are_those_of_separate_fits():
    data = survey([0, 1, 2])
    found = league(data, outer_weights="own").ranks.set_index("group")
    for name, part in data.groupby("company"):
        index = fit(MODEL, part, scale=(0, 20)).index["estimate"][0]
        assert found.loc[name, "estimate"] == pytest.approx(index, abs=1e-8)


def test_ranks_by_hand():
    # 1 is surely above 3 only; 2 differs from nobody.
    estimate = np.array([3.0, 2.0, 0.0])
    pairs = kernels.Pairs(
        np.array([0, 0, 1]), np.array([1, 2, 2]), estimate[[0, 0, 1]] - estimate[[1, 2, 2]],
        np.ones(3), np.full(3, 2.5), np.ones(3),
    )  # fmt: skip
    low, high = kernels.rank_ends(pairs, 3)
    assert low.tolist() == [1, 1, 2]
    assert high.tolist() == [2, 3, 3]


def test_table_is_sorted_and_agrees_with_itself():
    found = league(survey([0.0, 3.0, 1.5, 0.1]))
    ranks = found.ranks
    assert ranks["group"].tolist()[:2] == ["c1", "c2"]
    assert ranks["rank"].tolist() == [1, 2, 3, 4]
    assert ((ranks["rank_first"] <= ranks["rank"]) & (ranks["rank"] <= ranks["rank_last"])).all()
    assert ranks["rank_first"].tolist()[:2] == [1, 2]
    assert ranks["rank_last"].tolist()[:2] == [1, 2]
    table = found.differences
    out = (table["ci_low"] > 0) | (table["ci_high"] < 0)
    assert ((table["p_adjusted"] < 1 - 0.95) == out).all()
    assert found.differs.to_numpy().sum() == 2 * out.sum()
    assert (found.differs.sum(axis=1).to_numpy() == ranks["n_above"] + ranks["n_below"]).all()


def test_simultaneous_intervals_are_wider_than_single_ones():
    found = league(survey(np.zeros(6)))
    table = found.differences
    assert ((table["ci_high"] - table["ci_low"]) / table["std_error"] > 2 * 1.96).all()
    # For six groups of equal size Tukey's studentised range has the critical value
    # 4.06 / sqrt(2) = 2.87 with some hundred degrees of freedom.
    critical = ((table["ci_high"] - table["ci_low"]) / (2 * table["std_error"])).iloc[0]
    assert critical == pytest.approx(2.87, abs=0.25)


def test_ranks_hold_where_all_tie():
    # With the level 80 % a failure in more than 12 of 30 surveys would have a chance of .003.
    failed = 0
    for seed in range(30):
        found = league(survey(np.zeros(5), seed=seed), level=0.8)
        failed += not ((found.rank_first == 1) & (found.rank_last == 5)).all()
    assert failed <= 12


def test_order_of_rows_changes_nothing():
    data = survey([0, 0.3, 1])
    for weights in ("pooled", "own"):
        one, other = (
            league(d, outer_weights=weights).ranks
            for d in (data, data.sample(frac=1, random_state=2))
        )
        pd.testing.assert_frame_equal(one, other, rtol=1e-7)


def test_clusters_and_weights():
    data = survey([0, 1], n=30).assign(who=range(60), w=1.0)
    ten = pd.concat([data] * 10, ignore_index=True)
    once, alone = league(data).ranks, league(ten).ranks
    both = league(ten, clusters="who").ranks
    assert both["std_error"].to_numpy() == pytest.approx(once["std_error"], rel=0.2)
    assert (alone["std_error"] < 0.5 * once["std_error"]).all()
    # A weight of 2 is as good as twice the row, for the estimates.
    heavy = data.assign(w=np.where(data.index < 10, 2.0, 1.0))
    twice = pd.concat([data, data.iloc[:10]], ignore_index=True)
    result = fit(MODEL, heavy, weights="w", scale=(0, 20))
    found = league_table(result, heavy, groups="company", construct="s", n_resamples=99, rng=1)
    assert found.ranks["estimate"].to_numpy() == pytest.approx(league(twice).ranks["estimate"])


def test_what_cannot_be_ranked():
    data = survey([0, 1])
    with pytest.raises(OptionError, match="no construct 'satisfaction'"):
        league(data, construct="satisfaction")
    with pytest.raises(DataError, match="scale"):
        league_table(fit(MODEL, data), data, groups="company", construct="s")
    with pytest.raises(DataError, match="one group"):
        league(data.assign(company="c"))
    with pytest.raises(DataError, match="too small"):
        league(data.assign(company=["a", *["b"] * 119]))
    with pytest.raises(DataError, match="too small"):
        league(data.assign(company=[*["a"] * 4, *["b"] * 116]), outer_weights="own")
    turned = survey([0, 3, 6])  # one item falls in one company only, and rises over all
    turned.loc[turned["company"] == "c1", "s2"] = 20 - 2 * turned["s1"]
    with pytest.raises(DataError, match="no index in"):
        _own(turned)


def _own(data):
    result = fit(MODEL, data, scale=(-100, 100))
    return league_table(
        result, data, groups="company", construct="s", outer_weights="own", n_resamples=99, rng=1
    )
