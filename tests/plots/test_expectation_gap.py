"""Pictures of gaps show the numbers that they are made of."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import loyaltymodel.plots.expectation_gap as draw
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap import (
    ServiceInstrument,
    provider_gaps,
    servqual,
    zone_of_tolerance,
)

INSTRUMENT = ServiceInstrument(
    dimensions=[
        {"name": "speed", "items": [{"name": "wait"}]},
        {"name": "staff", "items": [{"name": "polite"}]},
    ]
)
ANSWERS = pd.DataFrame(
    {"E_wait": [7, 6, 5], "P_wait": [5, 5, 4], "E_polite": [5, 6, 4], "P_polite": [6, 7, 5]}
)
LEVELS = {
    "expected": 9, "understood": 8, "designed": 7, "delivered": 7.5, "promised": 8.5,
    "perceived": 6.2,
}  # fmt: skip


@pytest.fixture
def quality():
    return servqual(INSTRUMENT, ANSWERS, scale=(1, 7)).result


@pytest.fixture
def zones():
    perceived = {"wait": [4, 5, 7, 9], "staff": [6, 7, 8, 8]}
    return zone_of_tolerance(
        perceived, dict.fromkeys(perceived, [8] * 4), adequate=dict.fromkeys(perceived, [5] * 4)
    ).result


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_pictures_return_the_axes_that_they_were_given(quality, zones):
    for picture, result in (
        (draw.gap_dumbbells, quality),
        (draw.tolerance_zones, zones),
        (draw.gap_model, provider_gaps(**LEVELS)),
    ):
        _, ax = plt.subplots()
        assert picture(result, ax=ax) is ax
        assert picture(result) is not ax


@pytest.mark.parametrize("part", ["items", "dimensions"])
def test_dumbbells_stand_at_the_levels(quality, part):
    ax = draw.gap_dumbbells(quality, part=part)
    levels = (quality.item_levels if part == "items" else quality.dimension_levels).frame()
    bars, *intervals = ax.collections
    for k, kind in enumerate(("expected", "perceived")):
        found = levels[levels["quantity"] == kind]
        np.testing.assert_allclose(ax.lines[k].get_xdata(), found["estimate"])
        ends = [[s[0][0], s[1][0]] for s in intervals[k].get_segments()]
        np.testing.assert_allclose(ends, found[["ci_low", "ci_high"]])
    means = [[s[0][0], s[1][0]] for s in bars.get_segments()]
    np.testing.assert_allclose(means, quality.items[["expected", "perceived"]])


def test_performance_alone_has_no_dumbbells():
    result, _ = servqual(INSTRUMENT, ANSWERS, scale=(1, 7), design="performance")
    ax = draw.gap_dumbbells(result)
    assert len(ax.lines) == len(ax.collections) == 1


def test_zones_stand_from_adequate_to_desired(zones):
    ax = draw.tolerance_zones(zones)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    np.testing.assert_allclose(bars, zones.zones[["adequate", "desired"]])
    perceived = zones.attributes[zones.attributes["quantity"] == "perceived"]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), perceived["estimate"])
    assert texts(ax)[1:] == ["25 / 50 / 25", "0 / 100 / 0"]
    without, _ = zone_of_tolerance([4, 9], [8, 8])
    assert texts(draw.tolerance_zones(without)) == ["not above / above, %", "50 / 50"]


def test_the_gap_model_says_every_level_and_gap():
    said = texts(draw.gap_model(provider_gaps(**LEVELS)))
    for name, level in LEVELS.items():
        assert f"{name}\n{level:.2f}" in said
    for gap in ("gap 5: 2.80", "gap 4: 1.00", "gap 3: -0.50", "gap 2: 1.00", "gap 1:\n1.00"):
        assert gap in said
    assert "not perceived: 1.30" in said
    silent = texts(draw.gap_model(provider_gaps(**{**LEVELS, "promised": None})))
    assert not any("promised" in text or "gap 4" in text for text in silent)
    level = dict.fromkeys(LEVELS, 5.0)
    assert "gap 5: 0.00" in texts(draw.gap_model(provider_gaps(**level)))


def test_of_several_units_one_is_chosen():
    table = pd.DataFrame({k: [v, v - 1] for k, v in LEVELS.items()}, index=["north", "south"])
    result = provider_gaps(**{name: name for name in LEVELS}, data=table)
    assert "expected\n8.00" in texts(draw.gap_model(result, unit="south"))
    with pytest.raises(OptionError, match="several units; choose unit= from north, south"):
        draw.gap_model(result)
    with pytest.raises(OptionError, match="north, south"):
        draw.gap_model(result, unit="east")


def test_what_is_not_there_is_refused(quality):
    with pytest.raises(OptionError, match="'items', 'dimensions'"):
        draw.gap_dumbbells(quality, part="people")
    direct = ANSWERS.rename(columns={"P_wait": "wait", "P_polite": "polite"})
    result, _ = servqual(INSTRUMENT, direct, scale=(1, 7), design="one_column")
    with pytest.raises(DataError, match="no levels to draw"):
        draw.gap_dumbbells(result)
    with pytest.raises(OptionError, match="ToleranceResult"):
        draw.tolerance_zones(quality)
