"""The door of the screening: reads the survey, has it measured, flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import BoolArray, FrozenMapping, IntArray
from loyaltymodel._core.options import alike, enumerate_names, hinted
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.scales import AnswerLimits, resolve_limits
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import OptionError
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Item, Scale, is_turned
from loyaltymodel.survey.problems import Column, Kind, find_problems, refuse_errors
from loyaltymodel.survey.screening.estimate import (
    Answers,
    Measured,
    expect,
    flagged,
    is_whole,
    measure,
)
from loyaltymodel.survey.screening.result import Screening
from loyaltymodel.survey.screening.settings import MEASURES, cuts_of
from loyaltymodel.survey.tables import AnswerTable, open_table

_TOO_MANY = 0.01  # share of careful respondents with a twin, from which twins say nothing
_IMPOSSIBLE: tuple[Kind, ...] = ("off_scale", "between_steps", "not_numeric")
# Of a table that does not fit the codebook these can be counted; the others leave nothing to count.
_REFUSED = ("no_rows", "absent", "duplicate")


@checked
def screen(
    answers: Data,
    *,
    codebook: Codebook | None = None,
    scale: AnswerLimits | Codebook | None = None,
    items: Sequence[str] | None = None,
    blocks: Mapping[str, Sequence[str]] | None = None,
    pairs: Sequence[Sequence[str]] | None = None,
    customer: Variable | None = None,
    duration: Variable | None = None,
    cuts: Mapping[str, float | None] | None = None,
    rng: np.random.Generator | int | None = None,
) -> WithCustomers[Screening]:
    """Look for careless respondents and for items that tell little (数据筛查).

    Straight-lining, answers far from all others, answers that contradict each other or cannot be,
    copies, speeding and what was left out are measured, and held against cut-offs that you can
    set. Nothing is deleted: what to do with whom is flagged is your decision.

    Parameters
    ----------
    answers : pandas, polars or pyarrow table
        The survey as it came, a row a respondent.
    codebook : Codebook, optional
        What the answers mean. Needed unless ``scale`` is given.
    scale : (float, float), mapping from item to (float, float) or Codebook, optional
        In place of a codebook: the lowest and the highest possible answer. A codebook may be given
        here as well.
    items : sequence of str, optional
        The items in the order in which they were asked; those of the codebook, of the mapping
        ``scale``, or all columns of numbers without it.
    blocks : mapping from name to sequence of str, optional
        Which items stood together, in this order. A run of equal answers does not go on from one
        block to the next, nor from one answer scale to another.
    pairs : sequence of (str, str), optional
        Items that ask the same. Without it, each reversed item of the codebook with each item of
        its construct that is not.
    customer : array-like of shape (n,), Series or str, optional
        Who answered: values, or the name of a column. Whoever is there twice is flagged.
    duration : array-like of shape (n,), Series or str, optional
        Seconds that each respondent took for these items.
    cuts : mapping from measure to float or None, optional
        Cut-offs in place of the defaults; None flags nobody. The measures are columns of the
        table of respondents; see Notes.
    rng : Generator or int, optional
        Randomness of what is expected by chance.

    Returns
    -------
    result : Screening
        Items, reasons with their counts, and how reasons overlap.
    customers : DataFrame
        A row a respondent, with the labels of the data: ``flagged``; ``reasons``, parted by
        semicolons; ``long_string``, the longest run of equal answers; ``same_share``, the share
        of the commonest answer; ``spread``, the standard deviation of the answers in points
        from 0 to 100; ``distance``, squared Mahalanobis distance, with its ``p_value``;
        ``inconsistency``, the mean distance within ``pairs`` in points, reversed items turned;
        ``missing`` and ``dont_know``, shares of the items; ``off_scale``, the number of answers
        that cannot be; ``seconds_per_item``; ``of_median``, the duration over the median one;
        ``same_answers``, how many others have exactly these answers; ``same_customer``, how
        many other rows are of the same customer. Columns that are not measured are left out.

    Raises
    ------
    DataError
        If the table has no rows or lacks an item, or durations are negative or no numbers.
    OptionError
        If there is neither a codebook nor a scale, or both; or items, blocks, pairs or cuts name
        what is not there.

    See Also
    --------
    Codebook.check : Contradictions between a table and a codebook.
    loyaltymodel.plots.survey.screening_reasons : The reasons as a picture.

    Notes
    -----
    A respondent is flagged with ``long_string`` of at least half of the longest stretch of items
    on one scale, and of at least 6; ``p_value`` below .001; ``inconsistency`` of at least 50;
    ``missing`` of at least .5; ``off_scale``, ``same_answers`` or ``same_customer`` of at least
    1; ``seconds_per_item`` below 2. ``same_share`` and ``spread``, which say much the same as
    ``long_string``, and ``of_median`` flag nobody by default. Two seconds an item is the rule of
    Huang, Curran, Keeney, Poposki and DeShon [1]_, as a study that tests it cites it [2]_.
    Half the items is a rule of thumb that Curran [3]_ is remembered for (named from memory; of
    the paper the abstract was seen). The other cut-offs are choices of this library. Meade and
    Craig [4]_ found (abstract seen) that careless respondents are of several kinds, which no
    single measure tells, so the measures stand side by side and there is no sum of them.

    Squared distance is :math:`(x - m)' S^{-1} (x - m)` with the means :math:`m` and covariances
    :math:`S` of all respondents, within the items that a respondent has answered; the p-value is
    that of a chi-square with as many degrees of freedom. Answers on a scale are no normal
    variables, so compare with ``expected``.

    ``expected`` draws respondents from a normal law with the correlations of the survey and reads
    off the margins of each item, with the gaps of the survey. It holds the share that a
    cut-off flags when nobody is careless; careless respondents who are in the survey raise it.
    Copies of rows with one answer all over are not counted: such rows are alike anyway. If one
    careful respondent in 100 has a twin by chance, as with few items, ``same_answers`` flags
    nobody unless a cut-off is given.

    References
    ----------
    .. [1] Huang, J. L., Curran, P. G., Keeney, J., Poposki, E. M., DeShon, R. P. (2012).
       Detecting and deterring insufficient effort responding to surveys. Journal of Business and
       Psychology 27.
    .. [2] Bowling, N. A., Huang, J. L., Brower, C. K., Bragg, C. B. (2021). The quick and the
       careless: the construct validity of page time as a measure of insufficient effort
       responding to surveys. Organizational Research Methods.
    .. [3] Curran, P. G. (2016). Methods for the detection of carelessly invalid responses in survey
       data. Journal of Experimental Social Psychology 66.
    .. [4] Meade, A. W., Craig, S. B. (2012). Identifying careless responses in survey data.
       Psychological Methods 17, 437-455.

    Examples
    --------
    Bo ticked 3 all the way down and took 9 seconds for 8 questions:

    >>> import pandas as pd
    >>> from loyaltymodel import survey
    >>> guests = pd.DataFrame(
    ...     {"Ann": [4, 5, 4, 3, 5, 4, 2, 4], "Bo": [3] * 8, "Cy": [2, 1, 2, 2, 3, 1, 7, 2]},
    ...     index=[f"q{k}" for k in range(1, 9)],
    ... ).T.assign(seconds=[41, 9, 30])
    >>> questions = [f"q{k}" for k in range(1, 9)]
    >>> result, respondents = survey.screen(
    ...     guests, scale=(1, 5), items=questions, duration="seconds", rng=1
    ... )
    >>> print(respondents[["long_string", "off_scale", "seconds_per_item", "reasons"]].to_string())
         long_string  off_scale  seconds_per_item                        reasons
    Ann            1          0             5.125
    Bo             8          0             1.125  long_string; seconds_per_item
    Cy             2          1             3.750                      off_scale
    >>> seven = result.items.set_index("item").loc["q7", ["n_obs", "off_scale", "ceiling"]]
    >>> seven.astype(float).tolist()
    [2.0, 1.0, 0.0]
    """
    if isinstance(scale, Codebook):  # as every theory takes one
        if codebook is not None:
            raise OptionError("codebook= and scale= both are codebooks; give one of them")
        codebook, scale = scale, None
    book = _book(codebook, scale, items, blocks)
    if blocks is not None and items is None:
        items = [name for names in blocks.values() for name in names]
    table = open_table(answers, book.names)
    done = [] if codebook is None else codebook._items_read(table.native)
    chosen = book._chosen(items)
    problems, read = find_problems(table, chosen, known=book.names, keep=())
    refuse_errors([p for p in problems if p.kind in _REFUSED], "screened")
    columns = [_as_given(column) if name in done else column for name, column in read.items()]
    asked = _answers(columns, blocks, pairs)
    cutting = cuts_of(cuts, _longest_stretch(asked.goes_on))
    found = measure(asked)
    found |= _not_answered(columns)
    found |= _of_people(table, customer, duration, len(columns))
    shares, n_drawn = expect(asked, cutting, np.random.default_rng(rng))
    if "same_answers" not in (cuts or {}) and shares["same_answers"] >= _TOO_MANY:
        cutting["same_answers"] = None
    if not is_whole(asked):
        shares.pop("same_answers", None)
    n = len(table.labels)
    hits = np.zeros((n, len(MEASURES)), dtype=np.bool_)
    for place, name in enumerate(MEASURES):
        if (cut := cutting[name]) is not None and name in found:
            hits[:, place] = flagged(name, found[name], cut)
    counts = hits.astype(np.float64)
    is_flagged = hits.any(axis=1)
    result = Screening(
        n_obs=n,
        n_dropped=0,
        n_flagged=int(is_flagged.sum()),
        cuts=FrozenMapping(cutting),
        not_measured=tuple(name for name in MEASURES if name not in found),
        item_names=tuple(column.item.name for column in columns),
        item_counts=np.array([_counts(column) for column in columns], dtype=np.int64),
        reason_counts=(counts.T @ counts).round().astype(np.int64),
        only_counts=hits[hits.sum(axis=1) == 1].sum(axis=0),
        expected=np.array([n * shares.get(name, np.nan) for name in MEASURES]),
        n_drawn=n_drawn,
    )
    people = pd.DataFrame({"flagged": is_flagged, "reasons": _joined(hits)}, index=table.labels)
    in_order = {name: found[name] for name in _COLUMNS if name in found}
    return WithCustomers(result, people.assign(**in_order))


_COLUMNS = (
    "long_string", "same_share", "spread", "distance", "p_value", "inconsistency", "missing",
    "dont_know", "off_scale", "seconds_per_item", "of_median", "same_answers", "same_customer",
)  # fmt: skip


def _book(
    codebook: Codebook | None,
    scale: AnswerLimits | None,
    items: Sequence[str] | None,
    blocks: Mapping[str, Sequence[str]] | None,
) -> Codebook:
    """Return the codebook, or make one of the limits of the items."""
    if (codebook is None) == (scale is None):
        raise OptionError(
            "give either codebook=, or scale= with the lowest and the highest possible answer, "
            "such as (1, 10)"
        )
    if codebook is not None:
        return codebook
    assert scale is not None  # noqa: S101  for type checkers
    names = [name for inside in (blocks or {}).values() for name in inside]
    if items is not None:
        names = list(items)
    elif not names and isinstance(scale, Mapping):
        names = list(scale)
    if not names:
        raise OptionError(
            "with scale= for all, items= has to say which columns are questions; or give a mapping "
            "from item to its scale, or a codebook"
        )
    pairs = resolve_limits(scale, names).pairs
    scales = {f"{low:g} to {high:g}": (low, high) for low, high in pairs}
    called = {pair: name for name, pair in scales.items()}
    return Codebook(
        title="screened",
        scales={n: Scale(lowest=low, highest=high, step=None) for n, (low, high) in scales.items()},
        items=[Item(name=n, scale=called[pair]) for n, pair in zip(names, pairs, strict=True)],
    )


def _answers(
    columns: Sequence[Column],
    blocks: Mapping[str, Sequence[str]] | None,
    pairs: Sequence[Sequence[str]] | None,
) -> Answers:
    names = [column.item.name for column in columns]
    block = _block_of(blocks, names)
    scales = [column.scale.pair for column in columns]
    same = [
        j > 0 and (block[j], scales[j]) == (block[j - 1], scales[j - 1]) for j in range(len(names))
    ]
    left, right = _couples(pairs, columns)
    lowest, highest = np.array(scales, dtype=np.float64).T
    return Answers(
        given=np.column_stack(
            [np.where(_is_answer(column), column.numbers, np.nan) for column in columns]
        ),
        lowest=lowest,
        highest=highest,
        is_turned=np.array([is_turned(column.scale, column.item) for column in columns]),
        goes_on=np.array(same),
        left=left,
        right=right,
    )


def _block_of(blocks: Mapping[str, Sequence[str]] | None, names: Sequence[str]) -> list[str | None]:
    """Return in which block each item is, None for none."""
    if blocks is None:
        return [None] * len(names)
    inside = [name for block in blocks.values() for name in block]
    _check_known("blocks", inside, names)
    if twice := alike(inside):
        raise OptionError(f"blocks have {enumerate_names(twice)} twice; an item stands in one")
    found = {name: block for block, within in blocks.items() for name in within}
    return [found.get(name) for name in names]


def _couples(
    pairs: Sequence[Sequence[str]] | None, columns: Sequence[Column]
) -> tuple[IntArray, IntArray]:
    """Return the places of items that ask the same: those named, or reversed ones and others."""
    place = {column.item.name: j for j, column in enumerate(columns)}
    if pairs is not None:
        for pair in pairs:
            if isinstance(pair, str) or len(pair) != 2 or pair[0] == pair[1]:  # noqa: PLR2004
                raise OptionError(f"pairs has {pair!r}; give two items, such as ('q1', 'q9')")
        _check_known("pairs", [name for pair in pairs for name in pair], list(place))
        found = [(place[one], place[other]) for one, other in pairs]
    else:
        found = [
            (place[one.name], place[other.name])
            for one, other in product([column.item for column in columns], repeat=2)
            if one.reversed and not other.reversed
            if one.construct is not None and one.construct == other.construct
        ]
    couples = np.array(found, dtype=np.intp).reshape(-1, 2)
    return couples[:, 0], couples[:, 1]


def _check_known(option: str, given: Sequence[str], names: Sequence[str]) -> None:
    if unknown := [name for name in given if name not in names]:
        raise OptionError(
            f"{option} names {hinted(unknown, names)}, none of the items "
            f"{enumerate_names(names, most=12)}"
        )


def _longest_stretch(goes_on: BoolArray) -> int:
    return int(np.bincount(np.cumsum(~goes_on)).max())


def _as_given(column: Column) -> Column:
    """Turn answers that the codebook has read and turned back to what was ticked."""
    if not is_turned(column.scale, column.item):
        return column
    return replace(column, numbers=sum(column.scale.pair) - column.numbers)


def _is_answer(column: Column) -> BoolArray:
    fine: BoolArray = ~(np.isnan(column.numbers) | column.dont_know)
    for kind in _IMPOSSIBLE:
        if kind in column.hits:
            fine &= ~column.hits[kind]
    return fine


def _not_answered(columns: Sequence[Column]) -> Measured:
    """Return of each respondent what was left out, not known, and cannot be."""
    n, k = len(columns[0].numbers), len(columns)
    missing, dont_know, off_scale = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64)
    for column in columns:
        if "missing" in column.hits:
            missing += column.hits["missing"]
        dont_know += column.dont_know
        for kind in _IMPOSSIBLE:
            if kind in column.hits:
                off_scale += column.hits[kind]
    return {"missing": missing / k, "dont_know": dont_know / k, "off_scale": off_scale}


def _of_people(
    table: AnswerTable, customer: Variable | None, duration: Variable | None, k: int
) -> Measured:
    """Return what does not rest on answers: time, and how often somebody is there."""
    # The number of each row, so that labels of other data than the answers are refused.
    given: dict[str, object] = {"row": pd.Series(np.arange(len(table.labels)), index=table.labels)}
    given |= {"customer": customer} if customer is not None else {}
    given |= {"duration": duration} if duration is not None else {}
    read = read_variables(
        given,
        data=table.native if len(given) > 1 else None,
        bounds={"duration": (0.0, np.inf)},
        categories=["customer"] if customer is not None else [],
        gaps=["customer", "duration"],
    )
    found: Measured = {}
    if duration is not None:
        seconds = np.asarray(read["duration"], dtype=np.float64)
        median = float(np.nanmedian(seconds)) if not np.isnan(seconds).all() else np.nan
        found["seconds_per_item"] = seconds / k
        found["of_median"] = seconds / median if median > 0 else np.full(len(seconds), np.nan)
    if customer is not None:
        codes, _ = pd.factorize(np.asarray(read["customer"], dtype=object))
        times = np.bincount(codes[codes >= 0], minlength=1)
        found["same_customer"] = np.where(codes >= 0, times[codes] - 1, 0)
    return found


def _counts(column: Column) -> list[int]:
    """Count the answers to an item, in the order of ``COUNTED``."""
    answers = column.numbers[_is_answer(column)]
    distinct, times = np.unique(answers, return_counts=True)
    low, high = column.scale.pair
    absent: Kind = "missing"
    hit = [int(column.hits[k].sum()) if k in column.hits else 0 for k in (absent, *_IMPOSSIBLE)]
    return [
        len(answers),
        hit[0],
        int(column.dont_know.sum()),
        *hit[1:],
        int((answers == low).sum()),
        int((answers == high).sum()),
        int(times.max(initial=0)),
        len(distinct),
    ]


def _joined(hits: BoolArray) -> npt.NDArray[np.object_]:
    """Return the reasons of each respondent in one text; each set of reasons is written once."""
    names = list(MEASURES)
    sets, which = np.unique(hits @ (1 << np.arange(len(names))), return_inverse=True)
    texts = ["; ".join(n for k, n in enumerate(names) if code >> k & 1) for code in sets.tolist()]
    return np.array(texts, dtype=object)[which]
