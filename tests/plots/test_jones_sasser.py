"""Pictures of loyalty curves show the numbers that they are made of, and names do not overlap."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.text import Text

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError, LoyaltyModelError, OptionError
from loyaltymodel.jones_sasser import (
    remove_constraint,
    segments,
    textbook_segments,
)
from loyaltymodel.jones_sasser.cusp.cusp import Cusp
from loyaltymodel.plots import _curves, _layout
from loyaltymodel.plots import jones_sasser as pictures

CURVE = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})
CUSP = Cusp(alpha=(-2, 4), beta=(0, 1))
INDUSTRIES = {
    "local telephone (monopoly)": 0.6,
    "electricity": 0.6,
    "airlines": 0.3,
    "banking": 0.3,
    "hospitals and other clinics of a region": 0.2,
    "personal computers": 0.02,
    "restaurants": 0.01,
    "cars": 0.0,
}
# Sums of widths are rounded a few times, and offsets are kept in points with 1e-6 of them.
ROUNDING = 1e-9
# Contours are straight between points 1/400 apart: off by at most h^2/8 times the curvature of L,
# which is below 20 here, so 1.6e-5.
BETWEEN_POINTS = 2e-5


@pytest.fixture(scope="module")
def people():
    return jones_sasser.simulate(8000, levels=10, constraints=INDUSTRIES, rng=1)


@pytest.fixture(scope="module")
def result(people):
    answers = people.assign(satisfaction=1 + 9 * people["satisfaction"])
    return jones_sasser.fit(
        "satisfaction", "stayed", data=answers, constraint_by="industry", scale=(1, 10)
    )


@pytest.fixture(scope="module")
def alone(people):
    return jones_sasser.fit("satisfaction", "stayed", data=people)


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(2)
    both = rng.integers(1, 6, (300, 2))
    return pd.DataFrame(both, columns=["satisfaction", "loyalty"])


def shown(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def assert_apart(ax, texts=None):
    """No two texts of the axes overlap, nor do they with the names at the axes."""
    ax.get_figure().draw_without_rendering()
    axis = [ax.xaxis.label, ax.yaxis.label]
    for each in (ax.xaxis, ax.yaxis):
        low, high = sorted(each.get_view_interval())
        for tick in each.get_major_ticks():
            labels = (label for label in (tick.label1, tick.label2) if label.get_visible())
            axis += labels if low <= tick.get_loc() <= high else ()
    found = [text for text in (texts or [*ax.texts, *axis]) if text.get_text()]
    # Of annotations the letters alone, without the arrow.
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in found]
    for (one, a), (other, b) in combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        # Boxes of letters have empty rims of about half a pixel.
        assert not (width > 0.5 and height > 0.5), f"{one!r} lies on {other!r}"


def test_pictures_return_the_axes_that_they_were_given(result, alone, scores):
    found, _ = segments("satisfaction", "loyalty", data=scores, scale=(1, 5))
    freed, _ = remove_constraint(CURVE, [0.5, 0.7], constraint=0.5)
    draws = [
        lambda ax=None: pictures.curve_family(CURVE, ax=ax),
        lambda ax=None: pictures.fitted_curve(result, ax=ax),
        lambda ax=None: pictures.fitted_curve(alone, ax=ax),
        lambda ax=None: pictures.calibration(result, ax=ax),
        lambda ax=None: pictures.true_and_false_loyalty(CURVE, constraint=0.5, ax=ax),
        lambda ax=None: pictures.loyalty_surface(CURVE, ax=ax),
        lambda ax=None: pictures.deregulation(freed, ax=ax),
        lambda ax=None: pictures.cusp_hysteresis(CUSP, constraint=3, satisfaction=(-1, 2), ax=ax),
        lambda ax=None: pictures.people_matrix(
            found, satisfaction="satisfaction", loyalty="loyalty", data=scores, ax=ax
        ),
    ]
    for draw in draws:
        _, ax = plt.subplots()
        assert draw(ax=ax) is ax
        assert draw() is not ax


def test_the_family_has_a_line_for_each_constraint():
    held = (0.0, 0.25, 0.9)
    ax = pictures.curve_family(CURVE, constraints=held)
    s = ax.lines[0].get_xdata()
    assert (s[0], s[-1]) == (0, 1)
    for line, c in zip(ax.lines, held, strict=True):
        np.testing.assert_allclose(line.get_ydata(), c + (1 - c) * 0.95 * s**3)
    assert {"c = 0.00", "c = 0.25", "c = 0.90"} < set(shown(ax))
    names = [text for text in ax.texts if text.get_text().startswith("c =")]
    assert [text.xy for text in names] == [(0, c) for c in held]
    darkness = [sum(plt.matplotlib.colors.to_rgb(line.get_color())) for line in ax.lines]
    assert darkness == sorted(darkness, reverse=True)


def test_the_sensitive_zone_is_shaded_where_the_curve_says_so():
    # 0.95 * 3 s^2 >= 0.95 from s = 3^-0.5 on; the shade is at most a step of the grid short.
    ax = pictures.curve_family(CURVE)
    (band,) = ax.patches
    assert band.get_x() == pytest.approx(3**-0.5, abs=1 / 400)
    assert band.get_x() + band.get_width() == pytest.approx(1)
    assert {"insensitive zone", "sensitive zone"} < set(shown(ax))
    middle = jones_sasser.curve("logistic", {"hi": 0.9, "a": 14, "s0": 0.5})
    (band,) = pictures.curve_family(middle).patches
    assert band.get_x() + band.get_width() / 2 == pytest.approx(0.5, abs=1 / 400)


def test_a_curve_without_a_sensitive_zone_has_no_zones():
    concave = jones_sasser.curve("power", {"hi": 0.9, "k": 0.5})
    for curve, zones in ((concave, True), (CURVE, False)):
        ax = pictures.curve_family(curve, zones=zones)
        assert not ax.patches
        assert not any("zone" in text for text in shown(ax))


@pytest.mark.parametrize("segments_too", [False, True])
@pytest.mark.parametrize(
    "held", [(0.5, 0.5), (0.9,), (0.0, 0.01, 0.02, 0.5, 0.5, 0.52, 0.9, 0.91), (0.98, 0.99)]
)
def test_names_of_lines_do_not_overlap(held, segments_too):
    labels = list(INDUSTRIES)[: len(held)]
    for curve in (CURVE, jones_sasser.curve("logistic", {"hi": 0.9, "a": 14, "s0": 0.5})):
        ax = pictures.curve_family(curve, constraints=held, labels=labels, segments=segments_too)
        assert_apart(ax)
        words = {"hostage", "apostle", "terrorist", "mercenary"}
        assert words & set(shown(ax)) == (words if segments_too else set())


def test_the_family_can_be_written_in_chinese():
    ax = pictures.curve_family(CURVE, segments=True, language="zh")
    words = {"质量不敏感区", "质量敏感区", "囚禁者", "传道者", "破坏者", "图利者"}
    assert words < set(shown(ax))
    assert "满意度" in ax.get_xlabel()
    assert "真实忠诚" in shown(
        pictures.true_and_false_loyalty(CURVE, constraint=0.5, language="zh")
    )


def test_true_and_false_loyalty_add_up():
    ax = pictures.true_and_false_loyalty(CURVE, constraint=0.6)
    s, loyal = ax.lines[0].get_data()
    np.testing.assert_allclose(loyal, 0.6 + 0.4 * 0.95 * s**3)
    willing, held = (area.get_paths()[0].vertices for area in ax.collections)
    assert willing[:, 1].max() == pytest.approx(0.95)
    assert (held[:, 1].min(), held[:, 1].max()) == pytest.approx((0, 0.98))
    places = {text.get_text(): text.get_position() for text in ax.texts}
    x, y = places["false loyalty"]
    assert CURVE.true_loyalty(x) < y < CURVE.loyalty(x, constraint=0.6)
    x, y = places["true loyalty"]
    assert 0 < y < CURVE.true_loyalty(x)
    x, y = places["leaves"]
    assert CURVE.loyalty(x, constraint=0.6) < y < 1
    assert_apart(ax)


def test_thin_areas_are_named_from_outside_and_empty_ones_not_at_all():
    ax = pictures.true_and_false_loyalty(CURVE, constraint=0.0)
    assert shown(ax) == ["true loyalty", "leaves"]
    thin = jones_sasser.curve("power", {"hi": 0.03, "k": 2})
    ax = pictures.true_and_false_loyalty(thin, constraint=0.96)
    assert_apart(ax)
    (x, _), (y, _) = ax.lines[1].get_data()  # the line to the name begins in the area
    assert 0 < y < thin.true_loyalty(x)


def test_lines_of_the_surface_are_of_equal_loyalty():
    ax = pictures.loyalty_surface(CURVE)
    lines = next(c for c in ax.collections if len(c.get_paths()) == 9)
    for path, level in zip(lines.get_paths(), np.arange(1, 10) / 10, strict=True):
        s, c = path.vertices.T
        np.testing.assert_allclose(CURVE.loyalty(s, constraint=c), level, atol=BETWEEN_POINTS)
    assert_apart(ax)


def test_a_surface_above_nine_tenths_has_no_lines():
    high = jones_sasser.curve("power", {"lo": 0.95, "hi": 0.99, "k": 2})
    assert not shown(pictures.loyalty_surface(high))
    some = jones_sasser.curve("power", {"lo": 0.55, "hi": 0.99, "k": 2})
    assert sorted(shown(pictures.loyalty_surface(some))) == ["0.6", "0.7", "0.8", "0.9"]


def test_a_fitted_curve_has_its_band_and_what_was_observed(result):
    group = "airlines"
    ax = pictures.fitted_curve(result, group=group, level=0.9)
    line, marks = ax.lines
    at = line.get_xdata()
    band = result.interval_of("loyalty", at, group=group, level=0.9)
    np.testing.assert_allclose(line.get_ydata(), band["estimate"])
    area, intervals = ax.collections
    edges = area.get_paths()[0].vertices
    assert (edges[:, 1].min(), edges[:, 1].max()) == pytest.approx(
        (band["ci_low"].min(), band["ci_high"].max())
    )
    table = result.calibration(level=0.9).query("group == @group")
    np.testing.assert_allclose(marks.get_xdata(), table["satisfaction"])
    np.testing.assert_allclose(marks.get_ydata(), table["estimate"])
    ends = np.array([segment[:, 1] for segment in intervals.get_segments()])
    np.testing.assert_allclose(ends, table[["ci_low", "ci_high"]])
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["fitted, airlines, 90% interval", "observed, 90% interval"]


def test_satisfaction_is_shown_as_answers(result, alone):
    ax = pictures.fitted_curve(result, group="cars")
    assert ax.get_xlabel() == "Satisfaction (answer, 1 to 10)"
    assert {1, 4, 10} <= set(ax.get_xticks())
    line = ax.lines[0]
    assert (line.get_xdata()[0], line.get_xdata()[-1]) == (1, 10)
    assert pictures.fitted_curve(alone).get_xlabel() == "Satisfaction (share of scale)"


def test_scores_are_shown_on_their_scale():
    drawn = jones_sasser.simulate(3000, levels=5, outcome="score", rng=1)
    fitted = jones_sasser.fit(
        "satisfaction",
        "score",
        data=drawn.assign(score=10 * drawn["score"]),
        outcome="score",
        scale={"loyalty": (0, 10)},
    )
    for ax in (pictures.fitted_curve(fitted), pictures.calibration(fitted)):
        assert ax.get_ylabel().endswith("oyalty (score, 0 to 10)")
        assert 5 < ax.get_ylim()[1] < 11
    freed, _ = remove_constraint(fitted, drawn["satisfaction"])
    ax = pictures.deregulation(freed)
    assert ax.get_xlabel() == "Mean loyalty (score, 0 to 10)"
    loss = freed.total["estimate"].item()
    assert shown(ax)[1].startswith(f"{loss:.1f} (")


@pytest.mark.parametrize(
    ("scale", "first", "last"), [((1, 5), "1", "5"), ((1, 100), "1", "100"), ((0, 10), "0", "10")]
)
def test_the_ends_of_a_scale_are_always_written(scale, first, last):
    _, ax = plt.subplots()
    _curves.scale_axes(ax, scale, (0, 1), "en")
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert (labels[0], labels[-1]) == (first, last)
    assert len(labels) <= 11
    assert_apart(ax, ax.get_xticklabels())


def test_all_groups_are_lines_with_names(result):
    names = {"cars": "passenger cars, new and second-hand, of all dealers"}
    ax = pictures.fitted_curve(result, names=names)
    assert len(ax.lines) == len(INDUSTRIES)
    assert not ax.collections
    texts = [" ".join(text.split("\n")) for text in shown(ax)]
    groups = list(result.sample.groups)
    assert texts == [names.get(group, group) for group in groups]
    for line, text, group in zip(ax.lines, ax.texts, groups, strict=True):
        np.testing.assert_allclose(line.get_ydata(), result.loyalty(line.get_xdata(), group=group))
        assert text.xy == (1, pytest.approx(result.constraint_of(group)))
    assert_apart(ax)


def test_a_given_constraint_is_drawn_without_observations(alone, people):
    ax = pictures.fitted_curve(alone, constraint=0.3)
    (line,) = ax.lines
    assert line.get_ydata()[0] == pytest.approx(0.3)
    assert "c = 0.3" in line.get_label()
    given = jones_sasser.fit("satisfaction", "stayed", data=people, constraint="constraint")
    with pytest.raises(OptionError, match="give it here"):
        pictures.fitted_curve(given)
    assert pictures.fitted_curve(given, constraint=0.0).lines


def test_measurement_error_has_a_line_of_its_own(people):
    fitted = jones_sasser.fit("satisfaction", "stayed", data=people, reliability=0.8)
    ax = pictures.fitted_curve(fitted)
    _, expected, observed = ax.lines
    table = fitted.calibration()
    np.testing.assert_allclose(expected.get_ydata(), table["fitted"])
    np.testing.assert_allclose(observed.get_ydata(), table["estimate"])


@pytest.mark.parametrize(
    ("outcome", "column", "unit"),
    [("score", "score", "score, 0 to 1"), ("ordinal", "intention", "3 or higher")],
)
def test_the_unit_of_loyalty_is_that_of_the_outcome(outcome, column, unit):
    drawn = jones_sasser.simulate(3000, levels=5, outcome=outcome, rng=1)
    cuts = 3 if outcome == "ordinal" else None
    fitted = jones_sasser.fit("satisfaction", column, data=drawn, outcome=outcome, cuts=cuts)
    assert unit in pictures.fitted_curve(fitted).get_ylabel()
    assert unit in pictures.calibration(fitted).get_ylabel()


def test_calibration_tells_who_is_missed(alone, monkeypatch):
    table = pd.DataFrame(
        {
            "group": ["a", "a", "b"],
            "satisfaction": [0.1, 0.5, 0.9],
            "n_obs": [10, 20, 30],
            "estimate": [0.2, 0.5, 0.9],
            "fitted": [0.25, 0.7, 0.85],
            "ci_low": [0.1, 0.4, 0.8],
            "ci_high": [0.3, 0.6, 0.95],
        }
    )
    asked = {}

    def stand_in(_, **options):
        asked.update(options)
        return table

    monkeypatch.setattr(type(alone), "calibration", stand_in)
    ax = pictures.calibration(alone, bins=3, by_group=False, level=0.9)
    assert asked == {"bins": 3, "by_group": False, "level": 0.9}
    diagonal, within, missed = ax.lines
    assert (diagonal.get_slope(), diagonal.get_xy1()) == (1, (0, 0))
    assert within.get_markerfacecolor() == "white"
    np.testing.assert_array_equal(within.get_xydata(), [[0.25, 0.2], [0.85, 0.9]])
    np.testing.assert_array_equal(missed.get_xydata(), [[0.7, 0.5]])
    assert missed.get_markerfacecolor() == missed.get_markeredgecolor()
    ends = np.concatenate([c.get_segments() for c in ax.collections if c.get_segments()])
    np.testing.assert_array_equal(ends[:, :, 1], [[0.1, 0.3], [0.8, 0.95], [0.4, 0.6]])
    assert ax.get_xlim() == ax.get_ylim()


def test_calibration_draws_every_group_and_level(result):
    ax = pictures.calibration(result)
    table = result.calibration()
    assert sum(len(line.get_xdata()) for line in ax.lines[1:]) == len(table) > 70


def test_calibration_draws_scores_that_stand_alone():
    scores = jones_sasser.simulate(200, levels=10, outcome="score", rng=4)
    found = jones_sasser.fit("satisfaction", "score", data=scores, outcome="score", constraint=0.1)
    table = found.calibration()
    assert table["ci_low"].isna().any()
    low, high = pictures.calibration(found).get_xlim()
    shown = table[["estimate", "fitted", "ci_low", "ci_high"]].stack()
    assert low < shown.min() < shown.max() < high


def test_a_score_from_0_to_1_is_no_share_of_customers():
    scores = jones_sasser.simulate(300, constraints={"a": 0.4}, levels=10, outcome="score", rng=4)
    found = jones_sasser.fit("satisfaction", "score", data=scores, outcome="score")
    freed, _ = remove_constraint(found, "satisfaction", data=scores)
    ax = pictures.deregulation(freed)
    assert "score, 0 to 1" in ax.get_xlabel()


def test_deregulation_goes_from_before_to_after(result):
    groups = np.repeat(list(INDUSTRIES), 3)
    freed, _ = remove_constraint(result, np.tile([2, 6, 9], 8), constraint_by=groups)
    ax = pictures.deregulation(freed)
    table = freed.by_group.sort_values("estimate", ascending=False, kind="stable")
    before, after = (line for line in ax.lines if line.get_marker() in ("o", "<"))
    np.testing.assert_allclose(before.get_xdata(), table["before"])
    np.testing.assert_allclose(after.get_xdata(), table["after"])
    labels = [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()]
    assert labels == table["group"].tolist()
    low, high = ax.get_ylim()
    assert low > high  # the first row is on top
    # The interval of a group whose constraint lies on its bound ends at what there was before.
    known = table[table["ci_low"].notna()]
    assert len(known) == len(table)
    assert (table["ci_low"] == 0).any()
    segments = [segment for segment in ax.collections[1].get_segments() if len(segment)]
    ends = np.array([segment[:, 0] for segment in segments])
    np.testing.assert_allclose(ends[:, 0], known["before"] - known["ci_high"])
    np.testing.assert_allclose(ends[:, 1], known["before"] - known["ci_low"])
    first = table.iloc[0]
    numbers = [100 * first[name] for name in ("estimate", "ci_low", "ci_high")]
    assert shown(ax)[:2] == ["Loss in points", "{:.1f} ({:.1f}–{:.1f})".format(*numbers)]
    assert_apart(ax, [*ax.texts, *ax.get_legend().get_texts(), *ax.get_yticklabels()])


def test_deregulation_of_a_curve_has_no_intervals():
    freed, _ = remove_constraint(CURVE, [0.5, 1.0], constraint=[0.5, 0.0])
    ax = pictures.deregulation(freed)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["all customers"]
    # Half satisfied: (0.5 - 0) (1 - 0.95 / 8) / 2 of both.
    assert shown(ax) == ["Loss in points", f"{100 * 0.25 * (1 - 0.95 / 8):.1f}"]


def test_the_matrix_has_everybody_and_every_share(scores):
    found, _ = segments("satisfaction", "loyalty", data=scores, scale=(1, 5))
    given = {"satisfaction": scores["satisfaction"], "loyalty": scores["loyalty"]}
    ax = pictures.people_matrix(found, **given, show="customers")
    marks = ax.lines[0].get_xydata()
    np.testing.assert_array_equal(np.rint(marks), scores)
    assert len(np.unique(marks, axis=0)) == len(scores)
    assert np.abs(marks - scores.to_numpy()).max() <= 0.4
    table = found.segments.set_index("segment")
    for text in shown(ax):
        name, rest = text.split("\n")
        share = float(rest.split("%")[0])
        assert share == pytest.approx(100 * table.loc[name, "estimate"], abs=0.5)
    assert len(shown(ax)) == len(table)
    assert_apart(ax)


def test_the_density_counts_everybody(scores):
    found, _ = segments("satisfaction", "loyalty", data=scores, scale=(1, 5))
    given = {"satisfaction": scores["satisfaction"], "loyalty": scores["loyalty"]}
    ax = pictures.people_matrix(found, **given, show="density")
    counts = ax.collections[0].get_array()
    np.testing.assert_array_equal(counts.reshape(5, 5), pd.crosstab(*map(scores.get, scores)).T)
    assert_apart(ax)


def test_many_people_become_a_density():
    rng = np.random.default_rng(3)
    x = rng.normal(60, 15, (2000, 2)).clip(0, 100)
    found, _ = segments(x[:, 0], x[:, 1], scale=(0, 100), cuts={"extremes": (20, 90)})
    ax = pictures.people_matrix(found, satisfaction=x[:, 0], loyalty=x[:, 1])
    assert ax.collections[0].get_array().sum() == 2000
    few, _ = segments(x[:100, 0], x[:100, 1], scale=(0, 100))
    ax = pictures.people_matrix(few, satisfaction=x[:100, 0], loyalty=x[:100, 1])
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), x[:100])


@pytest.mark.parametrize(("ties", "border"), [("high", 2.5), ("low", 3.5)])
def test_borders_lie_between_scores(scores, ties, border):
    given = {"satisfaction": scores["satisfaction"], "loyalty": scores["loyalty"]}
    found, _ = segments(**given, scale=(1, 5), ties=ties, cuts={"extremes": (1, 5)})
    ax = pictures.people_matrix(found, **given, show="customers")
    level, cut, terrorist, apostle = (c.get_segments()[0] for c in ax.collections)
    np.testing.assert_array_equal(level[:, 1], border)
    np.testing.assert_array_equal(cut[:, 0], border)
    np.testing.assert_array_equal(terrorist[:, 0], 1.5)
    np.testing.assert_array_equal(apostle[:, 0], 4.5)
    assert terrorist[:, 1].max() == apostle[:, 1].min() == border


def test_two_kinds_of_false_loyalty_stand_over_one_cell(scores):
    given = {"satisfaction": scores["satisfaction"], "loyalty": scores["loyalty"]}
    held = np.linspace(0, 0.9, len(scores))
    found, _ = segments(matrix="satisfied_loyal", **given, constraint=held, scale=(1, 5))
    names = {"inertia loyalty": "loyal for want of a reason to go"}
    ax = pictures.people_matrix(found, **given, names=names)
    first = [text.split("\n")[0] for text in shown(ax)]
    assert set(first) == ({*found.names} - {"inertia loyalty"}) | {*names.values()}
    assert_apart(ax)


@pytest.mark.parametrize("extremes", [(1, 9), (1, 10), (2, 10)])
def test_captions_stand_over_their_own_cells_or_have_a_line_to_them(extremes):
    # With a key beside it the matrix is so narrow that the captions of a side need two tiers.
    x, y = np.random.default_rng(2).integers(1, 11, (2, 3000))
    found, _ = segments(x, y, scale=(1, 10), cuts={"extremes": extremes})
    ax = pictures.people_matrix(found, satisfaction=x, loyalty=y)
    low, high = extremes[0] + 0.5, extremes[1] - 0.5
    cells = {
        "terrorist": (0.5, low), "defector": (low, 5.5), "mercenary": (5.5, 10.5),
        "hostage": (0.5, 5.5), "loyalist": (5.5, high), "apostle": (high, 10.5),
    }  # fmt: skip
    feet = [text.xyann[0] for text in ax.texts if not text.get_text()]
    for text in ax.texts:
        if text.get_text():
            left, right = cells[text.get_text().split("\n")[0]]
            x, _ = text.get_position()
            assert left < x < right or any(left < foot < right for foot in feet)
    assert_apart(ax)


def test_two_long_captions_of_one_cell_stand_one_above_the_other(scores):
    given = {"satisfaction": scores["satisfaction"], "loyalty": scores["loyalty"]}
    held = np.linspace(0, 0.9, len(scores))
    names = {"inertia loyalty": "loyal for want of a reason to go"}
    found, _ = segments(matrix="satisfied_loyal", **given, constraint=held, scale=(1, 5))
    ax = pictures.people_matrix(found, **given, names=names)
    inertia, monopoly = (
        text.get_position() for text in ax.texts if "want" in text.get_text() or "mon" in str(text)
    )
    assert max(inertia[0], monopoly[0]) < 2.5  # both over the dissatisfied
    assert inertia[1] < monopoly[1]


def test_true_shares_are_those_of_the_result():
    rng = np.random.default_rng(4)
    x = np.rint(rng.multivariate_normal([6, 6], [[4, 2], [2, 4]], 500)).clip(1, 10)
    given = {"satisfaction": x[:, 0], "loyalty": x[:, 1]}
    found, _ = segments(**given, scale=(1, 10), reliability=(0.8, 0.8))
    true = found.segments.query("quantity == 'true'").set_index("segment")["estimate"]
    for text in shown(pictures.people_matrix(found, **given, shares="true")):
        name, rest = text.split("\n")
        assert float(rest.split("%")[0]) == pytest.approx(100 * true[name], abs=0.5)


def test_people_with_a_missing_score_are_left_out(scores):
    gaps = scores.astype(float)
    gaps.loc[[3, 5], "loyalty"] = np.nan
    found, _ = segments("satisfaction", "loyalty", data=gaps, scale=(1, 5), missing="drop")
    ax = pictures.people_matrix(
        found, satisfaction="satisfaction", loyalty="loyalty", data=gaps, show="customers"
    )
    assert len(ax.lines[0].get_xdata()) == len(scores) - 2


def test_the_cusp_falls_and_comes_back_at_its_thresholds():
    # alpha = 4 s - 2 and beta = 3: folds at alpha = -2 and 2, where y is 1, -1, and lands at -2, 2.
    ax = pictures.cusp_hysteresis(CUSP, constraint=3.0, satisfaction=(-1, 2))
    high, middle, low = ax.lines
    for line in ax.lines:
        s, y = line.get_data()
        np.testing.assert_allclose(y**3 - 3 * y, 4 * s - 2, atol=ROUNDING)
    assert (high.get_linestyle(), low.get_linestyle()) == ("-", "-")
    assert middle.get_linestyle() == "--"
    assert shown(ax) == ["lost at 0", "back at 1"]
    arrows = [text for text in ax.texts if not text.get_text()]
    ends = [(*arrow.xyann, *arrow.xy) for arrow in arrows]
    np.testing.assert_allclose(ends[1], (0, 1, 0, -2), atol=ROUNDING)
    np.testing.assert_allclose(ends[3], (1, -1, 1, 2), atol=ROUNDING)
    assert ends[0][2] < ends[0][0]  # along the high branch satisfaction falls,
    assert ends[2][2] > ends[2][0]  # along the low one it rises
    assert_apart(ax)


@pytest.mark.parametrize(
    ("constraint", "span", "lines", "texts"),
    [
        (-1.0, (0, 1), 1, []),
        (0.0, (0, 1), 1, []),
        (3.0, (0.3, 2), 3, ["back at 1"]),
        (3.0, (0.3, 0.7), 3, []),
        (3.0, (1, 2), 1, []),
        (3.0, (-1, 0), 1, []),
        (0.3, (0, 1), 3, ["lost at 0.484", "back at 0.516"]),
    ],
)
def test_only_thresholds_in_the_picture_are_named(constraint, span, lines, texts):
    ax = pictures.cusp_hysteresis(CUSP, constraint=constraint, satisfaction=span)
    assert (len(ax.lines), shown(ax)) == (lines, texts)
    assert_apart(ax)


numbers = st.floats(-5, 5).map(lambda value: round(value, 3))


@given(
    st.lists(st.tuples(numbers, st.floats(0.01, 1), numbers), min_size=1, max_size=10),
    st.floats(0, 5),
)
def test_things_spread_out_neither_overlap_nor_leave_their_room(things, spare):
    wanted, sizes, others = np.array(things).T
    low, high = -3.0, -3.0 + sizes.sum() + spare
    found = _layout.spread(wanted, sizes, low, high)
    order = np.argsort(wanted, kind="stable")
    ends, starts = (found + sizes / 2)[order], (found - sizes / 2)[order]
    assert (starts[1:] >= ends[:-1] - ROUNDING).all()
    assert starts[0] >= low - ROUNDING
    assert ends[-1] <= high + ROUNDING
    # No other arrangement in the same order is nearer to where they should be.
    other = np.empty_like(wanted)
    other[order] = np.sort(others) + 1e-3 * np.arange(len(others))  # ties would change the order
    other = _layout.spread(other, sizes, low, high)
    assert ((found - wanted) ** 2).sum() <= ((other - wanted) ** 2).sum() + ROUNDING


def test_things_that_fit_stay_where_they_should_be():
    wanted = np.array([3.0, 0.5, 2.0])
    np.testing.assert_allclose(_layout.spread(wanted, np.full(3, 0.9), 0, 4), wanted)
    # Two at one place make room for each other.
    np.testing.assert_allclose(_layout.spread(np.ones(2), np.ones(2), 0, 4), [0.5, 1.5])
    # What has no room stands in the middle of what there is.
    np.testing.assert_allclose(_layout.spread(np.ones(2), np.full(2, 3.0), 0, 4), [0.5, 3.5])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"constraints": []}, OptionError, "give one for each line"),
        ({"constraints": [0.5, 1.0]}, DataError, "constraints must lie"),
        ({"constraints": [-0.1]}, DataError, "constraints must lie"),
        ({"labels": ["a"]}, OptionError, "one name for each of the 5"),
        ({"labels": "abcde"}, OptionError, "one name for each of"),
        ({"zones": "yes"}, OptionError, "choose True or False"),
        ({"segments": 1}, OptionError, "choose True or False"),
        ({"language": "de"}, OptionError, "choose one of 'en', 'zh'"),
    ],
)
def test_options_of_the_family_are_checked(options, error, message):
    with pytest.raises(error, match=message):
        pictures.curve_family(CURVE, **options)


def test_a_fit_is_no_curve(result):
    draws = (
        pictures.curve_family,
        pictures.loyalty_surface,
        lambda curve: pictures.true_and_false_loyalty(curve, constraint=0.5),
    )
    for draw in draws:
        with pytest.raises(LoyaltyModelError, match=r"not a LoyaltyCurve|result\.curve"):
            draw(result)


def test_other_options_are_checked(result, scores):
    with pytest.raises(OptionError, match="must be one number"):
        pictures.true_and_false_loyalty(CURVE, constraint=[0.5])
    with pytest.raises(DataError, match="is no group of the fit"):
        pictures.fitted_curve(result, group="trains")
    with pytest.raises(OptionError, match="both given"):
        pictures.fitted_curve(result, group="cars", constraint=0.2)
    with pytest.raises(OptionError, match="is no mapping"):
        pictures.fitted_curve(result, names=["x"])
    with pytest.raises(OptionError, match="trains, which the result has not"):
        pictures.fitted_curve(result, names={"trains": "x"})
    with pytest.raises(OptionError, match="choose True or False"):
        pictures.calibration(result, by_group="yes")
    with pytest.raises(OptionError, match="level"):
        pictures.fitted_curve(result, level=95)
    given = {"satisfaction": scores["satisfaction"], "loyalty": scores["loyalty"]}
    found, _ = segments(**given, scale=(1, 5))
    with pytest.raises(DataError, match="no reliability was given"):
        pictures.people_matrix(found, **given, shares="true")
    with pytest.raises(DataError, match=r"there are 2 customers .* but 300 were sorted"):
        pictures.people_matrix(found, satisfaction=[1, 2], loyalty=[3, 4])
    weights = np.where(np.arange(300) < 5, np.nan, 1.0)
    some, customers = segments(**given, scale=(1, 5), weights=weights, missing="drop")
    with pytest.raises(DataError, match=r"but 295 were sorted.* take data.loc\[customers.index\]"):
        pictures.people_matrix(some, **given)
    own = {name: scores.loc[customers.index, name] for name in given}
    assert pictures.people_matrix(some, **own).get_title() == ""
    with pytest.raises(OptionError, match="choose one of 'auto', 'customers', 'density'"):
        pictures.people_matrix(found, **given, show="hexbin")
    textbook, _ = textbook_segments(CURVE, [0.9], constraint=[0.0])
    with pytest.raises(OptionError, match="do not depend on loyalty"):
        pictures.people_matrix(textbook, satisfaction=[0.9], loyalty=[1])
    with pytest.raises(DataError, match="a single number"):
        pictures.cusp_hysteresis(CUSP, constraint=[1, 2], satisfaction=(0, 1))


def test_lines_keep_their_colour_whatever_else_is_drawn():
    one = pictures.curve_family(CURVE, constraints=[0.5]).lines[0]
    among = pictures.curve_family(CURVE, constraints=[0.0, 0.5, 0.9]).lines[1]
    assert to_hex(one.get_color()) == to_hex(among.get_color())
