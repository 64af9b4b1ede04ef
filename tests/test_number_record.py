"""What the examples show is what was recorded; see ``number_record``."""

import pytest

import number_record


def test_examples_show_the_recorded_numbers():
    found = number_record.differences()
    assert not found, "\n".join(
        [f"the examples show other numbers than {number_record.EXAMPLES.name}:", *found[:40]]
    )


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (">>> f()\n0.5 [1.25, -3] 95 %\n", "-3 0.5 1.25 95"),
        (">>> f()\n    rho_a  n2   x\n0   1.0  nan  2e-5\n", "2e-5 1.0 nan"),
        ("no example: 5", ""),
    ],
)
def test_numbers_are_told_from_names_and_rows(text, numbers):
    assert number_record.numbers_in(text) == numbers


def test_fingerprints_forget_order_and_keep_size():
    line = number_record.fingerprint([[1.0, 2.0], [3.0, float("nan")]])
    assert line == number_record.fingerprint([3.0, 2.0, 1.0]) != number_record.fingerprint([1, 2])
    assert number_record.near(line, number_record.fingerprint([1.0, 2.0, 3.0 + 1e-9]))
    assert not number_record.near(line, number_record.fingerprint([1.0, 2.0, 3.02]))
