"""Files as programs write them: each read right, compared cell by cell, or refused by name."""

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import os
import pickle
import re
import struct
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from loyaltymodel.errors import DataError, ExtraNotInstalledError, LoyaltyModelError, OptionError
from loyaltymodel.survey import Codebook, Item, Scale, read_survey


@pytest.fixture
def made(tmp_path):
    """Write a file of text or bytes and return its path."""

    def write(content, name="survey.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def assert_cells(data, expected):
    """Compare cell by cell: names in order, values, missing ones, and what is a number."""
    assert list(data.columns) == list(expected)
    for name, cells in expected.items():
        column = data[name].tolist()
        assert len(column) == len(cells), name
        for found, due in zip(column, cells, strict=True):
            if due is None:
                assert pd.isna(found), (name, found)
            else:
                assert found == due, (name, found, due)
                assert isinstance(found, str) == isinstance(due, str), (name, found, due)


# Texts

GUESTS = {"Ort": ["Köln", "Trier", "Münster"], "F1": [4, 5, None], "Gewicht": [0.5, 1.25, 1000.5]}
EUROPEAN = "Ort;F1;Gewicht\r\nKöln;4;0,5\r\nTrier;5;1,25\r\nMünster;;1.000,5\r\n"


@pytest.mark.parametrize(
    ("encoding", "called"),
    [
        ("cp1252", "Windows-1252 (cp1252), not UTF-8, as 'Köln' shows"),
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with a byte-order mark"),
        ("utf-16", "UTF-16 with a byte-order mark"),
        ("utf-16-le", "UTF-16-LE without a byte-order mark"),
        ("utf-16-be", "UTF-16-BE without a byte-order mark"),
        ("utf-32", "UTF-32 with a byte-order mark"),
    ],
)
def test_european_excel_in_every_encoding(made, encoding, called):
    found = read_survey(made(EUROPEAN, encoding=encoding))
    assert_cells(found.data, GUESTS)
    facts = dict(found.facts)
    assert facts["encoding"] == called
    assert facts["separator"] == "semicolons"
    assert facts["decimals"] == "a comma"
    assert facts["header"] == "line 1"
    assert any("1.000,5" in remark and "1000.5" in remark for remark in found.remarks)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_every_separator_with_quotes_and_lines_in_cells(made, sign):
    cells = [["id", "text"], ["1", f'a {sign} "b"'], ["2", "two\nlines"], ["3", ""]]
    text = "\n".join(
        sign.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells
    )
    found = read_survey(made(text, "survey.txt"))
    assert_cells(found.data, {"id": [1, 2, 3], "text": [f'a {sign} "b"', "two\nlines", None]})


def test_the_line_sep_of_excel(made):
    found = read_survey(made("sep=|\na|b\n1;5|2,5\n3|4\n"))
    assert_cells(found.data, {"a": ["1;5", "3"], "b": [2.5, 4]})
    assert dict(found.facts)["separator"] == "upright lines, by the line sep="
    with pytest.raises(DataError, match="line 4: the row has 1 cell"):
        read_survey(made("sep=;\na;b\n1;2\n3\n"))


def test_chinese_in_gb18030(made):
    text = "编号,总体满意度如何？,意见\n1,5,很好\n2,4,服务一般\n3,2,\n"
    found = read_survey(made(text, encoding="gb18030"))
    assert_cells(
        found.data, {"编号": [1, 2, 3], "q_2": [5, 4, 2], "意见": ["很好", "服务一般", None]}
    )
    assert dict(found.facts)["encoding"] == "GB18030, not UTF-8, as '编号' shows"
    assert found.columns.set_index("name").loc["q_2", "text"] == "总体满意度如何？"
    assert found.columns["kind"].tolist() == ["scale", "scale", "text"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("имя;оценка\nИван;очень хорошо\n", "cp1251"),
        ("이름,만족\n김,매우 만족\n", "cp949"),
        ("名前,満足\n山田,とても満足\n", "cp932"),
        ("編號,滿意度\n1,很滿意\n", "big5"),
    ],
)
def test_an_encoding_that_cannot_be_told_is_asked_for(made, text, encoding):
    path = made(text, encoding=encoding)
    with pytest.raises(DataError, match=f"encoding= *.*{encoding}"):
        read_survey(path)
    found = read_survey(path, encoding=encoding)
    assert [str(n) for n in found.data.columns] == text.split("\n")[0].replace(";", ",").split(",")


def test_an_encoding_that_is_wrong_is_named_with_its_line(made):
    path = made("a,b\n1,x\n2,é\n", encoding="cp1252")
    with pytest.raises(DataError, match=r"no text in utf-8-sig: byte 11, in line 3"):
        read_survey(path, encoding="utf-8")
    with pytest.raises(OptionError, match="encoding='utf-9' is no encoding"):
        read_survey(path, encoding="utf-9")


REFUSED = {
    "separators that both fit": ("a,b;c\n1,2;3\n", {}, "commas .2 columns. or semicolons"),
    "decimals two ways": ("a;b\n1.5;2,5\n", {}, r"1.5 in 'a' and 2,5 in 'b'; say decimal"),
    "thousands or decimals": ('a,b\n1,"1,234"\n', {}, "1,234 in 'b' that may be thousands"),
    "a point with three digits": ("a;b\n1;1.234\n", {}, "1.234 in 'b' that may be thousands"),
    "no header": ("1,2\n3,4\n", {}, r"first line has numbers only \(1, 2\).*header=0"),
    "header only": ("a,b\n", {}, "a header and no answers"),
    "blanks only": ("  \n\n", {}, "nothing in it but blanks"),
    "longer row": ("a,b\n1,2\n3,4,5\n", {}, r"line 3, column 3: the row has 3 cells.*2 names"),
    "shorter row": ("a,b,c\n1,2,3\n4,5\n6,7,8\n", {}, r"line 3: the row has 2 cells"),
    "cut off": ("a,b,c\n1,2,3\n4,5", {}, "line 3.*may be cut off there"),
    "names of rows of R": ("a,b\n1,2,3\n2,3,4\n", {}, "as R writes it"),
    "quote never closed": ('a,b\n1,2\n3,"x\n4,5\n', {}, "line 3, column 2: .*never closed"),
    "quote within": ('a,b\n1,2\n3,"x" y\n', {}, "line 3, column 2: after the quotation mark.*' '"),
    "after a cell of two lines": (
        'a,b\n1,"x\ny"\n3,"x" y\n', {}, "line 4, column 2: after the quotation"),
    "separator of two signs": ("a,b\n1,2\n", {"separator": ",,"}, "must be one sign"),
    "header beyond the file": ("a,b\n1,2\n", {"header": 3}, "from 0 to the 2"),
    "sheet of a text": ("a,b\n1,2\n", {"sheet": "x"}, "sheet is not for this kind of file"),
    "decimals unknown": ("a,b\n1,2\n", {"decimal": ";"}, "decimal=';'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_texts_that_are_refused(made, case):
    text, options, message = REFUSED[case]
    with pytest.raises((DataError, OptionError), match=message):
        read_survey(made(text), **options)


def test_the_way_out_of_each_refusal_works(made):
    both = made("a,b;c\n1,2;3\n")
    assert read_survey(both, separator=";").data.shape == (1, 2)
    assert_cells(read_survey(made("a;b\n1.5;2,5\n"), decimal=",").data, {"a": ["1.5"], "b": [2.5]})
    path = made("a;b\n1;1.234\n")
    assert read_survey(path, decimal=".").data["b"].tolist() == [1.234]
    assert read_survey(path, decimal=",").data["b"].tolist() == [1234]
    assert_cells(
        read_survey(made("1,2\n3,4\n"), header=0).data, {"column_1": [1, 3], "column_2": [2, 4]}
    )
    assert_cells(read_survey(made("1,2\n3,4\n"), header=1).data, {"1": [3], "2": [4]})
    found = read_survey(made("a,b,c\n1,2,3\n4,5\n"), short_rows="fill")
    assert_cells(found.data, {"a": [1, 4], "b": [2, 5], "c": [3, None]})
    assert "1 short row filled with missing answers" in found.remarks


def test_names_that_are_empty_or_twice_and_columns_at_the_right(made):
    found = read_survey(made("q1,,q1,q1_2,\n1,2,3,4,\n5,6,7,8,\n"))
    assert_cells(found.data, {"q1": [1, 5], "column_2": [2, 6], "q1_3": [3, 7], "q1_2": [4, 8]})
    said = " ".join(found.remarks)
    assert "q1 (q1_3)" in said
    assert "column_2" in said
    assert "1 empty column without a name at the right left out" in said


def test_what_pandas_would_make_an_index_is_a_column(made):
    found = read_survey(made(",a\n0,5\n1,6\n"))
    assert_cells(found.data, {"column_1": [0, 1], "a": [5, 6]})
    assert found.data.index.tolist() == [0, 1]


def test_numbers_dates_flags_and_codes(made):
    text = (
        "id;zip;day;when;flag;na;long;mixed;us\n"
        "1;01067;2024-02-01;01.02.2024 08:30;TRUE;NA;12345678901234567;5;02/01/2024\n"
        "2;50667;2024-02-29;29.02.2024 23:59:59;FALSE;3;1;4;02/03/2024\n"
        "3;99999;;;;4;2;x;\n"
        "4;11111;;;;4;2;4;\n"
    )
    found = read_survey(made(text))
    assert_cells(
        found.data,
        {
            "id": [1, 2, 3, 4],
            "zip": ["01067", "50667", "99999", "11111"],
            "day": [dt.datetime(2024, 2, 1), dt.datetime(2024, 2, 29), None, None],
            "when": [
                dt.datetime(2024, 2, 1, 8, 30), dt.datetime(2024, 2, 29, 23, 59, 59), None, None,
            ],
            "flag": [True, False, None, None],
            "na": [None, 3, 4, 4],
            "long": ["12345678901234567", "1", "2", "2"],
            "mixed": ["5", "4", "x", "4"],
            "us": ["02/01/2024", "02/03/2024", None, None],
        },
    )  # fmt: skip
    said = " | ".join(found.remarks)
    assert "'zip' has numbers that begin with 0, such as 01067" in said
    assert "'mixed' stays text: 1 of 4 cells is no number, first 'x' in line 4" in said
    assert "'NA' (1 cell)" in said
    assert "'us' (02/01/2024) may be dates" in said
    assert read_survey(made(text), day_first=True).data["us"][0] == dt.datetime(2024, 1, 2)
    assert read_survey(made(text), day_first=False).data["us"][0] == dt.datetime(2024, 2, 1)
    only = read_survey(made("d;x\n13/02/2024;1\n01/02/2024;2\n")).data["d"]
    assert only.tolist() == [dt.datetime(2024, 2, 13), dt.datetime(2024, 2, 1)]
    told = read_survey(made("q;x\n5;1\nrefused;2\n"), no_answer=["refused"])
    assert_cells(told.data, {"q": [5, None], "x": [1, 2]})


def test_na_stays_a_text_among_texts(made):
    found = read_survey(made("country,x\nNA,1\nDE,2\n"))
    assert found.data["country"].tolist() == ["NA", "DE"]


def test_thousands_parted_by_blanks_are_said(made):
    found = read_survey(made("a;b\n1\u202f234,5;x\n2 000;y\n"))
    assert found.data["a"].tolist() == [1234.5, 2000]
    assert any("groups of thousands" in remark for remark in found.remarks)


# Exports of survey programs


def qualtrics(n=6):
    ids = ["StartDate", "Duration (in seconds)", "ResponseId", "Q1", "Q2_1", "Q2_2", "Q3_4_TEXT"]
    texts = [
        "Start Date", "Duration (in seconds)", "Response ID", "How satisfied are you,\noverall?",
        "Which? - Shop", "Which? - Web", "Other (please specify)",
    ]  # fmt: skip
    imports = [json.dumps({"ImportId": name}, separators=(",", ":")) for name in ids]
    rows = [
        [f"2024-03-0{k + 1} 10:00:00", str(100 + k), f"R_{k}x", str(k % 5 + 1),
         "Shop" if k % 2 else "", "Web" if k % 3 else "", "kiosk" if k == 2 else ""]
        for k in range(n)
    ]  # fmt: skip
    file = io.StringIO()
    pd.DataFrame([ids, texts, imports, *rows]).to_csv(file, header=False, index=False)
    return file.getvalue(), ids, rows


def test_qualtrics(made):
    text, ids, rows = qualtrics()
    found = read_survey(made(text))
    assert list(found.data.columns) == ids
    assert found.data["Q1"].tolist() == [int(row[3]) for row in rows]
    assert found.data["StartDate"].tolist() == [dt.datetime(2024, 3, k + 1, 10) for k in range(6)]
    assert dict(found.facts)["header"] == "line 1, and 2 more rows of Qualtrics"
    table = found.columns.set_index("name")
    assert table.loc["Q1", "text"] == "How satisfied are you, overall?"
    assert table["kind"].to_dict() == {
        "StartDate": "date", "Duration (in seconds)": "duration", "ResponseId": "identifier",
        "Q1": "scale", "Q2_1": "option", "Q2_2": "option", "Q3_4_TEXT": "other",
    }  # fmt: skip
    assert "Q2_1 to Q2_2 seem to be the options of one question" in found.remarks
    assert found.codebook.items[0].text == "How satisfied are you, overall?"


def test_questions_below_their_codes(made):
    text = "q1,q2\nHow satisfied are you?,Would you come again soon?\n5,4\n3,2\n"
    found = read_survey(made(text))
    assert_cells(found.data, {"q1": [5, 3], "q2": [4, 2]})
    assert found.columns["text"].tolist()[0] == "How satisfied are you?"


def test_whole_questions_as_headers(made):
    heads = [
        "Timestamp", "Q1. How satisfied are you with us?", "2) Would you recommend us to a friend?",
        "What did you use?", "您对服务满意吗？",
    ]  # fmt: skip
    rows = [
        ["2024/03/01 10:00:00", 5, 9, "Shop;Web", 4],
        ["2024/03/02 10:00:00", 4, 8, "Web", 5],
        ["2024/03/03 10:00:00", 4, 8, "Shop;Web", 5],
        ["2024/03/04 10:00:00", 4, 8, "Shop", 5],
    ]
    file = io.StringIO()
    pd.DataFrame(rows, columns=heads).to_csv(file, index=False)
    found = read_survey(made(file.getvalue()))
    assert list(found.data.columns) == ["Timestamp", "Q1", "q2", "q_4", "q_5"]
    assert found.columns["text"].tolist()[1:] == heads[1:]
    assert found.columns["kind"].tolist() == ["date", "scale", "scale", "several", "scale"]
    assert any("headed by whole questions: Q1, q2, q_4, q_5" in r for r in found.remarks)
    assert [item.text for item in found.codebook.items] == [heads[1], heads[2], heads[4]]


def test_two_header_rows_of_a_matrix(made):
    text = "Respondent,Rate us,,Comment\n,Price,Service,\n1,4,5,fine\n2,3,2,so so\n"
    found = read_survey(made(text))
    assert dict(found.facts)["header"] == "lines 1 and 2, joined"
    assert found.columns["text"].tolist() == ["", "Rate us: Price", "Rate us: Service", ""]
    assert found.data.iloc[:, 1].tolist() == [4, 3]


# Codebooks


def test_draft_names_codes_and_says_which_scales_are_guesses(made):
    rows = [f"{k % 7 + 1},{99 if k < 3 else k % 7 + 1}" for k in range(30)]
    found = read_survey(made("q1,q2\n" + "\n".join(rows) + "\n"))
    assert any("'q2' has 3 answers of 99, and the next highest is 7" in r for r in found.remarks)
    assert found.scales["origin"].tolist() == ["guess"]
    assert found.codebook.limits == {"q1": (1, 7), "q2": (1, 7)}
    assert found.data["q2"].tolist()[:3] == [99] * 3
    kinds = [(p.kind, p.count) for p in found.codebook.check(found.data)]
    assert kinds == [("off_scale", 3)]


BOOK = Codebook(
    title="给顾客的问卷",
    scales={
        "five": Scale.of_labels(["Very bad", "Bad", "So so", "Good", "Very good"], dont_know=[99])
    },
    items=[Item(name="s1", scale="five"), Item(name="s2", scale="five")],
)


def test_texts_are_decoded_by_the_codebook(made):
    text = "s1,s2\nVery good,5\n very  GOOD ,4\n,99\n3,1\n"
    found = read_survey(made(text), codebook=BOOK)
    assert_cells(found.data, {"s1": [5, 5, None, 3], "s2": [5, 4, 99, 1]})
    assert found.codebook == BOOK
    assert "labels that differ by blanks or capitals only: s1 (1 answer)" in found.remarks
    assert found.scales["origin"].tolist() == ["given"]


def test_texts_that_are_no_labels_are_named_with_row_and_column(made):
    text = "s1,s2\nVery good,Bad\nVery god,Fine\nGood,Fine\n"
    with pytest.raises(DataError) as refused:
        read_survey(made(text), codebook=BOOK)
    lines = str(refused.value).splitlines()
    assert lines[1:] == [
        "  1. column 's1', line 3: 'Very god' (did you mean 'Very good'?)",
        "  2. column 's2', line 3 and 1 more row: 'Fine'",
    ]


# Workbooks


def book_of(path, sheets, joined=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for cells in joined:
        book.worksheets[0].merge_cells(cells)
    book.save(path)
    return path


def test_workbook_with_dates_a_title_and_joined_header(tmp_path):
    day, hour = dt.datetime(2024, 2, 29), dt.datetime(2024, 3, 1, 12, 30)
    rows = [
        ["Spring survey"],
        [],
        ["id", "Rate us", None, "when", "paid", "text", "gap", "took"],
        [None, "Price", "Service", None, None, None, None, None],
        [1, 4, 5, day, 1.5, "很好", None, dt.timedelta(hours=30)],
        [2, 3, None, hour, 2, "5", None, dt.time(0, 1)],
    ]
    path = book_of(tmp_path / "s.xlsx", {"answers": rows, "empty": []}, ["A1:C1", "B3:C3"])
    found = read_survey(path)
    assert_cells(
        found.data,
        {
            "id": [1, 2], "q_2": [4, 3], "q_3": [5, None],
            "when": [day, hour], "paid": [1.5, 2], "text": ["很好", "5"], "gap": [None, None],
            "took": [dt.timedelta(hours=30), dt.timedelta(minutes=1)],
        },
    )  # fmt: skip
    assert found.columns["text"].tolist()[1:3] == ["Rate us: Price", "Rate us: Service"]
    facts = dict(found.facts)
    assert facts["sheet"] == "answers"
    assert facts["header"] == "rows 3 and 4, joined"
    assert any("Spring survey" in remark for remark in found.remarks)


def test_sheets_are_chosen_by_name(tmp_path):
    path = book_of(tmp_path / "s.xlsx", {"2023": [["a"], [1]], "2024": [["b"], [2]]})
    with pytest.raises(DataError, match=r"2 sheets.*'2023', '2024'; say which by sheet='2023'"):
        read_survey(path)
    assert_cells(read_survey(path, sheet="2024").data, {"b": [2]})
    with pytest.raises(OptionError, match=r"sheet=.2042. .did you mean"):
        read_survey(path, sheet="2042")


def test_errors_of_excel_are_said_and_formulas_without_values_refused(tmp_path):
    path = book_of(tmp_path / "s.xlsx", {"x": [["a", "b"], [1, "#N/A"], [2, 3]]})
    found = read_survey(path)
    assert_cells(found.data, {"a": [1, 2], "b": [None, 3]})
    assert any("1 cell with an error of Excel" in r and "B2" in r for r in found.remarks)
    path = book_of(tmp_path / "f.xlsx", {"x": [["a", "b"], [1, "=A2+1"]]})
    with pytest.raises(DataError, match=r"never computed \(B2\)"):
        read_survey(path)


def test_numbers_written_as_text_in_a_workbook(tmp_path):
    path = book_of(tmp_path / "s.xlsx", {"x": [["a", "b"], [1, "2"], ["3", "x"], ["NA", 4]]})
    found = read_survey(path)
    assert_cells(found.data, {"a": [1, 3, None], "b": ["2", "x", "4"]})
    said = " ".join(found.remarks)
    assert "'a' has 2 numbers or gaps written as text" in said
    assert "'b' has cells of several types" in said


# SPSS, Stata, Parquet, Feather


@pytest.mark.parametrize("name", ["s.sav", "s.zsav"])
def test_spss(tmp_path, name):
    data = pd.DataFrame(
        {
            "q1": [1.0, 5, 99, -1, None, 4],
            "town": ["Köln", "北京", "zz", "", "a", "b"],
            "day": [dt.date(2024, 2, 29)] * 6,
            "weight": [0.5, 1.5, 2, 1, 1, -9],
            "sex": [1.0, 2, 1, 2, 1, 2],
        }
    )
    labels = {1: "bad", 2: "poor", 3: "fair", 4: "good", 5: "very good", 99: "don't know"}
    pyreadstat.write_sav(
        data, str(tmp_path / name), compress=name == "s.zsav",
        column_labels={"q1": "How satisfied?"},
        variable_value_labels={"q1": labels, "sex": {1: "m", 2: "f"}},
        missing_ranges={"q1": [99, {"lo": -5, "hi": -1}], "town": ["zz"], "weight": [-9]},
        variable_measure={"sex": "nominal"},
    )  # fmt: skip
    found = read_survey(tmp_path / name)
    assert_cells(
        found.data,
        {
            "q1": [1, 5, None, None, None, 4],
            "town": ["Köln", "北京", None, None, "a", "b"],
            "day": [dt.datetime(2024, 2, 29)] * 6,
            "weight": [0.5, 1.5, 2, 1, 1, None],
            "sex": [1, 2, 1, 2, 1, 2],
        },
    )
    assert found.declared_missing.to_numpy().tolist() == [
        [2, "q1", 99, "don't know"],
        [3, "q1", -1, ""],
        [2, "town", "zz", ""],
        [5, "weight", -9, ""],
    ]
    (item,) = found.codebook.items
    scale = found.codebook.scales[item.scale]
    assert (item.name, item.text) == ("q1", "How satisfied?")
    assert scale.pair == (1, 5)
    assert scale.dont_know == (-1, 99)
    assert scale.labels == {k: v for k, v in labels.items() if k < 99}
    assert found.scales["origin"].tolist() == ["value labels"]
    assert "q1 -5 to -1" in " ".join(found.remarks)
    assert found.columns.set_index("name").loc["sex", "kind"] == "choice"


def test_a_label_far_from_all_others_is_named_and_left(tmp_path):
    labels = {1: "bad", 2: "fair", 3: "good", 98: "refused"}
    data = pd.DataFrame({"q1": [1.0, 2, 3, 98]})
    pyreadstat.write_sav(data, str(tmp_path / "s.sav"), variable_value_labels={"q1": labels})
    found = read_survey(tmp_path / "s.sav")
    assert found.data["q1"].tolist() == [1, 2, 3, 98]
    assert found.codebook.limits == {"q1": (1, 3)}
    assert any("98 (refused)" in remark for remark in found.remarks)


def test_declared_codes_keep_what_the_file_calls_them_and_two_labels_are_a_scale(tmp_path):
    pyreadstat.write_sav(
        pd.DataFrame({"q1": [1.0, 2, 3, 9], "yes": [0.0, 1, 1, 0], "odd": [1.0, 5, 1, 5]}),
        str(tmp_path / "s.sav"),
        variable_value_labels={
            "q1": {1: "bad", 2: "fair", 3: "good", 9: "don't know"},
            "yes": {0: "no", 1: "yes"},
            "odd": {1: "left", 5: "right"},
        },
        missing_ranges={"q1": [9]},
        variable_measure={"q1": "ordinal", "yes": "ordinal", "odd": "ordinal"},
    )
    found = read_survey(tmp_path / "s.sav")
    book = found.codebook
    assert book.limits == {"q1": (1, 3), "yes": (0, 1)}
    assert book.scales[book.items[0].scale].dont_know == {9: "don't know"}
    assert not any(item.reversed for item in book.items)
    assert "no file says which items are reversed" in book.source
    assert any(remark.startswith("yes has two labels") for remark in found.remarks)
    # The draft reads the labels as well as the codes.
    table = pd.DataFrame({"q1": ["Don't know", "good"], "yes": ["yes", "NO "]})
    assert book.clean(table).to_numpy(na_value=-1).tolist() == [[-1, 1], [3, 0]]


def stata(path, *, whole=True):
    """Write a file of Stata with .a and .b, which pandas cannot write, put in afterwards."""
    data = pd.DataFrame(
        {
            "q1": [1.0, 5, 77777.25, 88888.25, None],
            "q2": [1, 2, 3, 4, 5],
            "t": ["x", "é", "", "b", "c"],
        }
    )
    labels = {1: "bad", 2: "poor", 3: "fair", 4: "good", 5: "best"}
    data.to_stata(
        path, write_index=False, version=118, variable_labels={"q1": "How?"},
        value_labels={"q2": labels},
    )  # fmt: skip
    content = path.read_bytes()
    for value, letter in ((77777.25, 1), (88888.25, 2)):
        double = struct.pack("<d", value)
        assert content.count(double) == 1
        content = content.replace(double, struct.pack("<Q", 0x7FE0000000000000 + (letter << 40)))
    path.write_bytes(content if whole else content[:-40])
    return path


def test_stata_with_extended_missing(tmp_path):
    found = read_survey(stata(tmp_path / "s.dta"))
    assert_cells(
        found.data,
        {
            "q1": [1, 5, None, None, None],
            "q2": [1, 2, 3, 4, 5],
            "t": ["x", "é", None, "b", "c"],
        },
    )
    assert found.declared_missing.to_numpy().tolist() == [[2, "q1", "a", ""], [3, "q1", "b", ""]]
    assert found.codebook.scales["1 to 5, labelled"].labels[5] == "best"
    assert found.columns["text"].tolist()[0] == "How?"


@pytest.mark.parametrize("name", ["s.parquet", "s.feather"])
def test_parquet_and_feather(tmp_path, name):
    data = pd.DataFrame(
        {"q1": pd.array([1, None, 3], dtype="Int64"), "t": ["a", None, "很好"],
         "day": pd.to_datetime(["2024-02-29", None, "2024-03-01"]), "f": [True, False, True]},
    )  # fmt: skip
    if name == "s.parquet":
        data.index = pd.Index([7, 8, 9], name="person")
        data.to_parquet(tmp_path / name)
    else:
        data.to_feather(tmp_path / name)
    found = read_survey(tmp_path / name)
    expected = {
        "q1": [1, None, 3], "t": ["a", None, "很好"],
        "day": [dt.datetime(2024, 2, 29), None, dt.datetime(2024, 3, 1)], "f": [True, False, True],
    }  # fmt: skip
    if name == "s.parquet":
        expected["person"] = [7, 8, 9]
    assert_cells(found.data, expected)
    assert found.data.index.tolist() == [0, 1, 2]


# What is no file that can be read


def test_what_a_path_can_be_wrong_in(tmp_path, made):
    path = made("a,b\n1,2\n", "survey.csv")
    for given, message in {
        tmp_path / "survy.csv": r"no file .*did you mean 'survey.csv'",
        tmp_path / "none" / "x.csv": "there is no folder",
        tmp_path: r"is a folder; give one of its files, such as empty.csv",
        path / "x": "there is no folder",
        "https://example.org/survey.csv": "is an address",
        made("", "empty.csv"): "0 bytes",
    }.items():
        with pytest.raises(DataError, match=message):
            read_survey(given)
    for given in ("", "a\0b"):
        with pytest.raises(OptionError, match="no path"):
            read_survey(given)
    with pytest.raises(DataError, match="no regular file"):
        read_survey(os.devnull)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(DataError, match=r"2,147,483,648 bytes, more than the 500,000,000"):
        read_survey(path)
    path.unlink()


def wide(text):
    return text.encode("utf-16-le")


OTHER_FILES = {
    "page.xls": (b"<html><table><tr><td>1</td></tr></table></html>", "web page .HTML."),
    "old.xls": (b"\xd0\xcf\x11\xe0" + bytes(600) + wide("Workbook"), "old workbook"),
    "locked.xlsx": (b"\xd0\xcf\x11\xe0" + bytes(600) + wide("EncryptedPackage"), "password"),
    "packed.csv.gz": (b"\x1f\x8b\x08" + bytes(9), "packed file that is cut off or damaged"),
    "cut.csv.gz": (gzip.compress(b"a,b\n1,2\n")[:-9], "packed file that is cut off or damaged"),
    "nothing.csv.gz": (gzip.compress(b""), "packed by gzip and holds nothing"),
    "twice.csv.gz": (gzip.compress(bz2.compress(b"a")), "packed by gzip, and again by bzip2"),
    "book.gz": (gzip.compress(b"PK\x03\x04 and more"), "what it holds is no text; unpack it first"),
    "paper.pdf": (b"%PDF-1.7\n", "PDF"),
    "answers.json": (b'[{"q1": 5}]', "is JSON"),
    "unknown.bin": (b"\x01\x02\0\0\x03\x04\x05\0\x06", "neither text nor a kind"),
    "sheet.xml": (b"<?xml version='1.0'?><Workbook/>", "is XML"),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_files_of_other_kinds_are_named(made, name):
    content, message = OTHER_FILES[name]
    with pytest.raises(DataError, match=message):
        read_survey(made(content, name))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One file of each kind, as bytes."""
    folder = tmp_path_factory.mktemp("whole")
    data = pd.DataFrame({"q1": np.arange(300) % 7 + 1.0, "t": [f"text {k}" for k in range(300)]})
    book_of(folder / "s.xlsx", {"x": [["q1", "t"], *data.to_numpy().tolist()]})
    pyreadstat.write_sav(data, str(folder / "s.sav"))
    data.to_stata(folder / "s.dta", write_index=False)
    data.to_parquet(folder / "s.parquet")
    data.to_feather(folder / "s.feather")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["s.xlsx", "s.sav", "s.dta", "s.parquet", "s.feather"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_files_that_are_cut_off_are_refused(made, whole, name, share):
    content = whole[name]
    assert len(read_survey(made(content, name)).data) == 300
    with pytest.raises(DataError, match=r"cut off or damaged|neither text|archive"):
        read_survey(made(content[: int(len(content) * share)], name))


@pytest.mark.parametrize("name", ["s.xlsx", "s.sav", "s.dta", "s.parquet", "s.feather"])
def test_damaged_files_are_refused_or_read(made, whole, name):
    rng = np.random.default_rng(5)
    content = np.frombuffer(whole[name], dtype=np.uint8)
    for _ in range(25):
        broken = content.copy()
        places = rng.integers(0, len(broken), 8)
        broken[places] = rng.integers(0, 256, 8)
        try:
            read_survey(made(broken.tobytes(), name))
        except LoyaltyModelError:
            continue


def test_a_wrong_name_does_not_matter_and_is_said(made, whole):
    found = read_survey(made(whole["s.xlsx"], "really.csv"))
    assert "a workbook of Excel (though named .csv)" in found.said
    assert "text (though named .xlsx)" in read_survey(made("a,b\n1,2\n", "x.xlsx")).said


def test_stata_without_its_end_is_refused(tmp_path):
    with pytest.raises(DataError, match="its end is missing"):
        read_survey(stata(tmp_path / "s.dta", whole=False))


def test_packed_texts_are_read_and_said(tmp_path):
    text = "Filiale;F1\nKöln;4,5\n".encode("cp1252")
    packed = {
        "gzip": gzip.compress(text),
        "bzip2": bz2.compress(text),
        "xz": lzma.compress(text),
        "zip": io.BytesIO(),
    }
    with zipfile.ZipFile(packed["zip"], "w") as archive:
        archive.writestr("folder/s.csv", text)
    packed["zip"] = packed["zip"].getvalue()
    for by, content in packed.items():
        path = tmp_path / "survey"  # the first bytes tell, not the name
        path.write_bytes(content)
        survey = read_survey(path)
        assert survey.data.to_numpy().tolist() == [["Köln", 4.5]]
        assert survey.facts[0] == ("file", f"survey: text packed by {by}, {len(content)} bytes")


def test_a_packed_text_is_no_larger_than_what_is_read(tmp_path):
    (tmp_path / "s.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 10_000))
    with pytest.raises(DataError, match="unpacks to more than 10,000 bytes"):
        read_survey(tmp_path / "s.csv.gz", max_bytes=1_000)


def test_archives_are_named(tmp_path):
    for names, message in (
        (["a.csv", "b.csv"], "holds 2 files; unpack"),
        (["content.xml"], "OpenDocument"),
        (["xl/workbook.bin"], "xlsb"),
    ):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        with pytest.raises(DataError, match=message):
            read_survey(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("name", "module"),
    [("s.xlsx", "python_calamine"), ("s.sav", "pyreadstat"), ("s.parquet", "pyarrow")],
)
def test_a_package_that_is_missing_is_named(made, whole, monkeypatch, name, module):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(ExtraNotInstalledError, match=r'pip install "loyaltymodel\[files\]"'):
        read_survey(made(whole[name], name))


def test_options_for_other_kinds_of_files_are_refused(made, whole):
    with pytest.raises(
        OptionError, match=r"decimal is not for this kind of file: s.sav: a file of"
    ):
        read_survey(made(whole["s.sav"], "s.sav"), decimal=",")


def test_what_was_read_shows_itself(made):
    found = read_survey(made("q1,q2\n" + "3,4\n5,2\n" * 5))
    assert repr(found) == "<SurveyFile: 10 rows, 2 columns, codebook of 2 items, 1 remark>"
    page = str(found.summary())
    assert "Columns" in page
    assert "separator" in page
    assert max(map(len, page.splitlines())) <= 100
    assert found._repr_html_().startswith("<h3>")
    again = pickle.loads(pickle.dumps(found))
    assert again.said == found.said
    assert again.codebook == found.codebook
    assert re.search(r"separator: commas; header: line 1; table: 10 rows", found.said)
