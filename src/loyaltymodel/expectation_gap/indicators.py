"""Lists of what satisfaction and quality consist of, as the teaching texts have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loyaltymodel._core.options import check_choice
from loyaltymodel._core.signature import checked

ListName = Literal[
    "constituents",
    "perception",
    "factors",
    "garvin",
    "supplier",
    "purchase",
    "product",
    "offer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One element of a list: what is to be scored.

    Attributes
    ----------
    name : str
        Name, by which scores are given.
    chinese : str
        The Chinese term.
    group : str
        The group that it belongs to; the list itself where there are no groups.
    direct : bool
        Whether it makes a customer satisfied directly, or by way of the firm's image.
    source : str
        Teaching text and lines of its list, such as "004:203".

    Examples
    --------
    >>> from loyaltymodel.expectation_gap import indicators
    >>> indicators("garvin")[0].name, indicators("garvin")[0].chinese
    ('performance', '绩效')
    """

    name: str
    chinese: str
    group: str
    source: str
    direct: bool = True


# Teaching text and lines of each list.
_SOURCES: dict[str, str] = {
    "constituents": "003:434-453, 003:479-481, 003:530-532",
    "perception": "000:239-241",
    "factors": "001:22",
    "garvin": "001:23",
    "supplier": "004:203",
    "purchase": "004:97",
    "product": "004:199",
    "offer": "000:184",
}

# Group, then pairs of name and Chinese term; an asterisk marks what works indirectly.
_LISTS: dict[str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = {
    "constituents": (
        (
            "product, hard",
            (
                ("quality", "品质"),
                ("function", "机能"),
                ("performance", "性能"),
                ("efficiency", "效率"),
                ("price", "价格"),
            ),
        ),
        (
            "product, soft",
            (
                ("design", "设计"),
                ("colour", "色彩"),
                ("name", "名称"),
                ("scent", "香味"),
                ("sound", "声音"),
                ("ease_of_use", "容易操作性"),
                ("convenience", "方便"),
                ("manual", "使用说明书"),
            ),
        ),
        (
            "service",
            (
                ("atmosphere", "店铺、店内的气氛"),
                ("staff_attitude", "销售员的待客态度"),
                ("after_sales", "售后、资讯服务"),
            ),
        ),
        (
            "corporate image*",
            (("social_contribution", "社会贡献活动"), ("environment", "环境保护活动")),
        ),
    ),
    "perception": (
        (
            "perception",
            (
                ("service_quality", "对服务质量的感知"),
                ("service_value", "对服务价值的感知"),
                ("satisfaction", "顾客满意的感知"),
            ),
        ),
    ),
    "factors": (
        (
            "factors",
            (
                ("features", "产品或服务的具体特征"),
                ("perceived_quality", "客户的感知质量"),
                ("emotion", "情绪"),
                ("attribution", "归因"),
                ("fairness", "对公平的感知"),
            ),
        ),
    ),
    "garvin": (
        (
            "garvin",
            (
                ("performance", "绩效"),
                ("features", "特征"),
                ("reliability", "可靠性"),
                ("conformance", "一致性"),
                ("durability", "持久性"),
                ("serviceability", "服务性"),
                ("aesthetics", "美观性"),
                ("perceived_quality", "客户感知质量"),
            ),
        ),
    ),
    "supplier": (
        (
            "supplier",
            (
                ("on_time_rate", "按时送达率"),
                ("quality", "品质"),
                ("function", "功能"),
                ("service", "服务"),
                ("price", "价格"),
                ("communication", "交流能力"),
                ("trust", "信任度"),
            ),
        ),
    ),
    "purchase": (
        (
            "purchase",
            (
                ("quality", "质量"),
                ("performance", "性能"),
                ("price", "价格"),
                ("delivery_time", "交付时间"),
            ),
        ),
    ),
    "product": (
        (
            "product",
            (
                ("quality", "品质"),
                ("features", "特征"),
                ("function", "功能"),
                ("image", "形象"),
                ("price", "价格"),
            ),
        ),
    ),
    "offer": (
        (
            "offer",
            (
                ("product", "产品"),
                ("service", "服务"),
                ("price", "价格"),
                ("after_sales", "售后"),
            ),
        ),
    ),
}


@checked
def indicators(name: ListName) -> tuple[Indicator, ...]:
    """Return a list of what satisfaction or quality consists of (满意度指标).

    Parameters
    ----------
    name : {"constituents", "perception", "factors", "garvin", "supplier", "purchase", \
"product", "offer"}
        "constituents": the elements of satisfaction (顾客满意的三个构成要素), product (hard and
        soft), service, and the corporate image, which works indirectly. "perception": what
        customers perceive (顾客感知的内容). "factors": five key factors of satisfaction
        (影响客户满意的关键因素). "garvin": eight dimensions of quality (加文八要素). The rest are
        lists of satisfaction indicators: of a "supplier" (seven), of a "purchase" (four), of a
        "product" (five), of an "offer" (four).

    Returns
    -------
    tuple of Indicator
        The elements, in the order of the text.

    Raises
    ------
    OptionError
        If there is no list of this name.

    See Also
    --------
    quality_profile : Scores of such a list, made comparable and weighted.

    Notes
    -----
    Garvin's dimensions are checked [1]_. The other lists are those of the teaching texts, for
    which no source in the literature is known; they are data to work with, not findings. Chinese
    terms are those of the texts, at the lines that ``source`` names. The tree of "constituents"
    stands there in pieces, and was put together. The on-time rate of a supplier is a share from 0
    to 1, the others are ratings. The names of the lists "supplier", "purchase", "product" and
    "offer" are this library's own.

    References
    ----------
    .. [1] Garvin, D. A. (1987). Competing on the eight dimensions of quality. Harvard Business
       Review, 65(6), 101-109.

    Examples
    --------
    >>> from loyaltymodel.expectation_gap import indicators
    >>> [element.name for element in indicators("offer")]
    ['product', 'service', 'price', 'after_sales']
    >>> [element.name for element in indicators("constituents") if not element.direct]
    ['social_contribution', 'environment']
    """
    check_choice("name", name, ListName)
    return tuple(
        Indicator(
            name=element,
            chinese=chinese,
            group=group.removesuffix("*"),
            source=_SOURCES[name],
            direct=not group.endswith("*"),
        )
        for group, elements in _LISTS[name]
        for element, chinese in elements
    )
