"""Pictures of structural models: what is drawn, where it stands, and what is left alone."""

from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from loyaltymodel import datasets
from loyaltymodel.errors import DataError, LoyaltyModelError, NegativeWeightWarning, OptionError
from loyaltymodel.plots import structural as plots
from loyaltymodel.structural import StructuralModel, Truth, acsi, ecsi, fit, population, scsb

from tolerances import EXACT

PRESETS = {"ecsi": ecsi, "acsi": acsi, "scsb": scsb}
DRAW = {
    "path_diagram": plots.path_diagram,
    "loadings": plots.loadings,
    "importance_performance_map": lambda result, **options: plots.importance_performance_map(
        result, "loyalty", **options
    ),
}
any_picture = pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)


def fitted(preset, **options):
    model = preset(datasets.mobile_phone_items(), mode=options.pop("mode", "A"))
    return fit(model, datasets.mobile_phone_moments(), **{"scale": (1, 10)} | options)


@pytest.fixture(scope="module")
def result():
    return fitted(scsb)


@pytest.fixture(scope="module", params=PRESETS.values(), ids=PRESETS)
def preset(request):
    """A result, and its path diagram on axes of its own."""
    result = fitted(request.param)
    ax = plots.path_diagram(result)
    ax.figure.draw_without_rendering()
    return result, ax


@pytest.fixture(scope="module")
def opposed():
    """A result with a strong negative path, a weak negative one and a strong positive one."""
    model = StructuralModel.from_text("a =~ a1; b =~ b1; c =~ c1; b ~ a; c ~ a + b")
    truth = Truth(
        paths={("a", "b"): -0.6, ("a", "c"): -0.1, ("b", "c"): 0.6},
        loadings={"a1": 1, "b1": 1, "c1": 1},
        means=5,
    )
    return fit(model, population(model, truth).moments(500), scale=(1, 10))


# What is drawn, in one word each


def labels(ax):
    """The coefficients: texts on a card of their own."""
    return [text for text in ax.texts if text.get_bbox_patch() is not None]


def words(ax):
    """What stands in the boxes, by construct."""
    found = [text for text in ax.texts if text.get_bbox_patch() is None]
    return {text.get_text().partition("\n")[0]: text for text in found}


def boxes(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def extent(artist):
    return artist.get_window_extent()


def ends(ax, arrow):
    """Where an arrow begins, and its tip, in pixels."""
    path = arrow.get_path()
    corners = ax.transData.transform(path.vertices[path.codes != Path.CLOSEPOLY])
    return corners[0], corners[np.hypot(*(corners - corners[0]).T).argmax()]


def cards(ax):
    return [text.get_bbox_patch() for text in labels(ax)]


def points(ax):
    """Places (k, 2) of all round markers."""
    lines = [line for line in ax.lines if line.get_marker() == "o"]
    return np.vstack([line.get_xydata() for line in lines])


def overlapping(artists):
    """Pairs of artists of which one covers a part of the other."""
    return [(a, b) for a, b in combinations(artists, 2) if share_a_part(extent(a), extent(b))]


def share_a_part(one, other):
    half_a_pixel = 0.5
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > half_a_pixel and height > half_a_pixel


def within(inner, outer):
    a_pixel = 1
    return (
        inner.x0 >= outer.x0 - a_pixel
        and inner.x1 <= outer.x1 + a_pixel
        and inner.y0 >= outer.y0 - a_pixel
        and inner.y1 <= outer.y1 + a_pixel
    )


# What every picture keeps


@any_picture
def test_it_draws_on_the_axes_that_it_is_given(result, draw):
    _, (ours, other) = plt.subplots(1, 2, figsize=(8, 4))
    assert draw(result, ax=ours) is ours
    assert ours.texts
    assert not other.texts
    assert not other.patches


@any_picture
def test_it_draws_on_new_axes_as_wide_as_a_journal_column_otherwise(result, draw):
    mine = plt.figure()
    ax = draw(result)
    assert ax.figure is not mine
    assert ax.figure.get_figwidth() == 3.5
    assert not mine.axes


@any_picture
def test_it_shows_nothing_and_leaves_the_session_alone(result, draw, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("it called show()"))
    figure, ax = plt.subplots(figsize=(5, 4))
    other = plt.figure()
    before = dict(mpl.rcParams), plt.get_fignums(), plt.isinteractive()
    draw(result, ax=ax)
    assert (dict(mpl.rcParams), plt.get_fignums(), plt.isinteractive()) == before
    assert plt.gcf() is other
    assert figure.get_size_inches().tolist() == [5, 4]


@any_picture
def test_it_does_not_depend_on_which_figure_is_current(result, draw):
    texts = []
    for _ in range(2):
        texts.append([(text.get_text(), *text.get_position()) for text in draw(result).texts])
        plt.figure()
    assert texts[0] == texts[1]


@any_picture
def test_names_are_shown_instead(result, draw):
    ax = draw(result, names={"value": "worth", "complaints": "Réclamations gérées"})
    shown = " ".join([text.get_text() for text in ax.texts])
    assert "worth" in shown
    assert "Réclamations gérées" in shown
    assert "value" not in shown
    assert "expectation" in shown
    ax.figure.draw_without_rendering()  # a letter that the font lacks would be a warning


@any_picture
def test_names_of_no_construct_are_refused(result, draw):
    with pytest.raises(OptionError, match="valeu; the constructs are expectation"):
        draw(result, names={"valeu": "worth"})
    assert not plt.get_fignums(), "nothing is drawn before the options are checked"


@any_picture
def test_constructs_may_have_names_beyond_ascii(draw):
    model = StructuralModel.from_text(
        "'Prix élevé' =~ p1 + p2; Größe =~ g1; loyalty =~ l1; loyalty ~ 'Prix élevé' + Größe"
    )
    rng = np.random.default_rng(4)
    survey = pd.DataFrame(rng.integers(1, 11, (60, 4)), columns=["p1", "p2", "g1", "l1"])
    survey["p2"] = survey["p1"]
    ax = draw(fit(model, survey, scale=(1, 10)))
    ax.figure.draw_without_rendering()
    shown = " ".join(text.get_text() for text in ax.texts)
    assert "Prix élevé" in shown
    assert "Größe" in shown


# The path diagram: what it says


def test_every_construct_has_a_box_with_its_index_and_r_squared(preset):
    result, ax = preset
    found = words(ax)
    assert list(found) == list(result.model.names)
    assert len(boxes(ax)) == len(found)
    for name, text in found.items():
        facts = [f"{result.constructs['index'][name]:.1f}"]
        if name in result.model.endogenous:
            facts.append(f"R² {result.constructs['r_squared'][name]:.2f}")
        assert text.get_text() == f"{name}\n{', '.join(facts)}"


def test_the_words_stand_inside_their_boxes(preset):
    _, ax = preset
    for box, text in zip(boxes(ax), words(ax).values(), strict=True):
        assert within(extent(text), extent(box))


@pytest.mark.parametrize("digits", [0, 2, 3])
def test_every_coefficient_stands_on_its_own_arrow(result, digits):
    ax = plots.path_diagram(result, digits=digits)
    centres = {name: np.array(text.get_position()) for name, text in words(ax).items()}
    assert len(labels(ax)) == len(arrows(ax)) == len(result.paths)
    for path, label in zip(result.paths.itertuples(), labels(ax), strict=True):
        assert label.get_text() == f"{path.estimate:.{digits}f}"
        way = centres[path.target] - centres[path.source]
        part = np.array(label.get_position()) - centres[path.source]
        assert way[0] * part[1] - way[1] * part[0] == pytest.approx(0, abs=1e-9)
        assert 0 < part @ way / (way @ way) < 1


def test_without_a_scale_there_is_no_index():
    ax = plots.path_diagram(fitted(scsb, scale=None))
    assert words(ax)["expectation"].get_text() == "expectation"
    assert words(ax)["loyalty"].get_text() == "loyalty\nR² 0.44"


def test_a_construct_without_an_index_has_none_in_its_box():
    survey = datasets.load_mobile_phones()
    survey["PERV2"] = 11 - survey["PERV2"]  # one of two items turned round: a negative weight
    with pytest.warns(NegativeWeightWarning):
        result = fit(scsb(datasets.mobile_phone_items()), survey, scale=(1, 10))
    ax = plots.path_diagram(result)
    assert words(ax)["value"].get_text().startswith("value\nR²")
    assert "nan" not in " ".join(text.get_text() for text in ax.texts)


def test_arrows_lead_from_their_source_to_their_target(preset):
    result, ax = preset
    place = {name: extent(box) for name, box in zip(words(ax), boxes(ax), strict=True)}
    for path, arrow in zip(result.paths.itertuples(), arrows(ax), strict=True):
        start, tip = ends(ax, arrow)
        assert place[path.source].padded(2).contains(*start), path
        assert place[path.target].padded(5).contains(*tip), path


def test_every_arrow_leads_to_the_right(preset):
    result, ax = preset
    place = {name: text.get_position() for name, text in words(ax).items()}
    for path in result.model.paths:
        assert place[path.source][0] < place[path.target][0], path


def test_arrows_of_negative_coefficients_are_broken(opposed):
    ax = plots.path_diagram(opposed)
    negative = (opposed.paths["estimate"] < 0).tolist()
    assert negative == [True, True, False]
    broken = [arrow.get_linestyle() not in ("-", "solid") for arrow in arrows(ax)]
    assert broken == negative
    # The sign does not depend on colour: it is also in the number.
    assert [label.get_text() for label in labels(ax)] == ["-0.60", "-0.10", "0.60"]


def test_arrows_are_as_thick_as_their_coefficients_are_large(opposed):
    strong, weak, positive = (
        arrow.get_linewidth() for arrow in arrows(plots.path_diagram(opposed))
    )
    assert strong > weak
    assert strong == pytest.approx(positive)


# The path diagram: where it stands


def test_boxes_do_not_overlap(preset):
    _, ax = preset
    assert not overlapping(boxes(ax))


def test_coefficients_overlap_neither_each_other_nor_a_box(preset):
    _, ax = preset
    assert not overlapping(cards(ax))
    for card in cards(ax):
        assert not any(share_a_part(extent(card), extent(box)) for box in boxes(ax))


def test_nothing_stands_outside_the_axes(preset):
    _, ax = preset
    for artist in [*boxes(ax), *arrows(ax), *cards(ax), *ax.texts]:
        assert within(extent(artist), extent(ax))


def test_no_arrow_passes_behind_a_box_that_is_not_its_own(preset):
    result, ax = preset
    place = {name: extent(box) for name, box in zip(words(ax), boxes(ax), strict=True)}
    for path, arrow in zip(result.model.paths, arrows(ax), strict=True):
        start, tip = ends(ax, arrow)
        way = start + np.linspace(0, 1, 200)[:, None] * (tip - start)
        for name in place.keys() - {path.source, path.target}:
            inside = (way > place[name].min) & (way < place[name].max)
            assert not inside.all(axis=1).any(), (path, name)


def test_no_coefficient_stands_on_an_arrow_that_is_not_its_own(preset):
    _, ax = preset
    lines = [ends(ax, arrow) for arrow in arrows(ax)]
    for k, text in enumerate(labels(ax)):
        box = extent(text)  # the digits; the card about them may touch a line
        for other, (start, tip) in enumerate(lines):
            way = start + np.linspace(0, 1, 500)[:, None] * (tip - start)
            inside = ((way > box.min) & (way < box.max)).all(axis=1)
            assert other == k or not inside.any(), (text.get_text(), other)


def test_a_data_unit_is_an_inch(preset):
    _, ax = preset
    inch = ax.transData.transform([[0, 0], [1, 1]])
    np.testing.assert_allclose(inch[1] - inch[0], ax.figure.dpi, rtol=1e-3)


def test_wide_axes_are_used_from_edge_to_edge():
    _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    plots.path_diagram(fitted(ecsi), ax=ax)
    ax.figure.draw_without_rendering()
    left = min(extent(box).x0 for box in boxes(ax))
    right = max(extent(box).x1 for box in boxes(ax))
    assert right - left > 0.9 * extent(ax).width
    assert not overlapping([*boxes(ax), *cards(ax)])


# The loadings


def test_every_item_has_a_marker_at_its_loading(result):
    ax = plots.loadings(result)
    table = result.loadings
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(table["item"])
    np.testing.assert_allclose(
        points(ax), np.column_stack([table["estimate"], range(len(table))]), atol=EXACT
    )
    bottom, top = ax.get_ylim()
    assert bottom > top, "the first item stands at the top"


def test_a_line_stands_at_the_root_of_one_half(result):
    ax = plots.loadings(result)
    upright = [line.get_xdata() for line in ax.lines if line.get_linestyle() != "-"]
    assert [0.708, 0.708] in [list(x) for x in upright]
    assert "0.708" in [text.get_text() for text in ax.texts]


def test_each_construct_is_named_beside_its_first_item(result):
    ax = plots.loadings(result)
    beside = {text.get_text(): text.xy[1] for text in ax.texts if text.get_text() != "0.708"}
    first = result.loadings["construct"].drop_duplicates()
    assert beside == {construct: row for row, construct in first.items()}


def test_items_of_mode_b_are_hollow_and_single_items_are_not():
    model = StructuralModel.from_text("a <~ a1 + a2; b <~ b1; c =~ c1 + c2; c ~ a + b")
    rng = np.random.default_rng(9)
    cause = rng.normal(size=(200, 3))
    effect = cause.sum(axis=1, keepdims=True) + rng.normal(size=(200, 2))
    survey = pd.DataFrame(np.hstack([cause, effect]), columns=model.items)
    ax = plots.loadings(fit(model, survey))
    hollow = {}
    for line in ax.lines:
        if line.get_marker() == "o":
            fill = to_rgba(line.get_markerfacecolor())
            hollow |= dict.fromkeys(line.get_ydata(), fill == to_rgba("white"))
            assert to_rgba(line.get_markeredgecolor()) != to_rgba("white")
    assert [hollow[row] for row in range(5)] == [True, True, False, False, False]


def test_a_negative_loading_stands_left_of_zero():
    survey = datasets.load_mobile_phones()
    survey["CUSA3"] = 11 - survey["CUSA3"]
    result = fit(scsb(datasets.mobile_phone_items()), survey)
    lowest = result.loadings["estimate"].min()
    assert lowest < 0
    ax = plots.loadings(result)
    assert ax.get_xlim()[0] < lowest
    assert points(ax)[:, 0].min() == pytest.approx(lowest)


@pytest.mark.parametrize("make", PRESETS.values(), ids=PRESETS)
def test_names_of_items_and_constructs_do_not_overlap(make):
    ax = plots.loadings(fitted(make))
    ax.figure.draw_without_rendering()
    assert not overlapping([*ax.texts, *ax.get_yticklabels()])
    for text in [*ax.texts, *ax.get_yticklabels(), ax.xaxis.label]:
        assert within(extent(text), ax.figure.bbox)


# The importance-performance map


def drivers(result, target):
    return result.impacts[result.impacts["target"] == target]


TARGETS = [(name, target) for name in PRESETS for target in ("satisfaction", "loyalty")]
on_targets = pytest.mark.parametrize(("name", "target"), TARGETS, ids=map("-".join, TARGETS))


def test_each_driver_stands_at_its_impact_and_index(result):
    ax = plots.importance_performance_map(result, "loyalty")
    table = drivers(result, "loyalty")
    expected = np.column_stack([table["estimate"], result.constructs["index"][table["source"]]])
    np.testing.assert_allclose(points(ax), expected, atol=EXACT)
    assert {text.get_text() for text in ax.texts} == set(table["source"])
    assert ax.get_xlabel() == "Impact on loyalty (points per point)"


def test_broken_lines_stand_at_the_means(result):
    ax = plots.importance_performance_map(result, "loyalty")
    x, y = points(ax).mean(axis=0)
    broken = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() != "o"]
    assert broken == [[[x, 0], [x, 1]], [[0, y], [1, y]]]
    assert all(line.get_linestyle() == "--" for line in ax.lines if line.get_marker() != "o")


@on_targets
def test_names_overlap_neither_names_nor_points_and_stay_inside(name, target):
    ax = plots.importance_performance_map(fitted(PRESETS[name]), target)
    ax.figure.draw_without_rendering()
    assert not overlapping(ax.texts)
    for text in ax.texts:
        assert within(extent(text), extent(ax))
        for point in ax.transData.transform(points(ax)):
            assert not extent(text).contains(*point)


@on_targets
def test_each_name_stands_closest_to_its_own_point(name, target):
    result = fitted(PRESETS[name])
    ax = plots.importance_performance_map(result, target)
    ax.figure.draw_without_rendering()
    places = ax.transData.transform(points(ax))
    for k, text in enumerate(ax.texts):
        box = extent(text)
        nearest = np.clip(places, [box.x0, box.y0], [box.x1, box.y1])
        assert np.hypot(*(places - nearest).T).argmin() == k, text.get_text()


def three_constructs(turned):
    """A result of a and b driving c, with one of two items of a construct turned round."""
    model = StructuralModel.from_text("a =~ a1 + a2; b =~ b1 + b2; c =~ c1 + c2; c ~ a + b")
    rng = np.random.default_rng(1)
    causes = rng.normal(size=(300, 2))
    true = np.column_stack([causes, causes.sum(axis=1)]).repeat(2, axis=1)
    survey = pd.DataFrame(true + rng.normal(size=(300, 6)) / 2, columns=model.items)
    survey[turned] = -survey[turned]
    with pytest.warns(NegativeWeightWarning):
        return fit(model, survey, scale=(-30, 30))


def test_a_driver_without_an_index_is_left_out():
    ax = plots.importance_performance_map(three_constructs(["a2"]), "c")
    assert [text.get_text() for text in ax.texts] == ["b"]
    assert len(points(ax)) == 1


@pytest.mark.parametrize("turned", [["a2", "b2"], ["c2"]], ids=["all drivers", "the target"])
def test_a_target_or_drivers_without_an_index_are_an_error(turned):
    with pytest.raises(DataError, match="'c' or all of its drivers have no index"):
        plots.importance_performance_map(three_constructs(turned), "c")


def test_without_a_scale_there_is_no_map():
    with pytest.raises(DataError, match=r"fit with scale=\(lowest, highest\)"):
        plots.importance_performance_map(fitted(scsb, scale=None), "loyalty")


@pytest.mark.parametrize("target", ["expectation", "loyalti", ""])
def test_what_has_no_drivers_is_no_target(result, target):
    with pytest.raises(OptionError, match="has no drivers; choose one of 'value', 'satis"):
        plots.importance_performance_map(result, target)
    assert not plt.get_fignums()


# Options that are none


@pytest.mark.parametrize(
    "options", [{"digits": -1}, {"digits": 2.5}, {"digits": 10**12}, {"names": ["worth"]}]
)
def test_options_of_another_type_are_refused_by_name(result, options):
    with pytest.raises(LoyaltyModelError, match=next(iter(options))):
        plots.path_diagram(result, **options)


def test_a_name_with_dollars_is_shown_as_it_is(result):
    ax = plots.loadings(result, names={"value": "US$ per A$", "loyalty": "US per A"})
    ax.figure.draw_without_rendering()
    wide = {text.get_text(): extent(text).width for text in ax.texts}
    assert wide["US$ per A$"] > wide["US per A"]
