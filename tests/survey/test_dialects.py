"""Random tables, written in random dialects, come back equal, or are refused by name."""

import csv
import io
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel.errors import DataError
from loyaltymodel.survey import read_survey

WORDS = {
    "cp1252": ["Köln", "très bien", "Größe", "señor", "naïve", "plain", "Müller; Söhne", "a, b"],
    "gb18030": [
        "满意",
        "非常不满意",
        "服务一般",
        "很好",
        "北京",
        'plain "x"',
        "价格；太高",
        "a, b",
    ],
    "utf-8": ["Köln", "很好", "łódź", "🙂 ok", "two\nlines", "a|b", "a\tb", '"quoted"', "имя"],
}
WORDS["utf-8-sig"] = WORDS["utf-16"] = WORDS["utf-8"]

COLUMNS = {
    "whole": st.integers(-2000, 20_000),
    "tenths": st.integers(-99_999, 99_999).map(lambda n: n / 10),
    "thousandths": st.integers(-9_999_999, 9_999_999).map(lambda n: n / 1000),
}


@st.composite
def surveys(draw):
    """A table, and the dialect in which it is written."""
    encoding = draw(st.sampled_from(sorted(WORDS)))
    kinds = draw(st.lists(st.sampled_from([*COLUMNS, "text"]), min_size=2, max_size=5))
    n = draw(st.integers(1, 12))
    table = {}
    for k, kind in enumerate(kinds):
        cells = st.sampled_from(WORDS[encoding]) if kind == "text" else COLUMNS[kind]
        gaps = st.one_of(st.none(), cells, cells, cells) if k else cells
        table[f"{kind}_{k}"] = draw(st.lists(gaps, min_size=n, max_size=n))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    # The writer leaves a line within a cell bare where lines end in another way.
    quoting = [csv.QUOTE_ALL] if end == "\r" else [csv.QUOTE_MINIMAL, csv.QUOTE_ALL]
    dialect = {
        "separator": draw(st.sampled_from(",;\t|")),
        "decimal": draw(st.sampled_from(".,")),
        "encoding": encoding,
        "quoting": draw(st.sampled_from(quoting)),
        "end": end,
    }
    return table, dialect


def written(table, *, separator, decimal, encoding, quoting, end):
    def cell(value):
        if value is None:
            return ""
        return str(value).replace(".", decimal) if isinstance(value, float) else str(value)

    file = io.StringIO(newline="")
    rows = csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=end)
    rows.writerow(table)
    rows.writerows([map(cell, row) for row in zip(*table.values(), strict=True)])
    return file.getvalue().encode(encoding)


def assert_equal(data, table):
    assert list(data.columns) == list(table)
    for name, cells in table.items():
        for found, due in zip(data[name].tolist(), cells, strict=True):
            assert pd.isna(found) if due is None else found == due, (name, found, due)


@pytest.fixture(scope="module")
def path():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "survey.csv"


@settings(max_examples=60, deadline=None)
@given(survey=surveys())
def test_a_dialect_that_is_told_comes_back_equal(path, survey):
    table, dialect = survey
    path.write_bytes(written(table, **dialect))
    told = {name: dialect[name] for name in ("separator", "decimal", "encoding")}
    assert_equal(read_survey(path, header=1, **told).data, table)


@settings(max_examples=60, deadline=None)
@given(survey=surveys())
def test_a_dialect_that_is_sensed_comes_back_equal_or_is_asked_for(path, survey):
    table, dialect = survey
    path.write_bytes(written(table, **dialect))
    try:
        found = read_survey(path)
    except DataError as refused:
        assert any(f"{option}=" in str(refused) for option in ("separator", "decimal", "encoding"))  # noqa: PT017
    else:
        assert_equal(found.data, table)
