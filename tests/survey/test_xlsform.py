"""XLSForm workbooks: read by an independent reader, and read back to what was written."""

import re

import openpyxl
import pytest

from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.survey import Item, Questionnaire, Scale, instrument, instruments

FEATURES = {"wifi": {"en": "free Wi-Fi", "zh": "免费无线网络"}}
EVERY = {
    "likert": Scale(lowest=1, highest=5, labels={1: "bad", 5: "good"}, dont_know={9: "no idea"}),
    "school": Scale(lowest=1, highest=6, direction="down", dont_know=[99]),
    "half": Scale(lowest=0, highest=5, step=0.5),
    "tens": Scale(lowest=0, highest=1000, step=10, labels={0: "none"}, dont_know={-1: "?"}),
    "any": Scale(lowest=-1.5, highest=2.5, step=None),
    "odd name, 量表": Scale(lowest=0, highest=1),
}


def every():
    items = [
        Item(name=f"q{k}", scale=scale, text=f"Question {k}?", construct="c" if k % 2 else None)
        for k, scale in enumerate(EVERY)
    ]
    items += [
        Item(name="own", scale="likert", dont_know={8: "refused"}, reversed=True, construct="c"),
        Item(name="own2", scale="tens", dont_know=[-2], text="=1+1"),
    ]
    return Questionnaire(title="Every kind", source="invented", scales=EVERY, items=items)


def pyxform_of(path):
    """What the reader of ODK and Kobo makes of a workbook: the form as XML, and its warnings."""
    pyxform = pytest.importorskip("pyxform.xls2xform")
    made = pyxform.convert(str(path), validate=False)
    return made.xform, made.warnings


@pytest.mark.parametrize("name", instruments()["name"])
def test_instruments_there_and_back(name, tmp_path):
    form = instrument(name, **({"features": FEATURES} if name == "kano" else {}))
    form.to_xlsform(tmp_path / "form.xlsx")
    assert Questionnaire.from_xlsform(tmp_path / "form.xlsx") == (form, ())


def test_every_kind_of_scale_there_and_back(tmp_path):
    every().to_xlsform(tmp_path / "form.xlsx")
    found, lost = Questionnaire.from_xlsform(tmp_path / "form.xlsx")
    assert found == every()
    assert lost == ()


def test_an_independent_reader_takes_it(tmp_path):
    form = instrument("loyalty_phases")
    form.to_xlsform(tmp_path / "form.xlsx")
    xml, warnings = pyxform_of(tmp_path / "form.xlsx")
    assert warnings == []
    for item in form.items:
        assert re.search(rf'nodeset="/\w+/{item.name}"', xml)
        for language in ("en", "zh"):
            assert item.wording(language).replace("&", "&amp;") in xml
    assert xml.count('<translation lang="English (en)"') == 1
    assert xml.count('lang="中文 (zh)"') == 1
    assert "(. &gt;= 0 and . &lt;= 100) or . = -1" in xml
    assert 'required="true()"' not in xml
    # What is for us only stands nowhere in the form.
    assert "negative_emotion" in xml
    assert "cognitive" not in xml


def test_an_independent_reader_takes_every_kind_of_scale(tmp_path):
    every().to_xlsform(tmp_path / "form.xlsx")
    xml, warnings = pyxform_of(tmp_path / "form.xlsx")
    assert warnings == []
    assert "mod 10 = 0" in xml
    assert xml.count("<select1") == 5
    assert "=1+1" in xml
    for choice in ("<name>9</name>", "<name>8</name>", "<name>0.5</name>"):
        assert choice in xml


def test_one_language(tmp_path):
    instrument("acsi").to_xlsform(tmp_path / "form.xlsx", language="zh")
    found, lost = Questionnaire.from_xlsform(tmp_path / "form.xlsx")
    assert found == instrument("acsi", entity={"zh": "该公司"})
    assert lost == ()
    with pytest.raises(OptionError, match="there is no text in it for item 'EXP1'"):
        instrument("acsi").to_xlsform(tmp_path / "form.xlsx", language="fr")


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_form_of_others(tmp_path):
    path = workbook(
        tmp_path / "visits.xlsx",
        survey=[
            ["type", "name", "label", "relevant", "constraint", "parameters"],
            ["start", "start"],
            ["begin_group", "g", "A group"],
            ["select_one rate", "q1", "How good?", "${q2} > 1"],
            ["integer", "q2", "How often?", None, ". >= 0 and . <= 30"],
            ["range", "q3", "How far?", None, None, "start=0 end=10 step=1"],
            ["text", "q4", "Why?"],
            ["select_one fruit", "q5", "Which fruit?"],
            ["end_group"],
        ],
        choices=[
            ["list_name", "name", "label"],
            ["rate", 1, "bad"],
            ["rate", 2, 2],
            ["rate", 3, "good"],
            ["fruit", "apple", "Apple"],
            ["fruit", "pear", "Pear"],
        ],
    )
    found, lost = Questionnaire.from_xlsform(path)
    assert found == Questionnaire(
        title="visits",
        scales={
            "rate": Scale(lowest=1, highest=3, labels={1: "bad", 3: "good"}),
            "of_q2": Scale(lowest=0, highest=30),
            "of_q3": Scale(lowest=0, highest=10),
        },
        items=[
            Item(name="q1", scale="rate", text="How good?"),
            Item(name="q2", scale="of_q2", text="How often?"),
            Item(name="q3", scale="of_q3", text="How far?"),
        ],
    )
    assert lost == (
        "q4 of type 'text' is no question with a scale",
        "q5 offers choices or limits that are no numbers, so it has no scale",
        "the column 'relevant' is not kept (1 row)",
        "the form says nothing of constructs, reversed items and paths",
    )


def test_what_a_program_for_fieldwork_drops_is_said(tmp_path):
    """Ours, after a program has written it again without what it does not know."""
    instrument("relative_attitude").to_xlsform(tmp_path / "form.xlsx")
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    del book["scales"], book["constructs"]
    for sheet, unknown in [("survey", ("scale", "construct", "reversed")), ("choices", ("scale",))]:
        for cell in list(book[sheet][1])[::-1]:
            if cell.value in unknown:
                book[sheet].delete_cols(cell.column)
    book.save(tmp_path / "form.xlsx")
    found, lost = Questionnaire.from_xlsform(tmp_path / "form.xlsx")
    assert "the form says nothing of constructs, reversed items and paths" in lost
    asked = instrument("relative_attitude")
    assert found.codebook.limits == asked.codebook.limits
    assert [i.text for i in found.items] == [i.text for i in asked.items]


@pytest.mark.parametrize("name", ["q 1", "1q", "题1", "a/b", "introduction"])
def test_a_name_that_xlsform_does_not_allow(name, tmp_path):
    form = Questionnaire(
        title="T", introduction="Hello", scales={"a": EVERY["half"]},
        items=[Item(name=name, scale="a")],
    )  # fmt: skip
    with pytest.raises(ModelError, match="rename"):
        form.to_xlsform(tmp_path / "form.xlsx")


def test_files_that_are_no_forms(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        Questionnaire.from_xlsform(tmp_path / "none.xlsx")
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(DataError, match="cannot be read as a workbook"):
        Questionnaire.from_xlsform(tmp_path / "text.xlsx")
    with pytest.raises(DataError, match="has no sheet 'survey'"):
        Questionnaire.from_xlsform(workbook(tmp_path / "a.xlsx", other=[["a"], [1]]))
    empty = workbook(tmp_path / "b.xlsx", survey=[["type", "name"], ["text", "q"]])
    with pytest.raises(DataError, match="no question that can be read"):
        Questionnaire.from_xlsform(empty)
    with pytest.raises(DataError, match="cannot be written"):
        every().to_xlsform(tmp_path / "no" / "folder.xlsx")


def test_a_control_character_is_refused(tmp_path):
    form = every().model_copy(update={"source": "a\x01b"})
    with pytest.raises(ModelError, match="control character"):
        form.to_xlsform(tmp_path / "form.xlsx")


def test_a_reference_to_an_item_that_is_not_there_is_refused(tmp_path):
    """A program for fieldwork would refuse the form, or show an answer in its place."""
    form = every()
    items = [form.items[0].model_copy(update={"text": "Of ${q1} and ${price}?"}), *form.items[1:]]
    with pytest.raises(ModelError, match=r"item 'q0' has the text .* the answer to 'price'"):
        form.model_copy(update={"items": items}).to_xlsform(tmp_path / "form.xlsx")


def test_no_codes_are_no_codes():
    assert Scale(lowest=1, highest=5, dont_know={}) == Scale(lowest=1, highest=5)
