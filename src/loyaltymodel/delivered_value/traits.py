"""What definitions of perceived value have in common, and what measures it."""

from __future__ import annotations

import pandas as pd

_TRAITS = [
    (
        "use",
        "与产品或服务的使用相关",
        "Value comes with the use of something.",
        "how value differs between situations or amounts of use",
        ("heterogeneity", "perception_shift"),
        "perceived value, and how or how much each customer uses what was bought",
    ),
    (
        "utility",
        "客户的一种感知效用",
        "Utility counts as the customer perceives it, not as the seller sets it.",
        "total of the benefits that customers rate",
        ("total_value",),
        "ratings of benefits by customers",
    ),
    (
        "trade_off",
        "感知利得与利失的权衡",
        "What is got is weighed against what is given.",
        "benefits less sacrifice, or over it",
        ("perceived_value",),
        "ratings of benefits and of sacrifice by customers",
    ),
    (
        "preference_and_evaluation",
        "使用后的感知偏好和评价",
        "After use it shows as a preference, and as an evaluation, that customers perceive.",
        "how often an offer is the best, how it is rated, and whether loyalty follows",
        ("compare_offers", "relative_value", "perceived_value", "value_loyalty"),
        "perceived value of rival offers, rated after use",
    ),
]


def value_traits() -> pd.DataFrame:
    """Return the four traits that definitions of perceived value share (客户感知价值的共同之处).

    Returns
    -------
    DataFrame
        A row a trait: ``trait`` ("use", "utility", "trade_off", "preference_and_evaluation"),
        ``chinese``, in the words of the text, ``meaning``, ``measure``, ``functions`` (tuple of
        functions of this package that compute the measure) and ``needs`` (what has to be asked
        for it).

    Notes
    -----
    The traits are those of a teaching text (001:25). Which number stands for a trait is a reading
    of this library. The trade-off is the only trait that perceived value computes by itself. Of
    the others the library computes what customers answered, and it cannot see whether they
    answered after use, or what the seller had in mind.

    Examples
    --------
    >>> from loyaltymodel.delivered_value import value_traits
    >>> traits = value_traits().set_index("trait")
    >>> traits["chinese"].to_list()
    ['与产品或服务的使用相关', '客户的一种感知效用', '感知利得与利失的权衡',
     '使用后的感知偏好和评价']
    >>> traits.loc["trade_off", "functions"]
    ('perceived_value',)
    """
    return pd.DataFrame(
        _TRAITS, columns=["trait", "chinese", "meaning", "measure", "functions", "needs"]
    )
