"""What the command ``chain`` says at the terminal, and how it names the parts of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from loyaltymodel._cli.links import Found
from loyaltymodel._cli.terminal import wrapped
from loyaltymodel._core.tables import percent
from loyaltymodel.report.words import Language

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "barometer": "the simulated barometer",
        "survey": "Survey: {source}; {used:,} of {given:,} customers gave all answers.",
        "title": "From quality to money: {change:+g} points of {driver}",
        "measure": "What it brings",
        "order": "Which driver first, by what a point of it brings",
        "needed": "How much of it would pay for itself",
        "sources": "Where the doubt comes from",
        "groups": "By {column}",
        "types": "By type of customer",
        "curve": "The loyalty curve",
        "structure": "The structural model",
        "ends": " ({level} of draws: {low} to {high})",
        "rank": "rank {best}",
        "ranks": "rank {best} to {worst}",
        "points": "{points} points",
        "never": "No change within the scale pays for it.",
        "shares": "{name} {share:.0f} %",
        "join": ", ",
        "customers": "{share:.0f} % of the customers, {gain}",
        "gains": "Where the gain arises",
        "note": "Note: ",
        "page": "The page, with tables, pictures and formulas: {page}",
    },
    "zh": {
        "barometer": "模拟的全国顾客满意调查",
        "survey": "调查:{source};{given:,} 位客户中 {used:,} 位答全。",
        "title": "从质量到利润:“{driver}”变动 {change:+g} 分",
        "measure": "会带来什么",
        "order": "先改进哪一项(按每提高一分的增益)",
        "needed": "要多大幅度才能收回成本",
        "sources": "不确定性来自哪里",
        "groups": "按“{column}”",
        "types": "按客户类型",
        "curve": "忠诚曲线",
        "structure": "结构模型",
        "ends": "({level} 抽样区间:{low} 至 {high})",
        "rank": "第 {best} 位",
        "ranks": "第 {best} 至 {worst} 位",
        "points": "{points} 分",
        "never": "量表范围内的任何改变都无法收回成本。",
        "shares": "{name} {share:.0f}%",
        "join": "、",
        "customers": "占客户 {share:.0f}%,增益 {gain}",
        "gains": "增益来自谁",
        "note": "注意:",
        "page": "含表格、图与公式的页面:{page}",
    },
}


def title(driver: str, change: float, language: Language) -> str:
    """Return the heading of the page."""
    return _WORDS[language]["title"].format(driver=driver, change=change)


def parts(found: Found, language: Language) -> dict[str, Any]:
    """Return what the page shows, by its headings: the money first, then what it rests on."""
    words = _WORDS[language]
    shown = {
        "measure": found.measure,
        "needed": found.needed,
        "order": found.order,
        "sources": found.sources,
        "groups": found.groups,
        "types": found.types,
        "curve": found.curve,
        "structure": found.structure,
    }
    column = found.plan.constraint_by
    return {
        words[name].format(column=column): part for name, part in shown.items() if part is not None
    }


def told(
    found: Found, notes: Sequence[str], *, source: str | None, page: Path, language: Language
) -> str:
    """Return what is printed: the reading, the other drivers, and where the rest is."""
    words = _WORDS[language]
    survey = words["survey"].format(
        source=source or words["barometer"], used=found.structure.n_obs, given=found.n_given
    )
    lines = [survey, "", _heading(words["measure"])]
    lines += ["\n\n".join(_filled(p, language) for p in _reading(found, language)), ""]
    lines += [_heading(words["needed"]), _needed(found, words), ""]
    if found.order is not None:
        lines += [_heading(words["order"]), *_order(found.order, found.plan.level, words), ""]
    shares = found.sources[["input", "covariance_share"]].itertuples(index=False, name=None)
    each = [words["shares"].format(name=name, share=100 * share) for name, share in shares]
    lines += [_heading(words["sources"]), words["join"].join(each), ""]
    lines += [_heading(words["gains"])]
    for table in (found.groups, found.types):
        if table is not None:
            lines += [*_gains(table, words), ""]
    lines += [_filled(words["note"] + note, language) for note in notes]
    return "\n".join([*lines, words["page"].format(page=page)])


def _heading(text: str) -> str:
    return f"{text}:"


def _reading(found: Found, language: Language) -> list[str]:
    return found.measure.reading(language=language).split("\n\n")


def _filled(text: str, language: Language) -> str:
    """Break lines between words; Chinese has no blanks, and a terminal breaks it anywhere."""
    return wrapped(text) if language == "en" else text


def _needed(found: Found, words: Mapping[str, str]) -> str:
    row = found.needed.iloc[0]
    if row["estimate"] == float("inf"):
        return words["never"]
    return words["points"].format(points=f"{row['estimate']:.2f}") + _ends(
        row, ".2f", found.plan.level, words
    )


def _order(table: pd.DataFrame, level: float, words: Mapping[str, str]) -> list[str]:
    width = max(map(len, table["scenario"]))
    lines = []
    for _, row in table.iterrows():
        rank = words["rank" if row["best"] == row["worst"] else "ranks"]
        place = rank.format(best=row["best"], worst=row["worst"])
        money = f"{row['estimate']:,.0f}{_ends(row, ',.0f', level, words)}"
        lines.append(f"  {row['scenario']:<{width}}  {money}, {place}")
    return lines


def _gains(table: pd.DataFrame, words: Mapping[str, str]) -> list[str]:
    by = "group" if "group" in table else "segment"
    wide = table.pivot_table(index=by, columns="quantity", values="estimate", sort=False)
    wide = wide[wide["share"] > 0].sort_values("gain", ascending=False)
    width = max(map(len, wide.index))
    return [
        f"  {name:<{width}}  "
        + words["customers"].format(share=100 * row["share"], gain=f"{row['gain']:,.0f}")
        for name, row in wide.iterrows()
    ]


def _ends(row: pd.Series[Any], form: str, level: float, words: Mapping[str, str]) -> str:
    """Return the ends of an interval in brackets."""
    return words["ends"].format(
        level=percent(level), low=f"{row['ci_low']:{form}}", high=f"{row['ci_high']:{form}}"
    )
