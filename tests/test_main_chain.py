"""The command ``chain``: what it prints, the page, the plan, and one line on whatever is wrong."""

import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from loyaltymodel import chain, datasets, jones_sasser, structural
from loyaltymodel.__main__ import main
from loyaltymodel._cli.plan import ChainPlan, bundled_plan
from loyaltymodel.errors import ModelError

DOCS = Path(__file__).parents[1] / "docs" / "how-to" / "command.md"
BOOK = datasets.barometer_codebook()
ITEMS = [
    item
    for name in ("expectation", "quality", "value", "satisfaction")
    for item in BOOK.constructs[name]
]
# Few resamples: that intervals are right is shown elsewhere.
PLAN = {**json.loads(bundled_plan().to_json()), "n_resamples": 40, "level": 0.9}
SMALL = [PLAN["model"][1], PLAN["model"][3], "satisfaction ~ quality"]
DRAWN = {"n_resamples": 40, "level": 0.9, "rng": 1}


@pytest.fixture(scope="module")
def people():
    """Customers of two industries, of which one holds them, with the codes of "don't know"."""
    answers = datasets.load_barometer()
    rows = answers["industry"].isin(["telephone", "restaurants"])
    return answers.loc[rows, [*ITEMS, "STAYED", "industry"]].iloc[::2]


@pytest.fixture
def place(tmp_path, monkeypatch, people):
    monkeypatch.chdir(tmp_path)
    people.to_csv("survey.csv", index=False)
    write({})
    return tmp_path


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main(["chain", *map(str, arguments)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def write(changes, name="plan.json"):
    plan = {key: value for key, value in {**PLAN, **changes}.items() if value != "gone"}
    with open(name, "w", encoding="utf-8") as file:
        json.dump(plan, file)


OWN = ("--data", "survey.csv", "--plan", "plan.json", "--no-pictures")


def paragraphs(text):
    """Return what was printed with each paragraph in one line."""
    return [" ".join(part.split()) for part in text.split("\n\n")]


@pytest.fixture(scope="module")
def by_hand(people):
    """The chain of the plan as the page on it goes through it, function by function."""
    clean = BOOK.clean(people, [*ITEMS, "STAYED"], keep=["industry"]).dropna()
    clean["answer"] = clean[list(BOOK.constructs["satisfaction"])].mean(axis=1)
    model = structural.StructuralModel.from_text("\n".join(PLAN["model"]))
    fit = structural.fit(model, clean, scale=(1, 10), consistent=True)
    alpha = fit.reliability.query("quantity == 'alpha'").set_index("construct")["estimate"]
    links = {"data": clean, "constraint_by": "industry"}
    curve = jones_sasser.fit(
        *("answer", "STAYED"),
        scale=(1, 10),
        reliability=alpha["satisfaction"],
        true_scores="normal",
        **links,
    )
    plans = {
        driver: chain.scenario(
            *(driver, "satisfaction"),
            change=5,
            impact=fit,
            curve=curve,
            economics=chain.CustomerEconomics(**PLAN["economics"]),
            observed_per="year",
            cost=1_000_000,
            satisfaction="answer",
            loyalty="STAYED",
            n_resamples=40,
            rng=1,
            **links,
        )
        for driver in ("expectation", "quality", "value")
    }
    return chain.what_if(plans["quality"], **DRAWN), chain.fix_first(plans, per="point", **DRAWN)


@pytest.fixture(scope="module")
def base(people, tmp_path_factory):
    """What the plan of the tests prints, and its page."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        patch.chdir(tmp_path_factory.mktemp("base"))
        people.to_csv("survey.csv", index=False)
        write({})
        assert main(["chain", *OWN]) == 0
        page = Path("loyaltymodel-chain.html").read_bytes()
    return said.getvalue(), page


def test_own_files_give_what_the_functions_give(base, by_hand):
    measure, order = by_hand
    out, page = base[0], base[1].decode()
    said = paragraphs(out)
    for paragraph in measure.reading().split("\n\n"):
        assert any(paragraph in part for part in said)
    listed = re.search(r"brings:\n((?:  .*\n)+)", out)[1].splitlines()
    assert [line.split()[0] for line in listed] == list(order["scenario"])
    for line, money in zip(listed, order["estimate"], strict=True):
        assert line.split()[1] == f"{money:,.0f}"
    assert f"{measure.estimate:,.0f}" in out
    assert out.endswith("formulas: loyaltymodel-chain.html\n")
    assert max(map(len, out.splitlines())) <= 100
    assert "<h1>From quality to money: +5 points of quality</h1>" in page
    for maker in ("chain.what_if", "chain.required_change", "chain.fix_first", "WhatIf.segments"):
        assert f"<code>{maker}</code>" in page
    assert "<code>structural.fit</code>" in page
    assert "<code>jones_sasser.fit</code>" in page
    assert "first_probability" in page
    assert "src=" not in page  # nothing is loaded


def test_the_gains_of_groups_and_of_types_are_that_of_the_whole(base, by_hand):
    gain = by_hand[0].quantities.set_index("quantity")["estimate"]["gain"]
    groups, types = re.search(r"arises:\n((?:  .*\n)+)\n((?:  .*\n)+)", base[0]).groups()
    for part in (groups, types):
        money = [float(line.split()[-1].replace(",", "")) for line in part.splitlines()]
        assert sum(money) == pytest.approx(gain, abs=len(money))  # each is rounded to whole money
    assert {line.split()[0] for line in groups.splitlines()} == {"telephone", "restaurants"}


def test_the_same_seed_gives_the_same_page_and_a_plan_alone_asks_the_survey_that_comes_along(
    place, run, monkeypatch, people, base
):
    monkeypatch.setattr(datasets, "load_barometer", lambda: people)
    code, out, _ = run("--plan", "plan.json", "--no-pictures")
    assert code == 0
    assert out == base[0].replace("survey.csv", "the simulated barometer")
    assert (place / "loyaltymodel-chain.html").read_bytes() == base[1]


@pytest.mark.usefixtures("place")
def test_a_driver_may_be_named_and_another_seed_gives_other_draws(run, base):
    write({"driver": "expectation", "seed": 2, "weights": None})
    code, out, _ = run(*OWN, "--driver", "value")
    assert code == 0
    assert "+5 points of value move satisfaction" in " ".join(out.split())
    ranks = [re.search(r"brings:\n((?:  .*\n)+)", said)[1] for said in (out, base[0])]
    firsts = [[line.split()[:2] for line in rank.splitlines()] for rank in ranks]
    assert firsts[0] == firsts[1]  # estimates
    assert ranks[0] != ranks[1]  # intervals


@pytest.mark.usefixtures("place")
def test_pictures_are_inside_the_page(run):
    write({"model": SMALL})
    assert run(*OWN[:-1])[0] == 0
    page = Path("loyaltymodel-chain.html").read_text(encoding="utf-8")
    for picture in ("chain.chain_of_effects", "jones_sasser.fitted_curve"):
        assert f"<code>plots.{picture}</code>" in page
    assert page.count("<svg") > 2


def test_in_chinese(place, run, by_hand):
    code, out, err = run(*OWN, "--language", "zh", "--report", "报告.html")
    assert (code, err) == (0, "")
    assert by_hand[0].reading(language="zh") in out
    page = (place / "报告.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page
    assert "<h2>会带来什么</h2>" in page


@pytest.mark.usefixtures("place")
def test_one_driver_and_customers_whom_nothing_tells_apart(run, people):
    model = [PLAN["model"][1], "satisfaction =~ SAT1", "satisfaction ~ quality"]
    write({"model": model, "constraint_by": None})
    code, out, err = run(*OWN)
    assert (code, err) == (0, "")
    assert "Which driver first" not in out
    whole = people[[*BOOK.constructs["quality"], "SAT1", "STAYED"]]
    used = (whole.replace(98, float("nan")).notna().all(axis=1)).sum()
    assert f"{used:,} of {len(people):,} customers gave all answers" in out


@pytest.mark.usefixtures("place")
def test_weights_reach_every_link(run, people, base):
    people.assign(w=1.0).to_csv("survey.csv", index=False)
    write({"weights": "w"})
    assert run(*OWN)[1] == base[0]


@pytest.mark.usefixtures("place")
def test_a_known_reliability_takes_the_place_of_alpha(run):
    write({"reliability": 0.7, "model": SMALL})
    _, out, _ = run(*OWN)
    assert "with a reliability of 0.7 that counts as known" in " ".join(out.split())


# The plan


def test_the_plan_of_the_barometer_is_a_template(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run("--write-plan", "plan.json")
    assert code == 0
    assert "chain --data survey.csv --plan plan.json" in out
    assert ChainPlan.from_json((tmp_path / "plan.json").read_bytes()) == bundled_plan()
    (tmp_path / "plan.json").write_text("mine", encoding="utf-8")
    code, out, err = run("--write-plan", "plan.json")
    assert (code, out) == (2, "")
    assert "plan.json exists; name another place" in err
    assert run("--write-plan", "plan.json", "--force")[0] == 0
    assert run("--write-plan", "x.json", "--plan", "plan.json")[0] == 2


def test_drivers_are_those_from_which_paths_lead_to_the_target():
    plan = bundled_plan()
    assert plan.drivers == ("expectation", "quality", "value")
    more = [*plan.model, "loyal =~ LOY1", "loyal ~ satisfaction", "other =~ LOY2", "other ~ loyal"]
    assert plan.model_copy(update={"model": more}).drivers == plan.drivers
    assert ChainPlan(**{**PLAN, "model": "\n".join(PLAN["model"])}).model == tuple(PLAN["model"])


# What is wrong is said in one line

WRONG = {
    "a typo": ({"chnge": 3}, "plan.json: ChainPlan: chnge is none of its fields (did you mean 'c"),
    "a typo in economics": (
        {"economics": {**PLAN["economics"], "margn": 3}},
        "margn is none of its fields (did you mean 'margin'?)",
    ),
    "what is missing": ({"loyalty": "gone"}, "loyalty is missing"),
    "no scale": ({"scale": "gone"}, "scale is missing"),
    "a scale of one number": ({"scale": [1]}, "scale"),
    "a scale upside down": ({"scale": [10, 1]}, "scale is 10 to 1; the lowest answer comes first"),
    "a scale too narrow": ({"scale": [1, 5]}, "off the scale 1 to 5"),
    "a column of who stayed": ({"loyalty": "STAYD"}, "'STAYD' (did you mean 'STAYED'?)"),
    "a column of groups": ({"constraint_by": "sector"}, "no column 'sector'"),
    "an item": (
        {"model": [PLAN["model"][0].replace("EXP1", "EXP9"), *PLAN["model"][1:]]},
        "no column 'EXP9' (did you mean",
    ),
    "no model": ({"model": "gone"}, "model is missing"),
    "an item as who stayed": (
        {"loyalty": "SAT1"},
        "loyalty is 'SAT1', which is an item of the mod",
    ),
    "a column that is two things": ({"constraint_by": "STAYED"}, "which is loyalty already"),
    "who stayed, in words": ({"loyalty": "industry", "constraint_by": None}, "must hold 1 or 0"),
    "a driver without letters": ({"driver": ""}, "driver must have 1 or more letters"),
    "a model that cannot be read": ({"model": ["a =~ b", "c == d"]}, "line 2, column 3"),
    "a driver that is none": ({"driver": "qualty"}, "construct of the model (did you mean 'qua"),
    "a driver without a path": (
        {"model": [*PLAN["model"], "loyal =~ LOY1", "loyal ~ satisfaction"], "driver": "loyal"},
        "no path of the model leads from 'loyal' to 'satisfaction'; the drivers are expectation",
    ),
    "a target without drivers": ({"target": "expectation"}, "no path of the model leads to 'exp"),
    "a target that is none": ({"target": "joy"}, "target is 'joy', which is no construct"),
    "other periods": ({"observed_per": "month"}, "observed_per is 'month', but the economics are"),
    "no change": ({"change": 0}, "change is 0, so that nothing follows"),
    "a change beyond the scale": ({"change": 60}, "leads beyond the scale"),
    "too few resamples": ({"n_resamples": 10, "level": 0.95}, "10"),
    "a seed that is none": ({"seed": -1}, "seed must be at least 0"),
    "missing answers": ({"missing": "raise"}, "these customers are left out"),
    "codes that are off the scale": ({"dont_know": []}, "'EXP1' has"),
    "text for a number": ({"cost": "much"}, "cost must be a number (given: 'much')"),
}


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG)
def test_a_plan_that_cannot_be_used_is_one_line(run, changes, message):
    write(changes)
    code, out, err = run(*OWN)
    assert (code, out) == (2, "")
    assert err.startswith("loyaltymodel: ")
    assert err.count("\n") == 1
    assert message in err
    assert len(err) < 1000
    assert "Traceback" not in err


@pytest.mark.usefixtures("place")
def test_a_way_out_is_a_field_of_the_plan(run):
    write({"missing": "raise"})
    assert '"missing": "drop"' in run(*OWN)[2]


@pytest.mark.usefixtures("place")
def test_files_that_cannot_be_used_are_one_line(run):
    for arguments, message in (
        (("--data", "survey.csv"), "--data needs --plan; --write-plan FILE.json writes one"),
        (("--data", "no.csv", "--plan", "plan.json"), "there is no file no.csv"),
        (("--plan", "no.json"), "'no.json': no such file"),
        (("--plan", "survey.csv"), "the text cannot be read as JSON: line 1, column 1"),
        ((*OWN, "--report", "no/page.html"), "no/page.html"),
        ((*OWN, "--driver", "vlue"), "driver is 'vlue', which is no construct of the model (did"),
    ):
        code, out, err = run(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err


def test_a_page_of_someone_else_is_overwritten_only_by_force(place, run, base):
    write({"model": SMALL})
    mine = place / "page.html"
    mine.write_text("<html>mine</html>", encoding="utf-8")
    code, out, err = run(*OWN, "--report", "page.html")
    assert (code, out) == (2, "")
    assert "page.html exists and was not written by this command" in err
    assert mine.read_text(encoding="utf-8") == "<html>mine</html>"
    assert run(*OWN, "--report", "page.html", "--force")[0] == 0
    mine.write_bytes(base[1])  # its own
    assert run(*OWN, "--report", "page.html")[0] == 0


def test_a_command_that_is_nearly_one_is_guessed_at(capsys):
    assert main(["chian"]) == 2
    assert capsys.readouterr().err == (
        "loyaltymodel: there is no command 'chian' (did you mean 'chain'?)\n"
    )


def test_the_help_shows_both_commands(capsys):
    for arguments, words in (
        (["--help"], ["python -m loyaltymodel chain", "--data"]),
        (["chain", "--help"], ["--write-plan", "--driver", "--language", "--report", "--force"]),
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
        said = capsys.readouterr().out
        assert all(word in said for word in words)
        assert max(map(len, said.splitlines())) <= 100


def test_it_runs_as_a_module(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "loyaltymodel", "chain", "--write-plan", "plan.json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The plan of the barometer is in plan.json.")


def test_the_page_on_the_command_names_every_field_and_option(capsys):
    page = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*`) \|", page, flags=re.MULTILINE)
    words = [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
    fields = [word for word in words if "-" not in word]
    assert fields == list(ChainPlan.model_fields)
    for command in (["chain"], [], ["init"]):
        with pytest.raises(SystemExit):
            main([*command, "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z-]+", " ".join(words))) < known


@pytest.mark.slow
def test_the_page_on_the_command_says_what_it_prints(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    code, out, err = run()
    assert (code, err) == (0, "")
    shown = re.findall(r"```text\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(shown) == 2
    assert all(part.strip() in out for part in shown)


def test_a_plan_is_frozen():
    with pytest.raises(ModelError, match="frozen"):
        bundled_plan().cost = 3
