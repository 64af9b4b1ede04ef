"""Customers as rival views need them: cells of all columns, and samples of curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.variables import Variables, read_numbers
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import Shares
from loyaltymodel.jones_sasser.estimation.observations import Observations, observe
from loyaltymodel.jones_sasser.estimation.sample import Sample, read_sample
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings
from loyaltymodel.satisfaction_loyalty.views.kernels import Design


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Customers in cells of all columns; ``binding`` names the columns of what binds.

    ``satisfactions`` and ``bonds`` are the values between which effects are computed, as a
    reader knows them, and after that as the design has them.
    """

    observations: Observations
    stats: FloatArray  # (1, 3, m) people, trials and stayed
    design: Design
    binding: tuple[str, ...]
    satisfactions: tuple[Pair, Pair]
    bonds: tuple[Pair, Pair] | None
    n_obs: int
    n_dropped: int
    log_ways: float

    @property
    def counts(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """People, trials and stayed, (1, m) each."""
        return self.stats[:, 0], self.stats[:, 1], self.stats[:, 2]


def curve_sample(settings: CurveSettings, people: Variables, *, driven: bool) -> Sample:
    """Read the sample of the curves: with groups or a constraint, or driven by what binds."""
    columns = {
        name: pd.Series(values, index=people.labels) for name, values in people.values.items()
    }
    drivers = pd.DataFrame(_binding(people), index=people.labels) if driven else None
    return read_sample(
        settings,
        satisfaction=columns["satisfaction"],
        loyalty=columns["loyalty"],
        data=None,
        constraint=columns.get("constraint"),
        drivers=drivers,
        constraint_by=None if driven else columns.get("constraint_by"),
        trials=columns.get("trials"),
        weights=None,
    )


def _binding(people: Variables) -> dict[str, FloatArray]:
    """Return what binds as columns (n,): the bond first, a constraint that varies, groups."""
    found = {}
    if "bond" in people.values:
        found["bond"] = _standardised(people["bond"])
    if "constraint" in people.values and np.ptp(people["constraint"]) > 0:
        found["constraint"] = people["constraint"].astype(np.float64)
    if "constraint_by" in people.values:
        codes, labels = people.codes("constraint_by")
        for code in range(1, len(labels)):
            found[f"groups[{labels[code]}]"] = (codes == code).astype(np.float64)
    return found


def _standardised(values: npt.NDArray[Any]) -> FloatArray:
    x = values.astype(np.float64)
    found: FloatArray = (x - x.mean()) / x.std()
    return found


def gather(
    settings: CurveSettings, people: Variables, *, contrast: Pair | None, log_ways: float
) -> Survey:
    """Gather the customers into cells of all columns."""
    binding = _binding(people)
    mediator = _standardised(people["mediator"]) if "mediator" in people.values else None
    columns = [*([] if mediator is None else [mediator]), *binding.values()]
    one = np.array(1.0)
    observed = observe(
        people["satisfaction"],
        [one, people["trials"] if "trials" in people.values else one, people["loyalty"]],
        None,
        scale=settings.limits("satisfaction"),
        drivers=np.column_stack([np.empty((people.n_rows, 0)), *columns]),
    )
    assert observed.drivers is not None  # noqa: S101  given just now
    values = [] if mediator is None else np.unique(mediator).tolist()
    design = Design(
        satisfaction=observed.satisfaction,
        binding=observed.drivers[:, len(columns) - len(binding) :],
        mediator=None if mediator is None else observed.drivers[:, 0],
        two_values=(values[0], values[1]) if len(values) == 2 else None,  # noqa: PLR2004
    )
    bonds = None
    if "bond" in people.values:
        bond = people["bond"].astype(np.float64)
        ends, mean, sd = _quartiles(bond), bond.mean(), bond.std()
        bonds = ends, ((ends[0] - mean) / sd, (ends[1] - mean) / sd)
    return Survey(
        observed,
        observed.statistics(Shares()),
        design,
        tuple(binding),
        _satisfactions(settings, people, contrast),
        bonds,
        people.n_rows,
        people.n_dropped,
        log_ways,
    )


def _satisfactions(
    settings: CurveSettings, people: Variables, contrast: Pair | None
) -> tuple[Pair, Pair]:
    """Return the satisfactions between which effects are computed, on the scale and as shares."""
    low, high = settings.limits("satisfaction")
    if contrast is None:
        ends = _quartiles(people["satisfaction"])
    else:
        read = read_numbers("contrast", contrast, bounds=(low, high))
        if read.shape != (2,) or read[0] >= read[1]:
            raise OptionError(
                f"contrast={contrast!r} must be two satisfactions, the lower one first, such as "
                f"({low:.12g}, {high:.12g})"
            )
        ends = float(read[0]), float(read[1])
    return ends, ((ends[0] - low) / (high - low), (ends[1] - low) / (high - low))


def _quartiles(values: npt.NDArray[Any]) -> Pair:
    """Return the quartiles, both values that occur; the ends of the values if they are equal."""
    low, high = np.quantile(values, [0.25, 0.75], method="inverted_cdf").tolist()
    if low == high:
        low, high = values.min(), values.max()
    return float(low), float(high)
