"""Labels of five-point scales, as the teaching texts of the field have them, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, enumerate_names, suggest
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import as_given, read_variables
from loyaltymodel.errors import DataError
from loyaltymodel.survey import Scale

LabelSetName = Literal["neutral", "fair", "mild", "graded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """The labels of one five-point satisfaction scale, from the worst answer to the best.

    Attributes
    ----------
    name : str
        Name of the set in this library.
    labels : tuple of str
        Labels of the codes 1 to 5.
    english : tuple of str
        The same in English; a translation, not a second way to write the answers.
    source : str
        Teaching text and line, such as "003:382".
    doubt : str
        What is doubtful about the wording; empty where nothing is.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> attributes.label_set("mild").labels
    ('很不满意', '不太满意', '一般', '比较满意', '很满意')
    """

    name: LabelSetName
    labels: tuple[str, ...]
    english: tuple[str, ...]
    source: str
    doubt: str = ""

    @checked
    def scale(self, *, dont_know: Sequence[float] = ()) -> Scale:
        """Return the set as an answer scale from 1 to 5, for a codebook.

        Parameters
        ----------
        dont_know : sequence of float
            Codes in the data that stand for no answer.

        Returns
        -------
        Scale
            A scale with these labels.
        """
        labels = {float(code): label for code, label in enumerate(self.labels, start=1)}
        return Scale(lowest=1, highest=5, labels=labels, dont_know=tuple(dont_know))


_SETS: dict[str, LabelSet] = {
    entry.name: entry
    for entry in (
        LabelSet(
            name="neutral",
            labels=("非常不满意", "不满意", "中立", "满意", "非常满意"),
            english=("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
            source="000:223-224",
        ),
        LabelSet(
            name="fair",
            labels=("非常不满意", "不满意", "一般", "满意", "非常满意"),
            english=("very dissatisfied", "dissatisfied", "fair", "satisfied", "very satisfied"),
            source="003:67-72",
        ),
        LabelSet(
            name="mild",
            labels=("很不满意", "不太满意", "一般", "比较满意", "很满意"),
            english=(
                "very dissatisfied",
                "not too satisfied",
                "fair",
                "rather satisfied",
                "very satisfied",
            ),
            source="003:382",
        ),
        LabelSet(
            name="graded",
            labels=("极不满意", "有些不满意", "无意见", "一般满意", "高度满意"),
            english=(
                "extremely dissatisfied",
                "somewhat dissatisfied",
                "no opinion",
                "fairly satisfied",
                "highly satisfied",
            ),
            source="004:41",
            doubt="The text prints 小 for 不 in the labels of 1 and 2, an error of scanning",
        ),
    )
}


@checked
def label_set(name: LabelSetName) -> LabelSet:
    """Return one of the four sets of labels of five-point satisfaction scales (5分制满意度量表).

    Parameters
    ----------
    name : {"neutral", "fair", "mild", "graded"}
        Which set, after what tells it apart: 中立 in the middle; 一般 in the middle; the mild
        不太满意 and 比较满意; the graded 极不 to 高度.

    Returns
    -------
    LabelSet
        The labels of 1 to 5, with their source.

    Raises
    ------
    OptionError
        If there is no set of this name.

    Notes
    -----
    The sets are not the same scale in other words. The 一般 of "fair" and "mild" is the middle,
    while 一般满意 in "graded" is 4, and nobody knows whether 比较满意 is as far from the top as
    满意. Answers to different sets are therefore never put together by this library.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> attributes.label_set("neutral").labels[2], attributes.label_set("graded").labels[2]
    ('中立', '无意见')
    """
    check_choice("name", name, LabelSetName)
    return _SETS[name]


@checked
def codes_from_labels(
    answers: object,
    name: LabelSetName,
    *,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return the codes 1 to 5 of answers that came as labels of a named set.

    Parameters
    ----------
    answers : array-like of shape (n,), Series or str
        Labels, or the name of a column of ``data``.
    name : {"neutral", "fair", "mild", "graded"}
        The set that the questionnaire used, see :func:`label_set`.
    data : pandas, polars or pyarrow table, optional
        Where a named column is found.
    missing : {"raise", "drop"}
        What to do where an answer is missing: refuse, or leave it out.

    Returns
    -------
    Series or ndarray of shape (n,)
        Codes from 1, the worst answer, to 5; a Series with its index if labels came as one.

    Raises
    ------
    DataError
        If an answer is none of the five labels of this set, or is missing (with
        ``missing="raise"``).
    OptionError
        If there is no set of this name.

    Notes
    -----
    Labels are compared letter by letter, but for spaces around them. A label of another set is
    refused even where it looks alike, because the set is a fact of the questionnaire.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> attributes.codes_from_labels(["一般", "很满意", "不太满意"], "mild").tolist()
    [3, 5, 2]
    """
    labels = label_set(name).labels
    read = read_variables({"answers": answers}, data=data, categories=["answers"], missing=missing)
    places, distinct = pd.factorize(read["answers"])
    stripped = [value.strip() if isinstance(value, str) else value for value in distinct]
    if unknown := [value for value in stripped if value not in labels]:
        first = unknown[0]
        known = ", ".join(labels)
        raise DataError(
            f"answers have labels that are not in the set {name!r}: "
            f"{enumerate_names(repr(value) for value in unknown)}; the set "
            f"has {known}.{_way_out(first, labels)}"
        )
    codes = np.array([labels.index(value) + 1 for value in stripped], dtype=np.intp)[places]
    return as_given([answers], read.labels, codes, name="code")


def _way_out(label: object, labels: Sequence[str]) -> str:
    """Say which sets have a label, or what to do with answers that none has."""
    having = [repr(entry.name) for entry in _SETS.values() if label in entry.labels]
    if having:
        return f" {label!r} is in the set {' and '.join(having)}: name the set that was asked"
    return f" Recode other words yourself{suggest(label, labels)}, with don't know as missing"
