"""The harness finds what it is there for: planted functions that do what must not be done."""

# ruff: noqa: ARG001  planted functions do not use what they are given

import random
import time
import warnings
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.errors import DataError, LoyaltyModelWarning, OptionError

from .calls import Call, record
from .harness import planned, verdicts
from .verdicts import differs, same

Letter = Literal["a", "b"]
TABLE = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})


def found(function, arguments, mutation=None, *, seconds=20):
    """The verdicts on a planted function, by argument and mutation."""
    call = Call("planted.function", function, arguments)
    judged = verdicts([call], seconds=seconds)
    by_key = {v.key.partition("/")[2]: v for v in judged}
    return by_key if mutation is None else by_key[mutation].verdict


def careful(values):
    if not isinstance(values, list) or not all(type(v) in (int, float) for v in values):
        raise DataError("values must be a list of numbers")
    return sum(values)


def test_a_careful_function_has_no_fault():
    faults = dict(found(careful, {"values": [3, 1, 2]}).items())
    # It adds up whatever numbers there are, also infinite ones.
    assert {v.verdict for v in faults.values()} == {"named", "same", "value"}


def test_a_set_taken_in_silence_is_found():
    def takes_anything(values):
        return next(iter(values))

    assert found(takes_anything, {"values": [3, 1, 2]}, "values/as_set") == "silent"
    assert found(careful, {"values": [3, 1, 2]}, "values/as_set") == "named"


def test_labels_taken_by_position_are_found():
    def by_position(first, second):
        return float((np.asarray(first) * np.arange(len(first))) @ np.asarray(second))

    def by_label(first, second):
        if isinstance(first, pd.Series) and isinstance(second, pd.Series):
            first = first.loc[second.index]
        return by_position(first, second)

    given = {"first": [3.0, 1.0, 2.0, 7.0], "second": [1.0, 2.0, 5.0, 3.0]}
    key = "first/permuted_labels_against_second"
    assert found(by_position, given, key) == "silent"
    assert found(by_label, given, key) == "same"


def test_masks_and_small_integers_that_are_ignored_are_found():
    def total(values):
        array = np.asarray(values)
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise DataError("a missing value")
        return int((array * array).sum(dtype=array.dtype))

    assert found(total, {"values": [3, 1, 2]}, "values/masked") == "silent"
    assert found(total, {"values": [3, 1, 2]}, "values/large_int8") == "silent"
    assert found(total, {"values": [3, 1, 2]}, "values/as_text_objects") != "named"


def test_errors_without_a_name_are_found():
    def by_key(option: Letter = "a"):
        return {"a": 1, "b": 2}[option]

    judged = found(by_key, {"option": "a"})["option/upper_case"]
    assert (judged.verdict, judged.text.partition(":")[0]) == ("unnamed", "KeyError")

    def by_name(option: Letter = "a"):
        if not isinstance(option, str) or option not in ("a", "b"):
            raise OptionError("choose a or b")
        return {"a": 1, "b": 2}[option]

    assert {v.verdict for v in found(by_name, {"option": "a"}).values()} == {"named"}


def test_changed_inputs_are_found():
    def sorts(values):
        values = values if isinstance(values, list) else list(values)
        values.sort(key=str)
        return values

    assert found(sorts, {"values": [3, 1, 2]}, "values/as_list") == "changed"

    def writes(data):
        data["new"] = 1
        return 0

    assert found(writes, {"data": pd.DataFrame({"a": [1, 2]})}, "data/as_float") == "changed"


def test_warnings_that_leak_are_found_and_those_of_the_library_are_not():
    def leaks(values):
        return float(np.log(np.zeros(1))[0])

    def warns(values):
        warnings.warn("few answers", LoyaltyModelWarning, stacklevel=2)
        return 0

    assert found(leaks, {"values": [3, 1]}, "values/as_array") == "warned"
    assert found(warns, {"values": [3, 1]}, "values/as_array") == "same"


def test_a_call_that_does_not_end_is_found():
    def sleeps(values):
        if isinstance(values, tuple):
            time.sleep(60)
        return 0

    assert found(sleeps, {"values": [3, 1]}, "values/as_tuple", seconds=0.2) == "hang"


def test_state_that_stays_changed_is_found():
    def filters(values):
        if isinstance(values, tuple):
            warnings.simplefilter("ignore")
        return 0

    def draws(values):
        if isinstance(values, tuple):
            random.random()  # noqa: S311
        return 0

    def opens_a_figure(values):
        from matplotlib import pyplot  # noqa: PLC0415

        pyplot.figure()
        if isinstance(values, tuple):
            raise DataError("no picture")
        return 0

    for function in (filters, draws, opens_a_figure):
        assert found(function, {"values": [3, 1]}, "values/as_tuple") == "state", function
        assert found(function, {"values": [3, 1]}, "values/as_array") == "same", function


def test_too_much_memory_is_found():
    def hoards(values):
        if isinstance(values, tuple):
            raise MemoryError  # noqa: TRY004
        return 0

    assert found(hoards, {"values": [3, 1]}, "values/as_tuple") == "memory"


def test_a_call_that_does_not_work_is_not_mutated():
    def fails(values):
        raise DataError("never")

    assert [v.verdict for v in found(fails, {"values": [1]}).values()] == ["broken"]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1.0, 1.0 + 1e-9, True),
        (1.0, 1.001, False),
        (np.nan, None, True),
        ([1, 2], (1, 2), True),
        ([1, 2], [2, 1], False),
        (pd.Series([1, 2], ["a", "b"]), pd.Series([2, 1], ["b", "a"]), True),
        (pd.Series([1, 2], ["a", "b"]), np.array([1, 2]), True),
        (TABLE, TABLE.iloc[::-1].reset_index(drop=True), True),
        (TABLE, TABLE.assign(b=[2, 1]), False),
        (TABLE, TABLE.assign(a=["y", "x"]), False),
        ({"a": 1}, {"a": 2}, False),
        ([], [1], False),
        (1, "many", False),
    ],
)  # fmt: skip
def test_answers_are_compared_by_their_numbers(one, other, equal):
    assert differs(one, other) is not equal
    assert same("a", "a")
    assert not same("a", "b")
    assert not differs("a", "b")


@pytest.mark.study
def test_keys_are_the_same_in_every_run_and_unlike():
    first, second = ([p[3] for p in planned(record("survey")[0])] for _ in range(2))
    assert first == second
    assert len(first) == len(set(first)) > 1000


@pytest.mark.study
def test_every_mutation_can_be_made_for_some_call():
    rooms = ("delivered_value", "loyalty_stage", "structural")
    made, failed = set(), {}
    for call, _, mutation, key in planned([c for room in rooms for c in record(room)[0]], 0.2):
        try:
            mutation.make()
        except OverflowError:  # older versions of pandas make no column of a number beyond floats
            continue
        except Exception as error:
            failed[mutation.name] = f"{key}: {error!r}"
        else:
            made.add(mutation.name)
        assert call.parameters
    assert len(made) > 300
    assert not {name: text for name, text in failed.items() if name not in made}
