"""The base of every result: what it says of itself, as a line, a page, a dictionary and LaTeX.

A subclass says its title, its facts, its tables and its remarks. How people, intervals and
resamples are stated, and how all of it is printed, is written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np

from loyaltymodel._core.arrays import FrozenMapping, FrozenRecord
from loyaltymodel._core.options import count_of, visible
from loyaltymodel._core.tables import Summary, Table, percent, plain, records
from loyaltymodel._version import __version__
from loyaltymodel.errors import LoyaltyModelError

if TYPE_CHECKING:
    import pandas as pd

    from loyaltymodel._core.estimates import EstimateTable

R = TypeVar("R")

Facts = Sequence[tuple[str, str]]

# Fields that say how a result was made, and not what was found.
OPTIONS = (
    "constraint_by", "cuts", "groups", "interval", "level", "missing", "n_resamples",
    "reliability", "scale", "std_errors", "ties",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Result(FrozenRecord):
    """Base of everything that is fitted, tested or sorted.

    It cannot be changed, holds no row of the data, and shows itself as one line, as a page
    (:meth:`summary`, HTML in a notebook), as a dictionary and as LaTeX. Every table is made
    afresh when it is asked for and belongs to the caller.

    Attributes
    ----------
    version : str
        Version of this library that made the result.
    """

    version: str = field(default=__version__, kw_only=True)

    # What the people are called: customers where they buy, respondents where they answer.
    people: ClassVar[str] = "respondents"
    # Whether it rests on rows of data, and so has n_obs and n_dropped.
    rests_on_data: ClassVar[bool] = True

    # What a subclass says

    def _title(self) -> str:
        """Return what was done, as a headline."""
        raise NotImplementedError

    def _brief(self) -> str:
        """Return what the one-line representation says after the name of the class."""
        return ", ".join(f"{value} {name}" for name, value in self._counts())

    def _facts(self) -> Facts:
        """Return facts of its own; people, intervals and resamples are stated by the base."""
        return ()

    def _tables(self) -> Sequence[Table]:
        """Return the tables to print."""
        return ()

    def _remarks(self) -> Sequence[str]:
        """Return what a reader of the numbers has to know, a sentence or two each."""
        return ()

    def _coefficients(self) -> EstimateTable | None:
        """Return the estimates that a table of regressions would list, if there are any."""
        return None

    # What the base makes of it

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return f"<{type(self).__name__}: {visible(self._brief())}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    def summary(self) -> Summary:
        """Return the result in words and tables.

        Returns
        -------
        Summary
            ``print`` it, let a notebook show it, or take its LaTeX.
        """
        facts = (*self._facts(), *self._counts(), *self._intervals())
        return Summary(self._title(), tuple(facts), tuple(self._tables()), tuple(self._remarks()))

    def to_latex(self) -> str:
        r"""Return the tables of the summary as LaTeX.

        Returns
        -------
        str
            One three-line ``tabular`` a table; needs ``\usepackage{booktabs}``.
        """
        return self.summary().to_latex()

    def to_dict(self) -> dict[str, Any]:
        """Return the result for other programs: plain numbers, text, lists and dictionaries.

        Returns
        -------
        dict
            ``kind``, ``title``, ``version``, ``settings``, ``values`` (single numbers and
            names), ``tables`` (each a list of rows) and ``remarks``. Fit for JSON; NaN is None.
        """
        found = {
            name: _try(self, name)
            for name in _public(type(self))
            if name not in {"settings", "version"}
        }
        return {
            "kind": type(self).__name__,
            "title": self._title(),
            "version": self.version,
            "settings": settings_of(self.settings),
            "values": {name: plain(value) for name, value in found.items() if _is_single(value)},
            "tables": {name: _rows_of(value) for name, value in found.items() if _is_table(value)},
            "remarks": list(self._remarks()),
        }

    @property
    def settings(self) -> Any:
        """The options that made the result, by name."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name in OPTIONS}
        return FrozenMapping(own)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        import pandas as pd  # noqa: PLC0415

        found = self._coefficients()
        if found is None:
            raise AttributeError(f"a {type(self).__name__} has no coefficients")
        columns = {"b": found.estimate, "se": found.std_error, "p": found.p_value}
        nothing = np.full(len(found.estimate), np.nan)
        table = pd.DataFrame({n: nothing if v is None else v for n, v in columns.items()})
        with np.errstate(divide="ignore", invalid="ignore"):
            table["t"] = table["b"] / table["se"]
        if found.ci_low is not None:
            table["ci95l" if found.level == _USUAL else "ci_low"] = found.ci_low
            table["ci95u" if found.level == _USUAL else "ci_high"] = found.ci_high
        table.index = pd.Index(found.names, name="Coefficient")
        return table

    def __maketables_stat__(self, key: str) -> Any:
        name = _STATISTICS.get(key)
        value = None if name is None else getattr(self, name, None)
        return value if np.isscalar(value) else None

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return [key for key in _STATISTICS if self.__maketables_stat__(key) is not None]

    def _counts(self) -> list[tuple[str, str]]:
        """State how many people the result rests on."""
        found = []
        if isinstance(n := getattr(self, "n_obs", None), (int, np.integer)):
            found.append((self.people, f"{n:,}"))
            effective = getattr(self, "n_effective", None)
            if effective is not None and effective < n * (1 - 1e-9):
                found.append(("effective number", f"{effective:,.1f}"))
        if n_dropped := getattr(self, "n_dropped", 0):
            found.append(("left out", f"{n_dropped:,}"))
        if n_clusters := getattr(self, "n_clusters", None):
            found.append(("clusters", f"{n_clusters:,}"))
        return found

    def _intervals(self) -> list[tuple[str, str]]:
        """State of which level and kind intervals are, and on how many resamples they rest."""
        found = []
        level = getattr(self, "level", None)
        table = getattr(self, "estimates", None)
        low = getattr(table, "ci_low", None)
        has_none = hasattr(table, "ci_low") and (
            low is None or (len(low) > 0 and np.isnan(low).all())
        )
        if level is not None and not has_none:
            kind = str(getattr(self, "interval", "") or "")
            found.append(("intervals", f"{percent(level)} {_SPELLED.get(kind, kind)}".strip()))
        if n_resamples := getattr(self, "n_resamples", 0):
            n_failed = getattr(self, "n_failed", 0)
            failed = f", {n_failed:,} left out" if n_failed else ""
            found.append(("resamples", f"{n_resamples:,}{failed}"))
        return found


class WithCustomers(NamedTuple, Generic[R]):
    """A result, and beside it what was found of each customer: ``result, customers = ...``.

    A result holds no row of the data, so that it can be kept and passed on; who is what stands
    in a table of its own.

    Attributes
    ----------
    result : Result
        What was found.
    customers : DataFrame
        A row a customer, with the labels of the data.
    """

    result: R
    customers: pd.DataFrame

    def __repr__(self) -> str:
        """Say in a line what this is."""
        rows = count_of(len(self.customers), "customer")
        return f"({self.result!r}, {rows} x {list(self.customers.columns)})"

    def _repr_html_(self) -> str:
        shown = getattr(self.result, "_repr_html_", lambda: "")()
        return f"{shown}<p>{count_of(len(self.customers), 'customer')}</p>" + str(
            self.customers.head().to_html()
        )


_USUAL = 0.95
# How kinds of intervals are written in a sentence.
_SPELLED = {
    "wald": "Wald", "wilson": "Wilson", "newcombe": "Newcombe", "fisher_z": "Fisher z",
    "bca": "BCa", "fieller": "Fieller",
}  # fmt: skip
_STATISTICS = {
    "N": "n_obs", "r2": "r_squared", "adj_r2": "r_squared_adjusted", "aic": "aic", "bic": "bic",
    "ll": "log_likelihood",
}  # fmt: skip


def _public(kind: type[Any]) -> list[str]:
    """Return the names of public fields and properties, in the order in which they are written."""
    own = [f.name for f in fields(kind)]
    for base in reversed(kind.__mro__):
        own += [name for name, value in vars(base).items() if isinstance(value, property)]
    return [name for name in dict.fromkeys(own) if not name.startswith("_")]


def _try(result: Result, name: str) -> Any:
    """Return what a property gives, or nothing where this result does not have it."""
    try:
        return getattr(result, name)
    except LoyaltyModelError:
        return None


def _is_single(value: Any) -> bool:
    """Tell whether a value is a number, a text or a tuple of them."""
    parts = value if isinstance(value, tuple) else (value,)
    return all(isinstance(v, (str, bool, int, float, np.generic)) for v in parts)


def _is_table(value: Any) -> bool:
    return hasattr(value, "to_frame") or hasattr(value, "itertuples")


def _rows_of(table: Any) -> list[dict[str, Any]]:
    """Return the rows of a table or a Series; of one whose labels have no name, a single row."""
    if not hasattr(table, "to_frame"):
        return records(table)
    single = all(name is None for name in table.index.names)
    return records(table.to_frame().T if single else table.to_frame())


def settings_of(settings: Any) -> dict[str, Any]:
    """Return the settings of a result as JSON knows them."""
    if isinstance(settings, FrozenMapping):
        return {name: plain(value) for name, value in settings.items()}
    return {f.name: plain(getattr(settings, f.name)) for f in fields(settings)}
