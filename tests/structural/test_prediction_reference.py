"""Leave-one-out predictions against seminr on the mobile-phone survey."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets, structural

from tolerances import REFERENCE

TECHNIQUES = {"DA": "direct", "EA": "earliest"}


@pytest.fixture(scope="module")
def survey():
    return datasets.load_mobile_phones()


@pytest.fixture(scope="module")
def result(survey):
    return structural.fit(structural.acsi(datasets.mobile_phone_items()), survey)


@pytest.fixture(scope="module")
def reference():
    path = Path(__file__).parents[1] / "reference" / "plspredict.json"
    return json.loads(path.read_text(encoding="utf-8"))["results"]


def errors(found, predictor):
    items = found.items
    return items[items["predictor"] == predictor].set_index("item")


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_leave_one_out_is_that_of_seminr(result, survey, reference, technique):
    found = structural.plspredict(
        result,
        survey,
        n_folds="leave_one_out",
        antecedents=TECHNIQUES[technique],
        benchmark="other_items",
    )
    assert found.n_folds == 250
    for ours, theirs in (("model", "PLS_out_of_sample"), ("linear_model", "LM_out_of_sample")):
        for measure in ("RMSE", "MAE"):
            wanted = pd.Series(reference[technique][theirs][measure])
            got = errors(found, ours)[measure.lower()][wanted.index]
            np.testing.assert_allclose(got, wanted, rtol=0, atol=REFERENCE)
