"""The tables of the page "a job, a line": surveys that come with the library, and drawn ones."""

import numpy as np
import pandas as pd

import loyaltymodel as lm

rng = np.random.default_rng(1)
phones = lm.datasets.load_mobile_phones()

book = lm.datasets.barometer_codebook()
people = book.clean(lm.datasets.load_barometer(), keep=["company", "industry"]).dropna()
n = len(people)
phases = lm.loyalty_stage.simulate_phases(n, rng=1)[0]
people[["cognitive", "affective", "conative", "action"]] = phases.to_numpy()
people["SHARE"] = people["OWN"] / people["PURCHASES"]
people["REC"] = people["LOY2"]
people["type_a"] = np.where(people["SAT1"] > 5, "satisfied", "dissatisfied")
people["type_b"] = np.where(rng.random(n) < 0.8, people["type_a"], "satisfied")
people["member"] = rng.integers(0, 2, n)
people["spend"] = people["SPEND"]

columns = ["seat_with", "seat_without", "price_with", "price_without"]
kano_answers = pd.DataFrame(rng.integers(1, 6, (200, 4)), columns=columns)

items = lm.expectation_gap.ServiceInstrument.servqual().items
quality = rng.normal(5, 1, (300, 1)) + rng.normal(0, 0.5, (300, 2 * len(items)))
servqual_answers = pd.DataFrame(
    quality.round().clip(1, 7), columns=[f"{kind}_{item}" for item in items for kind in "EP"]
)

moves = [[0.6, 0.3, 0.1, 0.0], [0.2, 0.5, 0.3, 0.0], [0.0, 0.1, 0.6, 0.3], [0.0, 0.0, 0.2, 0.8]]
chain = lm.loyalty_stage.markov_chain(moves, stages=lm.loyalty_stage.Stages.formation())
panel = chain.simulate(300, n_periods=5, rng=1)
panel = panel.rename(columns={"date": "month"})
