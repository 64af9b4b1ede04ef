"""A scenario and what it brings in words, English and Chinese, assumptions first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from loyaltymodel._core.options import count_of
from loyaltymodel._core.tables import percent
from loyaltymodel.chain.scenarios.specification import Scenario, constraint_after

_MOVING = "beta_discrete_weibull"
_LAWS = {
    "beta_geometric": ("beta geometric", "贝塔-几何分布"),
    _MOVING: ("beta discrete Weibull", "贝塔-离散韦布尔分布"),
}
Language = Literal["en", "zh"]
Lines = Mapping[str, Mapping[str, float]]  # numbers of a row by column, rows by name

_PERIODS = {
    "day": "天",
    "week": "周",
    "month": "月",
    "quarter": "季度",
    "half_year": "半年",
    "year": "年",
}
_INPUTS = {
    "impact": "影响系数",
    "curve": "忠诚曲线",
    "constraint": "约束",
    "constraint_after": "解除后的约束",
    "people": "客户样本",
    "retention": "留存率",
    "retention_slope": "留存斜率",
    "churn": "续约模型",
    "margin": "利润",
    "growth": "利润增长",
    "discount": "贴现率",
    "acquisition_cost": "获客成本",
    "referral_value": "推荐价值",
    "cost": "一次性成本",
    "cost_per_period": "每期成本",
    "cost_per_customer": "每客成本",
}


def facts(plan: Scenario, paying_share: float) -> list[tuple[str, str]]:
    """Return facts of a scenario."""
    money = plan.economics
    found = [("driver", plan.driver), ("satisfaction", plan.target)]
    found.append(("impact", f"{plan.impact:.3g} points for each point"))
    if plan.link == "curve":
        found.append(("retention", f"from the {plan.family} curve, person by person"))
    elif plan.link == "renewals":
        found.append(("retention", f"from renewals, {_LAWS[str(plan.family)][0]}"))
    else:
        found.append(("retention", f"from records, {plan.retention_slope:+.3g} for each point"))
    end = "without end" if money.horizon is None else f"for {money.horizon} renewals"
    found.append(("period", f"{money.per}, {end}"))
    found.append(("customers of the firm", f"{money.customers:,.0f}"))
    if plan.lasts is not None:
        found.append(("the measure works", f"for {count_of(plan.lasts, 'renewal')}"))
    if plan.constraint_lasts is not None:
        holds = f"for {count_of(plan.constraint_lasts, 'renewal')}, then {_held_by(plan)}"
        found.append(("the constraint holds", holds))
    if not math.isnan(paying_share):
        found.append(("share of draws that pay", f"{100 * paying_share:.1f} %"))
    return found


def assumptions(plan: Scenario, language: Language) -> list[str]:
    """Return what has to be taken for true, a sentence or two each."""
    return _assumptions_en(plan) if language == "en" else _assumptions_zh(plan)


def reading(
    plan: Scenario,
    quantities: Lines,
    parts: Lines,
    paying_share: float,
    *,
    level: float,
    language: Language,
) -> str:
    """Return assumptions and findings as paragraphs."""
    tell = _findings_en if language == "en" else _findings_zh
    gap = " " if language == "en" else ""
    first = gap.join(assumptions(plan, language))
    return first + "\n\n" + gap.join(tell(plan, quantities, parts, paying_share, level))


def _assumptions_en(plan: Scenario) -> list[str]:
    money = plan.economics
    found = [
        (
            f"It is assumed that {plan.driver} is a cause: that customers who were given "
            f"{plan.change:+g} points would become as satisfied as those who have them now. A "
            "survey at one time shows who differs, not what follows from a change."
        )
    ]
    if plan.link == "curve":
        found.append(
            "It is assumed that a customer who becomes more satisfied stays as often as those who "
            "were as satisfied before and are held as strongly, each "
            f"{money.per} anew, as seen after one {plan.observed_per}."
        )
    elif plan.link == "renewals":
        found.append(_renewals_en(plan))
    else:
        found.append(
            "Retention and its slope come from records: it is assumed that the slope between "
            "customers holds for each of them."
        )
    if plan.lasts is None:
        end = "without end" if money.horizon is None else f"for all {money.horizon} renewals"
        found.append(f"The change is taken to last {end}.")
    else:
        found.append(
            f"The measure works for {count_of(plan.lasts, 'renewal')}; afterwards customers stay "
            f"as they did{' at the same tenure' if plan.link == 'renewals' else ''}."
        )
    if plan.constraint_lasts is not None:
        found.append(_fall_en(plan))
    found.append("Nothing is counted for new customers, nor for what rivals do in answer.")
    found.append(_error_en(plan))
    if plan.true_scores not in (None, "normal"):
        found.append(
            "True satisfaction is taken to lie on the scale; if it goes on beyond the top, "
            'retention there and the money are put too high (true_scores="normal").'
        )
    found.append(_sources_en(plan))
    return [sentence for sentence in found if sentence]


def _renewals_en(plan: Scenario) -> str:
    tenure = "retention rises with tenure as those who leave easily are gone"
    if plan.family == _MOVING:
        tenure = "retention goes with tenure, and so does the own churn of each"
    return (
        f"Retention follows from a model of renewals ({_LAWS[str(plan.family)][0]}): equally "
        f"satisfied customers differ in churn for good, so that {tenure}; below it is that of the "
        "next renewal. It is assumed that a customer who becomes more satisfied stays like those "
        "who were so from the beginning and have stayed as long. A point of the index counts as a "
        "hundredth of the scale of satisfaction in the model, which takes answers at their word: "
        "with errors of measurement in them satisfaction does more than it says."
    )


def _renewals_zh(plan: Scenario) -> str:
    tenure = "易流失者先离开,故留存率随续约次数上升"
    if plan.family == _MOVING:
        tenure = "且每位客户自身的流失倾向随续约次数变化,故留存率亦随之变化"
    return (
        f"留存来自续约模型({_LAWS[str(plan.family)][1]}):同样满意的客户流失倾向各不相同,{tenure};"
        "下文为下一次续约的留存率。"
        "假定变得更满意的客户,其留存与一开始就同样满意、且已留存同样久的客户相同。"
        "指数的一分视为模型中满意度量表的百分之一;模型未校正测量误差,若有误差,满意度的作用比所示更大。"
    )


def _held_by(plan: Scenario) -> str:
    """Say how strongly customers are held once today's constraint has fallen."""
    after = constraint_after(plan)
    low, high = after.min(), after.max()
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _falls(plan: Scenario) -> bool:
    """Tell whether the constraint falls within what is looked at."""
    lasts, horizon = plan.constraint_lasts, plan.economics.horizon
    return lasts is not None and (horizon is None or lasts < horizon)


def _fall_en(plan: Scenario) -> str:
    assert plan.constraint_lasts is not None  # noqa: S101  asked only where it falls
    holds = f"What holds customers today holds for {count_of(plan.constraint_lasts, 'renewal')}"
    if not _falls(plan):
        return f"{holds}, and so to the end of what is looked at."
    by = "nothing" if not constraint_after(plan).any() else f"a constraint of {_held_by(plan)}"
    return (
        f"{holds}; from then on {by} does, and it is assumed that they stay at once as often as "
        "those who are as satisfied and held so already. Retention below is that of the first "
        "renewal."
    )


def _fall_zh(plan: Scenario) -> str:
    holds = f"现有约束持续 {plan.constraint_lasts} 次续约"
    if not _falls(plan):
        return f"{holds},即在考察期内一直有效。"
    after = "不再有约束" if not constraint_after(plan).any() else f"约束变为 {_held_by(plan)}"
    return (
        f"{holds},此后{after};假定客户随即与同样满意且受同样约束的客户一样留存。"
        "下文的留存率为首次续约时的留存率。"
    )


def _error_en(plan: Scenario) -> str:
    corrected = plan.reliability is not None and plan.reliability < 1
    if plan.link != "curve" or plan.consistent is None:
        return ""
    if corrected and plan.consistent:
        return (
            "Impact and curve are corrected for measurement error, with a reliability of "
            f"{plan.reliability:.2g} that counts as known."
        )
    if not corrected and not plan.consistent:
        return (
            "Neither the impact nor the curve is corrected for measurement error, which makes both "
            "flatter than they are; take consistent=True and reliability=."
        )
    which = ("impact", "curve") if plan.consistent else ("curve", "impact")
    return (
        f"The {which[0]} is corrected for measurement error and the {which[1]} is not, so that the "
        "two are not of the same satisfaction."
    )


def _sources_en(plan: Scenario) -> str:
    sources = [" + ".join(source) for source in plan.sources]
    if not sources:
        return "All numbers count as known, so that there are no intervals."
    if len(sources) == 1:
        return f"Drawn together, row by row: {sources[0]}. Everything else counts as known."
    listed = "; ".join(sources)
    return (
        f"Drawn independently of each other: {listed}. Links that were estimated on the same "
        "customers belong together (data=). Everything else counts as known."
    )


def _assumptions_zh(plan: Scenario) -> list[str]:
    money = plan.economics
    period = _PERIODS[money.per]
    found = [
        (
            f"假定“{plan.driver}”是原因:得到 {plan.change:+g} 分的客户"
            "会变得与现在就有这一水平的客户一样满意。"
            "一次性调查只能说明谁与谁不同,不能证明改变之后会发生什么。"
        )
    ]
    if plan.link == "curve":
        found.append(
            "假定变得更满意的客户,其留存与原本就同样满意、受同样约束的客户相同,"
            f"每{period}如此,依据是一{period}之后的留存情况。"
        )
    elif plan.link == "renewals":
        found.append(_renewals_zh(plan))
    else:
        found.append("留存率及其斜率来自记录:假定客户之间的斜率对每位客户都成立。")
    if plan.lasts is None:
        end = "永久持续" if money.horizon is None else f"在全部 {money.horizon} 次续约中持续"
        found.append(f"改变被视为{end}。")
    else:
        found.append(f"措施作用于 {plan.lasts} 次续约,此后客户的留存恢复原状。")
    if plan.constraint_lasts is not None:
        found.append(_fall_zh(plan))
    found.append("未计入新客户,也未计入竞争对手的反应。")
    found.append(_error_zh(plan))
    if plan.true_scores not in (None, "normal"):
        found.append(
            '真实满意度被视为不超出量表;若它超出上端,那里的留存与收益会被高估(true_scores="normal")。'
        )
    sources = ["、".join(_INPUTS[n] for n in source) for source in plan.sources]
    if not sources:
        found.append("所有数字视为已知,因此没有区间。")
    elif len(sources) == 1:
        found.append(f"逐行联合抽取:{sources[0]}。其余视为已知。")
    else:
        found.append(
            f"相互独立抽取:{';'.join(sources)}。同一批客户上估计的环节应联合抽取(data=)。其余视为已知。"
        )
    return [sentence for sentence in found if sentence]


def _error_zh(plan: Scenario) -> str:
    corrected = plan.reliability is not None and plan.reliability < 1
    if plan.link != "curve" or plan.consistent is None:
        return ""
    if corrected and plan.consistent:
        return f"影响系数与曲线均已校正测量误差,信度 {plan.reliability:.2g} 视为已知。"
    if not corrected and not plan.consistent:
        return "影响系数与曲线均未校正测量误差,二者都比实际平缓。"
    which = ("影响系数", "曲线") if plan.consistent else ("曲线", "影响系数")
    return f"{which[0]}已校正测量误差而{which[1]}未校正,二者所指的满意度并不相同。"


def _ends(row: Mapping[str, float], form: str, factor: float = 1.0) -> tuple[str, ...]:
    """Return the ends of an interval as text, or nothing."""
    if "ci_low" not in row or math.isnan(row["ci_low"]):
        return ()
    return tuple(f"{factor * row[name]:{form}}" for name in ("ci_low", "ci_high"))


def _findings_en(plan: Scenario, q: Lines, parts: Lines, paying: float, level: float) -> list[str]:
    def told(name: str, form: str, factor: float = 1.0, unit: str = "") -> str:
        row = q[name]
        ends = _ends(row, form, factor)
        text = f"{factor * row['estimate']:{form}}{unit}"
        return f"{text} ({percent(level)} of draws: {ends[0]} to {ends[1]})" if ends else text

    period = plan.economics.per.replace("_", " ")
    found = [
        (
            f"{plan.change:+g} points of {plan.driver} move {plan.target} by "
            f"{told('index_change', '.2f', unit=' points')}."
        ),
        (
            f"Of 100 customers {100 * q['retention_before']['estimate']:.1f} stay a {period} now, "
            f"and {told('retention_after', '.1f', 100)} would."
        ),
        (
            f"A customer is then worth {told('value_change', ',.2f')} more than "
            f"{q['value_before']['estimate']:,.2f}."
        ),
        f"All {plan.economics.customers:,.0f} together bring {told('gain', ',.0f')} more.",
    ]
    if plan.economics.referral_value or plan.economics.growth:
        each = ", ".join(
            f"{word} {parts[name]['estimate']:,.0f}"
            for name, word in (
                ("retention", "customers who stay"),
                ("margin_growth", "growth of their margin"),
                ("referrals", "whom they bring"),
            )
        )
        found.append(f"Of that come from {each}.")
    if q["cost"]["estimate"] > 0:
        found.append(
            f"The measure costs {q['cost']['estimate']:,.0f} in present value, which leaves "
            f"{told('net_present_value', ',.0f')}, or {told('return_on_quality', '.2f')} for each "
            "unit of cost."
        )
        back = q["payback"]["estimate"]
        found.append(
            f"It has paid back after {back:.0f} periods."
            if math.isfinite(back)
            else "It never pays back."
        )
    if not math.isnan(paying):
        found.append(
            f"It pays in {100 * paying:.1f} % of the draws: a probability only as far as these say "
            "all that is not known."
        )
    if (held := q["share_capped"]["estimate"]) > 0:
        found.append(
            f"{100 * held:.1f} % of the customers reach an end of the scale and are held there."
        )
    return found


def _findings_zh(plan: Scenario, q: Lines, parts: Lines, paying: float, level: float) -> list[str]:
    def told(name: str, form: str, factor: float = 1.0) -> str:
        row = q[name]
        ends = _ends(row, form, factor)
        text = f"{factor * row['estimate']:{form}}"
        return f"{text}({percent(level)} 抽样区间:{ends[0]} 至 {ends[1]})" if ends else text

    period = _PERIODS[plan.economics.per]
    found = [
        (
            f"“{plan.driver}”变动 {plan.change:+g} 分,使“{plan.target}”变动 "
            f"{told('index_change', '.2f')} 分。"
        ),
        (
            f"现在每{period}每百位客户留存 {100 * q['retention_before']['estimate']:.1f} 位,之后为 "
            f"{told('retention_after', '.1f', 100)} 位。"
        ),
        (
            f"每位客户的终身价值由 {q['value_before']['estimate']:,.2f} 增加 "
            f"{told('value_change', ',.2f')}。"
        ),
        f"全部 {plan.economics.customers:,.0f} 位客户共增加 {told('gain', ',.0f')}。",
    ]
    if plan.economics.referral_value or plan.economics.growth:
        each = "、".join(
            f"{word} {parts[name]['estimate']:,.0f}"
            for name, word in (
                ("retention", "留存"),
                ("margin_growth", "利润增长"),
                ("referrals", "推荐"),
            )
        )
        found.append(f"其中:{each}。")
    if q["cost"]["estimate"] > 0:
        found.append(
            f"措施成本现值为 {q['cost']['estimate']:,.0f},净现值 "
            f"{told('net_present_value', ',.0f')},"
            f"每单位成本的回报 {told('return_on_quality', '.2f')}。"
        )
        back = q["payback"]["estimate"]
        found.append(f"{back:.0f} 期后收回成本。" if math.isfinite(back) else "成本永远无法收回。")
    if not math.isnan(paying):
        found.append(
            f"在 {100 * paying:.1f}% 的抽样中值得投入;只有当抽样包含了全部未知时,这才是概率。"
        )
    if (held := q["share_capped"]["estimate"]) > 0:
        found.append(f"{100 * held:.1f}% 的客户到达量表端点,不再上升。")
    return found
