"""Intervals hold what they aim at: a short form of benchmarks/coverage.py."""

import numpy as np
import pytest

from loyaltymodel.structural import Truth, bootstrap, fit, population, simulate

from worlds import model_of

SIZES, ARROWS = [3, 3, 2], [(0, 1), (0, 2), (1, 2)]
TRUTH = {
    "paths": {("c0", "c1"): 0.5, ("c0", "c2"): 0.2, ("c1", "c2"): 0.4},
    "means": 7.0,
    "deviations": 1.8,
}
SURVEYS = 300


@pytest.mark.slow
@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_95_percent_intervals_hold_their_target(interval, consistent):
    model = model_of(SIZES, ARROWS)
    truth = Truth(loadings=dict.fromkeys(model.items, 0.8), **TRUTH)
    # Continuous answers pass 1 and 10, so the limits are wide; coverage does not depend on them.
    options = {"scale": (-5.0, 20.0), "consistent": consistent}
    target = fit(model, population(model, truth).moments(250), **options)
    expected = np.concatenate([target.paths["estimate"], target.index["estimate"]])
    held = []
    for seed in range(SURVEYS):
        survey = simulate(model, truth, 250, seed)
        result = fit(model, survey, **options)
        boot = bootstrap(result, survey, interval=interval, n_resamples=999, rng=seed)
        low = np.concatenate([boot.paths["ci_low"], boot.index["ci_low"]])
        high = np.concatenate([boot.paths["ci_high"], boot.index["ci_high"]])
        held.append((low <= expected) & (expected <= high))
    shares = np.mean(held, axis=0)
    # 300 surveys know a share to 0.0126; the mean of six, which are correlated, to about 0.008.
    assert abs(shares.mean() - 0.95) < 0.025
    assert np.abs(shares - 0.95).max() < 4 * 0.0126


@pytest.mark.slow
def test_uncorrected_intervals_do_not_hold_the_path_between_factors():
    model = model_of(SIZES, ARROWS)
    truth = Truth(loadings=dict.fromkeys(model.items, 0.7), **TRUTH)
    held = [
        row["ci_low"] <= 0.5 <= row["ci_high"]
        for row in (
            bootstrap(fit(model, survey), survey, n_resamples=499, rng=1).paths.iloc[0]
            for survey in (simulate(model, truth, 250, seed) for seed in range(100))
        )
    ]
    assert np.mean(held) < 0.5
