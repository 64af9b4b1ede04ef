"""Groups compared: by hand, against other ways to the same number, and where it is refused."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from loyaltymodel import structural
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.structural import StructuralModel, compare_groups, fit
from loyaltymodel.structural.groups import kernels

from tolerances import EXACT

MODEL = StructuralModel.from_text("x =~ x1 + x2; y =~ y1 + y2; z =~ z1; y ~ x; z ~ x + y")


def survey(sizes=(60, 90), seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    group = np.repeat([f"g{k}" for k in range(len(sizes))], sizes)
    x = rng.standard_normal(n) + shift * (group == "g1")
    y = 0.6 * x + 0.8 * rng.standard_normal(n)
    noise = rng.standard_normal((n, 5))
    answers = np.column_stack([x, x, y, y, 0.5 * (x + y)]) + 0.6 * noise
    return pd.DataFrame(answers, columns=list(MODEL.items)).assign(group=group)


def compare(data, **options):
    result = fit(MODEL, data[[*MODEL.items]], scale=(-20, 20))
    return compare_groups(result, data, groups="group", **{"n_resamples": 199, "rng": 1} | options)


def test_differences_are_those_of_separate_fits():
    data = survey((60, 90, 70))
    found = compare(data, method="bootstrap")
    fits = {g: fit(MODEL, part, scale=(-20, 20)) for g, part in data.groupby("group")}
    for quantity in ("paths", "total_effects", "loadings", "weights", "r_squared", "index"):
        table = found.differences.query("quantity == @quantity and estimate == estimate")
        for (first, second), part in table.groupby(["first", "second"]):
            apart = getattr(fits[first], quantity)["estimate"].to_numpy()
            apart = apart - getattr(fits[second], quantity)["estimate"].to_numpy()
            kept = apart if len(part) == len(apart) else apart[: len(part)]
            assert part["estimate"].to_numpy() == pytest.approx(kept, abs=1e-8), quantity


def test_scores_of_a_group_point_as_those_of_all():
    # In one group the sum of items hangs by a thread; its own rule may turn the scores round.
    data = survey()
    found = compare(data, parameters=["loadings"])
    assert (found.by_group.estimate > 0).all()


def test_order_of_rows_changes_nothing():
    data = survey()
    shuffled = data.sample(frac=1, random_state=3)
    for method in ("permutation", "bootstrap"):
        one, other = (compare(d, method=method).differences for d in (data, shuffled))
        pd.testing.assert_frame_equal(one, other, rtol=1e-7, atol=1e-9)


def test_p_value_and_interval_of_a_permutation_agree():
    table = compare(survey(shift=0.5), level=0.9).differences.dropna(subset="p_value")
    out = (table["ci_low"] > 0) | (table["ci_high"] < 0)
    assert ((table["p_value"] < 1 - 0.9) == out).all()
    assert out.any()
    assert not out.all()


@pytest.mark.parametrize("correction", ["holm", "bonferroni", "fdr_bh", "fdr_by"])
def test_adjusted_p_values_are_those_of_statsmodels(correction):
    p = np.array([0.04, 0.001, 0.3, 0.02, 0.02, 1.0])
    wanted = multipletests(p, method=correction)[1]
    assert kernels.adjusted(p, correction) == pytest.approx(wanted, rel=EXACT)


def test_p_values_are_adjusted_within_a_quantity():
    data = survey((60, 60, 60))
    found = compare(data, correction="bonferroni").differences
    for _, part in found.dropna(subset="p_value").groupby("quantity"):
        wanted = (len(part) * part["p_value"]).clip(upper=1)
        assert part["p_adjusted"].to_numpy() == pytest.approx(wanted, rel=EXACT)
    plain = compare(data, correction="none").differences
    pd.testing.assert_series_equal(plain["p_value"], plain["p_adjusted"], check_names=False)


def test_moments_of_the_others_by_brute_force():
    rng = np.random.default_rng(0)
    rows, weight = rng.standard_normal((30, 3)), rng.random(30) + 0.5
    first = kernels.permuted(30, 11, 4, rng)

    def moments(w):
        mean = w @ rows / w.sum()
        return mean, (rows * w[:, None]).T @ rows / w.sum() - np.outer(mean, mean)

    def stack(parts):
        return tuple(np.array(one) for one in zip(*parts, strict=True))

    one = stack(moments(weight * f) for f in first)
    every = stack([moments(weight)])
    found = kernels.the_others(first @ weight / weight.sum(), one, every)
    for got, wanted in zip(found, stack(moments(weight * (1 - f)) for f in first), strict=True):
        assert got == pytest.approx(wanted, abs=1e-12)
    assert (first.sum(axis=1) == 11).all()


def test_variance_of_a_mean_is_that_of_the_formula():
    # Of a mean the influences are (x - mean) / n, and the variance of a part is s^2 / n.
    x = np.random.default_rng(0).standard_normal(40)
    without = (x.sum() - x) / 39
    influence = kernels.influences(without[:, None])
    first = kernels.permuted(40, 15, 3, np.random.default_rng(1))
    for got, part in zip(
        kernels.variances(first, influence, np.ones(40)), (first, 1 - first), strict=True
    ):
        wanted = [x[row > 0].var(ddof=1) / row.sum() for row in part]
        assert got[:, 0] == pytest.approx(wanted, rel=1e-9)


def test_critical_value_by_hand():
    # Of 9 permutations 2 reach 5, so p = 3/10; alpha .45 asks for less than 4.5 of 10.
    drawn = np.array([1.0, 2, 3, 4, 6, 7, 0, 1, 2])[:, None]
    held = kernels.hold_against(np.array([5.0]), drawn, alpha=0.45)
    assert held.p_value[0] == pytest.approx(0.3)
    assert held.critical[0] == 3.0  # above it p is at most 4/10: of 9, 3 are above 3
    assert kernels.hold_against(np.array([3.0]), drawn, alpha=0.45).p_value[0] == 0.5


def test_a_planted_difference_is_found_and_another_is_not():
    found = compare(survey((200, 200), shift=0.7), parameters=["index", "paths"]).differences
    index = found.query("quantity == 'index'")
    assert (index["p_adjusted"] < 0.03).all()
    assert (index["estimate"] < 0).all()
    assert (found.query("quantity == 'paths'")["p_adjusted"] > 0.05).all()


def test_whole_clusters_are_permuted():
    # Each answer ten times, as a cluster: no surer than each once.
    data = survey((30, 30), shift=0.5).assign(who=range(60))
    ten = pd.concat([data] * 10, ignore_index=True)
    once = compare(data, parameters=["index"]).differences
    found = compare(ten, parameters=["index"], clusters="who")
    assert found.n_clusters == 60
    assert found.differences["std_error"].to_numpy() == pytest.approx(once["std_error"], rel=1e-6)
    assert found.differences["p_value"].to_numpy() == pytest.approx(once["p_value"], abs=0.1)
    alone = compare(ten, parameters=["index"]).differences
    assert (alone["std_error"] < 0.5 * once["std_error"]).all()


def weighted():
    return survey().assign(w=np.tile([1.0, 2.0], 75))


def test_unequal_weights_take_the_bootstrap_and_say_so():
    data = weighted()
    result = fit(MODEL, data, weights="w")
    found = compare_groups(
        result, data, groups="group", parameters=["paths"], n_resamples=99, rng=1
    )
    assert found.method == "bootstrap"
    assert "unequally" in " ".join(found.summary().remarks)
    with pytest.raises(OptionError, match="unequally"):
        compare_groups(result, data, groups="group", method="permutation")


def test_equal_weights_are_none():
    data = survey().assign(w=2.0)
    result = fit(MODEL, data, weights="w")
    found = compare_groups(
        result, data, groups="group", parameters=["paths"], n_resamples=99, rng=1
    )
    assert found.method == "permutation"


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (lambda d: d.assign(group="one"), {}, "one group"),
        (lambda d: d.assign(group=["a"] * 4 + ["b"] * 146), {}, r"too small: 'a' \(4\)"),
        (lambda d: d.assign(group=[None] + ["a"] * 70 + ["b"] * 79), {}, "without a group"),
        (lambda d: d.assign(x1=d["x1"].where(d["group"] == "g0", 1.0)), {}, "x1 in 'g1'"),
        (lambda d: d.assign(c=np.arange(150) % 7), {"clusters": "c"}, "two groups"),
        (lambda d: d.assign(c=d["group"]), {"clusters": "c"}, "single cluster"),
    ],
)
def test_groups_that_cannot_be_compared(change, options, says):
    with pytest.raises(DataError, match=says):
        compare(change(survey()), **options)


def test_a_group_of_whom_nobody_counts():
    data = survey().assign(w=1.0)
    data.loc[data["group"] == "g1", "w"] = 0.0
    result = fit(MODEL, data, weights="w")
    with pytest.raises(DataError, match="all weigh 0"):
        compare_groups(result, data, groups="group")


@pytest.mark.parametrize("parameters", ["paths", [], ["path"], ["alpha", "nothing"]])
def test_unknown_parameters_are_refused(parameters):
    with pytest.raises(OptionError, match="parameters"):
        compare(survey(), parameters=parameters)


def test_too_few_permutations_are_refused():
    with pytest.raises(OptionError, match="cannot show"):
        compare(survey(), n_resamples=9)


def test_it_shows_itself():
    found = compare(survey(), parameters=["paths"])
    assert "g0 60, g1 90" in str(found.summary())
    assert found.to_dict()["tables"]["differences"][0]["first"] == "g0"
    assert len(found.by_group.frame()) == 6
    assert structural.results.GroupComparison is type(found)
