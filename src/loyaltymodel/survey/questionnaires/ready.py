"""Ready questionnaires of the field, in our own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from loyaltymodel._core.options import enumerate_names, shown, suggest
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.survey.questionnaires.specification import Questionnaire

ENTITY = {"en": "the company", "zh": "该公司"}
_LANGUAGES = tuple(ENTITY)

# The theory that each one leads to, in the order of the chain.
_THEORY = {
    "acsi": "structural.acsi",
    "ecsi": "structural.ecsi",
    "scsb": "structural.scsb",
    "servqual": "expectation_gap.servqual",
    "servperf": "expectation_gap.servqual",
    "zone_of_tolerance": "expectation_gap.zone_of_tolerance",
    "kano": "attributes.kano",
    "nps_csat_ces": "attributes.net_promoter, attributes.direct_report",
    "perceived_value": "delivered_value.perceived_value",
    "delivered_value": "delivered_value.delivered_value",
    "loyalty_phases": "loyalty_stage.oliver",
    "relative_attitude": "loyalty_stage.loyalty_types",
    "involvement": "loyalty_stage.loyalty_types",
    "switching_constraints": "jones_sasser.fit",
}


@checked
def instrument(
    name: str,
    *,
    entity: str | Mapping[str, str] | None = None,
    features: Mapping[str, str | Mapping[str, str]] | None = None,
) -> Questionnaire:
    """Return a ready questionnaire of the field (成熟量表), in English and Chinese.

    Parameters
    ----------
    name : str
        Which one; :func:`instruments` lists them.
    entity : str, or mapping from language to text, optional
        What is asked about, as it stands within a sentence, such as
        ``{"en": "our bank", "zh": "本行"}``. A name alone stands in all languages; by language,
        the questionnaire is in these languages only. By default "the company" and 该公司.
    features : mapping from name to text or to texts by language, optional
        For "kano" only, and needed there: the features that are asked about, such as
        ``{"wifi": {"en": "free Wi-Fi", "zh": "免费无线网络"}}``. Each becomes two items, called by
        its name with ``_functional`` and ``_dysfunctional``.

    Returns
    -------
    Questionnaire
        The questionnaire, to be changed with ``model_copy`` if need be.

    Raises
    ------
    OptionError
        If there is none of this name, ``entity`` or a feature is empty or has a language that is
        not there, languages of the two differ, or ``features`` is missing or not for this one.

    Notes
    -----
    Constructs and their numbers of items follow the literature that ``source`` names, with what
    was not checked named as from memory. The wording is the library's own, since published items
    are protected; results are not to be compared with those of surveys that used the published
    words. Answers to reversed items are turned by ``codebook.clean``.

    Examples
    --------
    >>> from loyaltymodel import survey
    >>> asked = survey.instrument("acsi", entity={"en": "our bank", "zh": "本行"})
    >>> asked.codebook.constructs["satisfaction"], len(asked.items)
    (('SAT1', 'SAT2', 'SAT3'), 15)
    >>> asked.items[3].wording("en"), asked.items[3].wording("zh")
    ('How high is the overall quality of our bank now?', '您觉得本行现在的总体质量有多高？')
    >>> asked.paths[2]
    'satisfaction ~ expectation + quality + value'
    >>> lobby = survey.instrument(
    ...     "kano", entity="Inn", features={"wifi": {"en": "free Wi-Fi", "zh": "免费无线网络"}}
    ... )
    >>> [item.name for item in lobby.items], lobby.items[0].wording("zh")
    (['wifi_functional', 'wifi_dysfunctional'], '如果Inn提供免费无线网络，您的感受如何？')
    """
    if name not in _THEORY:
        raise OptionError(
            f"there is no instrument {name!r}{suggest(name, _THEORY)}; there are "
            f"{enumerate_names(_THEORY, most=len(_THEORY))}"
        )
    about = _by_language("entity", ENTITY if entity is None else entity, _LANGUAGES)
    data = json.loads(_text(name))
    if name == "kano":
        data["items"] = _pairs(data["items"], _features(features, tuple(about)))
    elif features is not None:
        raise OptionError(f"features is for 'kano' only, not for {name!r}; leave it out")
    return Questionnaire.model_validate(_filled(data, about))


@checked
def instruments() -> pd.DataFrame:
    """Return the table of the ready questionnaires (量表清单).

    Returns
    -------
    DataFrame
        A row a questionnaire: its ``name``; the ``title``, which says what it measures, and
        ``chinese``; the number of ``items`` (of "kano" those of one feature) and which of them are
        ``reversed``; the ``theory`` that it leads to; and the ``source`` of its structure.

    Examples
    --------
    >>> from loyaltymodel import survey
    >>> table = survey.instruments().set_index("name")
    >>> table["items"].to_dict()["servqual"], table.loc["acsi", ["chinese", "theory"]].tolist()
    (44, ['顾客满意度指数问卷（美国模式）', 'structural.acsi'])
    """
    rows = []
    for name, theory in _THEORY.items():
        data = json.loads(_text(name))
        turned = [item["name"] for item in data["items"] if item.get("reversed")]
        rows.append(
            {
                "name": name,
                "title": data["title"]["en"],
                "chinese": data["title"]["zh"],
                "items": len(data["items"]),
                "reversed": ", ".join(turned),
                "theory": theory,
                "source": data["source"],
            }
        )
    return pd.DataFrame(rows)


@cache
def _text(name: str) -> str:
    folder = files("loyaltymodel") / "survey" / "questionnaires" / "instruments"
    return (folder / f"{name}.json").read_text(encoding="utf-8")


def _by_language(
    what: str, given: str | Mapping[str, str], languages: tuple[str, ...]
) -> dict[str, str]:
    """Return a text for each language, in the order of the library's languages."""
    by = dict.fromkeys(languages, given) if isinstance(given, str) else dict(given)
    for language, text in by.items():
        if language not in languages:
            raise OptionError(
                f"{what} has the language {shown(language)}, in which there is no instrument; "
                f"they are in {enumerate_names(map(repr, languages))}"
            )
        if not isinstance(text, str) or not text.strip():
            raise OptionError(f"{what} is empty in {language!r}; say what is asked about")
    if not by:
        raise OptionError(f"{what} has no language; give a text, or texts by language")
    return {language: by[language] for language in languages if language in by}


def _features(
    features: Mapping[str, str | Mapping[str, str]] | None, languages: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    if not features:
        raise OptionError(
            "the instrument 'kano' asks about features; give features={'wifi': {'en': 'free "
            "Wi-Fi', 'zh': '免费无线网络'}}"
        )
    found = {}
    for name, given in features.items():
        found[name] = _by_language(f"feature {name!r}", given, _LANGUAGES)
        if lacking := [language for language in languages if language not in found[name]]:
            raise OptionError(
                f"feature {name!r} has no text in {enumerate_names(map(repr, lacking))}; give one, "
                "or give entity in the languages of the features only"
            )
    return found


def _pairs(items: list[dict[str, Any]], features: Mapping[str, Mapping[str, str]]) -> Any:
    """Return the two items of each feature, with its name and its words put in."""
    return [
        {
            **item,
            "name": item["name"].replace("{name}", name),
            "text": {
                language: text.replace("{feature}", words[language])
                for language, text in item["text"].items()
                if language in words
            },
        }
        for name, words in features.items()
        for item in items
    ]


def _filled(data: Any, about: Mapping[str, str]) -> Any:
    """Put in what is asked about, and leave out the languages that it does not have."""
    if isinstance(data, list):
        return [_filled(part, about) for part in data]
    if not isinstance(data, dict):
        return data
    if set(data) & set(_LANGUAGES):
        return {
            language: data[language].replace("{entity}", name)
            for language, name in about.items()
            if language in data
        }
    return {key: _filled(value, about) for key, value in data.items()}
