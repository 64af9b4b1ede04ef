"""Arguments are held against annotations: each kind is read, or refused by name."""

import doctest
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError, LoyaltyModelError, OptionError


class Fit:
    made_by = "fit(data)"


@checked
def takes(
    *,
    number: float = 0.0,
    whole: int | None = None,
    word: Literal["a", "b"] = "a",
    flag: bool = False,
    rng: np.random.Generator | int | None = None,
    pair: tuple[float, float] | None = None,
    names: Sequence[str] = (),
    any_order: Collection[object] = (),
    once: Iterable[object] = (),
    by_name: Mapping[str, float] | None = None,
    either: Mapping[str, float] | Mapping[str, str] | None = None,
    fit: Fit | None = None,
    data: Any = None,
) -> dict[str, object]:
    """Return what arrives.

    >>> takes(number=1)["number"]
    1
    """
    return dict(locals())


@pytest.mark.parametrize(
    ("given", "arrives"),
    [
        ({"number": np.float32(0.5)}, 0.5),
        ({"number": Decimal("1.5")}, 1.5),
        ({"number": Fraction(1, 4)}, 0.25),
        ({"number": np.array(2.0)}, 2.0),
        ({"whole": np.int8(100)}, 100),
        ({"word": np.str_("b")}, "b"),
        ({"flag": np.True_}, True),
        ({"pair": np.array([1, 5])}, (1, 5)),
        ({"names": pd.Index(["x", "y"])}, ["x", "y"]),
        ({"names": np.array(["x", "y"])}, ["x", "y"]),
        ({"by_name": pd.Series({"b": 2.0, "a": 1.0})}, {"a": 1.0, "b": 2.0}),
        ({"either": {"a": "column"}}, {"a": "column"}),
        ({"any_order": {1, 2}}, {1, 2}),
    ],
)
def test_what_is_meant_arrives_as_python_has_it(given, arrives):
    found = takes(**given)[next(iter(given))]
    assert found == arrives
    assert type(found) is type(arrives)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"number": "1"}, "number='1' must be a number"),
        ({"number": True}, "must be a number"),
        ({"number": float("nan")}, "number is NaN"),
        ({"number": Decimal("sNaN")}, "no number to compute with"),
        ({"number": 10**400}, "no number to compute with|too large"),
        ({"number": 1j}, "must be a number"),
        ({"number": np.array([1.0, 2.0])}, r"an ndarray of shape \(2,\) must be a number"),
        ({"number": pd.NA}, "must be a number"),
        ({"whole": 1.0}, "must be a whole number"),
        ({"whole": 2**60}, "too large"),
        ({"word": "A"}, "choose one of 'a', 'b'"),
        ({"word": ["a"]}, "choose one of 'a', 'b'"),
        ({"flag": 1}, "must be True or False"),
        ({"rng": -1}, "a whole number from 0 up"),
        ({"rng": "seed"}, "not an option"),
        ({"rng": np.random.RandomState(1)}, "not an option"),
        ({"pair": {1, 5}}, "has no order"),
        ({"pair": (1, 2, 3)}, "not two numbers"),
        ({"names": {"x", "y"}}, "has no order"),
        ({"names": "xy"}, r"must be a list of texts, such as \['xy'\]"),
        ({"names": iter("xy")}, "read only once"),
        ({"names": [["a"]]}, r"names\[0\]"),
        ({"names": np.ma.array(["a", "b"], mask=[True, False])}, r"names\[0\]=None must be text"),
        ({"pair": np.ma.array([1, 5], mask=[True, False])}, r"pair\[0\] is NaN"),
        ({"by_name": {1: 2.0}}, "no text"),
        ({"by_name": {"a": "b"}}, r"by_name\['a'\]='b' must be a number"),
        ({"by_name": pd.Series([1.0, 2.0], index=["a", "a"])}, "more than once"),
        ({"fit": 3}, r"fit is an int, not a Fit; give what fit\(data\) returns"),
        ({"fit": Fit}, "the class Fit"),
        ({"data": {1, 2}}, "has no order"),
        ({"data": "half \ud800"}, "half"),
    ],
)
def test_what_is_not_meant_is_named(given, message):
    with pytest.raises(LoyaltyModelError, match=message):
        takes(**given)


def test_masked_values_are_missing_and_bytes_stand_in_the_order_of_the_machine():
    hidden = np.ma.array([1, 2, 3], mask=[False, True, False])
    np.testing.assert_array_equal(takes(data=hidden)["data"], [1, np.nan, 3])
    np.testing.assert_array_equal(takes(data={"x": hidden})["data"]["x"], [1, np.nan, 3])
    words = np.ma.array(["a", "b"], mask=[False, True])
    assert takes(data=words)["data"].tolist() == ["a", None]
    assert takes(data=np.array([1.5], dtype=">f8"))["data"].dtype.isnative
    foreign = pd.DataFrame({"x": np.array([1.5], dtype=">f8"), "y": ["a"]})
    assert takes(data=foreign)["data"].equals(pd.DataFrame({"x": [1.5], "y": ["a"]}))


def test_a_generator_passes_where_one_pass_is_enough():
    assert list(takes(once=(k for k in range(3)))["once"]) == [0, 1, 2]


def test_a_function_that_says_it_better_speaks_first():
    @checked
    def picky(level: float) -> float:
        if not isinstance(level, float):
            raise DataError("levels are in the table of levels")
        return level

    @checked
    def careless(level: float) -> float:
        return level

    with pytest.raises(DataError, match="table of levels"):
        picky("high")
    with pytest.raises(OptionError, match="level='high' must be a number"):
        careless("high")


def test_doctest_finds_a_function_that_is_checked():
    found = doctest.DocTestFinder().find(sys.modules[__name__])
    assert "takes" in {test.name.rpartition(".")[2] for test in found if test.examples}


def test_a_count_beyond_any_use_never_meets_the_body():
    ran = []

    @checked
    def draws(*, n_resamples: int | None = None, whole: int = 1) -> None:
        ran.append((n_resamples, whole))

    for given in ({"n_resamples": 10**12}, {"whole": 10**40}):
        with pytest.raises(OptionError, match="too large"):
            draws(**given)
    assert not ran


@pytest.mark.parametrize("name", ["by_name", "data", "either"])
def test_names_with_half_a_letter_are_refused(name):
    with pytest.raises(OptionError, match=rf"a name in {name}='caf.*surrogate"):
        takes(**{name: {"a": 1.0, "caf\ud800": 2.0}})
