"""Laws of true satisfaction: the answers they imply, what fits, and what a curve gains by it."""

import itertools

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from loyaltymodel import jones_sasser
from loyaltymodel._core.possible_answers import possible_answers
from loyaltymodel.errors import ImproperSolutionWarning, NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.estimation.true_score import (
    TrueScoreLaw,
    fit_law,
    nodes_for,
)

TEN = np.linspace(0, 1, 10)
FINE = (np.arange(4000) + 0.5) / 4000
# Densities of true scores; the skewed one and that of two peaks are no beta laws.
DENSITIES = {
    "uniform": np.ones(4000),
    "skewed": np.exp(-(1 - FINE) / 0.25),
    "skewed beta": stats.beta(5, 1.5).pdf(FINE),
    "two peaks": 0.4 * stats.beta(4, 12).pdf(FINE) + 0.6 * stats.beta(14, 3).pdf(FINE),
}


def kernel(levels, error, t):
    """Probability of each rounded answer given true scores, from the definition."""
    middle = (levels[1:] + levels[:-1]) / 2
    below = stats.norm.cdf((middle[:, None] - t) / error)
    return np.diff(np.vstack([np.zeros(len(t)), below, np.ones(len(t))]), axis=0)


def correlation(levels, seen, density):
    """Correlation of two answers of a person with independent errors."""
    w = density / density.sum()
    expected = levels @ seen
    mean = expected @ w
    return (expected**2 @ w - mean**2) / ((levels**2 @ seen) @ w - mean**2)


def world(name, levels=TEN, reliability=0.8):
    """Shares of answers, and of those who answer so and stay: L = 0.3 + 0.7 t^4."""
    w = DENSITIES[name] / DENSITIES[name].sum()
    error = optimize.brentq(
        lambda e: correlation(levels, kernel(levels, e, FINE), w) - reliability, 1e-3, 2
    )
    seen = kernel(levels, error, FINE) * w
    return seen.sum(axis=1), seen @ (0.3 + 0.7 * FINE**4), error


def fit_world(name, levels=TEN, n=3000, **options):
    """Fit a survey whose shares are those expected, so that nothing is left to chance."""
    share, stayed, _ = world(name, levels)
    return jones_sasser.fit(
        np.tile(levels, 2),
        np.repeat([1, 0], len(levels)),
        weights=n * np.concatenate([stayed, share - stayed]),
        reliability=0.8,
        **options,
    )


def test_answers_that_nobody_gave_are_possible():
    assert possible_answers(np.array([2, 3, 4, 6, 7, 9]) / 9).levels == pytest.approx(TEN)
    few = np.array([0, 0.1, 0.5, 0.9, 1])  # no equal steps: only these
    np.testing.assert_array_equal(possible_answers(few).levels, few)
    many = possible_answers(np.random.default_rng(1).random(5000))
    assert len(many.levels) == 51
    np.testing.assert_array_equal(many.place(np.array([0.0, 0.009, 0.011, 1.0])), [0, 0, 1, 50])


@pytest.mark.parametrize("reliability", [0.4, 0.8, 0.97])
@pytest.mark.parametrize("kind", ["masses", "beta", "normal"])
def test_parallel_answers_correlate_as_the_reliability(kind, reliability):
    counts = np.array([[20, 15, 25, 40, 70, 110, 180, 250, 190, 100.0]])
    law = fit_law(kind, possible_answers(TEN), counts, reliability)
    seen = kernel(TEN, law.error[0], law.nodes.at)
    assert correlation(TEN, seen, law.weights[0]) == pytest.approx(reliability, abs=1e-8)
    # Drawn from the law, with no formula between.
    rng = np.random.default_rng(1)
    true = rng.choice(law.nodes.at, p=law.weights[0], size=400_000)
    pair = [
        np.rint((true + law.error[0] * rng.standard_normal(400_000)).clip(0, 1) * 9)
        for _ in range(2)
    ]
    assert np.corrcoef(pair)[0, 1] == pytest.approx(reliability, abs=0.005)


@pytest.mark.parametrize("reliability", [0.5, 0.8, 0.97])
@pytest.mark.parametrize(
    ("kind", "parameters", "law"),
    [
        ("normal", (0.7, np.log(0.25)), stats.norm(0.7, 0.25)),
        ("beta", (np.log(4.0), np.log(5.0)), stats.beta(4, 1)),
        ("beta", (0.0, np.log(1.2)), stats.beta(0.6, 0.6)),
    ],
)
def test_true_scores_given_an_answer_by_bayes(kind, parameters, law, reliability):
    from loyaltymodel.jones_sasser.estimation.true_score import _weights  # noqa: PLC0415

    error = 0.3 * np.sqrt(1 - reliability)
    nodes = nodes_for(error, kind)
    weights = _weights(kind, nodes, np.array([parameters]))
    found = TrueScoreLaw(
        kind, possible_answers(TEN), nodes, weights, np.array([error]), weights, np.zeros((1, 2))
    )
    posterior, at = found.posterior()[0], found.satisfaction
    limits = np.concatenate([[-np.inf], (TEN[1:] + TEN[:-1]) / 2, [np.inf]])
    ends = (-2.0, 0.0, 0.1, 0.5, 0.9, 1.0, 3.0) if kind == "normal" else (1e-12, 0.1, 0.5, 0.9, 1)
    for answer in (0, 3, 9):
        low, high = limits[answer], limits[answer + 1]

        def seen(t, low=low, high=high):
            return stats.norm.cdf((high - t) / error) - stats.norm.cdf((low - t) / error)

        for g in (lambda t: t**4, lambda t: 1 / (1 + np.exp(-12 * (t - 0.7)))):
            total = expected = 0.0
            for first, last in itertools.pairwise(ends):
                total += integrate.quad(lambda t: law.pdf(t) * seen(t), first, last)[0]
                expected += integrate.quad(
                    lambda t: g(np.clip(t, 0, 1)) * law.pdf(t) * seen(t),  # noqa: B023
                    first,
                    last,
                )[0]
            assert posterior[answer] @ g(at) == pytest.approx(expected / total, abs=2e-3)


@pytest.mark.parametrize(("kind", "name"), [("beta", "skewed beta"), ("normal", "skewed")])
def test_a_law_of_two_numbers_is_of_maximum_likelihood(kind, name):
    counts = np.random.default_rng(2).multinomial(2000, world(name)[0]).astype(float)
    found = fit_law(kind, possible_answers(TEN), counts[None], 0.8)
    t = np.linspace(-1.5, 2.5, 8001)[:-1] + 0.00025 if kind == "normal" else FINE

    def log_likelihood(p):
        if kind == "normal":
            density = stats.norm.pdf(t, p[0], np.exp(p[1]))
        else:
            mean, precision = 1 / (1 + np.exp(-p[0])), np.exp(p[1])
            density = stats.beta.pdf(t, mean * precision, (1 - mean) * precision)
        w = density / density.sum()
        error = optimize.brentq(
            lambda e: correlation(TEN, kernel(TEN, e, t), w) - 0.8, 1e-3, 2, xtol=1e-7
        )
        return counts @ np.log(kernel(TEN, error, t) @ w)

    at = found.parameters[0]
    value = counts @ np.log(found.fitted[0])
    assert log_likelihood(at) == pytest.approx(value, abs=0.05)
    for step in ((0.02, 0), (-0.02, 0), (0, 0.05), (0, -0.05)):
        assert log_likelihood(at + step) < log_likelihood(at)


@pytest.mark.parametrize("name", list(DENSITIES))
def test_free_masses_are_next_to_maximum_likelihood(name):
    counts = np.random.default_rng(3).multinomial(3000, world(name)[0]).astype(float)
    found = fit_law("masses", possible_answers(TEN), counts[None], 0.8)
    # No law at all, with this error, can be better by more than this (Lindsay 1983).
    fitted = found.fitted[0]
    slope = (counts / fitted) @ kernel(TEN, found.error[0], np.linspace(0, 1, 1001))
    assert slope.max() - counts.sum() < 15
    given = counts[counts > 0]
    assert counts @ np.log(fitted) > given @ np.log(given / counts.sum()) - 6


def test_a_batch_of_laws_is_as_one_by_one():
    counts = np.random.default_rng(4).multinomial(2000, world("skewed")[0], 3).astype(float)
    for kind in ("masses", "beta", "normal"):
        first = fit_law(kind, possible_answers(TEN), counts[:1], 0.8)
        batch = fit_law(kind, first.answers, counts, 0.8, like=first)
        for row, each in enumerate(counts):
            alone = fit_law(kind, first.answers, each[None], 0.8, like=first)
            np.testing.assert_allclose(batch.fitted[row], alone.fitted[0], atol=1e-6)
            assert batch.error[row] == pytest.approx(alone.error[0], rel=1e-5)


@pytest.mark.parametrize("name", list(DENSITIES))
def test_k_is_found_whatever_the_law_of_true_scores(name):
    free = fit_world(name)
    assert free.curve.parameters["k"] == pytest.approx(4, abs=0.25)
    assert free.curve.parameters["hi"] == pytest.approx(1, abs=0.04)
    assert free.values[free.names.index("c")] == pytest.approx(0.3, abs=0.01)
    normal = fit_world(name, true_scores="normal")
    # What the normal law makes of it: 2.8, 2.3, 2.5 and 1.6.
    assert normal.curve.parameters["k"] < 3


def test_a_beta_law_is_right_where_it_holds():
    for name in ("uniform", "skewed beta"):
        found = fit_world(name, true_scores="beta").curve.parameters
        assert found["k"] == pytest.approx(4, abs=0.05)


def draw(name, n, seed):
    rng = np.random.default_rng(seed)
    true = rng.choice(FINE, p=DENSITIES[name] / DENSITIES[name].sum(), size=n)
    seen = np.rint((true + world(name)[2] * rng.standard_normal(n)).clip(0, 1) * 9) / 9
    return seen, (rng.random(n) < 0.3 + 0.7 * true**4) * 1


def test_errors_hold_that_the_law_is_estimated():
    s, y = draw("two peaks", 3000, 1)
    options = {"reliability": 0.8, "fixed": {"lo": 0.0, "hi": 1.0}}
    errors = {}
    for kind in ("model", "robust", "bootstrap"):
        found = jones_sasser.fit(s, y, std_errors=kind, n_resamples=600, rng=1, **options)
        errors[kind] = np.sqrt(np.diag(found.uncertainty.covariance))[2]
    assert jones_sasser.fit(s, y, **options).uncertainty.kind == "robust"
    # The bootstrap estimates the law again in each resample; its own error is 3 %.
    assert errors["robust"] == pytest.approx(errors["bootstrap"], rel=0.12)
    assert errors["model"] < 0.95 * errors["robust"]


def test_a_bootstrap_estimates_law_and_curve_again():
    s, y = draw("skewed", 800, 2)
    options = {"reliability": 0.8, "fixed": {"lo": 0.0, "hi": 1.0}}
    found = jones_sasser.fit(s, y, std_errors="bootstrap", n_resamples=40, rng=5, **options)
    # The same resamples, drawn in the same way, and fitted one by one.
    observed = found.sample.observations
    rng = np.random.default_rng(5)
    drawn = rng.multinomial(800, observed.count / 800, size=40)
    for people, k in zip(drawn[:6], found.uncertainty.draws[:6, 2], strict=True):
        rows = np.repeat(np.arange(len(people)), people)
        alone = jones_sasser.fit(
            observed.satisfaction[observed.cell][rows], observed.answer[1][rows], **options
        )
        assert k == pytest.approx(alone.values[2], rel=2e-3)


def test_weights_count_as_people_for_the_law():
    s, y = draw("skewed", 500, 3)
    often = np.random.default_rng(3).integers(1, 4, 500)
    weighted = jones_sasser.fit(s, y, weights=often, reliability=0.8)
    repeated = jones_sasser.fit(np.repeat(s, often), np.repeat(y, often), reliability=0.8)
    np.testing.assert_allclose(weighted.values, repeated.values, atol=1e-5)


class TestOfTheLaw:
    @pytest.mark.study
    def test_it_rejects_a_wrong_law_and_keeps_a_right_one(self):
        rejected = {"normal": 0, "beta": 0}
        for seed in range(30):
            s, y = draw("skewed beta", 1000, seed)
            result = jones_sasser.fit(s, y, reliability=0.8, fixed={"lo": 0.0, "hi": 1.0})
            for law in rejected:
                test = jones_sasser.hypothesis_test(result, "true scores", true_scores=law)
                rejected[law] += test.p_value < 0.05
        assert rejected["normal"] == 30
        assert rejected["beta"] <= 5  # 1.5 of 30 are expected; more than 5 in 1 of 300 studies

    def test_statistic_is_pearsons(self):
        s, y = draw("uniform", 2000, 1)
        result = jones_sasser.fit(s, y, reliability=0.8)
        found = jones_sasser.hypothesis_test(result, "true scores", true_scores="beta")
        counts = np.unique(s, return_counts=True)[1]
        law = fit_law("beta", possible_answers(TEN), counts[None].astype(float), 0.8)
        expected = stats.chisquare(counts, 2000 * law.fitted[0] / law.fitted[0].sum(), ddof=2)
        assert found.df == 7
        assert found.statistic == pytest.approx(expected.statistic, rel=0.02)
        assert found.p_value == pytest.approx(expected.pvalue, abs=0.02)

    @pytest.mark.study
    def test_weights_that_are_unequal_are_no_evidence(self):
        p = []
        for seed in range(30):
            s, y = draw("skewed beta", 1000, seed)
            w = np.random.default_rng(seed).choice([1.0, 9.0], 1000)
            result = jones_sasser.fit(s, y, weights=w, reliability=0.8, fixed={"lo": 0, "hi": 1})
            p.append(
                jones_sasser.hypothesis_test(result, "true scores", true_scores="beta").p_value
            )
        assert np.mean(np.array(p) < 0.05) <= 5 / 30

    def test_refusals(self):
        s, y = draw("uniform", 500, 1)
        plain = jones_sasser.fit(s, y)
        with pytest.raises(OptionError, match="fit with reliability"):
            jones_sasser.hypothesis_test(plain, "true scores")
        result = jones_sasser.fit(s, y, reliability=0.8)
        with pytest.raises(OptionError, match="nothing to test"):
            jones_sasser.hypothesis_test(result, "true scores", true_scores="masses")
        with pytest.raises(OptionError, match="true_scores"):
            jones_sasser.fit(s, y, reliability=0.8, true_scores="gamma")
        three = jones_sasser.fit(np.rint(s * 2) / 2, y, reliability=0.8, fixed={"lo": 0, "hi": 1})
        with pytest.raises(NotIdentifiedError, match="too few answers"):
            jones_sasser.hypothesis_test(three, "true scores")

    def test_two_answers_determine_one_number(self):
        s, y = draw("uniform", 500, 1)
        two = np.rint(s)
        with pytest.raises(NotIdentifiedError, match="2 possible answers determine 1"):
            jones_sasser.fit(two, y, reliability=0.8, true_scores="beta", fixed={"lo": 0, "hi": 1})


def test_remarks_name_the_law_and_what_does_not_fit():
    s, y = draw("two peaks", 2000, 1)
    result = jones_sasser.fit(s, y, reliability=0.8)
    assert "free masses of true scores" in " ".join(str(result.summary()).split())
    with pytest.warns(ImproperSolutionWarning, match='choose true_scores="masses"'):
        normal = jones_sasser.fit(s, y, reliability=0.8, true_scores="normal")
    assert "does not fit the answers" in " ".join(str(normal.summary()).split())


def test_the_top_has_no_upper_end_where_satisfaction_is_corrected():
    rng = np.random.default_rng(4)
    true = rng.beta(4, 3, 1500)
    seen = np.rint((true + 0.1 * rng.standard_normal(1500)).clip(0, 1) * 9) / 9
    stayed = rng.random(1500) < 0.3 + 0.7 * 0.7 * true**2
    ends = {}
    for reliability in (None, 0.8):
        fitted = jones_sasser.fit(seen, stayed, reliability=reliability, std_errors="robust")
        ends[reliability] = fitted.parameters.set_index("parameter").loc["hi"]
        assert ends[reliability]["ci_low"] < ends[reliability]["estimate"]
    assert ends[None]["ci_high"] < 1 == ends[0.8]["ci_high"]
    known = jones_sasser.fit(seen, stayed, reliability=0.8, fixed={"lo": 0.0, "hi": 0.7})
    assert known.parameters.set_index("parameter").loc["hi", "ci_high"] == 0.7
