"""The figures themselves, in the order of their numbers.

Rows of a block share everything but number, subject, low, high and Chinese wording, which stand
in this order. Shares are fractions. Numbers and lines are those of the teaching texts 000 to 004.
"""

from __future__ import annotations

from collections.abc import Iterator

from loyaltymodel.evidence.record import Figure, Kind, Status, Unit

_Row = tuple[str, str, float | None, float | None, str]

_BAIN = (
    "Reichheld 1993, Loyalty-Based Management, Harvard Business Review 71(2), 64-73, and "
    "Reichheld 1996, The Loyalty Effect; named from memory."
)
_BAIN_PART = "It belongs to the survey of B11, whose condition is probably turned round."
_HESKETT = (
    "Heskett, Jones, Loveman, Sasser & Schlesinger 1994, Putting the Service-Profit Chain to "
    "Work, Harvard Business Review 72(2), 164-174."
)
_TARP = "TARP 1979 and 1986, for the White House Office of Consumer Affairs."
_TARP_SILENT = (
    "TARP, to which it is credited, has called it a misquotation (Quality Progress, November 2005, "
    "seen as a stored copy): of small problems 4 percent reach the headquarters, while about half "
    "of all dissatisfied customers complain to somebody. Besides, TARP's 26 silent customers for "
    "each complaint make 3.7 percent who complain; 4 percent make 24 silent customers."
)
_SCHMITT = (
    "Schmitt 2003, Customer Experience Management; named from memory, unsure of the page. No "
    "primary source was found."
)
_SCHMITT_GAP = (
    "The row for two types is missing, and which numbers belong together was inferred from "
    "their order on the slide."
)
_COLA = (
    "de Chernatony & McDonald 1992, Creating Powerful Brands, where the test is of Diet Pepsi and "
    "Diet Coke; named from memory and unsure. No primary source was found."
)
_HOTEL = "An anecdote, perhaps of the Mandarin Oriental in Bangkok; no source is known."


def _block(
    *rows: _Row,
    concept: str,
    claim: str,
    unit: Unit,
    sources: tuple[str, ...],
    literature: str,
    status: Status,
    doubt: str = "",
    kind: Kind = "claim",
    period: str | None = None,
) -> Iterator[Figure]:
    """Make the figures of one table or sentence."""
    for number, subject, low, high, chinese in rows:
        yield Figure(
            number=number,
            concept=concept,
            subject=subject,
            claim=claim,
            low=low,
            high=high,
            unit=unit,
            period=period,
            kind=kind,
            sources=sources,
            chinese=chinese,
            literature=literature,
            status=status,
            doubt=doubt,
        )


FIGURES: tuple[Figure, ...] = (
    *_block(
        ("B01", "score 5, very satisfied", 0.92, 0.97, "非常满意"),
        ("B02", "score 4, satisfied", 0.80, 0.85, "满意"),
        ("B03", "score 3, neutral", 0.60, 0.65, "中立"),
        ("B04", "score 2, dissatisfied", 0.15, 0.20, "不满意"),
        ("B05", "score 1, very dissatisfied", 0.00, 0.05, "非常不满意"),
        concept="REL-09",
        claim="are still customers",
        unit="share",
        period="one year",
        sources=("000:223-225",),
        literature=(
            "A consultancy's table, repeated in many Chinese textbooks; the consultancy is unknown "
            "and no primary source was found."
        ),
        status="unknown",
        doubt="REL-10 contradicts it at every level of satisfaction.",
    ),
    *_block(
        ("B06", "extremely dissatisfied", 0.80, 0.80, "公司可能流失80%极小满意的顾客"),
        ("B07", "somewhat dissatisfied", 0.40, 0.40, ""),
        ("B08", "no opinion", 0.20, 0.20, "无意见"),
        ("B09", "fairly satisfied", 0.10, 0.10, "一般满意"),
        ("B10", "highly satisfied", 0.01, 0.02, "只会流失1%~2%高度满意的顾客"),
        concept="REL-10",
        claim="are lost to the firm",
        unit="share",
        sources=("004:41",),
        literature=(
            "Kotler 1999, Kotler on Marketing, or the 10th edition of Marketing Management; named "
            "from memory, unsure of the page. No primary source was found."
        ),
        status="recalled",
        doubt=(
            "No period is stated, and REL-09 contradicts it at every level of satisfaction. In the "
            "words 极小满意 the character 小 is a scanning error for 不."
        ),
    ),
    *_block(
        (
            "B11",
            "satisfied or very satisfied customers",
            0.65,
            0.85,
            "有65%~85%的顾客会转向其它公司的产品",
        ),
        concept="REL-11",
        claim="will switch to another firm, according to Bain 1993",
        unit="share",
        sources=("004:48",),
        literature=(
            f"{_BAIN} A later summary says instead that 85 percent of the customers who defect "
            "report being satisfied or highly satisfied."
        ),
        status="recalled",
        doubt=(
            "The condition is probably turned round: the source speaks of the satisfied among the "
            "defectors, the text of the defectors among the satisfied."
        ),
    ),
    *_block(
        ("B12", "car industry, customers", 0.85, 0.90, ""),
        concept="REL-11",
        claim="are satisfied",
        unit="share",
        sources=("004:49",),
        literature=f"{_BAIN} The original, also from memory, has 85 to 95 percent.",
        status="recalled",
        doubt=_BAIN_PART,
    ),
    *_block(
        ("B13", "car industry, satisfied customers", 0.30, 0.40, "再次购买的比例只有30%~40%"),
        concept="REL-11",
        claim="repurchase",
        unit="share",
        sources=("004:49",),
        literature=f"{_BAIN} The original, also from memory, has only 40 percent.",
        status="recalled",
        doubt=_BAIN_PART,
    ),
    *_block(
        ("B14", "restaurants, customers", 0.60, 0.65, "品牌转换者的比例则高达60%~65%"),
        concept="REL-11",
        claim="switch brands",
        unit="share",
        sources=("004:49",),
        literature=_BAIN,
        status="recalled",
        doubt=_BAIN_PART,
    ),
    *_block(
        (
            "B15",
            "Xerox, score 5 against score 4",
            6.0,
            6.0,
            "给出5分的顾客再购买施乐产品的可能性比给出4分的顾客多6倍",
        ),
        concept="REL-15",
        claim="are more likely to repurchase by this factor",
        unit="times",
        sources=("003:70",),
        literature=f"Jones & Sasser 1995; {_HESKETT}",
        status="checked",
        doubt=(
            "Taken literally 多6倍 is 7 times. Likelihood is not defined: as a ratio of "
            "probabilities the factor is impossible if more than 1/6 of those with score 4 "
            "repurchase, as a ratio of odds it is not."
        ),
    ),
    *_block(
        ("B16", "picture of the Xerox figure", 0.20, 0.20, ""),
        concept="REL-16",
        claim="has a stray label with this number",
        unit="share",
        kind="label",
        sources=("003:66",),
        literature="No source is known.",
        status="unknown",
        doubt="What the label means is lost.",
    ),
    *_block(
        ("B18", "dissatisfied customers", 0.96, 0.96, "96%的人不会向经营者抱怨"),
        concept="CMP-01",
        claim="do not complain to the firm",
        unit="share",
        sources=("000:262", "000:70", "003:462", "003:539"),
        literature=_TARP,
        status="checked",
        doubt=_TARP_SILENT,
    ),
    *_block(
        ("B19", "dissatisfied customers", 0.04, 0.04, "4%的不满意客户会向你投诉"),
        concept="CMP-01",
        claim="complain to the firm",
        unit="share",
        sources=("003:462", "003:539"),
        literature=_TARP,
        status="checked",
        doubt=_TARP_SILENT,
    ),
    *_block(
        ("B20a", "dissatisfied customers", 0.90, 0.90, "90%的人不会再次光顾你的商店"),
        concept="CMP-02",
        claim="do not come back",
        unit="share",
        sources=("000:263",),
        literature="TARP: about 91 percent.",
        status="checked",
        doubt="B20b has the same share of another group.",
    ),
    *_block(
        (
            "B20b",
            "dissatisfied customers who leave in silence",
            0.90,
            0.90,
            "96% 默默离去 其中, 90% 不再光顾",
        ),
        concept="CMP-02",
        claim="do not come back",
        unit="share",
        sources=("003:539",),
        literature="TARP: about 91 percent.",
        status="checked",
        doubt="B20a has the same share of another group.",
    ),
    *_block(
        ("B21", "each dissatisfied customer", 9.0, None, "向至少9个人抱怨"),
        concept="CMP-03",
        claim="tells at least this many people",
        unit="people",
        sources=("000:264",),
        literature="TARP: 9 to 10 people.",
        status="checked",
        doubt="It is a lower bound, not a mean.",
    ),
    *_block(
        (
            "B22a",
            "each dissatisfied customer who does not complain",
            12.0,
            12.0,
            "将他不满意口传给周围的12个人",
        ),
        concept="CMP-03",
        claim="tells this many people",
        unit="people",
        sources=("003:463",),
        literature="No source is known.",
        status="unknown",
        doubt="B22b has the same number of another group, as a mean.",
    ),
    *_block(
        (
            "B22b",
            "each customer who was served badly",
            12.0,
            12.0,
            "平均而言他还会告诉另外12个人",
        ),
        concept="CMP-03",
        claim="tells this many people on average",
        unit="people",
        sources=("003:465",),
        literature="No source is known.",
        status="unknown",
        doubt="B22a has the same number of another group, the silent ones, not called a mean.",
    ),
    *_block(
        ("B23", "each dissatisfied customer", 8.0, 12.0, "将他的抱怨转告8-12人"),
        concept="CMP-03",
        claim="tells this many people",
        unit="people",
        sources=("003:542",),
        literature="Summaries give 8 to 10 people.",
        status="checked",
        doubt="The upper end in the literature is 10.",
    ),
    *_block(
        ("B24a", "of those who tell 8 to 12 people", 0.20, 0.20, "其中有20%还会转告20人之多"),
        concept="CMP-03",
        claim="tell as many as B24b says",
        unit="share",
        sources=("003:542",),
        literature="Summaries: one in five tells 20 people. TARP: 13 percent tell more than 20.",
        status="checked",
        doubt="They may be a fifth of the dissatisfied customers, or of the people who are told.",
    ),
    *_block(
        ("B24b", "those of B24a", 20.0, 20.0, "其中有20%还会转告20人之多"),
        concept="CMP-03",
        claim="tell this many people each",
        unit="people",
        sources=("003:542",),
        literature="Summaries: one in five tells 20 people. TARP: 13 percent tell more than 20.",
        status="checked",
        doubt="TARP has other numbers: 13 percent who tell more than 20.",
    ),
    *_block(
        ("B25", "positive impressions", 12.0, 12.0, "往往还得有12个正面印象才能弥补"),
        concept="CMP-07",
        claim="make up for one negative impression at this ratio",
        unit="times",
        sources=("003:542",),
        literature="A popular figure in customer service, seen at customerservicemanager.",
        status="checked",
    ),
    *_block(
        ("B26", "complaint handled well", 0.70, 0.70, "70%顾客会再度光临"),
        concept="CMP-05",
        claim="come back",
        unit="share",
        sources=("003:543",),
        literature="TARP: 54 to 70 percent.",
        status="checked",
        doubt=(
            "It is the upper end of the literature's range, and the text does not say whether "
            "complaints solved on the spot count here too."
        ),
    ),
    *_block(
        ("B27", "complaint solved on the spot", 0.95, 0.95, "圆满解决,95%会再光临"),
        concept="CMP-05",
        claim="come back",
        unit="share",
        sources=("003:544",),
        literature="TARP: 82 to 95 percent. LeBoeuf: 95 percent.",
        status="checked",
        doubt="It is the upper end of the literature's range.",
    ),
    *_block(
        ("B28", "customer whose complaint was handled well", 5.0, 5.0, "转告5人"),
        concept="CMP-06",
        claim="tells this many people of it",
        unit="people",
        sources=("003:545",),
        literature="One of the popular figures on complaints.",
        status="checked",
    ),
    *_block(
        ("B29", "winning a new customer", 5.0, 5.0, "开发1个新顾客的成本是留住老顾客的5倍"),
        concept="ECO-07",
        claim="costs as much as keeping an old one, multiplied by this",
        unit="times",
        sources=("000:265", "000:70"),
        literature="TARP: 5 times, from 2:1 to 20:1. Kotler is also cited, with 5 to 10 times.",
        status="checked",
        doubt="The literature's range is far wider than the one number; B30 has another.",
    ),
    *_block(
        ("B30", "attracting a new customer", 6.0, 6.0, "平均是保有一位老顾客的6倍"),
        concept="ECO-07",
        claim="takes as much effort as keeping an old one, multiplied by this",
        unit="times",
        sources=("003:546",),
        literature="LeBoeuf 1987: 6 times.",
        status="checked",
        doubt="The text speaks of effort (力量), B29 of cost (成本), with another number.",
    ),
    *_block(
        (
            "B31",
            "one lost old customer",
            10.0,
            10.0,
            "流失1个老顾客的损失,只有争取10个新顾客才能弥补",
        ),
        concept="ECO-06",
        claim="is made up for by this many new ones",
        unit="customers",
        sources=("000:265", "000:70"),
        literature="A popular figure, found in the same words; where it comes from is unknown.",
        status="checked",
        doubt="No industry is named, and B32 has another number.",
    ),
    *_block(
        (
            "B32",
            "one lost old customer, car service in the United States",
            3.0,
            None,
            "流失一位老顾客所产成的利润空洞起码要三位新客户才能填满",
        ),
        concept="ECO-06",
        claim="leaves a gap in profit that at least this many new ones fill",
        unit="customers",
        sources=("002:13",),
        literature=(
            "The text credits scholars at Harvard. Compare the chain of car workshops in "
            "Reichheld & Sasser 1990, whose figure is another one: 30 percent more profit."
        ),
        status="unknown",
        doubt="The scholars are not named, and B31 has another number.",
    ),
    *_block(
        ("B33", "loyalty of a customer", 10.0, 10.0, "顾客对企业的忠诚度值10次购买价值"),
        concept="ECO-08",
        claim="is worth this many purchases",
        unit="purchases",
        sources=("003:546",),
        literature=(
            "United States Small Business Administration and Chamber of Commerce: up to ten times "
            "the price of a single purchase."
        ),
        status="checked",
        doubt="The literature says at most, the text does not.",
    ),
    *_block(
        ("B34a", "one satisfied customer's recommendation", 8.0, 8.0, "8笔潜在的买卖"),
        concept="ECO-16",
        claim="may bring this many potential deals",
        unit="deals",
        sources=("000:218",),
        literature="A popular figure; no source is known.",
        status="unknown",
        doubt="The sentence was damaged by scanning.",
    ),
    *_block(
        ("B34b", "one satisfied customer's recommendation", 1.0, None, "其中至少有一笔可以成交"),
        concept="ECO-16",
        claim="closes at least this many of the deals of B34a",
        unit="deals",
        sources=("000:218",),
        literature="A popular figure; no source is known.",
        status="unknown",
        doubt="The sentence was damaged by scanning.",
    ),
    *_block(
        ("B35a", "moved away", 0.03, 0.03, "3% 搬家"),
        ("B35b", "ties with a competitor", 0.05, 0.05, "5% 和其他同业有交情"),
        ("B35c", "price too high", 0.09, 0.09, "9% 价钱过高"),
        ("B35d", "poor product", 0.14, 0.14, "14% 产品品质不佳"),
        ("B35e", "poor service", 0.68, 0.68, ""),
        concept="CMP-08",
        claim="is the reason for leaving",
        unit="share",
        sources=("003:540",),
        literature="LeBoeuf 1987, who has also 1 percent who died.",
        status="checked",
        doubt=(
            "The five reasons add up to 99 percent, because those who died are missing. The 9 "
            "percent are competition in the source, and too high a price in the text."
        ),
    ),
    *_block(
        ("B36a", "no type of experience, probably", 0.44, 0.44, ""),
        ("B36b", "no type of experience, definitely", 0.14, 0.14, ""),
        concept="CXM-01",
        claim="would buy",
        unit="share",
        sources=("003:172-173",),
        literature=_SCHMITT,
        status="recalled",
        doubt=_SCHMITT_GAP,
    ),
    *_block(
        ("B37a", "1 type of experience, probably", 0.46, 0.46, ""),
        ("B37b", "1 type of experience, definitely", 0.21, 0.21, ""),
        concept="CXM-01",
        claim="would buy",
        unit="share",
        sources=("003:174-175",),
        literature=_SCHMITT,
        status="recalled",
        doubt=_SCHMITT_GAP,
    ),
    *_block(
        ("B38a", "3 or more types of experience, probably", 0.47, 0.47, "3种以上"),
        ("B38b", "3 or more types of experience, definitely", 0.30, 0.30, "3种以上"),
        concept="CXM-01",
        claim="would buy",
        unit="share",
        sources=("003:176-179",),
        literature=_SCHMITT,
        status="recalled",
        doubt=_SCHMITT_GAP,
    ),
    *_block(
        ("B39a", "Pepsi, brands shown", 0.23, 0.23, "偏爱百事可乐"),
        ("B39b", "Coke, brands shown", 0.65, 0.65, "偏爱可口可乐"),
        ("B39c", "both equally, brands shown", 0.12, 0.12, "不相上下"),
        concept="SAT-17",
        claim="preferred in a taste test",
        unit="share",
        sources=("003:455", "003:457"),
        literature=_COLA,
        status="recalled",
        doubt="That the brands were shown is how 公开 (open) was read.",
    ),
    *_block(
        ("B40a", "Pepsi, blind", 0.51, 0.51, "偏爱百事可乐"),
        ("B40b", "Coke, blind", 0.44, 0.44, "偏爱可口可乐"),
        ("B40c", "both equally, blind", 0.05, 0.05, "不相上下"),
        concept="SAT-17",
        claim="preferred in a taste test",
        unit="share",
        sources=("003:455", "003:459"),
        literature=_COLA,
        status="recalled",
        doubt="That the test was blind is how 产品口味测试 (test of the product's taste) was read.",
    ),
    *_block(
        (
            "B41",
            "Oriental Hotel, past guests",
            0.10,
            0.10,
            "只要每年有1/10的老顾客光顾,饭店就会永远客满",
        ),
        concept="ECO-15",
        claim="need to return to keep the hotel always full",
        unit="share",
        period="one year",
        kind="case",
        sources=("002:13",),
        literature=_HOTEL,
        status="unknown",
        doubt="It is a story, not a statistic.",
    ),
    *_block(
        ("B42", "Oriental Hotel, past guests in the world", 200_000.0, None, ""),
        concept="ECO-15",
        claim="number more than this",
        unit="people",
        kind="case",
        sources=("002:13",),
        literature=_HOTEL,
        status="unknown",
        doubt="It is a story, not a statistic.",
    ),
    *_block(
        ("B43", "profit expected of a customer", None, None, "顾客的利润预期与其停留的时间成正比"),
        concept="ECO-05",
        claim="is proportional to how long the customer stays",
        unit="none",
        sources=("002:13",),
        literature=(
            "Reichheld & Sasser 1990, in words and not as a number; contested by Reinartz & Kumar "
            "2000, Journal of Marketing 64(4), 17-35, named from memory."
        ),
        status="checked",
        doubt=(
            "The text restricts it to most cases. Profit so far can be meant, which grows in "
            "proportion if every year brings the same, or a profit that rises from year to year."
        ),
    ),
    *_block(
        ("B44", "the whole Internet", 1.0, 1.0, "在互联网时代,一分钟之内全世界都知道"),
        concept="CMP-04",
        claim="knows of a bad experience within this time",
        unit="minutes",
        kind="rhetoric",
        sources=("003:473",),
        literature=(
            "No source is known. Anderson 1998, Journal of Service Research 1(1), 5-17, is on word "
            "of mouth; only its citation was seen."
        ),
        status="unknown",
        doubt="It is a figure of speech.",
    ),
    *_block(
        (
            "B45",
            "a comprehensive survey of satisfaction",
            1.0,
            1.0,
            "每季度进行一次全面的客户满意度调查",
        ),
        concept="SAT-19",
        claim="should be made this often",
        unit="surveys",
        period="one quarter of a year",
        kind="rule",
        sources=("003:10",),
        literature="Perhaps practice in the style of ISO 10004; unsure.",
        status="unknown",
    ),
)
