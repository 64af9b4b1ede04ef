"""What is asked and counted for each phase of loyalty: indicators, scales, directions, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import Field, field_validator, model_validator

from loyaltymodel._core.options import enumerate_names, repeated, suggest
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Number, Positive, Specification
from loyaltymodel.errors import DataError, ModelError

Direction = Literal["positive", "negative"]
Beyond = Literal["refuse", "cap"]

PHASES = ("cognitive", "affective", "conative", "action")

_Name = Annotated[str, Field(min_length=1)]
_LEAST_PHASES = 2


class PhaseIndicator(Specification):
    """One question or count that shows a phase of loyalty.

    Parameters
    ----------
    name : str
        Name of the indicator.
    scale : pair of float
        Lowest and highest possible value, the lower one first. It decides what counts as 0 and
        as 100 points, so it belongs to the claim and is never taken from the data.
    direction : {"positive", "negative"}
        Whether a high value is a sign of loyalty, or of the opposite. Negative ones are
        reversed when they are scored.
    beyond : {"refuse", "cap"}
        What happens to a value outside the scale: an error, or the nearer end of the scale,
        for counts that have no highest value by nature.
    weight : float
        Weight within the phase, above 0.
    unit : str
        What the values are counted in.
    text : str
        What is asked or counted.
    chinese : str
        The Chinese term.
    column : str, optional
        Name of the column in the data; without it the name of the indicator.

    Raises
    ------
    ModelError
        If the name is empty, the scale is not two finite numbers with the lower one first, or
        the weight is not above 0.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> anger = loyalty_stage.PhaseIndicator(
    ...     name="anger", scale=(1, 5), direction="negative", unit="answer", column="q17"
    ... )
    >>> anger.source
    'q17'
    """

    name: _Name
    scale: tuple[Number, Number]
    direction: Direction = "positive"
    beyond: Beyond = "refuse"
    weight: Positive = 1.0
    unit: str = ""
    text: str = ""
    chinese: str = ""
    column: _Name | None = None

    @field_validator("scale")
    @classmethod
    def _lower_first(cls, scale: Pair) -> Pair:
        low, high = scale
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ModelError(
                f"the scale ({low:.12g}, {high:.12g}) of an indicator must be two finite numbers "
                "with the lower one first, such as (1, 10)"
            )
        return scale

    @property
    def source(self) -> str:
        """Name of the column in the data."""
        return self.column if self.column is not None else self.name


class LoyaltyPhase(Specification):
    """A phase of loyalty, or a component of it, with the indicators that show it.

    Parameters
    ----------
    name : str
        Name of the phase.
    indicators : sequence of PhaseIndicator
        At least one.
    chinese : str
        The Chinese term.

    Raises
    ------
    ModelError
        If the name is empty or there is no indicator.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> phase = loyalty_stage.LoyaltyPhase(
    ...     name="affective", indicators=[{"name": "liking", "scale": (1, 7)}]
    ... )
    >>> phase.indicators[0].scale
    (1.0, 7.0)
    """

    name: _Name
    indicators: Annotated[tuple[PhaseIndicator, ...], Field(min_length=1)]
    chinese: str = ""


class PhaseInstrument(Specification):
    """A measurement of loyalty phase by phase, in the order of the phases.

    Parameters
    ----------
    phases : sequence of LoyaltyPhase
        At least two. Every phase, every indicator and every column stands once.

    Raises
    ------
    ModelError
        If there are fewer than two phases, or a name or column stands twice.

    See Also
    --------
    oliver_instrument : The eleven indicators of Oliver's four phases.
    phase_scores : Scores of customers by such an instrument.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> short = loyalty_stage.PhaseInstrument(
    ...     phases=[
    ...         {"name": "affective", "indicators": [{"name": "liking", "scale": (1, 7)}]},
    ...         {"name": "action", "indicators": [{"name": "orders", "scale": (0, 12)}]},
    ...     ]
    ... )
    >>> short.names
    ('affective', 'action')
    >>> loyalty_stage.PhaseInstrument.from_json(short.to_json()) == short
    True
    """

    phases: tuple[LoyaltyPhase, ...]

    @model_validator(mode="after")
    def _phases_that_can_be_told_apart(self) -> Self:
        if len(self.phases) < _LEAST_PHASES:
            raise ModelError(
                f"an instrument with {len(self.phases)} phase(s) cannot tell phases apart; give at "
                "least two, in their order"
            )
        indicators = [i for phase in self.phases for i in phase.indicators]
        for what, names in (
            ("phase", self.names),
            ("indicator", [i.name for i in indicators]),
            ("column", [i.source for i in indicators]),
        ):
            if twice := repeated(names):
                raise ModelError(
                    f"{what} {enumerate_names(twice)} stands twice in the instrument; use each once"
                )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the phases, in order."""
        return tuple(phase.name for phase in self.phases)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that are needed, phase by phase."""
        return tuple(i.source for phase in self.phases for i in phase.indicators)

    @checked
    def with_columns(self, columns: Mapping[str, str]) -> PhaseInstrument:
        """Return the instrument with other columns of the data.

        Parameters
        ----------
        columns : mapping from str to str
            Column of each indicator whose column changes.

        Returns
        -------
        PhaseInstrument
            A new instrument.

        Raises
        ------
        ModelError
            If there is no such indicator, or a column would stand twice.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> instrument = loyalty_stage.three_component_instrument(repurchase=(0, 12))
        >>> instrument.with_columns({"repurchase": "orders"}).columns[-2:]
        ('orders', 'future_intention')
        """
        known = [i.name for phase in self.phases for i in phase.indicators]
        if absent := [name for name in columns if name not in known]:
            hints = [repr(name) + suggest(name, known) for name in absent]
            raise ModelError(
                f"the instrument has no indicator {enumerate_names(hints)}; it has "
                f"{enumerate_names(known, most=12)}"
            )
        phases = tuple(
            phase.model_copy(
                update={
                    "indicators": tuple(
                        i.model_copy(update={"column": columns.get(i.name, i.column)})
                        for i in phase.indicators
                    )
                }
            )
            for phase in self.phases
        )
        return PhaseInstrument(phases=phases)

    def table(self) -> pd.DataFrame:
        """Return the indicators as a table, for a paper or for a check by eye.

        Returns
        -------
        DataFrame
            A row an indicator: ``phase``, ``indicator``, ``chinese``, ``column``, ``unit``,
            ``lowest``, ``highest``, ``direction``, ``beyond``, ``weight`` and ``text``.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> table = loyalty_stage.three_component_instrument(repurchase=(0, 12)).table()
        >>> table.groupby("phase", sort=False).size().to_dict()
        {'affective': 3, 'behavioural': 1, 'intentional': 1}
        """
        return pd.DataFrame(
            [
                {
                    "phase": phase.name,
                    "indicator": i.name,
                    "chinese": i.chinese,
                    "column": i.source,
                    "unit": i.unit,
                    "lowest": i.scale[0],
                    "highest": i.scale[1],
                    "direction": i.direction,
                    "beyond": i.beyond,
                    "weight": i.weight,
                    "text": i.text,
                }
                for phase in self.phases
                for i in phase.indicators
            ]
        )


def check_instrument(instrument: object) -> PhaseInstrument:
    """Return the instrument, or say what it should have been."""
    if not isinstance(instrument, PhaseInstrument):
        raise DataError(
            f"the instrument is a {type(instrument).__name__}; give a PhaseInstrument, such as "
            "that of oliver_instrument(...)"
        )
    return instrument
