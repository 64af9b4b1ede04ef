"""Options are checked in one wording, which names what is allowed."""

from typing import Literal

import numpy as np
import pytest

from loyaltymodel._core.options import (
    alike,
    check_between,
    check_choice,
    check_count,
    check_finite,
    check_flag,
    check_positive,
    check_share,
    enumerate_names,
    hinted,
    matched,
    shown,
    suggest,
    visible,
)
from loyaltymodel.errors import LoyaltyModelError, OptionError

Colour = Literal["red", "green"]


@pytest.mark.parametrize("value", ["red", "green", "".join(["gr", "een"])])
def test_choice_that_is_listed_passes(value):
    assert check_choice("colour", value, Colour) is None


@pytest.mark.parametrize("value", ["Red", "blue", "", "red ", None, True, 0, ["red"], ("red",)])
def test_choice_that_is_not_listed_is_refused_with_the_list(value):
    with pytest.raises(OptionError) as refusal:
        check_choice("colour", value, Colour)
    assert str(refusal.value) == (
        f"colour={value!r} is not an option; choose one of 'red', 'green'"
    )


def test_choice_is_never_compared_by_parts():
    with pytest.raises(OptionError, match="colour=an ndarray"):
        check_choice("colour", np.array(["red", "red"]), Colour)


@pytest.mark.parametrize("value", [1, 1.0, np.True_])
def test_choice_of_true_is_not_met_by_what_equals_it(value):
    with pytest.raises(OptionError, match="choose one of True, 'auto'"):
        check_choice("correct", value, Literal[True, "auto"])


def test_choice_may_be_true_or_none():
    assert check_choice("correct", True, Literal[True, "auto"]) is None
    assert check_choice("correct", None, Literal["auto", None]) is None


@pytest.mark.parametrize("value", [True, False])
def test_flag_passes(value):
    assert check_flag("consistent", value) is None


@pytest.mark.parametrize("value", [1, 0, "yes", "True", None, 1.0, [], np.array([True, False])])
def test_flag_that_is_none_is_refused(value):
    with pytest.raises(OptionError, match=r"consistent=.*; choose True or False"):
        check_flag("consistent", value)


@pytest.mark.parametrize(("value", "least"), [(1, 1), (0, 0), (300, 1), (10**20, 5)])
def test_count_passes(value, least):
    assert check_count("max_iter", value, least=least) is None


@pytest.mark.parametrize(
    ("value", "least"), [(0, 1), (-1, 0), (4, 5), (1.0, 1), ("3", 1), (None, 1), (True, 1)]
)
def test_count_that_is_none_is_refused(value, least):
    with pytest.raises(OptionError) as refusal:
        check_count("max_iter", value, least=least)
    assert str(refusal.value) == f"max_iter={value!r} must be a whole number of at least {least}"


@pytest.mark.parametrize("value", [1, 0.5, 1e-300, 5e-324, 10**20, np.float64(0.1)])
def test_positive_number_passes(value):
    assert check_positive("tol", value) is None


@pytest.mark.parametrize(
    "value", [0, 0.0, -0.0, -1e-10, float("inf"), float("nan"), "1", None, True, [1.0], 1 + 0j]
)
def test_number_that_is_not_positive_is_refused(value):
    with pytest.raises(OptionError, match=r"^tol=.* must be a finite number above 0$"):
        check_positive("tol", value)


NO_NUMBER = ["1", None, True, [1.0], 1 + 0j, np.array([1.0, 2.0])]


@pytest.mark.parametrize("value", [*NO_NUMBER, float("inf"), float("nan"), -0.5])
def test_number_that_is_not_finite_or_too_small_is_refused(value):
    with pytest.raises(OptionError, match=r"^lead=.* must be a finite number of at least 0, ever$"):
        check_finite("lead", value, least=0, way_out=", ever")


@pytest.mark.parametrize("value", [*NO_NUMBER, -0.1, 1.1, float("nan")])
def test_number_that_is_no_share_is_refused(value):
    with pytest.raises(OptionError, match=r"^cut=.* a number above 0 and at most 1, such as 0.4$"):
        check_share("cut", value, above=True, such_as=0.4)
    with pytest.raises(OptionError, match=r"^cut=.* must be a number between 0 and 1$"):
        check_share("cut", value)


@pytest.mark.parametrize("value", [*NO_NUMBER, 0, 1, float("nan")])
def test_number_that_does_not_lie_between_is_refused(value):
    with pytest.raises(OptionError, match=r"^from=.* must lie between 0 and 1, such as 0.5$"):
        check_between("from", value, such_as=0.5)


def test_numbers_may_be_of_numpy():
    for value in (np.float32(0.5), np.int64(0)):
        assert check_finite("lead", value, least=0) is None
        assert check_share("cut", value) is None
    assert check_between("from", np.float32(0.5), such_as=0.5) is None
    assert check_positive("tol", np.int16(3)) is None
    assert check_finite("neutral", -3) is None


def test_option_error_is_a_value_error_and_one_of_ours():
    assert issubclass(OptionError, ValueError)
    assert issubclass(OptionError, LoyaltyModelError)


@pytest.mark.parametrize(
    ("names", "most", "text"),
    [
        ([], 5, ""),
        (["a"], 5, "a"),
        ("abcde", 5, "a, b, c, d, e"),
        ("abcdef", 5, "a, b, c, d, e and 1 more"),
        (range(10), 3, "0, 1, 2 and 7 more"),
        (iter("abc"), 2, "a, b and 1 more"),
    ],
)
def test_names_are_listed_up_to_a_number_and_the_rest_counted(names, most, text):
    assert enumerate_names(names, most=most) == text


def test_five_names_are_listed_unless_told_otherwise():
    assert enumerate_names("abcdefg") == "a, b, c, d, e and 2 more"


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("qualty", ["value", "quality"], " (did you mean 'quality'?)"),
        ("CUSA_1", ("CUSA1", "PERV1"), " (did you mean 'CUSA1'?)"),
        ("zzz", ["value", "quality"], ""),
        ("满意", ["满意度", "忠诚"], " (did you mean '满意度'?)"),
        ("a", [], ""),
    ],
)
def test_similar_name_is_suggested_or_nothing(name, known, text):
    assert suggest(name, iter(known)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(0), "0"),
        (np.float64(0.5), "0.5"),
        (np.str_("a"), "'a'"),
        (np.True_, "True"),
        ((np.float64(1.5), 2, [np.int64(3)]), "(1.5, 2, [3])"),
        ({"a": np.int8(1)}, "{'a': 1}"),
        ("plain", "'plain'"),
        ([1] * 1000, "[" + "1, " * 66 + "1…"),
    ],
    ids=str,
)
def test_values_are_shown_without_the_inside_of_numpy_and_not_at_any_length(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("two\nlines", "two\\nlines"),
        ("\0", "\\x00"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b", "\\x9b"),
        ("\ud800", "\\ud800"),
        ("满意 größe 👩‍👩‍👧 \\n", "满意 größe 👩‍👩‍👧 \\n"),
    ],
)
def test_what_a_terminal_would_obey_is_seen_as_an_escape(text, seen):
    assert visible(text) == seen
    assert enumerate_names([text]) == seen


def test_names_are_matched_as_they_stand_and_then_as_letters_are_composed():
    composed, apart = "é", "e\u0301"
    assert matched([composed, "x"], [apart, "y"]) == {composed: apart}
    assert matched([composed], [apart, composed]) == {composed: composed}
    # Both look like the one that is asked for, and neither is it.
    assert matched(["s\u0323\u0307"], ["\u1e69", "\u1e61\u0323"]) == {}
    assert alike(["a", composed, "b", apart]) == [composed, apart]
    assert alike(["a", "A", 1]) == []


def test_only_the_first_names_have_hints():
    assert hinted(["seet"], ["seat", "staff", 3]) == "'seet' (did you mean 'seat'?)"
    assert hinted([*"abcdef"], []) == "'a', 'b', 'c', 'd', 'e' and 1 more"
