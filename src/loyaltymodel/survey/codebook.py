"""What a questionnaire says: every item with its scale, held against the answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeVar
from zlib import crc32

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, PlainSerializer, model_validator

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.options import alike, enumerate_names, hinted, matched, suggest
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.survey.items import Item, Scale, describe, is_turned
from loyaltymodel.survey.problems import (
    Problem,
    cleaned,
    find_problems,
    refuse_errors,
    rows_with_problems,
)
from loyaltymodel.survey.tables import open_table
from loyaltymodel.survey.wording import Wording, languages_of, texts_of
from loyaltymodel.survey.yaml_text import YamlSpecification

S = TypeVar("S", Scale, Item)

_HINTED = 5  # items in a message about scales
_MARK = "loyaltymodel codebook"  # under which a table says by which codebook it was read


def _each_scale(scales: Any) -> Any:
    if not isinstance(scales, Mapping):
        return scales
    return {name: _made(Scale, f"scale {name!r}", scale) for name, scale in scales.items()}


def _each_item(items: Any) -> Any:
    if not isinstance(items, (list, tuple)):
        return items
    return tuple(_made(Item, f"item number {k}", item) for k, item in enumerate(items, start=1))


def _made(kind: type[S], which: str, content: Any) -> S:
    """Make a part of a codebook, saying which part it was if that fails."""
    try:
        return kind.model_validate(content)
    except ModelError as error:
        raise ModelError(f"{which}: {error}") from None


Scales = Annotated[
    Mapping[str, Scale],
    BeforeValidator(_each_scale),
    AfterValidator(FrozenMapping),
    PlainSerializer(dict, return_type=dict[str, Scale]),
]
Items = Annotated[tuple[Item, ...], BeforeValidator(_each_item)]


class Codebook(YamlSpecification):
    """The items of a questionnaire (问卷) with their wording and scales: a codebook (编码本).

    A codebook says what the columns of a survey mean and which answers there can be. It holds
    no answers itself; :meth:`check` compares it with a table, and :meth:`clean` takes from a
    table what fits.

    Parameters
    ----------
    title : str or mapping from language to text
        What the questionnaire is called.
    source : str, optional
        Where it comes from: a reference, an address, whoever conducted it.
    scales : mapping from name to Scale
        The scales, each under the name by which the items refer to it.
    items : sequence of Item
        The items, in the order of the questionnaire.

    Raises
    ------
    ModelError
        If the title or the name of a scale is empty, there is no item, an item is named
        twice, an item's scale is unknown, or no item uses a scale.

    Notes
    -----
    A scale that no item uses is refused because it is mostly the sign of an item that was
    given the wrong one.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel.survey import Codebook, Item, Scale
    >>> book = Codebook(
    ...     title="餐厅调查",
    ...     scales={"ten": Scale(lowest=1, highest=10, dont_know=[99])},
    ...     items=[
    ...         Item(name="q1", scale="ten", text="菜品质量如何？", construct="quality"),
    ...         Item(name="s1", scale="ten", text="总体满意吗？", construct="satisfaction"),
    ...     ],
    ... )
    >>> book.constructs
    {'quality': ('q1',), 'satisfaction': ('s1',)}
    >>> guests = pd.DataFrame({"q1": [7, 12, 8.5], "s1": [99, 5, 6]}, index=["Ann", "Bo", "Cy"])
    >>> for problem in book.check(guests):
    ...     print(problem.severity, problem.kind, problem.item, problem.first_row)
    error off_scale q1 Bo
    error between_steps q1 Cy
    notice dont_know s1 Ann
    >>> Codebook.from_json(book.to_json()) == book
    True
    """

    title: Wording
    source: str = ""
    scales: Scales
    items: Items

    @model_validator(mode="after")
    def _every_item_once_every_scale_known_and_used(self) -> Self:
        if not all(text.strip() for text in texts_of(self.title)):
            raise ModelError("a codebook needs a title that is not empty")
        if not self.items:
            raise ModelError("a codebook needs at least one item")
        if twice := alike(self.names):
            raise ModelError(f"items named more than once: {enumerate_names(twice)}")
        if not all(name.strip() for name in self.scales):
            raise ModelError("a scale needs a name that is not empty")
        object.__setattr__(self, "items", _with_scales(self.scales, self.items))
        for item in self.items:
            _check_codes(item, self.scales[item.scale])
        return self

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages in which all texts are that are given by language; empty without any."""
        named: list[object] = [scale.labels for scale in self.scales.values()]
        named += [scale.dont_know for scale in self.scales.values()]
        named += [item.dont_know for item in self.items]
        labels = [w for part in named if isinstance(part, Mapping) for w in part.values()]
        return languages_of([self.title, *labels, *(item.text for item in self.items)])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the items, in the order of the questionnaire."""
        return tuple(item.name for item in self.items)

    @property
    def constructs(self) -> dict[str, tuple[str, ...]]:
        """Names of the items of each construct, as ``structural.acsi`` and ``ecsi`` take them.

        Items without a construct are left out. The dictionary is the caller's own.
        """
        found: dict[str, list[str]] = {}
        for item in self.items:
            if item.construct is not None:
                found.setdefault(item.construct, []).append(item.name)
        return {construct: tuple(items) for construct, items in found.items()}

    @property
    def limits(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest possible answer of each item, as ``structural.fit`` takes them.

        The dictionary is the caller's own.
        """
        return {item.name: self.scales[item.scale].pair for item in self.items}

    @property
    def turned(self) -> tuple[str, ...]:
        """Names of the items whose answers :meth:`clean` turns: high ones mean little of them."""
        return tuple(item.name for item in self.items if is_turned(self.scales[item.scale], item))

    @checked
    def check(self, data: Data, items: Sequence[str] | None = None) -> list[Problem]:
        """Compare a table with the codebook and return everything that a reader should know.

        The search does not end at the first problem. The table is not changed, and nothing is
        raised for what stands in it.

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            The answers, a row a respondent and a column an item.
        items : sequence of str, optional
            The items to look at; all of them if left out.

        Returns
        -------
        list of Problem
            Item by item in the order of the codebook, then the columns that it does not know.
            Empty if there is nothing to say.

        Raises
        ------
        DataError
            If the data are no table in memory.
        OptionError
            If ``items`` names an item that the codebook does not have, or names one twice.

        Examples
        --------
        >>> import pandas as pd
        >>> from loyaltymodel.survey import Codebook, Item, Scale
        >>> book = Codebook(
        ...     title="One question",
        ...     scales={"five": Scale(lowest=1, highest=5)},
        ...     items=[Item(name="s1", scale="five")],
        ... )
        >>> for problem in book.check(pd.DataFrame({"s1": [3, None, 6], "age": [31, 25, 48]})):
        ...     print(f"{problem.severity}: {problem.sentence}")
        error: 's1' has 1 of 3 answers off the scale 1 to 5, first 6 in row 2; correct the data,
        or list codes for "don't know" in dont_know of the scale
        notice: 's1' has 1 of 3 answers missing, first in row 1
        notice: column 'age' is not in the codebook
        """
        chosen = self._chosen(items)
        table = open_table(data, self.names)
        problems = find_problems(table, chosen, known=self.names, keep=())[0]
        done = [] if self._stranger(table.native) else self._items_read(table.native)
        return [p for p in problems if p.kind != "turned" or p.item not in done]

    @checked
    def problem_rows(self, data: Data, items: Sequence[str] | None = None) -> pd.DataFrame:
        """Return every answer that :meth:`check` speaks of, with its row and its column.

        ``check`` says in a sentence what is wrong with an item and where first; this is the whole
        list, to be worked through.

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            The answers, a row a respondent and a column an item.
        items : sequence of str, optional
            The items to look at; all of them if left out.

        Returns
        -------
        DataFrame
            A row an answer, in the order of the table: its ``row`` label, the ``item``, the
            ``kind`` of problem, the ``answer`` as it stands, and the ``severity``.

        Raises
        ------
        DataError
            If the data are no table in memory.
        OptionError
            If ``items`` names an item that the codebook does not have, or names one twice.

        Examples
        --------
        >>> import pandas as pd
        >>> from loyaltymodel.survey import Codebook, Item, Scale
        >>> book = Codebook(
        ...     title="One question",
        ...     scales={"five": Scale(lowest=1, highest=5, labels={5: "very"})},
        ...     items=[Item(name="s1", scale="five")],
        ... )
        >>> book.problem_rows(pd.DataFrame({"s1": [3, "Very", 6, "vary"]}))
           row item         kind answer severity
        0    1   s1     spelling   Very   notice
        1    2   s1    off_scale      6    error
        2    3   s1  not_numeric   vary    error
        """
        chosen = self._chosen(items)
        table = open_table(data, self.names)
        columns = find_problems(table, chosen, known=self.names, keep=())[1]
        return rows_with_problems(table, columns)

    @checked
    def clean(
        self,
        data: Data,
        items: Sequence[str] | None = None,
        *,
        keep: Sequence[str] | Literal["all"] = (),
    ) -> pd.DataFrame:
        """Return the answers as numbers, ready for any theory: read, decoded and turned.

        A label becomes its number, and a code for "don't know" becomes NaN: calling this is the
        explicit decision that it counts as no answer. Answers to an item that is reversed, or
        whose scale points "down", are turned to lowest + highest - answer (not if both hold), so
        that a high number always means much of what the item shows. Nothing else is changed: no
        answer is moved or filled in, and every row stays.

        The new table is marked, in its ``attrs``, with the codebook and the items that were read,
        so that no answer is turned back by reading it once more.

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            The answers, a row a respondent and a column an item.
        items : sequence of str, optional
            The items to take, in this order; all of them if left out.
        keep : sequence of str, or "all"
            Other columns to carry over as they are, such as weights or the customer's company.
            Columns that are not named here are left behind; with "all" none is, but for columns
            whose name is there more than once.

        Returns
        -------
        DataFrame
            A new pandas table: the items as floats, then the kept columns (with ``keep="all"`` in
            the order of ``data``), under the labels that the rows have there (numbered from 0 if
            they have none).

        Raises
        ------
        DataError
            If the table and the codebook contradict each other: a column is absent, there
            more than once or not numeric, an answer is off its scale or between its steps, or
            there are no rows. All such problems are listed at once.
        OptionError
            If ``items`` or ``keep`` names something twice, ``items`` names an item that the
            codebook does not have, or ``keep`` names one of the items.

        Examples
        --------
        >>> import pandas as pd
        >>> from loyaltymodel.survey import Codebook, Item, Scale
        >>> book = Codebook(
        ...     title="One question",
        ...     scales={"five": Scale(lowest=1, highest=5, dont_know=[9])},
        ...     items=[Item(name="s1", scale="five")],
        ... )
        >>> book.clean(pd.DataFrame({"s1": [3, 9, 5], "age": [31, 25, 48]}), keep=["age"])
            s1  age
        0  3.0   31
        1  NaN   25
        2  5.0   48
        """
        chosen = self._chosen(items)
        _check_keep(keep, chosen)
        named = [] if keep == "all" else keep
        table = open_table(data, [*self.names, *named])
        done = self._items_read(table.native)
        problems, columns = find_problems(table, chosen, known=self.names, keep=named)
        refuse_errors(problems, texts_of(self.title)[0])
        answers = {name: cleaned(column, turn=name not in done) for name, column in columns.items()}
        if keep == "all":
            made = table.with_numbers(answers)
        else:
            kept = {name: table.column(name) for name in named}
            made = pd.DataFrame({**answers, **kept}, index=table.labels)
        read = {*answers, *done}
        self._mark(made, [name for name in made.columns if name in read])
        return made

    def _mark(self, table: pd.DataFrame, items: Sequence[str]) -> None:
        """Write into a table which answers this codebook has read, so that none is turned twice."""
        table.attrs[_MARK] = {"book": self._fingerprint, "items": list(items)}

    def _items_read(self, table: object) -> list[str]:
        """Return the items of a table whose answers this codebook has read already."""
        if other := self._stranger(table):
            raise DataError(
                f"the table was read by the codebook {other}, and reading it by "
                f"{self._fingerprint} could turn answers back; give the answers as they came"
            )
        return list(_mark_of(table)["items"])

    def _stranger(self, table: object) -> str:
        """Return which other codebook a table was read by, or nothing."""
        mark = _mark_of(table)["book"]
        return "" if mark == self._fingerprint else mark

    @property
    def _fingerprint(self) -> str:
        """What marks a table that this codebook has read: its title and a checksum of it all."""
        return f"{texts_of(self.title)[0]} ({crc32(self.model_dump_json().encode()):08x})"

    @checked
    def points(
        self, data: Data, items: Sequence[str] | None = None, *, keep: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return the answers in points, from 0 for the lowest possible to 100 for the highest.

        What :meth:`clean` returns, on one common scale: 100 (x - lowest) / (highest - lowest)
        for an answer x, and 100 (highest - x) / (highest - lowest) for one that is turned.

        Parameters
        ----------
        data : pandas, polars or pyarrow table
            The answers, a row a respondent and a column an item.
        items : sequence of str, optional
            The items to take, in this order; all of them if left out.
        keep : sequence of str
            Other columns to carry over as they are.

        Returns
        -------
        DataFrame
            A new pandas table: points from 0 to 100, NaN where there is no answer, then the
            kept columns.

        Raises
        ------
        DataError
            As :meth:`clean` does.
        OptionError
            As :meth:`clean` does.

        Examples
        --------
        From 1 to 5, a 4 is three quarters of the way up, or one quarter of the way down:

        >>> import pandas as pd
        >>> from loyaltymodel.survey import Codebook, Item, Scale
        >>> book = Codebook(
        ...     title="Two questions",
        ...     scales={
        ...         "agree": Scale(lowest=1, highest=5),
        ...         "trouble": Scale(lowest=1, highest=5, direction="down"),
        ...     },
        ...     items=[Item(name="s1", scale="agree"), Item(name="c1", scale="trouble")],
        ... )
        >>> book.points(pd.DataFrame({"s1": [4, 1], "c1": [4, 1]}))
             s1     c1
        0  75.0   25.0
        1   0.0  100.0
        """
        points = self.clean(data, items, keep=keep)
        for name, (_, scale) in self._chosen(items).items():
            low, high = scale.pair
            # The share first: it is never above 1, where 100 (x - l) could round to above h - l.
            points[name] = 100 * ((points[name] - low) / (high - low))
        points.attrs.clear()  # points are no answers of the codebook any more
        return points

    def _comments(self) -> dict[tuple[str | int, ...], list[str]]:
        """Say above each scale whose it is, and above each item what its answers are."""
        found: dict[tuple[str | int, ...], list[str]] = {}
        for name in self.scales:
            users = [item.name for item in self.items if item.scale == name]
            found["scales", name] = [f"answers to {enumerate_names(users, most=8)}"]
        for place, item in enumerate(self.items):
            scale = self.scales[item.scale]
            turned = ", turned when it is read" if is_turned(scale, item) else ""
            found["items", place] = [f"{describe(scale)}{turned}"]
        return found

    def _chosen(self, items: Sequence[str] | None) -> dict[str, tuple[Item, Scale]]:
        """Find each item that was asked for, with its scale."""
        known = {item.name: (item, self.scales[item.scale]) for item in self.items}
        if items is None:
            return known
        _check_names("items", items)
        found = matched(items, known)
        if unknown := [name for name in items if name not in found]:
            raise OptionError(
                f"items names {hinted(unknown, known)}, not in the codebook; "
                f"it has {enumerate_names(known, most=12)}"
            )
        return {found[name]: known[found[name]] for name in items}


def _mark_of(table: object) -> Mapping[str, Any]:
    """Return by which codebook a table was read, and which of its items were."""
    mark = table.attrs.get(_MARK) if isinstance(table, pd.DataFrame) else None
    return {"book": "", "items": ()} if mark is None else mark


def _with_scales(scales: Mapping[str, Scale], items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items with the names of their scales as the codebook writes them."""
    found = matched({item.scale for item in items}, scales)
    if strangers := [item for item in items if item.scale not in found]:
        hints = [
            f"{item.name!r} has {item.scale!r}{suggest(item.scale, scales)}"
            for item in strangers[:_HINTED]
        ]
        rest = f" and {len(strangers) - _HINTED} more" if len(strangers) > _HINTED else ""
        raise ModelError(
            f"items with a scale that the codebook does not have: {enumerate_names(hints)}{rest}; "
            f"its scales are {enumerate_names(scales, most=12)}"
        )
    used = set(found.values())
    if idle := [repr(name) for name in scales if name not in used]:
        raise ModelError(
            f"no item uses the scale {enumerate_names(idle)}; give it to the item that was "
            "meant, or leave it out"
        )
    return tuple(
        item
        if found[item.scale] == item.scale
        else item.model_copy(update={"scale": found[item.scale]})
        for item in items
    )


def _check_codes(item: Item, scale: Scale) -> None:
    """Refuse codes of an item that its scale contains or knows already."""
    if inside := [f"{c:g}" for c in item.dont_know if scale.lowest <= c <= scale.highest]:
        raise ModelError(
            f"item {item.name!r}: dont_know has {enumerate_names(inside)}, which the scale "
            f"{describe(scale)} contains; a code that can be an answer cannot be told from one"
        )
    if twice := [f"{c:g}" for c in item.dont_know if c in scale.dont_know]:
        raise ModelError(
            f"item {item.name!r}: dont_know has {enumerate_names(twice)}, which its scale has too"
        )


def _check_names(option: str, names: Sequence[str]) -> None:
    if isinstance(names, str):
        raise OptionError(f"{option}={names!r} must be a list of names, such as [{names!r}]")
    if twice := alike(names):
        raise OptionError(f"{option} names {enumerate_names(twice)} twice")


def _check_keep(keep: Sequence[str] | Literal["all"], items: Collection[str]) -> None:
    if keep == "all":
        return
    _check_names("keep", keep)
    if both := [name for name in keep if name in items]:
        raise OptionError(
            f"keep names {enumerate_names(both)}, taken as an item already; keep is for columns "
            "that stay as they are"
        )
