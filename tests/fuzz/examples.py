"""Calls of what no docstring calls, by room."""

MORE = {
    "evidence": """
>>> from loyaltymodel.evidence.results import Dispute, Figure
>>> figure = Figure(
...     number="B99", concept="REL-09", subject="satisfied", claim="stay", low=0.8, high=0.9,
...     unit="share", period="one year", kind="claim", sources=("a page",), chinese="",
...     literature="", status="unknown", doubt="",
... )
>>> dispute = Dispute(topic="stay", versions=("8 of 10", "9"), figures=("B99",), verdict="none")
""",
    "expectation_gap": """
>>> import pandas as pd
>>> from loyaltymodel.expectation_gap import ServiceInstrument, servqual
>>> branch = ServiceInstrument(dimensions=[{"name": "speed", "items": [{"name": "wait"}]}])
>>> answers = pd.DataFrame(
...     {"E_wait": [7, 6, 5], "P_wait": [5, 5, 5], "I_wait": [4, 5, 6]}
... )
>>> result, customers = servqual(branch, answers, scale=(1, 7), points={"speed": 100})
>>> weak = result.weak_spots("items")
""",
    "jones_sasser": """
>>> from loyaltymodel import jones_sasser, satisfaction_loyalty
>>> import numpy as np
>>> rng = np.random.default_rng(1)
>>> cusp = jones_sasser.Cusp(alpha=(-2, 4), beta=(-1, 4), location=50, unit=20)
>>> satisfaction, cost = rng.uniform(0, 1, 1000), rng.uniform(0, 1, 1000)
>>> loyalty = cusp.simulate(satisfaction, constraint=cost, rng=1)
>>> found = jones_sasser.fit_cusp(
...     {"satisfaction": satisfaction}, {"cost": cost}, loyalty
... )
>>> states = found.predict(normal={"satisfaction": [0.2, 0.8]}, splitting={"cost": [0.1, 0.9]})
>>> cusp = jones_sasser.Cusp(alpha=(-2, 4), beta=(0, 1))
>>> found = cusp.equilibria(0.5, constraint=3.0)
>>> found = cusp.loyalty([0.2, 0.5], constraint=3.0, convention="maxwell")
>>> found = cusp.loyalty(0.5, constraint=3.0, convention="upper")
>>> curve = jones_sasser.curve("power", {"hi": 1.0, "k": 3.0})
>>> found = curve.elasticity([0.2, 0.5, 0.8], constraint=0.4)
>>> found = curve.slope([0.2, 0.5, 0.8], constraint=0.4)
>>> found = curve.slope(0.5)
>>> found = curve.satisfaction_needed(0.5, constraint=0.4)
>>> found = curve.zone([0.2, 0.5, 0.8])
>>> people = jones_sasser.simulate(2000, constraints={"telephone": 0.5, "cars": 0.0}, rng=1)
>>> result = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
>>> found = result.interval_of("loyalty", [0.4, 0.8], constraint=0.2)
>>> found = result.interval_of("loyalty", 0.4, group="cars")
>>> people = satisfaction_loyalty.simulate_views("full mediation", 1000, rng=1)
>>> found = satisfaction_loyalty.compare_views("satisfaction", "stayed", data=people, rng=1)
>>> found = found.curve_of("threshold")
""",
    "results": """
>>> from loyaltymodel.results import Summary, Table
>>> table = Table("Shares", ("answer", "share"), (("yes", "0.4"), ("no", "0.6")))
>>> wide = table.with_column("n", ["4", "6"])
>>> page = Summary("A title", (("respondents", "10"),), (table,), ("A remark.",))
""",
    "structural": """
>>> import pandas as pd
>>> from loyaltymodel import datasets, structural
>>> pieces = [pd.DataFrame({"s1": [1, 2], "s2": [2, 1]}), pd.DataFrame({"s1": [3], "s2": [2]})]
>>> moments = structural.Moments.from_chunks(pieces, items=["s1", "s2"])
>>> model = structural.ecsi(datasets.mobile_phone_items())
>>> survey = datasets.load_mobile_phones()
>>> boot = structural.bootstrap(structural.fit(model, survey), survey, n_resamples=50, rng=1)
>>> found = boot.row(["paths", "satisfaction", "loyalty"])
>>> found = boot.replicates_of(["paths", "satisfaction", "loyalty"])
""",
}
