"""The words of a page that are not of a result, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Language = Literal["en", "zh"]

TAGS: Mapping[Language, str] = {"en": "en-GB", "zh": "zh-CN"}

_WORDS = {
    "formula": ("formula", "公式"),
    "report": ("Report", "报告"),
    "contents": ("Contents", "目录"),
    "options": ("Options", "选项"),
    "remarks": ("Remarks", "说明"),
    "customers": ("Customers", "顾客"),
    "formulas": ("Formulas and sources", "公式与来源"),
    "meaning": ("What the numbers are", "数字的含义"),
    "options_meaning": ("What the options do", "选项的作用"),
    "how": ("How they are computed", "如何计算"),
    "sources": ("Sources", "来源"),
    "back": ("Back to", "返回"),
    "not_drawn": ("Not drawn", "未绘制"),
    "each_number": (
        "Each number leads to what it is, how it is computed, and where the formula is from.",
        "点击任一数字，可查看其含义、计算方法与公式来源。",
    ),
    "program": ("Written by", "生成程序："),
}


def words_in(language: Language) -> dict[str, str]:
    """Return the words of a page in a language."""
    place = get_args(Language).index(language)
    return {name: texts[place] for name, texts in _WORDS.items()}
