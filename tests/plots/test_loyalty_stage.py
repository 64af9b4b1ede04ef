"""Pictures of stages show the numbers of the results, and no letters lie on others."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from loyaltymodel import customer_base, loyalty_stage
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.plots import loyalty_stage as pictures

CHAIN = loyalty_stage.markov_chain(
    [[0.6, 0.3, 0.1, 0.0], [0.2, 0.5, 0.2, 0.1], [0.0, 0.1, 0.6, 0.3], [0.02, 0.1, 0.08, 0.8]]
)
LONG = {
    "awareness": "those who have heard of the firm",
    "loyalty": "customers who come back whatever happens",
}
PERCENT = 100
# Percentages and probabilities are written with as many digits; half a unit of the last is lost.
WHOLE, HUNDREDTH = 0.5 + 1e-9, 0.005 + 1e-9
EDGE = 0.5  # pixels: boxes of letters have empty rims
ROUNDING = 1e-9  # of sums of a few numbers up to 100


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def world():
    return loyalty_stage.simulate_phases(600, sds=10.0, reliability=0.7, rng=1)[0]


@pytest.fixture(scope="module")
def phases(world):
    return loyalty_stage.oliver(world, reliability=0.7).result


@pytest.fixture(scope="module")
def stage(world):
    return loyalty_stage.oliver(world).customers["stage"]


SURVEY = loyalty_stage.simulate_types(400, rng=1)


@pytest.fixture(scope="module")
def types():
    return loyalty_stage.loyalty_types(
        "attitude",
        "patronage",
        matrix="dick_basu",
        data=SURVEY,
        scale={"patronage": None},
        cuts=5.5,
        reliability=(0.8, 0.8),
    )


def type_map(found, **options):
    """The map of the customers of the survey."""
    result, customers = found
    given = {"customers": customers, "data": SURVEY}
    return pictures.type_map(result, "attitude", "patronage", **given, **options)


@pytest.fixture(scope="module")
def moves():
    panel = CHAIN.simulate(200, n_periods=5, rng=1)
    return loyalty_stage.estimate_movement(
        "customer", "date", "stage", data=panel, n_resamples=200, rng=1
    )


@pytest.fixture(scope="module")
def behaviour():
    brands = loyalty_stage.markov_chain([[0.8, 0.2], [0.4, 0.6]], stages=["A", "B"])
    bought = brands.simulate_purchases(200, rate=5, rng=1)
    window = ("2024-01-01", "2025-01-01")
    return customer_base.purchase_behaviour(data=bought, window=window).result


def shown(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def numbers(text):
    """Read 24% (22–26) as three numbers."""
    for sign in "%()–":
        text = text.replace(sign, " ")
    return [float(word) for word in text.split()]


def assert_apart(ax):
    """No two texts of the axes overlap, and none of them leaves the figure."""
    figure = ax.get_figure()
    figure.draw_without_rendering()
    found = [*ax.texts]
    if ax.axison:
        found += [ax.xaxis.label, ax.yaxis.label]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            found += [t.label1 for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
    texts = [text for text in found if text.get_text()]
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts]
    for name, box in boxes:
        inside = box.x0 > -EDGE and box.x1 < figure.bbox.x1 + EDGE
        assert inside, f"{name!r} leaves the figure"
    for (one, a), (other, b) in combinations(boxes, 2):
        if one[0].isalpha() and a.height > a.width and b.height > b.width:
            continue  # slanted names: their boxes overlap, their letters do not
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert not (width > EDGE and height > EDGE), f"{one!r} lies on {other!r}"


def test_pictures_return_the_axes_that_they_were_given(
    world, phases, stage, types, moves, behaviour
):
    scale = loyalty_stage.scalability(phases.passed(world))
    draws = [
        lambda ax=None: pictures.ladder(phases, ax=ax),
        lambda ax=None: pictures.funnel(stage, ax=ax),
        lambda ax=None: pictures.scalability(scale, ax=ax),
        lambda ax=None: type_map(types, ax=ax),
        lambda ax=None: pictures.transition_diagram(moves, ax=ax),
        lambda ax=None: pictures.transition_heat_map(behaviour, ax=ax),
        lambda ax=None: pictures.state_path(CHAIN, "awareness", ax=ax),
    ]
    for draw in draws:
        _, ax = plt.subplots()
        assert draw(ax=ax) is ax
        assert draw() is not ax


def test_the_ladder_has_the_shares_of_the_result(phases):
    ax = pictures.ladder(phases)
    table = phases.stages
    wanted = table["estimate"].to_numpy()
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, PERCENT * wanted, rtol=1e-12)
    segments = np.concatenate([np.array(c.get_segments())[:, :, 0] for c in ax.collections])
    ends = table[["ci_low", "ci_high"]].to_numpy()
    np.testing.assert_allclose(segments, PERCENT * ends, rtol=1e-12)
    for text, share, (low, high) in zip(shown(ax), wanted, ends, strict=True):
        np.testing.assert_allclose(
            numbers(text), PERCENT * np.array([share, low, high]), atol=WHOLE
        )
    assert [label.get_text() for label in ax.get_yticklabels()] == list(phases.names)
    assert_apart(ax)


def test_without_reliability_there_is_one_bar_a_stage():
    one, _ = loyalty_stage.oliver([[90, 90, 90, 90]] * 3)
    ax = pictures.ladder(one, names={"cognitive": "finds us better than all of the others"})
    assert [bar.get_width() for bar in ax.patches] == [0, 0, 0, 0, 100]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["95% interval"]
    assert ax.get_yticklabels()[1].get_text() == "finds us better than\nall of the others"
    assert_apart(ax)


def test_chinese_names_come_from_the_library(phases):
    ax = pictures.ladder(phases, language="zh", names={"none": "其他"})
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["其他", "认知忠诚", "情感忠诚", "意向忠诚", "行为忠诚"]
    ax = pictures.transition_heat_map(CHAIN, language="zh")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["认知", "认可", "偏好", "忠诚"]
    assert_apart(ax)


def test_the_funnel_has_the_steps_of_the_result(phases, stage):
    ax = pictures.funnel(stage)
    steps = phases.steps
    reached = [phases.n_obs, *steps["n_passed"]]
    np.testing.assert_allclose(
        [bar.get_width() for bar in ax.patches], PERCENT * np.array(reached) / reached[0]
    )
    texts = shown(ax)
    counts = [float(text.split(" ")[0].replace(",", "")) for text in texts[: len(reached)]]
    assert counts == reached
    for text, passed in zip(texts[len(reached) :], steps["passed"], strict=True):
        rate, low, high = numbers(text.removeprefix("↓"))
        assert rate == pytest.approx(PERCENT * passed, abs=WHOLE)
        assert low <= rate <= high
    assert [label.get_text() for label in ax.get_yticklabels()] == ["everybody", *phases.phases]
    assert_apart(ax)


def test_conversion_has_the_interval_of_wilson():
    # 5 of 10 at 95 %: the textbook interval is 0.2366 to 0.7634.
    ax = pictures.funnel([0] * 5 + [1] * 5, stages=[0, 1])
    assert shown(ax)[-1] == "↓ 50% (24–76)"
    wider = pictures.funnel([0] * 5 + [1] * 5, stages=[0, 1], level=0.999)
    assert numbers(shown(wider)[-1].removeprefix("↓"))[1] < 24


@pytest.mark.parametrize("source", ["series", "categorical", "column", "stages"])
def test_the_funnel_reads_stages_as_they_come(source):
    values = ["approval"] * 3 + ["loyalty"]
    order = ["unaware", *loyalty_stage.Stages.formation().names]
    kind = pd.Categorical(values, categories=order, ordered=True)
    given = {
        "series": {"stage": pd.Series(kind)},
        "categorical": {"stage": kind},
        "column": {"stage": "s", "data": pd.DataFrame({"s": kind})},
        "stages": {"stage": values, "stages": order},
    }[source]
    ax = pictures.funnel(**given)
    assert [bar.get_width() for bar in ax.patches] == [100, 100, 25, 25]
    assert ax.get_yticklabels()[0].get_text() == "awareness"  # nobody is unaware
    assert_apart(ax)


def test_nothing_goes_on_from_a_stage_without_people():
    ax = pictures.funnel(["a", "a"], stages=["a", "b", "c"], names=None)
    assert shown(ax) == ["2 (100%)", "0 (0.0%)", "0 (0.0%)", "↓ 0% (0–66)"]


def test_marks_of_scalability_are_those_of_the_result(world, phases):
    found = loyalty_stage.scalability(phases.passed(world))
    ax = pictures.scalability(found)
    marks = [line.get_xdata()[0] for line in ax.lines]
    np.testing.assert_array_equal(marks, [*found.items["estimate"], found.H])
    limits, intervals = ax.collections
    assert [segment[0, 0] for segment in limits.get_segments()] == [0.3, 0.4, 0.5]
    ends = np.vstack([part[["ci_low", "ci_high"]] for part in (found.items, found.whole)])
    np.testing.assert_array_equal(
        [segment[:, 0] for segment in intervals.get_segments()], ends.astype(float)
    )
    full = [line.get_markerfacecolor() != "white" for line in ax.lines]
    np.testing.assert_array_equal(full, ends[:, 0] >= 0.3)
    assert shown(ax) == ["weak", "medium", "strong"]
    assert_apart(ax)


def test_negative_coefficients_are_in_the_picture():
    answers = np.repeat([[0, 1], [1, 0], [1, 1], [0, 0]], [20, 20, 5, 5], axis=0)
    found = loyalty_stage.scalability(
        pd.DataFrame(answers, columns=["an item with a name", "reversed"])
    )
    ax = pictures.scalability(found)
    assert ax.get_xlim()[0] < found.items["ci_low"].min() < 0
    assert all(line.get_markerfacecolor() == "white" for line in ax.lines)
    assert_apart(ax)


@pytest.mark.parametrize("shares", ["observed", "true"])
def test_the_map_has_people_cut_offs_and_shares(types, shares):
    result, _ = types
    ax = type_map(types, show="customers", shares=shares)
    np.testing.assert_allclose(ax.lines[0].get_xydata(), SURVEY[["patronage", "attitude"]])
    level, cut = (c.get_segments()[0] for c in ax.collections)
    assert set(level[:, 1]) == {result.cuts["attitude"]}
    assert set(cut[:, 0]) == {result.cuts["patronage"]}
    table = result.types.query("quantity == @shares").set_index("type")
    table = table[["estimate", "ci_low", "ci_high"]]
    for text in shown(ax):
        name, rest = text.split("\n")
        np.testing.assert_allclose(numbers(rest), PERCENT * table.loc[name], atol=WHOLE)
    assert_apart(ax)


def test_types_stand_where_their_people_are(types):
    result, customers = types
    ax = type_map(types)
    scores = SURVEY[["patronage", "attitude"]]
    means = scores.groupby(customers["type"], observed=True).mean()
    cut = np.array([result.cuts["patronage"], result.cuts["attitude"]])
    for text in ax.texts:
        name = text.get_text().split("\n")[0]
        assert (np.array(text.get_position()) > cut).tolist() == (means.loc[name] > cut).tolist()


def test_shade_is_the_probability_of_the_type(types):
    result, customers = types
    ax = type_map(types, show="customers", uncertainty=True)
    likely = customers[list(result.names)].to_numpy()
    codes = customers["type"].cat.codes.to_numpy()
    own = np.take_along_axis(likely, codes[:, None], axis=1)[:, 0]
    np.testing.assert_array_equal(ax.collections[0].get_array(), own)
    assert_apart(ax)
    ax = type_map(types, show="density", uncertainty=True)
    means = ax.collections[0].get_array().compressed()
    assert own.min() <= means.min() <= means.max() <= own.max() + ROUNDING
    assert_apart(ax)


def test_the_density_counts_everybody(types):
    ax = type_map(types, show="density")
    assert ax.collections[0].get_array().sum() == types.result.n_obs


def test_customers_who_were_left_out_have_no_mark():
    survey = SURVEY.assign(w=1.0)
    survey.loc[[3, 5], "w"] = np.nan
    survey.loc[7, "attitude"] = np.nan
    options = {"data": survey, "scale": {"patronage": None}, "cuts": 5.5, "missing": "drop"}
    result, customers = loyalty_stage.loyalty_types(
        "attitude", "patronage", matrix="dick_basu", weights="w", **options
    )
    given = ("attitude", "patronage")
    options = {"customers": customers, "show": "customers"}
    ax = pictures.type_map(result, *given, data=survey, **options)
    left = survey.drop(index=[3, 5, 7])
    np.testing.assert_allclose(ax.lines[0].get_xydata(), left[["patronage", "attitude"]])
    with pytest.raises(DataError, match="and not with the labels of the 397 who were sorted"):
        pictures.type_map(result, *given, data=survey.iloc[10:], **options)
    with pytest.raises(OptionError, match="give the table of customers"):
        pictures.type_map(result, *given, data=survey, customers=customers[[]])


def test_customers_outside_the_matrix_are_crosses():
    both = np.random.default_rng(1).integers(1, 8, (120, 2))
    superior = np.arange(120) % 4 > 0
    found, customers = loyalty_stage.loyalty_types(
        *both.T, matrix="ultimate_loyalty", superiority=superior, scale=(1, 7)
    )
    ax = pictures.type_map(found, *both.T, customers=customers, show="customers")
    inside, outside = (np.rint(line.get_xydata()) for line in ax.lines)
    np.testing.assert_array_equal(inside, both[superior][:, ::-1])
    np.testing.assert_array_equal(outside, both[~superior][:, ::-1])
    assert shown(ax)[-1].startswith("no superiority: × 25%")
    assert_apart(ax)


def test_classes_are_named_at_the_axis():
    classes = pd.Categorical(["lowest", "high", "highest", "low"], ordered=False)
    given = classes, [0.1, 0.9, 0.6, 0.4]
    found, customers = loyalty_stage.loyalty_types(*given, matrix="dick_basu")
    ax = pictures.type_map(found, *given, customers=customers)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["lowest", "low", "high", "highest"]
    assert_apart(ax)


def test_one_customer_makes_a_map():
    found, customers = loyalty_stage.loyalty_types(
        [2], [3], matrix="knox", scale=(1, 10), cuts={"portfolio": 4}
    )
    ax = pictures.type_map(found, [2], [3], customers=customers)
    assert ax.lines[0].get_xydata().tolist() == [[3, 2]]
    low, high = ax.get_xlim()
    assert low <= 1
    assert high >= 10
    assert_apart(ax)


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


@pytest.mark.parametrize(("least", "left_out"), [(0.0, 0), (0.05, 1), (0.25, 8)])
def test_the_diagram_has_an_arrow_for_each_move(least, left_out):
    ax = pictures.transition_diagram(CHAIN, least=least)
    drawn = CHAIN.matrix[(CHAIN.matrix >= least) & (CHAIN.matrix > 0)]
    values = [float(text) for text in shown(ax) if text[0].isdigit()]
    np.testing.assert_allclose(values, drawn, atol=HUNDREDTH)
    widths = [arrow.get_linewidth() for arrow in arrows(ax)]
    assert len(widths) == len(drawn)
    np.testing.assert_allclose(np.diff(widths), 3 * np.diff(drawn), atol=ROUNDING)
    notes = [text for text in shown(ax) if "not drawn" in text]
    assert notes == ([f"not drawn: {left_out} below {least:g}"] if left_out else [])
    assert_apart(ax)


def test_arrows_lead_from_box_to_box():
    ax = pictures.transition_diagram(CHAIN, least=0)
    moves = np.argwhere(CHAIN.matrix > 0)
    centres = [text.get_position()[0] for text in ax.texts[:4]]
    boxes = [patch for patch in ax.patches if not isinstance(patch, FancyArrowPatch)]
    half = boxes[0].get_window_extent().transformed(ax.transData.inverted()).width / 2
    for arrow, (i, j) in zip(arrows(ax), moves, strict=True):
        ends = arrow._path_original.vertices  # the public path is that of the outline
        assert abs(ends[0, 0] - centres[i]) < half
        assert abs(ends[-1, 0] - centres[j]) < half
        assert (ends[1, 1] > ends[0, 1]) == (j >= i)


def test_every_move_between_stages_of_long_names_can_be_read():
    full = loyalty_stage.markov_chain(np.full((4, 4), 0.25))
    ax = pictures.transition_diagram(full, names=LONG)
    assert len(arrows(ax)) == 16
    assert_apart(ax)
    ax = pictures.transition_heat_map(full, names=LONG)
    assert len(shown(ax)) == 16


def test_certain_moves_are_drawn():
    cycle = loyalty_stage.markov_chain([[0, 1, 0], [0, 0, 1], [1, 0, 0]], stages=["a", "b", "c"])
    ax = pictures.transition_diagram(cycle)
    assert shown(ax) == ["a", "b", "c", "1.00", "1.00", "1.00"]
    staying = loyalty_stage.markov_chain(np.eye(2), stages=["a", "b"])
    assert len(arrows(pictures.transition_diagram(staying))) == 2


def test_many_stages_get_wider_axes():
    k = 9
    chain = loyalty_stage.markov_chain(
        0.9 * np.eye(k) + 0.1 * np.roll(np.eye(k), 1, axis=1),
        stages=[f"stage {i}" for i in range(k)],
    )
    assert_apart(pictures.transition_diagram(chain))
    assert_apart(pictures.transition_heat_map(chain))


def test_the_heat_map_has_probabilities_and_intervals(moves):
    for given in (moves, moves.chain()):
        ax = pictures.transition_heat_map(given)
        np.testing.assert_array_equal(ax.images[0].get_array(), moves.likelihood)
        # A transition has one interval, that of the estimate.
        ends = [c for c in ("estimate", "ci_low", "ci_high") if c in given.transitions]
        assert len(ends) == (3 if given is moves else 1)
        for text, row in zip(shown(ax), given.transitions[ends].to_numpy(), strict=True):
            np.testing.assert_allclose(numbers(text), row, atol=HUNDREDTH)
        assert_apart(ax)


def test_what_is_impossible_or_unknown_looks_so():
    found = loyalty_stage.estimate_movement(
        [1, 1, 2, 2],
        [1, 2, 1, 2],
        ["a", "b", "a", "a"],
        stages=["a", "b", "c"],
        possible=[[True, True, False], [True] * 3, [True] * 3],
        n_resamples=39,
        rng=1,
    )
    ax = pictures.transition_heat_map(found)
    assert [text.split("\n")[0] for text in shown(ax)] == ["0.50", "0.50", "–"]
    assert [patch.get_y() for patch in ax.patches] == [0.5, 1.5]
    ax = pictures.transition_diagram(found)
    assert shown(ax)[-1] == "no moves seen from: b, c"
    assert_apart(ax)


def test_brand_switching_has_rates_and_counts(behaviour):
    ax = pictures.transition_heat_map(behaviour)
    rates, counts = behaviour.switching_rates.to_numpy(), behaviour.switching.to_numpy()
    for text, rate, n in zip(shown(ax), rates.ravel(), counts.ravel(), strict=True):
        assert numbers(text.replace(",", "")) == [pytest.approx(rate, abs=HUNDREDTH), n]
    assert_apart(ax)


def test_small_axes_keep_the_probabilities(moves):
    _, ax = plt.subplots(figsize=(1.3, 1.3))
    assert [numbers(text) for text in shown(pictures.transition_heat_map(moves, ax=ax))] == [
        [pytest.approx(value, abs=HUNDREDTH)] for value in moves.likelihood.ravel()
    ]


def test_the_path_stacks_the_distribution():
    ax = pictures.state_path(CHAIN, {"awareness": 3, "loyalty": 1}, periods=5)
    table = CHAIN.distribution({"awareness": 3, "loyalty": 1}, periods=5)
    shares = table["estimate"].to_numpy().reshape(6, 4)
    for k, area in enumerate(ax.collections):
        x, y = area.get_paths()[0].vertices.T
        for period in range(6):
            height = np.ptp(y[x == period])
            assert height == pytest.approx(PERCENT * shares[period, k], abs=ROUNDING)
    assert shown(ax) == ["awareness", "approval", "preference", "loyalty"]
    assert_apart(ax)


SORTED = loyalty_stage.loyalty_types([8, 3], [0.9, 0.2], matrix="dick_basu", scale=(1, 10))


TWICE = pd.concat([SORTED.customers[["type"]], SORTED.customers], axis=1)


def plain(**options):
    """The map of two customers of whose scores no reliability is known."""
    given = {"customers": SORTED.customers, **options}
    return pictures.type_map(SORTED.result, [8, 3], [0.9, 0.2], **given)


PHASES = loyalty_stage.oliver([[80, 20, 70, 90]]).result


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: pictures.ladder(CHAIN), OptionError, "not a PhaseResult"),
        (lambda: pictures.ladder(PHASES, names={"acton": "x"}), OptionError, "it has none, cog"),
        (lambda: pictures.ladder(PHASES, language="de"), OptionError, "choose one of 'en', 'zh'"),
        (lambda: pictures.funnel(["a", "b"]), OptionError, "give stages= from lowest"),
        (lambda: pictures.funnel(["a"], stages=["a"]), OptionError, "at least two stages"),
        (lambda: pictures.funnel(["c"], stages=["a", "b"]), DataError, "name every stage"),
        (lambda: pictures.funnel(["a"], stages=["a", "b"], level=1), OptionError, "between 0 and"),
        (lambda: pictures.funnel([], stages=["a", "b"]), DataError, "no values at all"),
        (lambda: pictures.funnel(["a"], stages=["a", ["b"]]), OptionError, "text or numbers"),
        (lambda: pictures.scalability(PHASES), OptionError, "not a ScalabilityResult"),
        (
            lambda: pictures.type_map(PHASES, [1], [1], customers=None),
            OptionError,
            "not a LoyaltyTypes",
        ),
        (
            lambda: plain(uncertainty=True),
            DataError,
            "no reliability was given",
        ),
        (lambda: plain(customers=TWICE), OptionError, "one column 'type'"),
        (lambda: plain(customers=TWICE.iloc[:, :0]), OptionError, "one column 'type'"),
        (lambda: plain(customers=SORTED.customers.astype(str)), OptionError, "of categories"),
        (lambda: plain(customers=pl.DataFrame({"a": [1]}).lazy()), OptionError, "returned beside"),
        (
            lambda: plain(shares="true"),
            DataError,
            'choose shares="observed"',
        ),
        (
            lambda: plain(uncertainty=1),
            OptionError,
            "True or False",
        ),
        (
            lambda: plain(show="hex"),
            OptionError,
            "choose one of",
        ),
        (
            lambda: pictures.transition_diagram(PHASES),
            OptionError,
            "one of a MovementEstimate",
        ),
        (lambda: pictures.transition_diagram(CHAIN, least=2), OptionError, "between 0 and 1"),
        (lambda: pictures.transition_heat_map(PHASES), OptionError, "a MarkovChain, a Purch"),
        (lambda: pictures.transition_heat_map(CHAIN, names={"x": "y"}), OptionError, "it has awar"),
        (lambda: pictures.state_path(PHASES, "loyalty"), OptionError, "not a MarkovChain"),
        (lambda: pictures.state_path(CHAIN, "loyal"), DataError, "did you mean 'loyalty'"),
        (lambda: pictures.state_path(CHAIN, "loyalty", periods=0), OptionError, "at least 1"),
    ],
)
def test_bad_input_ends_in_a_named_error(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
