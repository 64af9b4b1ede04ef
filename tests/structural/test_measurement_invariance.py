"""MICOM: c and the moments of scores by the answers themselves, and verdicts of planted worlds."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.errors import OptionError
from loyaltymodel.structural import StructuralModel, fit, measurement_invariance

MODEL = StructuralModel.from_text("x =~ x1 + x2 + x3; y =~ y1 + y2; z =~ z1; y ~ x; z ~ y")


def survey(sizes=(80, 120), *, seed=0, loading=1.0, shift=0.0, spread=1.0):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    other = np.arange(n) >= sizes[0]
    x = rng.standard_normal(n)
    y = 0.6 * x + 0.8 * rng.standard_normal(n)
    answers = np.column_stack([x, x * np.where(other, loading, 1.0), x, y, y, y])
    answers = answers + 0.6 * rng.standard_normal(answers.shape)
    answers = answers * np.where(other, spread, 1.0)[:, None] + shift * other[:, None]
    return pd.DataFrame(answers, columns=list(MODEL.items)).assign(group=np.where(other, "b", "a"))


def invariance(data, **options):
    result = fit(MODEL, data)
    return measurement_invariance(
        result, data, groups="group", **{"n_resamples": 199, "rng": 1} | options
    )


@pytest.mark.parametrize("scores", ["standardised", "unstandardised"])
def test_composition_by_scores_of_both_groups(scores):
    data = survey(loading=0.3, spread=2.0).sample(frac=1, random_state=1)  # not sorted by group
    found = invariance(data, scores=scores)
    items = data[list(MODEL.items)]
    z = (items - items.mean()) / items.std() if scores == "standardised" else items
    for k, construct in enumerate(MODEL.names):
        made = []
        for _, part in data.groupby("group"):
            w = fit(MODEL, part).weights
            w = w[w["construct"] == construct]
            v = w["estimate"].to_numpy()
            if scores == "unstandardised":
                v = v / part[list(w["item"])].std().to_numpy()
            made.append(z[list(w["item"])].to_numpy() @ v)
        assert found.statistic[0, k, 0] == pytest.approx(np.corrcoef(*made)[0, 1], abs=1e-8)


def test_means_and_variances_of_pooled_scores():
    data = survey(shift=0.4, spread=1.5)
    found = invariance(data)
    items = data[list(MODEL.items)]
    z = (items - items.mean()) / items.std(ddof=0)
    weights = fit(MODEL, data).weights
    for k, construct in enumerate(MODEL.names):
        w = weights[weights["construct"] == construct]
        score = z[list(w["item"])].to_numpy() @ w["estimate"].to_numpy()
        a, b = (score[data["group"] == g] for g in "ab")
        assert found.statistic[0, k, 1] == pytest.approx(a.mean() - b.mean(), abs=1e-8)
        ratio = np.log(a.var(ddof=1) / b.var(ddof=1))
        assert found.statistic[0, k, 2] == pytest.approx(ratio, abs=1e-8)


def test_shuffled_rows_give_the_same_numbers():
    data = survey(loading=0.5, shift=0.3)
    one, other = (invariance(d).tests for d in (data, data.sample(frac=1, random_state=5)))
    pd.testing.assert_frame_equal(one, other, rtol=1e-7, atol=1e-9)


def test_verdicts_of_planted_worlds():
    full = invariance(survey((150, 150))).verdicts
    assert list(full["verdict"]) == ["full"] * 3
    shifted = invariance(survey((150, 150), shift=0.6)).verdicts
    assert list(shifted["verdict"]) == ["partial"] * 3
    tilted = invariance(survey((200, 200), loading=-0.3, seed=2)).verdicts
    assert tilted["verdict"][0] == "none"
    assert tilted["verdict"][2] != "none"  # a single item composes itself


def test_single_items_are_their_own_scores():
    tests = invariance(survey()).tests
    row = tests.query("construct == 'z' and test == 'composition'").iloc[0]
    assert row["statistic"] == pytest.approx(1.0)
    assert row["p_value"] == 1.0


def test_p_value_and_critical_values_agree():
    table = invariance(survey(loading=0.2, shift=0.2), level=0.9).tests
    outside = table["statistic"] < table["critical_lower"] - 1e-9
    outside |= table["statistic"] > table["critical_upper"] + 1e-9
    assert ((table["p_value"] < 1 - 0.9) == outside).all()


def test_three_groups_are_held_against_each_other():
    data = survey((90, 90)).assign(group=np.repeat(["a", "b", "c"], 60))
    found = invariance(data)
    assert found.statistic.shape == (3, 3, 3)
    assert len(found.verdicts) == 9
    assert found.checklist.shape == (6, 2)
    assert "no test" in str(found.summary())


def test_unequal_weights_are_refused():
    data = survey().assign(w=np.tile([1.0, 2.0], 100))
    with pytest.raises(OptionError, match="unequally"):
        measurement_invariance(fit(MODEL, data, weights="w"), data, groups="group")
