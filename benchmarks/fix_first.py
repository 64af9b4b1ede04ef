"""How often the driver that is said to be first with a probability is first.

Truths are drawn: values of k drivers, normal with standard deviation tau, and estimates about them
with correlated errors of unequal size. tau is drawn from the law that ``fix_first`` states, or is
one number. What is stated is put in bins, and held against how often that driver had the largest
true value; beside it the same for the share of draws in which a driver is first.
"""

from itertools import pairwise

import numpy as np

from loyaltymodel.chain.scenarios.firsts import error_of, first_probabilities

PROBLEMS, FEWER, DRAWS, POINTS = 6000, 2000, 399, 61
BINS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0)
TAUS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)


def errors(k: int) -> np.ndarray:
    """Return a covariance of estimates: correlated by 0.3, errors from 0.7 to 1.3."""
    sizes = np.linspace(0.7, 1.3, k)
    return (0.3 + 0.7 * np.eye(k)) * np.outer(sizes, sizes)


def world(k: int, tau: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return who is first, and what is stated of each: probability and share, (n, k) each."""
    n, covariance = len(tau), errors(k)
    truth = tau[:, None] * rng.standard_normal((n, k))
    found = truth + rng.multivariate_normal(np.zeros(k), covariance, n)
    stated = first_probabilities(found, np.broadcast_to(covariance, (n, k, k)), points=POINTS)
    share = np.zeros((n, k))
    for _ in range(DRAWS):
        drawn = found + rng.multivariate_normal(np.zeros(k), covariance, n)
        share[np.arange(n), drawn.argmax(axis=1)] += 1 / DRAWS
    # Where all are alike, each is first as well as any other.
    first = np.where(tau > 0, truth.argmax(axis=1), rng.integers(k, size=n))
    return np.arange(k) == first[:, None], stated, share


def over_the_law(k: int, rng: np.random.Generator) -> None:
    """Print bins of what is stated, over truths of the stated law."""
    u = rng.random(PROBLEMS)
    tau = float(error_of(errors(k))) * u / (1 - u)
    first, *both = world(k, tau, rng)
    print(f"\n{k} drivers, tau of the stated law, {PROBLEMS:,} problems")
    print(f"{'':13}{'probability':^32}{'share of draws':^32}")
    each = f"{'stated':>8}{'first':>8}{'error':>8}{'times':>8}"
    print(f"{'bin':13}{each}{each}")
    for low, high in pairwise(BINS):
        cells = []
        for said in both:
            inside = (said >= low) & ((said < high) | (high == 1))
            n, mean = int(inside.sum()), said[inside].mean()
            error = np.sqrt(mean * (1 - mean) / n)
            cells.append(f"{mean:>8.3f}{first[inside].mean():>8.3f}{error:>8.3f}{n:>8,}")
        print(f"{f'{low:g} to {high:g}':13}{''.join(cells)}")


def of_one_tau(k: int, rng: np.random.Generator) -> None:
    """Print what is stated of the driver that came out largest, where tau is one number."""
    error = float(error_of(errors(k)))
    for ratio in TAUS:
        first, stated, share = world(k, np.full(FEWER, ratio * error), rng)
        top, rows = stated.argmax(axis=1), np.arange(FEWER)
        other = share.argmax(axis=1)
        print(
            f"{k:>7}{ratio:>11g}{stated[rows, top].mean():>13.3f}{first[rows, top].mean():>9.3f}"
            f"{share[rows, other].mean():>17.3f}{first[rows, other].mean():>9.3f}"
        )


def main() -> None:
    """Print calibration over the law, and at single values of tau."""
    rng = np.random.default_rng(1)
    print(
        "How often a driver is first, by what is stated. 'error' is that of chance, were what is\n"
        "stated right. 'share of draws' is the share of draws in which a driver is first."
    )
    for k in (2, 3, 5):
        over_the_law(k, rng)
    print(f"\nOne tau: the driver for which most is stated, on average over {FEWER:,} problems")
    print("drivers  tau/error  probability  is first  share of draws  is first")
    for k in (2, 3, 5):
        of_one_tau(k, rng)


if __name__ == "__main__":
    main()
