"""What is asked and counted for each phase of loyalty: indicators, scales, directions, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import Field, StringConstraints, field_validator, model_validator

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names, repeated, suggest
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Number, Positive, Specification
from loyaltymodel.errors import ModelError
from loyaltymodel.loyalty_stage.phases import instruments
from loyaltymodel.loyalty_stage.phases.scores import reliability_of, scores_of

Direction = Literal["positive", "negative"]
Beyond = Literal["refuse", "cap"]

PHASES = ("cognitive", "affective", "conative", "action")

_Name = Annotated[str, StringConstraints(min_length=1)]
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

    @classmethod
    @checked
    def oliver(
        cls,
        *,
        price_tolerance: Pair,
        volume: Pair,
        frequency: Pair,
        duration: Pair,
        answers: Pair = (1.0, 10.0),
        likelihood: Pair = (0.0, 1.0),
    ) -> Self:
        """Return the eleven indicators of Oliver's four phases (认知/情感/意向/行为忠诚).

        Four of them have no scale by nature. What range stands for 0 and for 100 points must be
        said: a price rise of 20 % is much for petrol and little for a hairdresser.

        Parameters
        ----------
        price_tolerance : pair of float
            Price rise that a customer puts up with before leaving, as a share of the price: what
            counts as none and as full, such as (0, 0.2).
        volume, frequency, duration : pair of float
            The same for the volume bought per period, the number of purchases per period, and the
            time since the first purchase. The units are the user's; only the range matters.
        answers : pair of float
            Lowest and highest answer to the five questions that are rated.
        likelihood : pair of float
            Lowest and highest value of the two likelihoods, (0, 100) if they are in percent.

        Returns
        -------
        PhaseInstrument
            Cognitive: ``think_first``, ``choose_first``, ``price_tolerance``,
            ``preference_over_rivals``. Affective: ``positive_emotion``, ``negative_emotion``, which
            is reversed. Conative: ``wish_to_continue``, ``pursuit``. Action: ``volume``,
            ``frequency``, ``duration``. What has no scale by nature is capped at its range.

        Raises
        ------
        ModelError
            If a range is not two finite numbers with the lower one first.

        Notes
        -----
        The phases are Oliver's [1]_. The list of indicators, 4 + 2 + 2 + 3, is a teaching text's;
        the Chinese is in its words (001:8-10). It has no questions, units or scales, so the texts
        and units here are ours.

        References
        ----------
        .. [1] Oliver, R. L. (1999). Whence consumer loyalty? Journal of Marketing, 63(4, special
           issue), 33-44.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> instrument = loyalty_stage.PhaseInstrument.oliver(
        ...     price_tolerance=(0, 0.2), volume=(0, 1200), frequency=(0, 12), duration=(0, 5)
        ... )
        >>> {phase.name: len(phase.indicators) for phase in instrument.phases}
        {'cognitive': 4, 'affective': 2, 'conative': 2, 'action': 3}
        >>> [i.name for phase in instrument.phases for i in phase.indicators
        ...  if i.direction == "negative"]
        ['negative_emotion']
        """
        phases = instruments.oliver(
            price_tolerance=price_tolerance,
            volume=volume,
            frequency=frequency,
            duration=duration,
            answers=answers,
            likelihood=likelihood,
        )
        return cls.model_validate({"phases": phases})

    @classmethod
    @checked
    def three_components(cls, *, repurchase: Pair, answers: Pair = (1.0, 10.0)) -> Self:
        """Return the three-component view of loyalty (情感忠诚、行为忠诚、意识忠诚).

        Parameters
        ----------
        repurchase : pair of float
            Range of the number of repeat purchases that counts as none and as full.
        answers : pair of float
            Lowest and highest answer to the questions that are rated.

        Returns
        -------
        PhaseInstrument
            Affective: identification with the firm's ideas (MI), its conduct (BI) and its visual
            identity (VI). Behavioural: ``repurchase``. Intentional: ``future_intention``.

        Raises
        ------
        ModelError
            If a range is not two finite numbers with the lower one first.

        Notes
        -----
        The three components are those of a teaching text, for which no source in the literature is
        known. They have no cognitive part, and they stand side by side: the text claims no order,
        so the order here is that of the text and gating by it has no theory behind it. That the
        text means the three parts of corporate identity (MI, BI, VI) is this library's reading.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> loyalty_stage.PhaseInstrument.three_components(repurchase=(0, 12)).names
        ('affective', 'behavioural', 'intentional')
        """
        phases = instruments.three_components(repurchase=repurchase, answers=answers)
        return cls.model_validate({"phases": phases})

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
        >>> instrument = loyalty_stage.PhaseInstrument.three_components(repurchase=(0, 12))
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

    @checked
    def scores(self, data: Data, *, missing: Missing = "raise") -> pd.DataFrame:
        """Return the score of each customer for each phase, from 0 to 100.

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            A row a customer, with the :attr:`columns` of the instrument.
        missing : {"raise", "drop"}
            What to do with rows that lack a value: an error, or leave them out.

        Returns
        -------
        DataFrame
            A column a phase, in order, 0 to 100, with the labels of the rows.

        Raises
        ------
        DataError
            If a column is absent or not numeric, or a value is missing or outside a scale whose
            indicator does not say that it is to be capped.
        OptionError
            If ``missing`` is not one of its choices.

        See Also
        --------
        oliver : Phases from such scores.
        PhaseInstrument.reliability : How reliable the scores are.

        Notes
        -----
        The score of a phase is the weighted mean of its indicators, each moved and stretched so
        that the end of its scale that speaks against loyalty gives 0 and the other one 100:
        100 (x - lowest) / (highest - lowest), and 100 less that for a negative indicator. A score
        of 50 in two phases is the same share of the scale, not the same strength of loyalty.

        Examples
        --------
        An anger of 2 on a scale from 1 to 5 is 25 points of anger, so 75 of loyalty; with a liking
        of 5, which is 100 points, the mean is 87.5:

        >>> import pandas as pd
        >>> from loyaltymodel import loyalty_stage
        >>> instrument = loyalty_stage.PhaseInstrument(
        ...     phases=[
        ...         {
        ...             "name": "affective",
        ...             "indicators": [
        ...                 {"name": "liking", "scale": (1, 5)},
        ...                 {"name": "anger", "scale": (1, 5), "direction": "negative"},
        ...             ],
        ...         },
        ...         {
        ...             "name": "action",
        ...             "indicators": [{"name": "orders", "scale": (0, 8), "beyond": "cap"}],
        ...         },
        ...     ]
        ... )
        >>> answers = pd.DataFrame({"liking": [5], "anger": [2], "orders": [30]}, index=["Li"])
        >>> instrument.scores(answers)
        phase  affective  action
        Li          87.5   100.0
        """
        return scores_of(self, data, missing)

    @checked
    def reliability(self, data: Data, *, missing: Missing = "raise") -> pd.Series:
        """Return coefficient alpha of the score of each phase (信度).

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            A row a customer, with the :attr:`columns` of the instrument.
        missing : {"raise", "drop"}
            What to do with rows that lack a value: an error, or leave them out.

        Returns
        -------
        Series
            Alpha by phase, at most 1 and below 0 where indicators contradict each other; NaN for
            a phase with one indicator, whose reliability must come from elsewhere.

        Raises
        ------
        DataError
            If the data cannot be scored, see :meth:`scores`, there are fewer than three
            rows, or a score does not vary.
        OptionError
            If ``missing`` is not one of its choices.

        Notes
        -----
        m / (m - 1) (1 - sum of the m indicators' variances / variance of their sum), for the
        indicators in points times their weights, reversed where they are negative. Alpha assumes
        that errors are independent and that the indicators show one thing equally well; otherwise
        it is usually too low. The indicators of a phase are of several kinds here, such as a
        likelihood and a price, so take it as a beginning.

        Examples
        --------
        Two indicators with variance 1 each that correlate by 0.5 have a sum with variance 3, and
        2 (1 - 2/3) = 2/3. A third phase indicator alone has no alpha:

        >>> import pandas as pd
        >>> from loyaltymodel import loyalty_stage
        >>> instrument = loyalty_stage.PhaseInstrument(
        ...     phases=[
        ...         {
        ...             "name": "affective",
        ...             "indicators": [
        ...                 {"name": "liking", "scale": (1, 3)},
        ...                 {"name": "warmth", "scale": (1, 3)},
        ...             ],
        ...         },
        ...         {"name": "action", "indicators": [{"name": "orders", "scale": (0, 8)}]},
        ...     ]
        ... )
        >>> answers = pd.DataFrame({"liking": [1, 2, 3], "warmth": [1, 3, 2], "orders": [1, 5, 7]})
        >>> instrument.reliability(answers).round(3).to_dict()
        {'affective': 0.667, 'action': nan}
        """
        return reliability_of(self, data, missing)

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
        >>> table = loyalty_stage.PhaseInstrument.three_components(repurchase=(0, 12)).table()
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
