"""Power from models: closed forms where there are some, and other ways to the same numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f, ncf, norm

from loyaltymodel import jones_sasser, planning, structural
from loyaltymodel.errors import ModelError, NotIdentifiedError, OptionError
from loyaltymodel.planning.kernels import line_of_probits
from loyaltymodel.structural import StructuralModel, Truth
from loyaltymodel.survey import Codebook, Item, Questionnaire, Scale

from tolerances import SAME

PAIR = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
WORLD = Truth(paths={("a", "b"): 0.25}, loadings={"a1": 1, "b1": 1}, means=6, deviations=2)
FOUR = StructuralModel.from_text(
    "q =~ q1 + q2 + q3; v =~ v1 + v2; s =~ s1 + s2 + s3; v ~ q; s ~ q + v"
)
PATHS = {("q", "v"): 0.5, ("q", "s"): 0.4, ("v", "s"): 0.2}
TRUTH = Truth(paths=PATHS, loadings=dict.fromkeys(FOUR.items, 0.8), means=7, deviations=2)
N = 4000
CHANCE = 4 * math.sqrt(0.25 / N)  # four Monte Carlo errors


def power(model=PAIR, truth=WORLD, **options):
    given = {"n_obs": [80, 125, 200], "n_surveys": N, "rng": 1} | options
    return planning.simulate_power(model, truth, **given)


def test_a_path_of_single_items_is_a_correlation():
    found = power(path=("a", "b"))
    # The standard deviation of a correlation is (1 - r^2) / root(n - 1) to the first order.
    assert found.std_error == pytest.approx((1 - 0.25**2) / np.sqrt(found.sizes - 1), rel=0.04)
    # The test of Fisher's z, whose error is 1 / root(n - 3).
    known = norm.cdf(np.arctanh(0.25) * np.sqrt(found.sizes - 3) - 1.96)
    assert found.power == pytest.approx(known, abs=CHANCE)
    assert found.truth == pytest.approx(0.25, abs=SAME)


def test_a_path_of_two_drivers_is_a_slope():
    model = StructuralModel.from_text("a =~ a1; b =~ b1; y =~ y1; y ~ a + b")
    truth = Truth(
        paths={("a", "y"): 0.2, ("b", "y"): 0.4}, loadings=dict.fromkeys(model.items, 1.0)
    )
    found = power(model, truth, path=("a", "y"))
    # The F test of a partial slope with R2 = 0.2: noncentrality n 0.04 / (1 - 0.2).
    known = ncf.sf(f.ppf(0.95, 1, found.sizes - 3), 1, found.sizes - 3, found.sizes * 0.04 / 0.8)
    assert found.power == pytest.approx(known, abs=CHANCE + 0.02)


def test_nothing_is_found_where_nothing_is():
    null = Truth(paths={("a", "b"): 0.0}, loadings={"a1": 1, "b1": 1})
    found = power(truth=null, path=("a", "b"))
    assert found.power == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / N) + 0.005)


def test_an_index_of_one_item_is_a_mean():
    found = power(index="a", margin=3.0, scale=(1, 10))
    error = 100 / 9 * 2 / np.sqrt(found.sizes)
    assert found.std_error == pytest.approx(error, rel=0.05)
    assert found.power == pytest.approx(2 * norm.cdf(3 / error) - 1, abs=CHANCE)
    moments = structural.population(PAIR, WORLD).moments(100)
    index = planning.Quantity.index(moments, scale=(1, 10), weights={"a1": 1})
    assert found.truth == pytest.approx(index.expected, abs=SAME)


def test_two_groups_are_two_means():
    moved = Truth(paths=WORLD.paths, loadings=WORLD.loadings, means=6.7, deviations=2)
    found = power(index="b", other=moved, ratio=2, scale=(1, 10))
    assert found.truth == pytest.approx(70 / 9, abs=SAME)
    known = planning.power(
        planning.Quantity.mean(sd=2), found.sizes.tolist(), difference=0.7, ratio=2
    )
    assert found.power == pytest.approx(known.power, abs=CHANCE + 0.01)


def test_stacks_of_moments_are_fits_of_drawn_answers():
    """The same powers by drawing answers and fitting each survey by itself."""
    found = power(FOUR, TRUTH, path=("v", "s"), n_obs=150, n_surveys=2000)
    rng = np.random.default_rng(5)
    estimates = [
        structural.fit(FOUR, structural.simulate(FOUR, TRUTH, 150, rng)).solution.paths[1, 2]
        for _ in range(150)
    ]
    assert found.std_error[0] == pytest.approx(np.std(estimates, ddof=1), rel=4 / math.sqrt(300))
    mean = found.truth + found.bias[0]
    assert mean == pytest.approx(np.mean(estimates), abs=4 * found.std_error[0] / math.sqrt(150))
    fitted = structural.fit(FOUR, structural.population(FOUR, TRUTH).moments(150))
    assert found.truth == pytest.approx(fitted.solution.paths[1, 2], abs=1e-6)  # tol is 1e-8


def test_rounded_answers_are_attenuated():
    world = Truth(paths=WORLD.paths, loadings=WORLD.loadings, means=3, deviations=1)
    options = {"path": ("a", "b"), "n_obs": [80, 125], "n_surveys": 500}
    rounded = power(truth=world, answers="scale", scale=(1, 5), **options)
    # Rounding to whole numbers adds a variance of about 1 / 12 to 1.
    assert rounded.truth == pytest.approx(0.25 / (1 + 1 / 12), abs=0.02)
    assert power(truth=world, **options).truth == pytest.approx(0.25, abs=SAME)


def test_the_size_for_a_power_has_an_honest_error():
    options = {"path": ("a", "b"), "n_surveys": 400}
    sizes = [power(rng=seed, **options).n_for_power(0.8) for seed in range(30)]
    found = pd.DataFrame(sizes)
    assert found["std_error"].mean() == pytest.approx(found["n_obs"].std(), rel=0.5)
    # Fisher: n = ((1.96 + 0.8416) / atanh(r))^2 + 3 = 123.3.
    assert found["n_obs"].mean() == pytest.approx(123.3, rel=0.05)


def test_a_line_through_exact_powers_is_found():
    sizes = np.array([50.0, 100.0, 200.0])
    line, _ = line_of_probits(sizes, norm.cdf(0.25 * np.sqrt(sizes) - 1.96), 100, within=False)
    assert line == pytest.approx([-1.96, 0.25], rel=SAME)


def test_more_sizes_change_no_other():
    few, many = (power(path=("a", "b"), n_obs=n, n_surveys=200) for n in ([80], [80, 90]))
    assert few.power[0] == many.power[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the two"),
        ({"path": ("a", "b"), "index": "a"}, "one of the two"),
        ({"path": ("b", "a")}, "no path"),
        ({"path": ("a", "c")}, "no construct"),
        ({"index": "a", "margin": 1}, "scale"),
        ({"index": "a", "scale": (1, 10)}, "margin"),
        ({"path": ("a", "b"), "margin": 1}, "margin"),
        ({"path": ("a", "b"), "ratio": 2}, "second group"),
        ({"path": ("a", "b"), "answers": "scale"}, "scale"),
        ({"path": ("a", "b"), "n_obs": 2}, "n_obs"),
        ({"path": ("a", "b"), "n_surveys": 10}, "n_surveys"),
        ({"index": "a", "margin": 1, "scale": (1, 5)}, "means"),
    ],
)
def test_refused_by_name(options, words):
    with pytest.raises(OptionError, match=words):
        planning.simulate_power(PAIR, WORLD, **{"n_obs": 100} | options)


# The curve


def test_errors_of_a_curve_are_those_of_fits():
    curve = jones_sasser.curve("power", {"hi": 0.9, "k": 2})
    held = {"cars": 0.2, "telephone": 0.5}
    found = planning.curve_precision(curve, n_obs=1500, constraints=held, levels=10)
    options = {"model": curve, "constraints": held, "levels": 10}
    rows = []
    for seed in range(30):
        people = jones_sasser.simulate(3000, rng=seed, **options)
        fit = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
        rows.append(fit.parameters.set_index("parameter")["estimate"])
    drawn = pd.DataFrame(rows).std()
    known = found.parameters.set_index("parameter")["std_error"]
    assert set(known.index) == {"hi", "k", "c[cars]", "c[telephone]"}
    # The spread of 30 estimates has an error of 13 %.
    assert (drawn[known.index] / known).between(0.6, 1.4).all()


def test_information_of_a_known_curve_is_that_of_shares():
    # With hi and k known, c is a share: L = c + (1 - c) g, information n (1 - g)^2 / L (1 - L).
    curve = jones_sasser.curve("power", {"hi": 0.8, "k": 1})
    found = planning.curve_precision(
        curve, n_obs=100, constraints={"x": 0.3}, mean=0.0, sd=1e-6, levels=2,
        fixed=["lo", "hi", "k"],
    )  # fmt: skip
    # Everybody is at the lowest answer, g = 0: the error of a share of 0.3.
    assert found.errors[0, 0] == pytest.approx(math.sqrt(0.3 * 0.7 / 100), rel=SAME)


def test_a_curve_that_cannot_be_told_is_refused():
    curve = jones_sasser.curve("power", {"hi": 0.9, "k": 2})
    with pytest.raises(NotIdentifiedError, match="apart"):
        planning.curve_precision(curve, n_obs=100, constraints={"x": 0.3}, levels=2)
    with pytest.raises(OptionError, match="no parameter"):
        planning.curve_precision(curve, n_obs=100, fixed=["b1"])


# Rehearsals

TEN = Scale(lowest=1, highest=10, dont_know=[99])
GRADES = Scale(lowest=1, highest=6, direction="down")
BOOK = Codebook(
    title="pilot",
    scales={"ten": TEN, "grades": GRADES},
    items=[
        Item(name="s1", scale="ten"),
        Item(name="s2", scale="ten", reversed=True, dont_know=[98]),
        Item(name="l1", scale="grades"),
        Item(name="age", scale="ten"),
    ],
)
ASKED = StructuralModel.from_text("s =~ s1 + s2; l =~ l1; l ~ s")
TRUE = Truth(
    paths={("s", "l"): 0.6},
    loadings={"s1": 0.9, "s2": 0.8, "l1": 1.0},
    means={"s1": 6.5, "s2": 6, "l1": 4},
    deviations={"s1": 2, "s2": 1.8, "l1": 1},
)


def test_a_rehearsal_comes_back_as_its_truth():
    raw = planning.rehearse(BOOK, TRUE, 4000, model=ASKED, rng=1)
    assert list(raw.columns) == ["s1", "s2", "l1", "age"]
    read = BOOK.clean(raw)
    assert read[["s1", "s2", "l1"]].mean().to_list() == pytest.approx([6.5, 6, 4], abs=0.1)
    found = structural.fit(ASKED, read, consistent=True).paths["estimate"].item()
    assert found == pytest.approx(0.6, abs=0.06)  # rounding to six grades attenuates
    assert raw["s1"].corr(raw["l1"]) < 0 < read["s1"].corr(read["l1"])


def test_a_rehearsal_has_the_gaps_that_were_asked_for():
    raw = planning.rehearse(
        BOOK, TRUE, 5000, rng=1, model=ASKED, missing_share=0.1, dont_know_share=0.05,
        careless_share=0.2,
    )  # fmt: skip
    assert raw["s1"].isna().mean() == pytest.approx(0.8 * 0.1, abs=0.02)
    assert (raw["s1"] == 99).mean() == pytest.approx(0.8 * 0.05, abs=0.02)
    assert (raw["s2"] == 98).any()
    assert not raw["l1"].isin([98, 99]).any()
    straight = (raw["s1"] == raw["s2"]) & (raw["s1"] == raw["age"])
    assert straight.mean() > 0.19


def test_a_questionnaire_brings_its_own_model():
    asked = Questionnaire(
        title="pilot",
        paths=["l ~ s"],
        scales={"ten": TEN},
        items=[
            Item(name="s1", scale="ten", construct="s"),
            Item(name="l1", scale="ten", construct="l"),
        ],
    )
    truth = Truth(paths={("s", "l"): 0.5}, loadings={"s1": 1, "l1": 1}, means=6, deviations=2)
    raw = planning.rehearse(asked, truth, 50, rng=1)
    assert raw.equals(
        planning.rehearse(
            asked.codebook, truth, 50, rng=1, model=StructuralModel.from_text(asked.model)
        )
    )


def test_rehearsals_that_cannot_be_are_refused():
    with pytest.raises(OptionError, match="claims no paths"):
        planning.rehearse(BOOK, TRUE, 10)
    with pytest.raises(OptionError, match="no item"):
        planning.rehearse(BOOK, WORLD, 10, model=PAIR)
    at_zero = Truth(paths=TRUE.paths, loadings=TRUE.loadings, means=-20)
    with pytest.raises(OptionError, match="off the scale"):
        planning.rehearse(BOOK, at_zero, 10, model=ASKED)
    plain = Codebook(title="x", scales={"g": GRADES}, items=[Item(name=n, scale="g") for n in "ab"])
    pair = StructuralModel.from_text("x =~ a; y =~ b; y ~ x")
    truth = Truth(paths={("x", "y"): 0.5}, loadings={"a": 1, "b": 1}, means=3)
    with pytest.raises(OptionError, match="don't know"):
        planning.rehearse(plain, truth, 10, model=pair, dont_know_share=0.1)
    with pytest.raises(ModelError):
        planning.rehearse(BOOK, WORLD, 10, model=ASKED)
