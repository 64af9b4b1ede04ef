"""The command with a codebook, and drafts of one: scales by item, labels, codes, turned items."""

import json

import pandas as pd
import pytest

from loyaltymodel.__main__ import main
from loyaltymodel.structural import StructuralModel, fit
from loyaltymodel.survey import Codebook, Item, Questionnaire, Scale

MODEL = "quality =~ q\nsatisfaction =~ s\nsatisfaction ~ quality\n"
# On 1 to 7 the mean 4.68 is 100 * 3.68 / 6 = 61.3; on 1 to 10 it would be 100 * 3.68 / 9 = 40.9.
SEVEN = [7] * 5 + [6] * 5 + [5] * 4 + [4] * 4 + [3] * 3 + [2] * 3 + [1]
TEN = [10, 9, 9, 8, 10, 7, 8, 6, 7, 8, 5, 6, 5, 7, 4, 5, 3, 4, 3, 2, 4, 1, 2, 3, 1]
BOOK = Codebook(
    title="a survey",
    scales={"seven": Scale(lowest=1, highest=7), "ten": Scale(lowest=1, highest=10)},
    items=[Item(name="s", scale="seven"), Item(name="q", scale="ten")],
)


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run the command where answers and a model are; return its code and what it said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.txt").write_text(MODEL, encoding="utf-8")
    pd.DataFrame({"s": SEVEN, "q": TEN}).to_csv("survey.csv", index=False)

    def call(*arguments):
        code = main([*map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def with_book(run, book, *more, name="book.json"):
    write = book.to_yaml if name.endswith("yaml") else book.to_json
    with open(name, "w", encoding="utf-8") as file:
        file.write(write())
    arguments = ("--data", "survey.csv", "--codebook", name, "--no-pictures", *more)
    return run(*arguments)


@pytest.mark.parametrize("name", ["book.json", "book.yaml"])
def test_items_of_several_scales_have_the_index_of_their_own(run, name):
    assert sum(SEVEN) / len(SEVEN) == 4.68
    wrong = run("--data", "survey.csv", "--model", "model.txt", "--scale", 1, 10, "--no-pictures")
    assert "satisfaction: 40.9" in wrong[1]
    code, out, err = with_book(run, BOOK, "--model", "model.txt", name=name)
    assert (code, err) == (0, "")
    assert "satisfaction: 61.3" in out
    table = pd.DataFrame({"s": SEVEN, "q": TEN})
    index = fit(StructuralModel.from_text(MODEL), table, scale=BOOK).index
    assert f"{index.set_index('construct')['estimate']['satisfaction']:.1f}" == "61.3"


def test_a_code_that_nobody_declared_is_named(run):
    pd.DataFrame({"s": [*SEVEN, 99, 99], "q": [*TEN, 5, 5]}).to_csv("survey.csv", index=False)
    code, _, err = with_book(run, BOOK, "--model", "model.txt")
    assert code == 2
    assert "'s' has 2 of 27 answers off the scale 1 to 7, first 99 in row 25" in err
    assert "the next highest is 7" in err
    assert err.count("\n") == 1


def test_labels_codes_and_reversed_items_are_read_and_said(run):
    labels = {7: "very", 1: {"en": "not at all", "de": "gar nicht"}}
    book = BOOK.model_copy(
        update={
            "scales": {
                "seven": Scale(lowest=1, highest=7, labels=labels, dont_know={9: "don't know"}),
                "ten": Scale(lowest=1, highest=10),
            },
            "items": [Item(name="s", scale="seven", reversed=True), Item(name="q", scale="ten")],
        }
    )
    texts = ["Very" if x == 7 else "gar nicht" if x == 1 else str(x) for x in SEVEN]
    pd.DataFrame({"s": [*texts, "don't know"], "q": [*TEN, 5]}).to_csv("survey.csv", index=False)
    code, out, err = with_book(run, book, "--model", "model.txt", "--missing", "drop")
    assert (code, err) == (0, "")
    # 100 less the index of the answers as they stand.
    assert "satisfaction: 38.7" in out
    said = " ".join(out.split())
    assert "'s' has 1 of 26 answers coded as \"don't know\"" in said
    assert "since the item is reversed" in said
    assert "left out 1" in said


def test_a_questionnaire_is_codebook_and_model(run):
    asked = Questionnaire(
        title={"en": "A survey", "zh": "调查"},
        constructs={"quality": "Quality", "satisfaction": {"en": "Satisfaction", "zh": "满意"}},
        scales=BOOK.scales,
        items=[
            Item(name="s", scale="seven", construct="satisfaction"),
            Item(name="q", scale="ten", construct="quality"),
        ],
        paths=["satisfaction ~ quality"],
    )
    for name in ("asked.json", "asked.yaml"):
        code, out, err = with_book(run, asked, name=name)
        assert (code, err) == (0, "")
        assert "satisfaction: 61.3" in out
        assert f"Model: {name}." in out


def test_groups_are_ranked_with_what_is_sure(run, tmp_path):
    one = pd.DataFrame({"s": SEVEN, "q": TEN, "firm": "one"})
    two = one.assign(s=(one["s"] - 2).clip(1), firm="two")
    pd.concat([one, two]).to_csv("survey.csv", index=False)
    more = ("--model", "model.txt", "--groups", "firm", "--language", "zh", "--report", "page.html")
    code, out, err = with_book(run, BOOK, *more)
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines() if line.split()[:1] in (["one"], ["two"])]
    # One model measures both: 61.3 as above, and what is left of it two answers lower.
    assert [row[:3] for row in rows] == [
        ["one", "25", "61.3"],
        ["two", "25", f"{100 * ((one['s'] - 2).clip(1).mean() - 1) / 6:.1f}"],
    ]
    assert "指数(0 最差,100 最好):" in out
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "按“firm”" in page
    assert '<html lang="zh' in page
    code, _, err = with_book(run, BOOK, "--model", "model.txt", "--groups", "company")
    assert code == 2
    assert "company" in err


WRONG = {
    "a codebook and a scale": (("--scale", 1, 7), "in place of --scale"),
    "a codebook and no model": ((), "--data and --model go together"),
}


@pytest.mark.parametrize(("more", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_go_together_is_said(run, more, message):
    code, _, err = with_book(run, BOOK, *more)
    assert code == 2
    assert message in err


def test_a_file_that_is_no_codebook_is_named(run):
    for content in ('{"title": 1}', "title: [", "just words"):
        with open("bad", "w", encoding="utf-8") as file:
            file.write(content)
        arguments = ("--data", "survey.csv", "--codebook", "bad", "--model", "model.txt")
        code, _, err = run(*arguments, "--no-pictures")
        assert code == 2
        assert err.startswith("loyaltymodel: bad: ")
        assert err.count("\n") == 1


def test_drafts_are_written_and_can_be_used_once_corrected(run, tmp_path):
    (tmp_path / "model.txt").unlink()
    table = pd.DataFrame({"s1": [*SEVEN, 99], "s2": [*SEVEN, 3], "q": [*TEN, 5]})
    table.assign(firm=["a", "b"] * 13).to_csv("survey.csv", index=False, sep=";")
    code, out, err = run("init", "survey.csv")
    assert (code, err) == (0, "")
    assert "separator: semicolons" in out
    assert "codebook.yaml: 3 items on 2 scales" in out
    draft = (tmp_path / "codebook.yaml").read_text(encoding="utf-8")
    assert "# - 's1' has 1 answer of 99, and the next highest is 7" in draft
    assert "# Columns that are on no scale: firm" in draft
    book = Codebook.from_yaml(draft)
    assert book.limits == {"s1": (1, 7), "s2": (1, 7), "q": (1, 10)}
    assert book.constructs == {"s": ("s1", "s2"), "q": ("q",)}
    model = (tmp_path / "model.txt").read_text(encoding="utf-8")
    assert "s =~ s1 + s2\nq =~ q" in model
    (tmp_path / "codebook.yaml").write_text(draft.replace("[]", "[99]", 1), encoding="utf-8")
    (tmp_path / "model.txt").write_text(model.replace("# q ~ s", "s ~ q"), encoding="utf-8")
    files = ("--codebook", "codebook.yaml", "--model", "model.txt", "--missing", "drop")
    code, out, err = run("--data", "survey.csv", *files, "--no-pictures")
    assert (code, err) == (0, "")
    assert "s: 61.3" in out


def test_drafts_take_what_the_file_says_and_overwrite_nothing(run, tmp_path):
    run("init", "survey.csv", "--force")
    before = (tmp_path / "codebook.yaml").read_bytes()
    code, _, err = run("init", "survey.csv")
    assert code == 2
    assert "codebook.yaml exists" in err
    assert run("init", "survey.csv", "--force")[0] == 0
    assert (tmp_path / "codebook.yaml").read_bytes() == before
    pd.DataFrame({"name": ["Ann", "Bo"]}).to_csv("names.csv", index=False)
    code, _, err = run("init", "names.csv", "--force")
    assert code == 2
    assert "no column that seems to be answered on a scale" in err


def test_a_draft_is_the_codebook_that_was_read(run, tmp_path):
    from loyaltymodel.survey import read_survey  # noqa: PLC0415 - the door that init uses

    run("init", "survey.csv", "--force")
    text = (tmp_path / "codebook.yaml").read_text(encoding="utf-8")
    known = json.loads(read_survey("survey.csv").codebook.to_json())
    for item in known["items"]:
        item["construct"] = item["name"]
    assert json.loads(Codebook.from_yaml(text).to_json()) == known
