"""Questionnaires as XLSForm workbooks, for programs of fieldwork, and back."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from loyaltymodel._core.files import write_whole
from loyaltymodel._core.options import count_of, enumerate_names, shown
from loyaltymodel.errors import DataError, ExtraNotInstalledError, ModelError
from loyaltymodel.survey.items import Item, Scale
from loyaltymodel.survey.questionnaires.choices import (
    Choice,
    answers_of,
    chosen_language,
    codes_of,
    further_languages,
    is_listed,
    said,
    short,
    wordings_of,
)
from loyaltymodel.survey.wording import texts_of

Row = dict[str, Any]

# What programs call a language; of others they are shown its code.
_LANGUAGES = {
    "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "it": "Italiano",
    "ja": "日本語", "ko": "한국어", "pt": "Português", "ru": "Русский", "zh": "中文",
}  # fmt: skip
# How others call them.
_CALLED = {
    "german": "de", "spanish": "es", "french": "fr", "italian": "it", "japanese": "ja",
    "korean": "ko", "portuguese": "pt", "russian": "ru", "chinese": "zh", "简体中文": "zh",
} | {called.lower(): code for code, called in _LANGUAGES.items()}  # fmt: skip
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NOTE = "introduction"
_SHOWN = 5  # reasons in a message
_ENDS = 2  # answers that a scale has at least
_CONSTRAINT = re.compile(r"\.\s*>=\s*(-?[\d.]+)\s+and\s+\.\s*<=\s*(-?[\d.]+)")
_FORMED = ("begin_group", "end_group", "begin group", "end group")  # they only order questions
_OF_FIELDWORK = ("start", "end", "today", "deviceid", "username", "audit")
_PASSED_OVER = (
    "relevant", "required", "calculation", "choice_filter", "default", "repeat_count", "trigger",
)  # fmt: skip


# ---- writing -----------------------------------------------------------------------------------


def write(asked: Any, path: str | os.PathLike[str], language: str | None) -> tuple[str, ...]:
    """Write a workbook whose sheets survey, choices and settings are an XLSForm.

    Returns sentences on what it does not hold.
    """
    chosen_language(asked, language)
    if bad := [item.name for item in asked.items if not _NAME.fullmatch(item.name)]:
        raise ModelError(
            f"items {enumerate_names(map(repr, bad))} have a name that XLSForm does not allow: it "
            "is of letters from a to z, digits and _ . -, and begins with a letter or _; rename "
            "the items"
        )
    if [item.name for item in asked.items if item.name == _NOTE]:
        raise ModelError(f"an item is called {_NOTE!r}, as the note at the beginning; rename it")
    languages = (language,) if language is not None else asked.languages
    _check_references(asked)
    sheets = {
        "survey": _survey(asked, languages),
        "choices": _choices(asked, languages),
        "settings": [_settings(asked, languages)],
        "scales": [_scale_row(name, scale) for name, scale in asked.scales.items()],
        "constructs": [
            {"name": name, **_texts("label", wording, languages)}
            for name, wording in asked.constructs.items()
        ],
    }
    _save(sheets, path)
    return tuple(
        f"texts in {name!r} are not in the form ({enumerate_names(places)})"
        for name, places in further_languages(asked, languages).items()
    )


def _check_references(asked: Any) -> None:
    """Refuse texts with ${name}, for which a form shows the answer to an item, without an item."""
    known = {item.name for item in asked.items}
    for place, wording in wordings_of(asked):
        for text in texts_of(wording):
            if unknown := [name for name in _REFERENCE.findall(text) if name not in known]:
                raise ModelError(
                    f"{place} has the text {shown(text)}; a form would put the answer to "
                    f"{enumerate_names(map(repr, unknown))} in place of ${{...}}, and there is no "
                    "such item: write it otherwise"
                )


def _survey(asked: Any, languages: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    lists = _list_names(asked)
    if any(texts_of(asked.introduction)):
        note = _texts("label", asked.introduction, languages)
        rows.append({"type": "note", "name": _NOTE, **note})
    for item in asked.items:
        scale = asked.scales[item.scale]
        rows.append(
            {
                "type": _type(scale, lists[item.name]),
                "name": item.name,
                **_texts("label", item.text or item.name, languages),
                **_limits(item, scale, languages),
                "scale": item.scale,
                "construct": item.construct or "",
                "reversed": "yes" if item.reversed else "",
                "own_text": "" if item.text else "no",
            }
        )
    return rows


def _type(scale: Scale, choices: str) -> str:
    if is_listed(scale):
        return f"select_one {choices}"
    whole = all(float(v).is_integer() for v in (scale.lowest, scale.step or 0.5))
    return "integer" if whole else "decimal"


def _list_names(asked: Any) -> dict[str, str]:
    """Name the list of choices of each item, its own where it has codes of its own.

    A scale whose name is none for a list, such as a Chinese one, is called by its place.
    """
    named: dict[str, str] = {}
    for place, scale in enumerate(asked.scales, start=1):
        name = scale if _NAME.fullmatch(scale) else f"scale_{place}"
        while name in named.values() or (name != scale and name in asked.scales):
            name += "_"
        named[scale] = name
    found: dict[str, str] = {}
    for item in asked.items:
        name = named[item.scale]
        if item.dont_know:
            name += f"__{item.name}"
            while name in named.values() or name in found.values():
                name += "_"
        found[item.name] = name
    return found


def _limits(item: Item, scale: Scale, languages: Sequence[str]) -> Row:
    """Say of an item without choices what can be answered, as a constraint and as a hint."""
    if is_listed(scale):
        return {}
    low, high = (f"{end:.12g}" for end in scale.pair)
    allowed = f". >= {low} and . <= {high}"
    if scale.step is not None and scale.step != 1:
        allowed += f" and (. - {low}) mod {scale.step:.12g} = 0"
    codes = [*codes_of(scale), *codes_of(item)]
    constraint = " or ".join([f"({allowed})", *(f". = {code.code:.12g}" for code in codes)])
    hints = {
        language: "; ".join(
            [f"{low} – {high}", *(f"{c.code:.12g} = {said(c, language)}" for c in codes)]
        )
        for language in languages or (None,)
    }
    hint: Any = hints if languages else hints[None]
    return {**_texts("hint", hint, languages), "constraint": constraint}


def _choices(asked: Any, languages: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    done: set[str] = set()
    lists = _list_names(asked)
    for item in asked.items:
        name, scale = lists[item.name], asked.scales[item.scale]
        if name in done:
            continue
        done.add(name)
        of_scale = [*answers_of(scale), *codes_of(scale)]
        for choice, own in [*((c, "") for c in of_scale), *((c, "yes") for c in codes_of(item))]:
            wording: Any = choice.wording
            if not wording:
                by = {language: said(choice, language) for language in languages}
                wording = by or said(choice, None)
            rows.append(
                {
                    "list_name": name,
                    "name": f"{choice.code:.12g}",
                    **_texts("label", wording, languages),
                    "scale": item.scale,
                    "kind": choice.kind,
                    "of_item": item.name if own else "",
                    "own_text": "" if _has_text(choice, scale) else "no",
                }
            )
    return rows


def _has_text(choice: Choice, scale: Scale) -> bool:
    if choice.kind == "dont_know":
        return bool(choice.wording)
    return any(abs(code - choice.code) < 1e-9 for code in scale.labels)  # noqa: PLR2004


def _settings(asked: Any, languages: Sequence[str]) -> Row:
    first = texts_of(asked.title)[0]
    if languages and isinstance(asked.title, Mapping):
        first = asked.title[languages[0]]
    own = re.sub(r"[^a-z0-9]+", "_", first.lower()).strip("_") or "questionnaire"
    row: Row = {"form_title": first, "form_id": own}
    if languages:
        row["default_language"] = _called(languages[0])
    return {
        **row,
        **_texts("own_title", asked.title, languages),
        "source": asked.source,
        "paths": "\n".join(asked.paths),
    }


def _scale_row(name: str, scale: Scale) -> Row:
    return {
        "name": name,
        "lowest": short(scale.lowest),
        "highest": short(scale.highest),
        "step": "any" if scale.step is None else short(scale.step),
        "direction": scale.direction,
    }


def _texts(
    column: str, wording: str | Mapping[str, str], languages: Sequence[str]
) -> dict[str, str]:
    """Spread a text over a column a language; a text without one stands in all of them."""
    if not languages:
        return {column: texts_of(wording)[0]}
    by = wording if isinstance(wording, Mapping) else dict.fromkeys(languages, wording)
    made = {f"{column}::{_called(language)}": by[language] for language in languages}
    return made if isinstance(wording, Mapping) else {**made, f"{column}_plain": "yes"}


def _called(language: str) -> str:
    return f"{_LANGUAGES.get(language, language)} ({language})"


def _save(sheets: Mapping[str, Sequence[Row]], path: str | os.PathLike[str]) -> None:
    try:
        from openpyxl import Workbook  # noqa: PLC0415 - an extra
        from openpyxl.utils.exceptions import IllegalCharacterError  # noqa: PLC0415
    except ImportError:
        raise ExtraNotInstalledError(
            "a workbook is written by the package openpyxl; install it by pip install openpyxl "
            "(the extra 'files' does)"
        ) from None
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        if not rows:
            continue
        sheet = book.create_sheet(name)
        # Columns of a program for fieldwork first, in the order in which they came up.
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append(columns)
        for row in rows:
            try:
                sheet.append([row.get(column, "") for column in columns])
            except IllegalCharacterError:
                raise ModelError(
                    f"sheet {name}: a text has a control character, which no workbook can hold; "
                    "take it out"
                ) from None
            for cell in sheet[sheet.max_row]:
                if cell.data_type == "f":  # a text that begins with =
                    cell.data_type = "s"
    content = io.BytesIO()
    book.save(content)
    target = Path(path)
    try:
        write_whole(target, content.getvalue())
    except OSError as error:
        raise DataError(f"{str(target)!r} cannot be written: {error.strerror}") from None


# ---- reading -----------------------------------------------------------------------------------


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the fields of a questionnaire, and sentences on what was lost."""
    sheets = _open(path)
    if "survey" not in sheets:
        raise DataError(
            f"{os.fspath(path)!r} has no sheet 'survey', which an XLSForm has; its sheets are "
            f"{enumerate_names(map(repr, sheets))}"
        )
    lost: list[str] = []
    choices = _read_choices(sheets.get("choices", []))
    scales: dict[str, Row] = {str(row["name"]): row for row in sheets.get("scales", [])}
    items: list[Row] = []
    made: dict[str, Row] = {}
    introduction: Any = ""
    for row in sheets["survey"]:
        kind, name = str(row.get("type", "")).strip(), str(row.get("name", ""))
        if kind == "note" and name == _NOTE:
            introduction = _wording("label", row)
        elif kind.split(" ")[0] in ("select_one", "integer", "decimal", "range"):
            item = _read_item(row, kind, choices, scales, made, lost)
            if item is not None:
                items.append(item)
        elif kind and kind not in _FORMED and kind not in _OF_FIELDWORK:
            lost.append(f"{name or 'a row'} of type {kind!r} is no question with a scale")
    if not items:
        why = "".join(f"; {sentence}" for sentence in lost[:_SHOWN])
        raise DataError(f"{os.fspath(path)!r} has no question that can be read as an item{why}")
    lost += _of_columns(sheets["survey"])
    settings = (sheets.get("settings") or [{}])[0]
    constructs = {str(r["name"]): _wording("label", r) for r in sheets.get("constructs", [])}
    if not constructs and not any("construct" in row for row in sheets["survey"]):
        lost.append("the form says nothing of constructs, reversed items and paths")
    paths = [line for line in str(settings.get("paths", "")).splitlines() if line.strip()]
    found = {
        "title": _wording("own_title", settings)
        or str(settings.get("form_title", "") or Path(path).stem),
        "source": str(settings.get("source", "")),
        "introduction": introduction,
        "constructs": constructs,
        "paths": paths,
        "scales": {name: made[name] for name in [*scales, *made] if name in made},
        "items": items,
    }
    return found, tuple(lost)


def _read_item(
    row: Row,
    kind: str,
    choices: Mapping[str, list[Row]],
    scales: Mapping[str, Row],
    made: dict[str, Row],
    lost: list[str],
) -> Row | None:
    name = str(row.get("name", ""))
    listed = kind.split(" ")[1] if kind.startswith("select_one ") else ""
    scale = str(row.get("scale", "")) or listed or f"of_{name}"
    offered = choices.get(listed, []) if listed else _labels_of(scale, name, choices)
    if scale not in made:
        try:
            made[scale] = _read_scale(scales.get(scale), offered, row, name, lost)
        except ValueError:
            lost.append(f"{name} offers choices or limits that are no numbers, so it has no scale")
            return None
    own = {_code(c): c for c in offered if c.get("of_item") == name}
    item: Row = {"name": name, "scale": scale, "dont_know": _codes(own)}
    if row.get("own_text") != "no":
        item["text"] = _wording("label", row)
    if construct := str(row.get("construct", "")):
        item["construct"] = construct
    item["reversed"] = row.get("reversed") == "yes"
    return item


def _labels_of(scale: str, item: str, choices: Mapping[str, list[Row]]) -> list[Row]:
    """Return what is called by a name on a scale whose answers are not offered one by one."""
    lists = [rows for rows in choices.values() if rows and rows[0].get("scale") == scale]
    own = [rows for rows in lists if any(row.get("of_item") == item for row in rows)]
    return (own or lists or [[]])[0]


def _read_scale(
    said_of: Row | None, offered: Sequence[Row], row: Row, name: str, lost: list[str]
) -> Row:
    """Return the fields of a scale, from what the form says of it or from its choices."""
    shared = [choice for choice in offered if not choice.get("of_item")]
    answers = {_code(c): c for c in shared if c.get("kind") != "dont_know"}
    codes = {_code(c): c for c in shared if c.get("kind") == "dont_know"}
    labels = {code: _wording("label", c) for code, c in answers.items() if _is_named(c, code)}
    if said_of is not None:
        step = said_of["step"]
        return {
            "lowest": float(said_of["lowest"]),
            "highest": float(said_of["highest"]),
            "step": None if step == "any" else float(step),
            "direction": said_of["direction"],
            "labels": labels,
            "dont_know": _codes(codes),
        }
    if answers:
        known = sorted(answers)
        gaps = {round(b - a, 9) for a, b in pairwise(known)}
        if len(gaps) != 1:
            known = _longest_run(known)
            if len(known) < _ENDS:
                raise ValueError
            apart = {code: c for code, c in answers.items() if code not in known}
            lost.append(
                f"of the choices of {name} {known[0]:g} to {known[-1]:g} are the scale, and "
                f'{enumerate_names(f"{code:g}" for code in apart)} a code for "don\'t know"'
            )
            labels = {code: text for code, text in labels.items() if code in known}
            gaps, codes = {1.0}, apart
        return {
            "lowest": known[0],
            "highest": known[-1],
            "step": gaps.pop(),
            "labels": labels,
            "dont_know": _codes(codes),
        }
    limits = _CONSTRAINT.search(str(row.get("constraint", "")))
    if limits is None:
        limits = re.search(r"start=(-?[\d.]+).*end=(-?[\d.]+)", str(row.get("parameters", "")))
    if limits is None:
        raise ValueError
    whole = not str(row.get("type", "")).startswith("decimal")
    low, high = float(limits[1]), float(limits[2])
    return {"lowest": low, "highest": high, "step": 1 if whole else None}


def _longest_run(known: Sequence[float]) -> list[float]:
    """Return the most numbers in a row that are 1 apart; of as many, the lowest."""
    runs = [[known[0]]]
    for before, number in pairwise(known):
        if number == before + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return max(runs, key=len)


def _code(choice: Row) -> float:
    return float(choice["name"])


def _is_named(choice: Row, code: float) -> bool:
    """Tell whether an answer is called by more than its number; forms of ours say so."""
    if choice.get("own_text") == "no":
        return False
    return bool(choice.get("kind")) or _wording("label", choice) not in ("", f"{code:.12g}")


def _codes(choices: Mapping[float, Row]) -> Any:
    """Return codes for "don't know", with their texts if all have one."""
    texts = {code: _wording("label", c) for code, c in choices.items() if _is_named(c, code)}
    return texts if texts and len(texts) == len(choices) else list(choices)


def _read_choices(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row.get("list_name", row.get("list name", ""))), []).append(row)
    return found


def _wording(column: str, row: Row) -> Any:
    """Return the text of a row, by language if the columns are."""
    by = {}
    for name, text in row.items():
        head, _, language = name.partition("::")
        if head == column and language and (code := _language_of(language)) is not None:
            by[code] = str(text)
    if not by:
        return str(row.get(column, ""))
    return next(iter(by.values())) if row.get(f"{column}_plain") == "yes" else by


def _language_of(called: str) -> str | None:
    """Return the language that a column is called by, "English (en)", "en" or "English"."""
    inner = re.search(r"\(([^()]+)\)\s*$", called)
    code = (inner[1] if inner else called).strip()
    return code if _CODE.fullmatch(code) else _CALLED.get(called.strip().lower())


def _of_columns(rows: Sequence[Row]) -> list[str]:
    heads = [name for name in dict.fromkeys(n for row in rows for n in row) if "::" in name]
    unknown = [
        f"the language of the column {name!r} is not known; call it such as 'label::English (en)'"
        for name in heads
        if name.partition("::")[0] == "label" and _language_of(name.partition("::")[2]) is None
    ]
    used = [name for name in _PASSED_OVER if any(str(row.get(name, "")) for row in rows)]
    return unknown + [
        f"the column {name!r} is not kept ({count_of(_filled(rows, name), 'row')})" for name in used
    ]


def _filled(rows: Sequence[Row], name: str) -> int:
    return sum(bool(str(row.get(name, ""))) for row in rows)


def _open(path: str | os.PathLike[str]) -> dict[str, list[Row]]:
    """Return the rows of every sheet, as mappings from the names in its first row."""
    try:
        import python_calamine  # noqa: PLC0415 - an extra
    except ImportError:
        raise ExtraNotInstalledError(
            "a workbook is read by the package python-calamine; install it by pip install "
            "python-calamine (the extra 'files' does)"
        ) from None
    file = Path(path)
    if not file.is_file():
        raise DataError(f"there is no file {str(file)!r}")
    try:
        with python_calamine.CalamineWorkbook.from_path(str(file)) as book:
            sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (python_calamine.CalamineError, OSError) as error:
        raise DataError(
            f"{str(file)!r} cannot be read as a workbook: {shown(str(error))}"
        ) from None
    return {name.strip().lower(): _rows(cells) for name, cells in sheets.items() if cells}


def _rows(cells: Sequence[Sequence[Any]]) -> list[Row]:
    names = [str(cell).strip() for cell in cells[0]]
    rows = [
        {name: _cell(value) for name, value in zip(names, line, strict=False) if name}
        for line in cells[1:]
    ]
    return [row for row in rows if any(value != "" for value in row.values())]


def _cell(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
