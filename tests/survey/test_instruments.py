"""Ready questionnaires: their structure, their words, and the way from answers to a result."""

import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import (
    attributes,
    datasets,
    delivered_value,
    expectation_gap,
    jones_sasser,
    loyalty_stage,
    structural,
    survey,
)
from loyaltymodel.errors import LowReliabilityWarning, OptionError
from loyaltymodel.survey import Questionnaire, instrument, instruments

FEATURES = {
    "wifi": {"en": "free Wi-Fi", "zh": "免费无线网络"},
    "late": {"en": "a late check-out", "zh": "延迟退房"},
}
NAMES = instruments()["name"].tolist()
SERVQUAL = {"tangibles": 4, "reliability": 5, "responsiveness": 4, "assurance": 4, "empathy": 5}


def ready(name):
    return instrument(name, **({"features": FEATURES} if name == "kano" else {}))


def means(asked, table, *constructs):
    """The mean answer of each construct, over the items that were answered."""
    found = asked.codebook.constructs
    return pd.DataFrame({c: table[list(found[c])].mean(axis=1) for c in constructs})


# ---- from cleaned answers to the result of the theory, a line or two each ----


def index(asked, table):
    model = structural.StructuralModel.from_text(asked.model)
    result = structural.fit(model, table, scale=asked.codebook.limits, missing="drop")
    return result.constructs["index"].to_numpy(), result.paths["estimate"].to_numpy()


def servqual(_asked, table, design="two_column"):
    form = expectation_gap.ServiceInstrument.servqual()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LowReliabilityWarning)
        result, people = expectation_gap.servqual(
            form, table, scale=(1, 7), design=design, missing="drop"
        )
    return result.dimensions["estimate"].to_numpy(), people.to_numpy()


def servperf(asked, table):
    return servqual(asked, table, design="performance")


def zone(_asked, table):
    levels = {
        letter: {name[2:]: name for name in table if name.startswith(f"{letter}_")}
        for letter in "PDA"
    }
    result, _ = expectation_gap.zone_of_tolerance(
        levels["P"], levels["D"], adequate=levels["A"], data=table,
        inverted="drop", missing="drop",
    )  # fmt: skip
    return (result.attributes["estimate"].to_numpy(),)


def kano(_asked, table):
    result = attributes.kano(table, missing="drop")
    return (result.frequencies[list("AOMIRQ")].to_numpy(),)


def three(_asked, table):
    nps = attributes.net_promoter("nps", data=table, missing="drop")
    csat = attributes.direct_report("csat", scale=(1, 5), top=2, data=table, missing="drop")
    ces = attributes.direct_report("ces", scale=(1, 7), top=3, data=table, missing="drop")
    return nps.estimate, *(r.quantities["estimate"].to_numpy() for r in (csat, ces))


def perceived(asked, table):
    ratings = means(asked, table, "social", "emotional", "functional", "sacrifice")
    return (delivered_value.perceived_value(ratings, scale=(1, 7), missing="drop").to_numpy(),)


def delivered(_asked, table):
    value = delivered_value.delivered_value(table, unit="points", scale=(1, 10), missing="drop")
    return (value.to_numpy(),)


def phases(_asked, table):
    form = loyalty_stage.PhaseInstrument.oliver(
        price_tolerance=(0, 50), likelihood=(0, 100), volume=(0, 500), frequency=(0, 50),
        duration=(0, 20),
    )  # fmt: skip
    _, people = loyalty_stage.oliver(form.scores(table, missing="drop"))
    return people["composite"].to_numpy(), people["stage"].astype(str).to_numpy()


def attitude(asked, table):
    scores = means(asked, table, "attitude", "differentiation").join(table["patronage"])
    _, relative = loyalty_stage.loyalty_types(
        "attitude", "differentiation", matrix="relative_attitude", scale=(1, 7),
        data=scores, missing="drop",
    )  # fmt: skip
    _, types = loyalty_stage.loyalty_types(
        "attitude", "patronage", matrix="dick_basu", missing="drop", data=scores,
        scale={"attitude": (1, 7), "patronage": (0, 10)},
    )  # fmt: skip
    return relative["type"].astype(str).to_numpy(), types["type"].astype(str).to_numpy()


def knox(asked, table):
    scores = means(asked, table, "involvement").join(table["portfolio"])
    _, people = loyalty_stage.loyalty_types(
        "portfolio", "involvement", matrix="knox", scale=(1, 7), cuts={"portfolio": 3},
        data=scores, missing="drop",
    )  # fmt: skip
    return (people["type"].astype(str).to_numpy(),)


def constrained(asked, table):
    sources = ("legal", "technical", "switching_cost", "loyalty_programme")
    scores = means(asked, table, *sources, "satisfaction", "staying").dropna()
    result = jones_sasser.fit(
        "satisfaction", "staying", drivers=list(sources), scale=(1, 10), data=scores
    )
    return (result.parameters["estimate"].to_numpy(),)


THEORY = {
    "acsi": index, "ecsi": index, "scsb": index, "servqual": servqual, "servperf": servperf,
    "zone_of_tolerance": zone, "kano": kano, "nps_csat_ces": three, "perceived_value": perceived,
    "delivered_value": delivered, "loyalty_phases": phases, "relative_attitude": attitude,
    "involvement": knox, "switching_constraints": constrained,
}  # fmt: skip


def simulated(asked, n, rng):
    """Answers as they come, and the same cleaned by hand.

    A general factor, one for each construct, and noise; a third of the way each.
    """
    general = rng.normal(size=n)
    own = {name: general + rng.normal(size=n) for name in asked.constructs}
    raw, clean = {}, {}
    for item in asked.items:
        scale = asked.scales[item.scale]
        latent = own.get(item.construct, general) + rng.normal(size=n)
        share = latent.argsort().argsort() / (n - 1)
        high = min(scale.highest, 1000)
        step = scale.step or 0.5
        much = scale.lowest + step * np.round(share * (high - scale.lowest) / step)
        # Turned by hand: what means much is a low answer where the item is reversed.
        turned = item.reversed
        answers = scale.lowest + scale.highest - much if turned else much.copy()
        codes = [*scale.dont_know, *item.dont_know]
        lot = rng.uniform(size=n)
        much[lot < 0.06] = np.nan
        answers[lot < 0.06] = np.nan  # 5 % gaps, and 1 % don't know
        answers[lot < 0.01] = codes[0]
        raw[item.name], clean[item.name] = answers, much
    return pd.DataFrame(raw), pd.DataFrame(clean)


def more_reversed(asked):
    """The same questionnaire with every third item worded the other way round."""
    items = [
        item.model_copy(update={"reversed": not item.reversed}) if place % 3 == 0 else item
        for place, item in enumerate(asked.items)
    ]
    return asked.model_copy(update={"items": items})


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_to_the_result_of_its_theory(name):
    asked = ready(name)
    raw, by_hand = simulated(asked, 900 if "serv" in name else 300, np.random.default_rng(5))
    clean = asked.codebook.clean(raw)
    pd.testing.assert_frame_equal(clean, by_hand, check_exact=True)
    found, wanted = THEORY[name](asked, clean), THEORY[name](asked, by_hand)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
    numbers = np.concatenate([np.ravel(part) for part in found]).astype(str)
    assert len(set(numbers.tolist())) > 1, "nothing was estimated"


@pytest.mark.parametrize("name", ["ecsi", "scsb", "servqual", "delivered_value"])
def test_also_with_items_that_are_reversed(name):
    asked = more_reversed(ready(name))
    assert any(item.reversed for item in asked.items)
    raw, by_hand = simulated(asked, 900 if "serv" in name else 300, np.random.default_rng(6))
    found, wanted = (THEORY[name](asked, t) for t in (asked.codebook.clean(raw), by_hand))
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["acsi", "ecsi", "scsb"])
def test_the_model_is_that_of_the_index(name):
    asked = instrument(name)
    preset = getattr(structural, name)(asked.codebook.constructs)
    assert structural.StructuralModel.from_text(asked.model) == preset


def test_ecsi_has_the_columns_of_the_mobile_phone_survey():
    asked = instrument("ecsi")
    assert asked.codebook.constructs == datasets.mobile_phone_items()
    errors = [
        problem
        for problem in asked.codebook.check(datasets.load_mobile_phones())
        if problem.severity == "error"
    ]
    assert errors == []


def test_servqual_has_the_items_of_the_theory():
    theory = expectation_gap.ServiceInstrument.servqual()
    both = instrument("servqual")
    assert list(both.codebook.names) == [f"{half}_{i}" for half in "EP" for i in theory.items]
    perceived = instrument("servperf").codebook.constructs
    assert {name: len(items) for name, items in perceived.items()} == SERVQUAL
    assert dict(zip(theory.names, theory.sizes, strict=True)) == SERVQUAL


def test_loyalty_phases_has_the_indicators_of_the_theory():
    form = loyalty_stage.PhaseInstrument.oliver(
        price_tolerance=(0, 50), volume=(0, 1), frequency=(0, 1), duration=(0, 1)
    )
    assert set(instrument("loyalty_phases").codebook.names) == set(form.columns)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("acsi", (3, 3, 2, 3, 1, 3)),
        ("ecsi", (5, 3, 7, 2, 3, 1, 3)),
        ("scsb", (1, 2, 3, 2, 2)),
        ("zone_of_tolerance", (5, 5, 5)),
        ("perceived_value", (3, 3, 4, 4)),
        ("delivered_value", (4, 4)),
        ("loyalty_phases", (4, 1, 1, 2, 3)),
        ("relative_attitude", (3, 3, 1)),
        ("involvement", (5, 1)),
        ("switching_constraints", (2, 2, 2, 2, 1, 1)),
    ],
)
def test_the_items_of_each_construct(name, sizes):
    asked = instrument(name)
    assert tuple(map(len, asked.codebook.constructs.values())) == sizes
    assert list(asked.constructs) == list(asked.codebook.constructs)


@pytest.mark.parametrize("name", NAMES)
def test_words_in_both_languages(name):
    asked = ready(name)
    assert asked.languages == ("en", "zh")
    for language in asked.languages:
        text = asked.to_markdown(language=language)
        assert not re.search(r"[{}]", text)
        # Chinese has its own punctuation and no Latin words; English no Chinese.
        plain = text.replace("Wi-Fi", "") if language == "en" else text
        pattern = (
            r"[\u4e00-\u9fff，。？：]" if language == "en" else r"[a-z]{2}|[\u4e00-\u9fff][,?:]"
        )
        assert not re.search(pattern, plain), re.search(pattern, plain)
    for item in asked.items:
        assert item.wording("en")[0].isupper()
        assert len(item.wording("en")) < 120
    assert len({item.wording("zh") for item in asked.items}) == len(asked.items)
    assert all(98 in s.dont_know or -1 in s.dont_know for s in asked.scales.values())


def test_the_table_says_which_items_are_reversed():
    table = instruments().set_index("name")
    for name in NAMES:
        turned = [item.name for item in ready(name).items if item.reversed]
        assert table.loc[name, "reversed"] == ", ".join(turned)
        assert table.loc[name, "items"] == len(ready(name).items) / (2 if name == "kano" else 1)
        for theory in table.loc[name, "theory"].split(", "):
            room, function = theory.split(".")
            assert callable(getattr(__import__(f"loyaltymodel.{room}").__dict__[room], function))


def test_what_is_asked_about_and_in_which_languages():
    english = instrument("acsi", entity={"en": "our bank"})
    assert english.languages == ("en",)
    assert "our bank" in english.items[0].wording("en")
    both = instrument("acsi", entity="Acme")
    assert [both.items[0].wording(x).count("Acme") for x in ("en", "zh")] == [1, 1]
    assert instrument("acsi").items[0].wording("zh").startswith("请回想您了解该公司之前")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: instrument("asci"), r"no instrument 'asci' \(did you mean 'acsi'\?\)"),
        (lambda: instrument("acsi", entity={"fr": "la banque"}), "in which there is no instrument"),
        (lambda: instrument("acsi", entity=""), "entity is empty in 'en'"),
        (lambda: instrument("acsi", entity={}), "entity has no language"),
        (lambda: instrument("kano"), "asks about features; give features="),
        (lambda: instrument("acsi", features=FEATURES), "features is for 'kano' only"),
        (lambda: instrument("kano", features={"wifi": {"en": "Wi-Fi"}}), "no text in 'zh'"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(OptionError, match=message):
        call()


@pytest.mark.parametrize("name", NAMES)
def test_the_packaged_file_is_a_questionnaire(name):
    jsonschema = pytest.importorskip("jsonschema")
    folder = __import__("pathlib").Path(survey.__file__).parent / "questionnaires/instruments"
    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    validator = jsonschema.Draft202012Validator(Questionnaire.json_schema())
    validator.validate(json.loads(text))
    validator.validate(json.loads(ready(name).to_json()))
    assert (
        len(Questionnaire.from_json(text).items) == instruments().set_index("name")["items"][name]
    )


def test_a_theory_reads_the_answers_itself_by_the_codebook():
    """In place of ``clean`` and limits: the codebook as scale, on the answers as they come."""
    rng = np.random.default_rng(7)
    asked = instrument("acsi")
    raw, by_hand = simulated(asked, 300, rng)
    model = structural.StructuralModel.from_text(asked.model)
    found = structural.fit(model, raw, scale=asked.codebook, missing="drop")
    np.testing.assert_array_equal(found.constructs["index"], index(asked, by_hand)[0])
    asked = instrument("delivered_value")
    raw, by_hand = simulated(asked, 300, rng)
    value = delivered_value.delivered_value(
        raw, unit="points", scale=asked.codebook, missing="drop"
    )
    np.testing.assert_array_equal(value, delivered(asked, by_hand)[0])
    asked = more_reversed(instrument("servperf"))
    raw, by_hand = simulated(asked, 300, rng)
    form = expectation_gap.ServiceInstrument.servqual()
    result, _ = expectation_gap.servqual(
        form, raw, scale=asked.codebook, design="performance", missing="drop"
    )
    np.testing.assert_array_equal(result.dimensions["estimate"], servperf(asked, by_hand)[0])
