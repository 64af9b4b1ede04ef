"""A simulated national barometer of satisfaction, with the truth behind it."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from typing import Any, Literal

import pandas as pd

from loyaltymodel._core.options import check_choice
from loyaltymodel._core.signature import checked
from loyaltymodel.survey import Codebook

Wave = Literal[1, 2]


@checked
def load_barometer(*, wave: Wave = 1) -> pd.DataFrame:
    """Return the answers to a simulated national survey of satisfaction (模拟的全国顾客满意调查).

    About 6,000 customers of 24 companies in 8 industries of 3 sectors, who do not exist: the
    survey was drawn from a known truth, so that every method can be held against it. Industries
    differ in how strongly they hold their customers. A few answers are "don't know", code 98;
    :func:`barometer_codebook` knows them.

    Parameters
    ----------
    wave : {1, 2}
        1 for the survey itself. 2 for the second questioning a year later, of four in ten of
        those who stayed, with satisfaction and loyalty items only.

    Returns
    -------
    DataFrame
        A row a customer: ``customer`` (the same number in both waves), ``company``, ``industry``,
        ``sector``, and the items of the codebook. ``STAYED`` (1 or 0) and ``SPEND`` (money in
        the year) are what customers did, not what they said.

    Raises
    ------
    OptionError
        If ``wave`` is neither 1 nor 2.

    See Also
    --------
    barometer_codebook : What the columns mean.
    barometer_truth : The numbers that the survey was drawn from.

    Examples
    --------
    >>> from loyaltymodel import datasets
    >>> answers = datasets.load_barometer()
    >>> [answers[name].nunique() for name in ("company", "industry", "sector")]
    [24, 8, 3]
    >>> again = datasets.load_barometer(wave=2)
    >>> set(again["customer"]) < set(answers["customer"])
    True
    """
    check_choice("wave", wave, Wave)
    return _read_csv("barometer.csv.gz" if wave == 1 else "barometer_second_wave.csv.gz")


def barometer_companies() -> pd.DataFrame:
    """Return the companies of the barometer, with what a national index needs.

    Returns
    -------
    DataFrame
        A row a company: ``company``, ``industry``, ``sector``, ``rivals`` (companies that a
        customer of the industry can choose from), ``revenue`` (money a year), ``sector_share``
        (the sector's share of the economy), ``standing`` (the company's true standing, in
        standard deviations of a customer's quality) and ``n_obs`` (respondents).

    Examples
    --------
    >>> from loyaltymodel import datasets
    >>> companies = datasets.barometer_companies()
    >>> companies.drop_duplicates("sector")["sector_share"].sum().round(9).item()
    1.0
    """
    return _read_csv("barometer_companies.csv")


def barometer_codebook() -> Codebook:
    """Return the codebook of the barometer: wording, scale and construct of every item.

    Returns
    -------
    Codebook
        Its ``constructs`` are items of expectation, quality, value, satisfaction and loyalty.

    Examples
    --------
    >>> from loyaltymodel import datasets
    >>> book = datasets.barometer_codebook()
    >>> book.constructs["satisfaction"]
    ('SAT1', 'SAT2', 'SAT3')
    >>> clean = book.clean(datasets.load_barometer(), ["SAT1"], keep=["company"])
    >>> float(clean["SAT1"].max())
    10.0
    """
    return Codebook.from_json(_text("barometer_codebook.json"))


def barometer_truth() -> dict[str, Any]:
    """Return the numbers that the barometer was drawn from.

    Returns
    -------
    dict
        ``paths`` between constructs of variance 1 within a company, ``loadings`` of the items
        before rounding, ``scale`` (answers are centre + spread * score, rounded and held within
        the limits), ``curve`` (loyalty of a free customer, low + (high - low) s ** power for
        true satisfaction s as a share of the scale), ``constraint`` by industry (loyalty is
        c + (1 - c) g(s), the probability to stay), ``complaint`` (probit), ``spending``
        (log spending is log base + loyalty * L + noise), ``stability`` of satisfaction over
        the year, and the ``seed``.

    Examples
    --------
    >>> from loyaltymodel import datasets
    >>> truth = datasets.barometer_truth()
    >>> truth["constraint"]["electricity"], truth["constraint"]["restaurants"]
    (0.75, 0.0)
    """
    content: dict[str, Any] = json.loads(_text("barometer_truth.json"))
    return content


def _text(name: str) -> str:
    return files("loyaltymodel.datasets").joinpath(name).read_text("utf-8")


def _read_csv(name: str) -> pd.DataFrame:
    with as_file(files("loyaltymodel.datasets").joinpath(name)) as path:
        return pd.read_csv(path)
