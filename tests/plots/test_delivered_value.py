"""Pictures of delivered value show the numbers that they are made of."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from loyaltymodel import evidence
from loyaltymodel.delivered_value import value_account
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.plots import delivered_value as pictures

KOTLER = evidence.catalogue("components_delivered_value")["id"].to_list()


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def account():
    numbers = [
        [60, 20, 10, 10, 70, 5, 3, 2],
        [55, 25, 12, 8, 60, 8, 4, 6],
        [70, 10, 5, -6, 45, 12, 9, 8],
    ]
    offers = pd.DataFrame(numbers, columns=KOTLER, index=["A", "B", "C"])
    return value_account(offers, unit="money")


def bars(ax):
    return [(bar.get_x(), bar.get_width()) for bar in ax.patches]


def test_pictures_return_the_axes_that_they_were_given(account):
    for draw in (pictures.stacked, lambda a, ax=None: pictures.waterfall(a, "B", ax=ax)):
        _, ax = plt.subplots()
        assert draw(account, ax=ax) is ax
        assert draw(account) is not ax


def test_stacks_end_at_the_totals_and_the_mark_at_the_delivered_value(account):
    ax = pictures.stacked(account)
    spans = np.array([[bar.get_x(), bar.get_x() + bar.get_width()] for bar in ax.patches])
    spans = np.sort(spans, axis=1).reshape(8, 3, 2)
    parts = account.contributions.to_numpy()
    np.testing.assert_allclose(spans[:, :, 1].max(axis=0), np.maximum(parts, 0).sum(axis=1))
    np.testing.assert_allclose(spans[:, :, 0].min(axis=0), np.minimum(parts, 0).sum(axis=1))
    np.testing.assert_allclose(spans[..., 1] - spans[..., 0], np.abs(parts.T))
    mark = next(line for line in ax.lines if line.get_marker() == "D")
    np.testing.assert_allclose(mark.get_xdata(), account.totals["delivered_value"])
    assert [text.get_text() for text in ax.texts] == ["20", "22", "5"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {*KOTLER, "delivered value"} == {text for text in legend if text}


def test_bars_of_one_stack_do_not_overlap(account):
    ax = pictures.stacked(account)
    spans = np.array([[bar.get_x(), bar.get_x() + bar.get_width()] for bar in ax.patches])
    spans = np.sort(spans, axis=1).reshape(8, 3, 2)
    for row in range(3):
        own = spans[:, row][np.argsort(spans[:, row, 0])]
        assert (own[1:, 0] >= own[:-1, 1] - 1e-9).all()


def test_the_waterfall_goes_from_values_to_what_is_left(account):
    ax = pictures.waterfall(account, "C")
    starts = [0, 70, 80, 85, 0, 79, 34, 22, 13, 0]
    widths = [70, 10, 5, -6, 79, -45, -12, -9, -8, 5]
    assert bars(ax) == list(zip(starts, widths, strict=True))
    assert [text.get_text() for text in ax.texts][3:6] == ["−6", "79", "−45"]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [*KOTLER[:4], "total value", *KOTLER[4:], "delivered value"]
    low, high = ax.get_xlim()
    assert low == 0
    assert high > 85


def test_a_loss_reaches_to_the_left_of_zero():
    parts = {"product": 3, "monetary": 8}
    account = value_account(parts, unit="points", values=["product"], costs=["monetary"])
    ax = pictures.waterfall(account, "offer")
    assert bars(ax) == [(0, 3), (0, 3), (3, -8), (0, -5)]
    assert ax.get_xlim()[0] < -5


def test_names_can_be_changed(account):
    chinese = evidence.catalogue("components_delivered_value").set_index("id")["chinese"].to_dict()
    chinese |= {"total_value": "顾客总价值", "delivered_value": "顾客让渡价值"}
    labels = [
        label.get_text()
        for label in pictures.waterfall(account, "A", names=chinese).get_yticklabels()
    ]
    assert labels[0] == "产品价值"
    assert labels[-1] == "顾客让渡价值"
    legend = pictures.stacked(account, names=chinese).get_legend().get_texts()
    assert "货币成本" in [text.get_text() for text in legend]


def test_more_than_four_components_have_colours_of_their_own():
    offer = dict(zip(KOTLER, [60, 20, 10, 10, 70, 5, 3, 2], strict=True)) | {"a": 2, "b": 1}
    wide = value_account(offer, unit="money", values=[*KOTLER[:4], "a"], costs=[*KOTLER[4:], "b"])
    ax = pictures.stacked(wide)
    colours = [to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert len(set(colours)) == 10
    legend = {text.get_text() for text in ax.get_legend().get_texts()}
    assert {"a", "b"} < legend


def test_what_is_not_there_is_refused(account):
    with pytest.raises(DataError, match="the offers are 'A', 'B', 'C'"):
        pictures.waterfall(account, "D")
    for draw in (pictures.stacked, lambda a, names: pictures.waterfall(a, "A", names=names)):
        with pytest.raises(OptionError, match="what can be named"):
            draw(account, names={"prise": "x"})
        with pytest.raises(OptionError, match="is no mapping"):
            draw(account, names=["x"])
