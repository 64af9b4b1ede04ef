"""What is asked: constructs, items, scales and the paths of a model, in one or more languages."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from loyaltymodel._core import notation
from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.options import enumerate_names, matched, shown, suggest
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import ModelError
from loyaltymodel.survey.codebook import Codebook, Items, Scales
from loyaltymodel.survey.questionnaires import markdown, xlsform
from loyaltymodel.survey.wording import Wording, languages_of
from loyaltymodel.survey.yaml_text import YamlSpecification

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

_Constructs = Annotated[
    Mapping[str, Wording],
    AfterValidator(FrozenMapping),
    PlainSerializer(
        lambda given: {name: _plain(wording) for name, wording in given.items()},
        return_type=dict[str, str | dict[str, str]],
    ),
]


class Questionnaire(YamlSpecification):
    """What is asked, how it is worded, and what it is to show: a questionnaire (问卷).

    It holds the items and scales of a :class:`Codebook`, and besides them what a codebook of
    answers does not need: the words for the constructs, an introduction and the paths of a model.

    Parameters
    ----------
    title : str or mapping from language to text
        What the questionnaire is called.
    source : str, optional
        Where it comes from.
    introduction : str or mapping from language to text, optional
        What respondents read first.
    constructs : mapping from name to wording, optional
        What each construct is called, in their order. Left out, it is the constructs of the items
        under their own names.
    paths : sequence of str, optional
        Lines of a structural model, such as ``"satisfaction ~ quality + value"``. What the items
        measure need not be said again.
    scales : mapping from name to Scale
        The scales, each under the name by which the items refer to it.
    items : sequence of Item
        The items, in the order in which they are asked.

    Raises
    ------
    ModelError
        If the items and scales are not those of a codebook, an item or a path names a construct
        that is not there, a construct has no item, or a path cannot be read.

    Examples
    --------
    >>> from loyaltymodel.survey import Item, Questionnaire, Scale
    >>> asked = Questionnaire(
    ...     title={"en": "Guests", "zh": "顾客调查"},
    ...     constructs={
    ...         "quality": {"en": "quality", "zh": "质量"},
    ...         "satisfaction": {"en": "satisfaction", "zh": "满意"},
    ...     },
    ...     paths=["satisfaction ~ quality"],
    ...     scales={"five": Scale(lowest=1, highest=5, dont_know={9: {"en": "?", "zh": "不清楚"}})},
    ...     items=[
    ...         Item(
    ...             name="q1", scale="five", construct="quality",
    ...             text={"en": "How good was the food?", "zh": "菜品如何？"},
    ...         ),
    ...         Item(
    ...             name="s1", scale="five", construct="satisfaction",
    ...             text={"en": "Are you satisfied?", "zh": "您满意吗？"},
    ...         ),
    ...     ],
    ... )
    >>> print(asked.model)
    quality =~ q1
    satisfaction =~ s1
    <BLANKLINE>
    satisfaction ~ quality
    >>> asked.languages, asked.codebook.names
    (('en', 'zh'), ('q1', 's1'))
    >>> Questionnaire.from_yaml(asked.to_yaml()) == asked
    True
    """

    title: Wording
    source: str = ""
    introduction: Wording = ""
    constructs: _Constructs = Field(default={}, validate_default=True)
    paths: tuple[str, ...] = ()
    scales: Scales
    items: Items

    @model_validator(mode="after")
    def _a_codebook_whose_constructs_are_known(self) -> Self:
        object.__setattr__(self, "items", self.codebook.items)
        named = list(dict.fromkeys(i.construct for i in self.items if i.construct is not None))
        if not self.constructs:
            object.__setattr__(self, "constructs", FrozenMapping({name: name for name in named}))
        known = matched(named, self.constructs)
        if strangers := [
            f"{item.name!r} has {item.construct!r}{suggest(item.construct, self.constructs)}"
            for item in self.items
            if item.construct is not None and item.construct not in known
        ]:
            raise ModelError(
                f"items with a construct that the questionnaire does not have: "
                f"{enumerate_names(strangers)}; its constructs are "
                f"{enumerate_names(self.constructs, most=12)}"
            )
        items = tuple(
            item
            if item.construct is None or known[item.construct] == item.construct
            else item.model_copy(update={"construct": known[item.construct]})
            for item in self.items
        )
        object.__setattr__(self, "items", items)
        if idle := [repr(name) for name in self.constructs if name not in set(known.values())]:
            raise ModelError(
                f"no item shows the construct {enumerate_names(idle)}; give it to the items that "
                "were meant, or leave it out"
            )
        self._statements()
        return self

    @property
    def codebook(self) -> Codebook:
        """The codebook of the answers: title, source, scales and items."""
        return Codebook(title=self.title, source=self.source, scales=self.scales, items=self.items)

    @property
    def model(self) -> str:
        """The structural model as text, as ``structural.StructuralModel.from_text`` reads it.

        The constructs that a path names, measured by their items, and the paths; without paths
        all constructs, and the empty text without any.
        """
        statements = self._statements()
        return notation.write(statements).rstrip() if statements.blocks else ""

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages in which every text is that is given by language; empty without any."""
        labels = [
            wording
            for named in (
                *(
                    part
                    for scale in self.scales.values()
                    for part in (scale.labels, scale.dont_know)
                ),
                *(item.dont_know for item in self.items),
            )
            if isinstance(named, Mapping)
            for wording in named.values()
        ]
        texts = [self.title, self.introduction, *self.constructs.values()]
        return languages_of([*texts, *labels, *(item.text for item in self.items)])

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of a questionnaire's JSON and YAML.

        Editors that know schemas complete and check a file by it while it is written.

        Returns
        -------
        dict
            The schema; the dictionary is the caller's own. What no schema can say, such as that
            the scale of an item is there, ``from_json`` and ``from_yaml`` check.

        Examples
        --------
        >>> from loyaltymodel.survey import Questionnaire
        >>> schema = Questionnaire.json_schema()
        >>> schema["$schema"], schema["required"]
        ('https://json-schema.org/draft/2020-12/schema', ['title', 'scales', 'items'])
        """
        return {"$schema": _DRAFT, **_tidied(cls.model_json_schema())}

    @checked
    def to_markdown(self, *, language: str | None = None) -> str:
        """Return the questionnaire as Markdown, to be read and printed.

        Parameters
        ----------
        language : str, optional
            The language, such as "zh"; the first one without it.

        Returns
        -------
        str
            Title, introduction, and the items construct by construct with boxes to tick: one for
            each answer where there are 11 or fewer, else a line to fill in.

        Raises
        ------
        OptionError
            If a text is given by language, and not in this one; all such texts are named.

        Examples
        --------
        >>> from loyaltymodel import survey
        >>> printed = survey.instrument("nps_csat_ces").to_markdown(language="zh")
        >>> print(printed.split("## ")[1].rstrip())
        推荐意愿
        <BLANKLINE>
        1. 如果有熟人问起，您推荐该公司的可能性有多大？
        <BLANKLINE>
           ☐ 0 完全不可能 ☐ 1 ☐ 2 ☐ 3 ☐ 4 ☐ 5 ☐ 6 ☐ 7 ☐ 8 ☐ 9 ☐ 10 极有可能 ☐ 不清楚
        """
        return markdown.written(self, language)

    @checked
    def to_xlsform(
        self, path: str | os.PathLike[str], *, language: str | None = None
    ) -> tuple[str, ...]:
        """Write the questionnaire as an XLSForm workbook, which programs for fieldwork read.

        Items with 11 answers or fewer become ``select_one``, others ``integer`` or ``decimal``
        with the limits as a constraint. Codes for "don't know" are choices, or allowed by the
        constraint. Nothing is required. What XLSForm has no word for (constructs, reversed items,
        limits and steps of scales, paths, source) stands in columns and sheets of other names,
        which programs for fieldwork pass over and :meth:`from_xlsform` reads.

        Parameters
        ----------
        path : str or Path
            Where the workbook (.xlsx) is written; what is there is replaced.
        language : str, optional
            The only language to write; all that the questionnaire has without it.

        Returns
        -------
        tuple of str
            What the form does not hold, such as texts in a language that others lack, a sentence
            each; empty if nothing.

        Raises
        ------
        ModelError
            If the name of an item is none that XLSForm allows.
        OptionError
            If a text is given by language, and not in this one.
        ExtraNotInstalledError
            If openpyxl is not installed; the extra ``files`` has it.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from loyaltymodel.survey import Questionnaire, instrument
        >>> asked = instrument("acsi")
        >>> path = Path(tempfile.mkdtemp()) / "acsi.xlsx"
        >>> unwritten = asked.to_xlsform(path)
        >>> found, lost = Questionnaire.from_xlsform(path)
        >>> found == asked, unwritten, lost
        (True, (), ())
        """
        return xlsform.write(self, path, language)

    @classmethod
    @checked
    def from_xlsform(cls, path: str | os.PathLike[str]) -> tuple[Self, tuple[str, ...]]:
        """Read a questionnaire from an XLSForm workbook.

        Parameters
        ----------
        path : str or Path
            The workbook (.xlsx).

        Returns
        -------
        questionnaire : Questionnaire
            What the form asks in ``select_one``, ``integer``, ``decimal`` and ``range``.
        lost : tuple of str
            What of the form it does not hold, and what of a questionnaire the form does not say,
            a sentence each; empty if nothing.

        Raises
        ------
        DataError
            If the file cannot be read, has no sheet ``survey`` or no question that can be read.
        ModelError
            If what it says is no questionnaire.
        ExtraNotInstalledError
            If python-calamine is not installed; the extra ``files`` has it.
        """
        found, lost = xlsform.read(path)
        return cls.model_validate(found), lost

    def _statements(self) -> notation.Statements:
        """Read the paths, and put before them what measures the constructs that they name."""
        items: dict[str, list[str]] = {name: [] for name in self.constructs}
        for item in self.items:
            if item.construct is not None:
                items[item.construct].append(item.name)
        equations: list[tuple[str, tuple[str, ...]]] = []
        for line in self.paths:
            equations += _equations(line, items)
        ends = {end for target, sources in equations for end in (target, *sources)}
        blocks = tuple(
            (name, "A", tuple(names))
            for name, names in items.items()
            if name in ends or not equations
        )
        return notation.Statements(blocks, tuple(equations))  # type: ignore[arg-type]

    def _comments(self) -> dict[tuple[str | int, ...], list[str]]:
        return self.codebook._comments()


def _equations(line: str, known: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Read a line of paths, and hold the names in it against the constructs."""
    try:
        read = notation.read(f"_ =~ _\n{line}")
    except ModelError as error:
        sentence = str(error).replace("line 2, ", "")
        raise ModelError(f"paths has {shown(line)}, which cannot be read: {sentence}") from None
    if len(read.blocks) > 1 or not read.equations:
        raise ModelError(
            f"paths has {shown(line)}; write paths only, as 'target ~ source + source': what "
            "the items measure is said by their construct"
        )
    names = [end for target, sources in read.equations for end in (target, *sources)]
    if strangers := [f"{n!r}{suggest(n, known)}" for n in names if n not in known]:
        raise ModelError(
            f"paths has {shown(line)}, but there is no construct {enumerate_names(strangers)}; "
            f"the constructs are {enumerate_names(known, most=12)}"
        )
    return read.equations


def _plain(wording: str | Mapping[str, str]) -> str | dict[str, str]:
    return wording if isinstance(wording, str) else dict(wording)


def _tidied(schema: Any) -> Any:
    """Leave of every description its first paragraph, and say what a language looks like."""
    if isinstance(schema, list):
        return [_tidied(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {key: _tidied(value) for key, value in schema.items() if key != "title"}
    if isinstance(schema.get("title"), Mapping):  # a field that is called so
        made["title"] = _tidied(schema["title"])
    if isinstance(made.get("description"), str):
        made["description"] = " ".join(made["description"].split("\n\n")[0].split())
    if made.get("additionalProperties") == {"type": "string"}:
        made |= {"propertyNames": {"pattern": _LANGUAGE}, "minProperties": 1}
    return made
