"""The matrix of people where answers are cut off at the ends of a scale."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from loyaltymodel.jones_sasser import segments, textbook_segments
from loyaltymodel.jones_sasser.curves.curve import curve
from loyaltymodel.jones_sasser.people.ends import cut_off, latent_moments

MEAN, SD, RHO = np.array([7.5, 7.5]), 2.2, 0.5
RELIABILITY = (0.8, 0.7)
OPTIONS = {
    "scale": (1, 10),
    "reliability": RELIABILITY,
    "cuts": {"satisfaction": 5.5, "loyalty": 5.5, "extremes": (2.5, 8.5)},
}


def world(n, seed):
    """True scores, and whole answers from 1 to 10, of which a third are an end."""
    rng = np.random.default_rng(seed)
    covariance = SD**2 * np.array([[0.8, RHO], [RHO, 0.7]])
    true = rng.multivariate_normal(MEAN, covariance, size=n)
    noise = rng.normal(size=true.shape) * SD * np.sqrt(1 - np.array(RELIABILITY))
    return true, np.rint((true + noise).clip(1, 10))


def test_moments_before_the_ends_are_of_maximum_likelihood():
    _, seen = world(400, 1)
    rows, count = np.unique(seen, axis=0, return_counts=True)
    cut = cut_off(rows, ((1, 10), (1, 10)))
    mean, covariance = latent_moments(cut, count[None].astype(float))

    def log_likelihood(p):
        spread = np.array([[p[2], p[3]], [p[3], p[4]]])
        total = 0.0
        for row, n in zip(rows, count, strict=True):
            ends = [(x <= 1, x >= 10) for x in row]
            if not any(map(any, ends)):
                value = stats.multivariate_normal.logpdf(row, p[:2], spread)
            else:
                # Mirrored, so that what was cut off lies below its limit.
                sign = np.array([-1.0 if high else 1.0 for _, high in ends])
                at = np.array([-9.5 if high else 1.5 for _, high in ends])
                m, s = sign * p[:2], spread * np.outer(sign, sign)
                known = [k for k in (0, 1) if not any(ends[k])]
                if known:
                    k = known[0]
                    slope = s[0, 1] / s[k, k]
                    middle = m[1 - k] + slope * (sign[k] * row[k] - m[k])
                    rest = s[1 - k, 1 - k] - slope * s[0, 1]
                    value = stats.norm.logpdf(row[k], p[k], np.sqrt(s[k, k]))
                    value += stats.norm.logcdf((at[1 - k] - middle) / np.sqrt(rest))
                else:
                    value = np.log(stats.multivariate_normal.cdf(at, m, s))
            total += n * value
        return total

    found = np.array([*mean[0], covariance[0, 0, 0], covariance[0, 0, 1], covariance[0, 1, 1]])
    top = log_likelihood(found)
    best = optimize.minimize(
        lambda p: -log_likelihood(p), found, method="Nelder-Mead", options={"maxfev": 60}
    )
    assert -best.fun - top < 1e-3
    for k in range(5):
        for step in (0.03, -0.03):
            moved = found.copy()
            moved[k] += step
            assert log_likelihood(moved) < top
    # What a scale cut off is missing from the plain moments.
    assert np.average(rows[:, 0], weights=count) < mean[0, 0] - 0.1


def test_stated_probabilities_are_true_for_those_at_the_ends():
    true, seen = world(60_000, 2)
    _, customers = segments(seen[:, 0], seen[:, 1], **OPTIONS)
    plain = {**OPTIONS, "scale": None}
    _, at_their_word = segments(seen[:, 0], seen[:, 1], **plain)
    apostle = (true[:, 0] >= 8.5) & (true[:, 1] >= 5.5)
    off = []
    for row in ((10, 10), (10, 8), (10, 5), (9, 10)):
        who = (seen == row).all(axis=1)
        share, chance = apostle[who].mean(), 0.5 / np.sqrt(who.sum())
        assert customers["apostle"][who].mean() == pytest.approx(share, abs=3 * chance)
        off.append(abs(at_their_word["apostle"][who].mean() - share) / chance)
    assert max(off) > 4


def test_errors_hold_what_was_cut_off():
    _, seen = world(400, 3)
    wilson, _ = segments(seen[:, 0], seen[:, 1], interval="wilson", **OPTIONS)
    drawn, _ = segments(
        seen[:, 0], seen[:, 1], interval="percentile", n_resamples=800, rng=1, **OPTIONS
    )
    errors = [
        one.segments.query("quantity == 'true'").set_index("segment")["std_error"]
        for one in (wilson, drawn)
    ]
    # 800 resamples know an error to 2.5 %.
    np.testing.assert_allclose(errors[0], errors[1], rtol=0.1)


def test_weights_are_people():
    _, seen = world(150, 4)
    often = np.random.default_rng(4).integers(1, 4, 150)
    table = pd.DataFrame(seen, columns=["s", "l"])
    weighted, _ = segments("s", "l", data=table, weights=often, **OPTIONS)
    repeated, _ = segments("s", "l", data=table.loc[table.index.repeat(often)], **OPTIONS)
    # The covariance has other degrees of freedom.
    np.testing.assert_allclose(
        weighted.segments["estimate"], repeated.segments["estimate"], atol=2e-3
    )


def test_textbook_segments_are_cut_off_as_well():
    true, seen = world(40_000, 5)
    falling = curve("power", {"hi": 1.0, "k": 3.0})
    _, customers = textbook_segments(
        falling, seen[:, 0], constraint=0.0, scale=(1, 10), reliability=0.8
    )
    begins = 1 + 9 * falling.zone_limit
    for answer in (6, 10):
        who = seen[:, 0] == answer
        share = (true[who, 0] >= begins).mean()
        assert customers["apostle"][who].mean() == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("unit", [1e-99, 1e-5, 1e99])
def test_errors_of_true_shares_are_the_same_in_every_unit(unit):
    _, seen = world(200, 6)
    options = {
        "cuts": {"satisfaction": "mean", "loyalty": "mean", "extremes": None},
        "reliability": RELIABILITY,
        "interval": "wilson",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, _ = segments(*(seen * unit).T, **options)
    plain, _ = segments(*seen.T, **options)
    np.testing.assert_allclose(found.segments["std_error"], plain.segments["std_error"], rtol=1e-8)
