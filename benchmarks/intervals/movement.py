"""Chains between stages: transitions, times, ends and the long run, from panels of a known chain.

The truth is the chain that customers were drawn from, and what linear algebra makes of it. Unequal
weights go with the moves: customers who are in the last stage but one at the end are drawn surely,
others with a chance of 0.4, and weights are one over that chance. People are customers. A truth at
the end of its range, such as a move that cannot happen, is held by every interval that reaches its
estimate; such rows are left out, but for the long run of a chain that ends.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from interval_coverage import Found, World

from loyaltymodel.loyalty_stage import estimate_movement, markov_chain
from loyaltymodel.loyalty_stage.results import MarkovChain, MovementEstimate

DRAWS = 399  # posterior draws a panel: quantiles of 2.5 % are the tenth from either end

FORMATION = markov_chain(
    [[0.6, 0.3, 0.08, 0.02], [0.1, 0.5, 0.3, 0.1], [0.02, 0.1, 0.6, 0.28], [0.01, 0.03, 0.06, 0.9]]
)
LEAVING = markov_chain(
    [[0.6, 0.3, 0.0, 0.1], [0.0, 0.5, 0.4, 0.1], [0.0, 0.1, 0.8, 0.1], [0, 0, 0, 1]],
    stages=["trial", "regular", "loyal", "gone"],
)
TWO_ENDS = markov_chain(
    [[1, 0, 0, 0], [0.1, 0.7, 0.2, 0.0], [0.05, 0.15, 0.7, 0.1], [0, 0, 0, 1]],
    stages=["lost", "trial", "regular", "fan"],
)
RARE = markov_chain(
    [[0.95, 0.05, 0.0], [0.1, 0.897, 0.003], [0.0, 0.2, 0.8]], stages=["low", "middle", "top"]
)
MANY = markov_chain(
    0.7 * np.eye(8) + 0.2 * np.roll(np.eye(8), 1, axis=1) + 0.1 * np.roll(np.eye(8), -1, axis=1),
    stages=[str(i) for i in range(8)],
)


def drawn_panel(
    rng: np.random.Generator, truth: MarkovChain, people: int, periods: int, weighted: bool
) -> pd.DataFrame:
    """Draw a panel that starts in all stages alike, perhaps with weights that go with moves."""
    names = truth.stages.names
    n = 2 * people if weighted else people
    panel = truth.simulate(n, n_periods=periods, start=dict.fromkeys(names, 1), rng=rng)
    if not weighted:
        return panel
    last = panel["stage"].to_numpy().reshape(n, periods)[:, -1]
    chance = np.where(last == names[-2], 1.0, 0.4)
    kept = np.repeat(rng.random(n) < chance, periods)
    return panel.assign(weight=np.repeat(1 / chance, periods))[kept]


def estimated(
    rng: np.random.Generator | int, truth: MarkovChain, panel: pd.DataFrame, **options: Any
) -> MovementEstimate:
    """Estimate the chain of a panel."""
    weights = "weight" if "weight" in panel else None
    return estimate_movement(
        "customer",
        "date",
        "stage",
        data=panel,
        stages=truth.stages,
        weights=weights,
        n_resamples=DRAWS,
        rng=rng,
        **options,
    )


@cache
def true_values(
    truth: MarkovChain, question: str, goal: str | None = None, **options: Any
) -> dict[str, Any]:
    """Return what a chain says, by the labels of its rows."""
    return rows_of(asked(truth, question, goal, **options), ["estimate"])


def asked(
    chain: MarkovChain | MovementEstimate, question: str, goal: str | None = None, **options: Any
) -> pd.DataFrame:
    """Return the table of a question to a chain."""
    if question == "move":
        return chain.transitions
    if question == "after 5 periods":
        return chain.distribution(goal, periods=5).tail(len(chain.stages.names))
    method = getattr(chain, question.replace(" ", "_"))
    return method(**options) if goal is None else method(goal, **options)


def rows_of(table: pd.DataFrame, columns: list[str]) -> dict[str, Any]:
    """Return columns of a table by the text of its rows."""
    labels = [c for c in ("source", "target", "stage", "ends_in", "visited") if c in table]
    words = map(" ".join, zip(*(table[c].tolist() for c in labels), strict=True))
    return dict(zip(words, table[columns].itertuples(index=False, name=None), strict=True))


def ends(
    chain: MarkovChain | MovementEstimate,
    truth: MarkovChain,
    question: str,
    goal: str | None = None,
    *,
    at_the_end: bool = False,
    **options: Any,
) -> Found:
    """Return the intervals of a question beside the truth."""
    found = rows_of(asked(chain, question, goal, **options), ["ci_low", "ci_high"])
    true = true_values(truth, question, goal, **options)
    return {
        f"{question.replace('_', ' ')} {goal or ''} {word}".replace("  ", " "): (low, high, value)
        for word, (low, high) in found.items()
        for (value,) in [true[word]]
        if at_the_end or (np.isfinite(value) and value not in (0.0, 1.0))
    }


def formation(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """All moves can happen; some are rare."""
    moves = estimated(rng, FORMATION, drawn_panel(rng, FORMATION, people, 5, weighted))
    chain = moves.chain()
    return {
        **ends(moves, FORMATION, "move"),
        **ends(chain, FORMATION, "expected time", "loyalty"),
        **ends(chain, FORMATION, "steady state"),
        **ends(chain, FORMATION, "after 5 periods", "awareness"),
    }


def declared_end(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Rows end where customers leave for good, into a stage that is said to be absorbing."""
    panel = drawn_panel(rng, LEAVING, people, 6, weighted)
    panel = panel[panel["stage"] != "gone"]
    moves = estimated(rng, LEAVING, panel, absent="gone", absorbing="gone")
    chain = moves.chain()
    return {
        **ends(moves, LEAVING, "move"),
        **ends(chain, LEAVING, "hitting probability", "loyal"),
        **ends(chain, LEAVING, "expected time", "loyal", where_reached=True),
        **ends(chain, LEAVING, "expected time", "gone"),
        **ends(chain, LEAVING, "visits"),
        **ends(chain, LEAVING, "after 5 periods", "trial"),
    }


def two_ends(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Two stages that nobody leaves, both said to be absorbing."""
    panel = drawn_panel(rng, TWO_ENDS, people, 5, weighted)
    chain = estimated(rng, TWO_ENDS, panel, absorbing=["lost", "fan"]).chain()
    return ends(chain, TWO_ENDS, "absorption")


def undeclared_end(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Nobody leaves the last stage, and nothing is said of it; who ever arrives is refused."""
    chain = estimated(rng, LEAVING, drawn_panel(rng, LEAVING, people, 5, weighted)).chain()
    return {
        **ends(chain, LEAVING, "expected time", "gone"),
        **ends(chain, LEAVING, "steady state", at_the_end=True),
        **ends(chain, LEAVING, "after 5 periods", "trial"),
    }


def rare(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Ask about a stage that a rare move alone leads to, not seen in one panel of eleven."""
    moves = estimated(rng, RARE, drawn_panel(rng, RARE, people, 6, weighted))
    chain = moves.chain()
    return {
        **ends(moves, RARE, "move"),
        **ends(chain, RARE, "expected time", "top"),
        **ends(chain, RARE, "steady state"),
    }


def many(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Eight stages of which each leads to two others; most moves are never seen."""
    chain = estimated(rng, MANY, drawn_panel(rng, MANY, people, 6, weighted)).chain()
    return {
        **ends(chain, MANY, "expected time", "4"),
        **ends(chain, MANY, "steady state"),
    }


def equal_seeds(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Two panels of the same chain, estimated with the same seed: the difference is 0."""
    seed = int(rng.integers(2**31))
    before, after = (
        estimated(seed, FORMATION, drawn_panel(rng, FORMATION, people, 5, weighted))
        for _ in range(2)
    )
    found = {}
    for quantity, options in (
        ("expected_time", {"goal": "loyalty"}),
        ("steady_state", {}),
        ("distribution", {"start": "awareness", "periods": 5}),
    ):
        table = before.chain().compare(after.chain(), quantity=quantity, **options)
        table = table[table["quantity"] == "difference"]
        for stage, (low, high) in rows_of(table, ["ci_low", "ci_high"]).items():
            if low < high:
                found[f"change of {quantity.replace('_', ' ')} {stage}"] = (low, high, 0.0)
    return found


WORLDS = {
    "two_ends": World(two_ends, sizes=(80, 320), replications=1_000),
    "equal_seeds": World(
        equal_seeds,
        sizes=(80, 320),
        weighted=(False,),
        replications=1_000,
        note="the truth is no change",
    ),
    "formation": World(formation, sizes=(80, 320), replications=1_000),
    "declared_end": World(declared_end, sizes=(80, 320), replications=1_000),
    "rare": World(
        rare,
        sizes=(400, 1600),
        weighted=(False,),
        replications=1_000,
        note="of 400 customers 2.4 moves to the top are expected, of 1600 9.6",
    ),
    "undeclared_end": World(
        undeclared_end,
        sizes=(80, 320),
        weighted=(False,),
        replications=1_000,
        note="in the long run nobody is left: truths of 0 and 1 are at the end of their range",
    ),
    "many": World(many, sizes=(80, 320), weighted=(False,), replications=1_000),
}
