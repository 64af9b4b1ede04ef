"""Pictures of uncertainty show the numbers that they are made of."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from loyaltymodel import plots, structural
from loyaltymodel.errors import DataError, OptionError

from worlds import answers, model_of

SIZES, ARROWS = [2, 3, 1], [(0, 1), (0, 2), (1, 2)]


@pytest.fixture(scope="module")
def boot():
    raw = answers(np.random.default_rng(3), 90, SIZES, ARROWS)
    model = model_of(SIZES, ARROWS)
    survey = pd.DataFrame(np.rint(5.5 + 1.5 * raw).clip(1, 10), columns=model.items)
    result = structural.fit(model, survey, scale=(1, 10))
    return structural.bootstrap(result, survey, n_resamples=200, rng=1)


@pytest.mark.parametrize("draw", [plots.structural.forest, plots.structural.htmt_map])
def test_pictures_return_the_axes_that_they_were_given(boot, draw):
    _, ax = plt.subplots()
    assert draw(boot, ax=ax) is ax
    assert draw(boot) is not ax


def test_the_forest_has_every_estimate_with_its_interval(boot):
    for kind in ("paths", "weights", "specific_effects", "index", "r_squared", "impacts"):
        ax = plots.structural.forest(boot, kind)
        table = getattr(boot, kind)
        lines = [line for line in ax.collections[0].get_segments() if len(line)]
        found = np.array([[segment[0][0], segment[1][0]] for segment in lines])
        # The weight of a single item is 1 by definition and has no interval.
        np.testing.assert_allclose(found, table[["ci_low", "ci_high"]].dropna())
        assert len(ax.get_yticklabels()) == len(table)


def test_intervals_that_hold_0_are_hollow(boot):
    full, hollow = plots.structural.forest(boot, "weights").lines[-2:]
    excluded = (boot.weights["ci_low"] > 0) | (boot.weights["ci_high"] < 0)
    excluded |= boot.weights["ci_low"].isna()
    assert len(full.get_xdata()) == excluded.sum()
    assert len(hollow.get_xdata()) == (~excluded).sum()
    assert hollow.get_markerfacecolor() == "white"


def test_the_histogram_counts_every_resample(boot):
    name = ("paths", "c0", "c1")
    ax = plots.structural.replicates(boot, name, bins=10)
    assert sum(bar.get_height() for bar in ax.patches) == 200
    row = boot.paths.iloc[0]
    marks = [line.get_xdata()[0] for line in ax.lines]
    assert marks == pytest.approx([row["estimate"], row["ci_low"], row["ci_high"]])


def test_the_map_shows_every_ratio_and_frames_those_in_doubt(boot):
    ax = plots.structural.htmt_map(boot, threshold=0.6)
    table = boot.htmt_test(threshold=0.6)
    assert [text.get_text() for text in ax.texts] == [f"{r:.2f}" for r in table["estimate"]]
    framed = [text.get_bbox_patch().get_edgecolor()[3] > 0 for text in ax.texts]
    assert framed == (table["ci_high"] >= 0.6).to_list()


def test_what_is_not_there_is_refused(boot):
    with pytest.raises(OptionError, match="'paths', 'weights'"):
        plots.structural.forest(boot, "arrows")
    with pytest.raises(OptionError, match="not the name"):
        plots.structural.replicates(boot, ("paths", "c2", "c0"))
    result = structural.fit(boot.result.model, boot.result.moments)
    without = structural.bootstrap(result, draw="parametric", n_resamples=50, rng=1)
    with pytest.raises(DataError, match="scale"):
        plots.structural.forest(without, "index")
