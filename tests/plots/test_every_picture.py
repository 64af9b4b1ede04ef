"""What every picture keeps: both languages, names of the user's own, and letters apart.

Each public function has examples here; a new one fails until it has.
"""

import inspect
import io
import re
import warnings
from functools import cache, partial
from importlib import import_module
from itertools import combinations, cycle
from pathlib import Path
from typing import get_args
from unicodedata import east_asian_width

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import loyaltymodel.survey
from loyaltymodel import (
    attributes,
    chain,
    delivered_value,
    economics,
    evidence,
    expectation_gap,
    jones_sasser,
    loyalty_stage,
    planning,
    plots,
    structural,
)
from loyaltymodel.errors import MissingFontWarning, OptionError
from loyaltymodel.plots import _fonts
from loyaltymodel.plots._names import Language, shown_names, wrapped

PUBLIC = {
    f"{module}.{name}": getattr(getattr(plots, module), name)
    for module in plots.__all__
    for name in getattr(plots, module).__all__
}
SOURCES = sorted(Path(plots.__file__).parent.glob("*.py"))
SHORT = ["速度", "价格", "停车", "热线"]
LONG = [
    "柜台服务人员的热情与专业程度",
    "营业时间与网点便利性",
    "偏远地区的网络覆盖情况",
    "账单清晰程度",
    "应用程序",
    *SHORT,
]
# Names of methods and of coefficients, which are the same in Chinese texts.
NOT_ENGLISH = {"LMG", "Pratt", "better", "worse"}
EDGE = 1.0  # pixels: boxes of letters have empty rims

# Results to draw, small ones with few short names and crowded ones with many long ones


def survey(items, n=80, seed=1):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    answers = np.rint(6 + 1.5 * (common + rng.normal(size=(n, len(items))))).clip(1, 10)
    return pd.DataFrame(answers, columns=items)


@cache
def screened(n, *, careful=False):
    data, rng = survey(list(map(str, range(12))), n), np.random.default_rng(2)
    if careful:
        return loyaltymodel.survey.screen(data, scale=(1, 10), items=list(data), rng=1).result
    data.iloc[: n // 6] = 5
    data.iloc[n // 8 : n // 5, ::2] = rng.integers(-1, 11, (n // 5 - n // 8, 6))
    data.iloc[n // 6 : n // 4, :7] = np.nan
    seconds = np.where(np.arange(n) < n // 9, 10, rng.lognormal(4, 0.4, n))
    return loyaltymodel.survey.screen(
        data,
        scale=(1, 10),
        items=list(data),
        duration=seconds,
        customer=np.arange(n) // (1 + (np.arange(n) > 0.9 * n)),
        pairs=[("0", "1"), ("2", "3")],
        cuts={"same_share": 0.8, "spread": 10, "of_median": 0.3, "same_answers": 1},
        rng=1,
    ).result


@cache
def importance(names):
    data = survey([*names, "总体满意"])
    options = {"data": data, "scale": (1, 10), "n_resamples": 50, "rng": 1}
    return attributes.importance_performance(list(names), "总体满意", **options)


@cache
def drivers(names):
    data = survey([*names, "总体满意"])
    return attributes.key_drivers(list(names), "总体满意", data=data, n_resamples=50, rng=1)


@cache
def penalties(names):
    options = {"cuts": (5, 7), "data": survey([*names, "总体满意"], 300)}
    return attributes.penalty_reward(list(names), "总体满意", **options)


@cache
def kano(names):
    rng = np.random.default_rng(3)
    counts = rng.multinomial(60, rng.dirichlet(np.ones(4), len(names)))
    return attributes.kano(
        counts={
            name: dict(zip("AOMI", row, strict=True))
            for name, row in zip(names, counts, strict=True)
        }
    )


@cache
def account(names):
    rng = np.random.default_rng(2)
    columns = evidence.catalogue("components_delivered_value")["id"].to_list()
    offers = pd.DataFrame(rng.integers(0, 40, (len(names), 8)), columns=columns, index=list(names))
    return delivered_value.value_account(offers, unit="money")


@cache
def quality(names):
    dimensions = [{"name": name, "items": [{"name": f"{name}题"}]} for name in names]
    instrument = expectation_gap.ServiceInstrument(dimensions=dimensions)
    items = [f"{kind}{item}" for kind in ("E_", "P_") for item in instrument.items]
    return expectation_gap.servqual(instrument, survey(items), scale=(1, 10)).result


@cache
def zones(names):
    data = survey([*names])
    perceived = {name: data[name] for name in names}
    desired, adequate = (dict.fromkeys(names, [level] * len(data)) for level in (8, 5))
    return expectation_gap.zone_of_tolerance(perceived, desired, adequate=adequate).result


def gaps(unit):
    return expectation_gap.provider_gaps(
        expected=9 * unit, understood=8 * unit, designed=7 * unit, delivered=7.5 * unit,
        promised=8.5 * unit, perceived=6.2 * unit,
    )  # fmt: skip


@cache
def planned(sizes):
    model = structural.StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    truth = structural.Truth(paths={("a", "b"): 0.1}, loadings={"a1": 1, "b1": 1}, means=5)
    options = {"index": "a", "margin": 0.5, "scale": (1, 10), "n_surveys": 100, "rng": 1}
    return planning.simulate_power(model, truth, n_obs=list(sizes), **options)


FEW = (
    "感知质量 =~ 题1 + 题2; 顾客满意 =~ 题3 + 题4; 顾客忠诚 =~ 题5; "
    "顾客满意 ~ 感知质量; 顾客忠诚 ~ 顾客满意"
)
MANY = (
    "企业形象与社会责任的总体看法 <~ 题1 + 题2; 购买之前对产品与服务的期望 =~ 题3; "
    "对投诉处理过程与结果的评价 =~ 题4; 感知质量 =~ 题5 + 题6; 顾客满意 =~ 题7 + 题8; "
    "顾客忠诚 =~ 题9; 购买之前对产品与服务的期望 ~ 企业形象与社会责任的总体看法; "
    "感知质量 ~ 购买之前对产品与服务的期望; 顾客满意 ~ 感知质量 + 企业形象与社会责任的总体看法; "
    "对投诉处理过程与结果的评价 ~ 顾客满意; 顾客忠诚 ~ 顾客满意 + 对投诉处理过程与结果的评价"
)


@cache
def held_out(text):
    model = structural.StructuralModel.from_text(text)
    answers = survey(list(model.items), 200)
    return structural.plspredict(structural.fit(model, answers), answers, rng=1)


@cache
def boot(text):
    model = structural.StructuralModel.from_text(text)
    answers = survey(list(model.items), 200)
    result = structural.fit(model, answers, scale=(1, 10))
    return structural.bootstrap(result, answers, n_resamples=60, rng=1)


@cache
def grouped(text, make):
    model = structural.StructuralModel.from_text(text)
    answers = survey(list(model.items), 200)
    places = ["东", "西"] if text == FEW else ["华东与东南沿海各门店", "西北", "北方", "网上"]
    answers["地区"] = np.tile(np.array(places, dtype=object), 200 // len(places))
    result = structural.fit(model, answers, scale=(1, 10))
    if make == "league":
        return structural.league_table(
            result, answers, groups="地区", construct="顾客满意", n_resamples=60, rng=1
        )
    return structural.compare_groups(
        result, answers, groups="地区", parameters=["paths", "index"], n_resamples=60, rng=1
    )


WON = [("门店", 50.0), ("网络广告带来的新顾客", 400.0), ("转介绍", 0.0), ("电话", 9000.0)]


@cache
def worth(cost):
    rng = np.random.default_rng(4)
    return economics.lifetime_value(
        100, retention=0.8, discount=0.1, acquisition_cost=cost, timing="now", per="year",
        draws={"retention": rng.beta(80, 20, 50)},
    )  # fmt: skip


@cache
def spending(budget):
    rng = np.random.default_rng(5)
    curve = economics.ResponseCurve
    return economics.acquisition_retention(
        curve.calibrated(5, 0.2, ceiling=0.4), curve.calibrated(10, 0.6, ceiling=0.8), margin=50,
        discount=0.1, per="half_year", spend_timing="at_renewal", budget=budget,
        draws={"margin": rng.normal(50, 10, 50)} if budget else None,
    )  # fmt: skip


@cache
def profits(names, periods):
    rng = np.random.default_rng(6)
    components = {name: rng.normal(5, 6, periods).tolist() for name in names}
    return economics.profit_by_tenure(
        {"base": 20, "growth": list(range(periods)), **components}, acquisition_cost=60,
        retention=0.85, discount=0.1, timing="end_of_period", per="half_year",
        draws={"base": rng.normal(20, 5, 50)},
    )  # fmt: skip


CURVE = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})
GROUPS = dict(zip([*LONG[:3], *SHORT], (0.6, 0.6, 0.3, 0.3, 0.2, 0.01, 0.0), strict=True))


@cache
def fitted(reliability=None):
    people = jones_sasser.simulate(4000, levels=10, constraints=GROUPS, rng=1)
    groups = {} if reliability else {"constraint_by": "industry"}
    return jones_sasser.fit(
        "satisfaction", "stayed", data=people, reliability=reliability, **groups
    )


@cache
def freed():
    groups = np.repeat(list(GROUPS), 3)
    found, _ = jones_sasser.remove_constraint(
        fitted(), np.tile([0.2, 0.6, 0.9], 7), constraint_by=groups
    )
    return found


def matrix(sort, show, top, **options):
    scores = np.random.default_rng(2).integers(1, top + 1, (400, 2)).T
    given = dict(zip(("satisfaction", "loyalty"), scores, strict=True))
    found, _ = sort(**given, scale=(1, top), **options)
    return partial(plots.jones_sasser.people_matrix, found, **given, show=show)


CUSP = jones_sasser.Cusp(alpha=(-2, 4), beta=(0, 1))
PHASES = dict(
    zip(("cognitive", "affective", "conative", "action"), [*LONG[:3], SHORT[0]], strict=True)
)
STAGES = dict(zip(loyalty_stage.Stages.formation().names, [*LONG[:3], SHORT[0]], strict=True))
CHAIN = loyalty_stage.markov_chain(
    [[0.6, 0.3, 0.1, 0.0], [0.2, 0.5, 0.2, 0.1], [0.0, 0.1, 0.6, 0.3], [0.02, 0.1, 0.08, 0.8]]
)
NINE = loyalty_stage.markov_chain(
    0.9 * np.eye(9) + 0.1 * np.roll(np.eye(9), 1, axis=1), stages=[f"阶段{k}" for k in range(9)]
)


@cache
def phases():
    scores, _ = loyalty_stage.simulate_phases(300, sds=10.0, reliability=0.7, rng=1)
    return scores, loyalty_stage.oliver(scores, reliability=0.7)


def rungs():
    return phases()[1].result


def stage():
    return phases()[1].customers["stage"]


def items():
    return loyalty_stage.scalability(rungs().passed(phases()[0]))


@cache
def unknown():
    return loyalty_stage.estimate_movement(
        [1, 1, 2, 2], [1, 2, 1, 2], ["甲", "乙", "甲", "甲"],
        stages=["甲", "乙", "丙"], n_resamples=39, rng=1,
    )  # fmt: skip


@cache
def flow(complain_share):
    behaviour = economics.ComplaintBehaviour(
        complain_share=complain_share, handled_share=0.5, at_once_share=0.25, lost_share=0.9,
        lost_base="silent", return_handled=0.7, return_at_once=0.95,
    )  # fmt: skip
    return economics.complaint_flow(behaviour, 12_345)


@cache
def reach(retell_share, generations=4):
    told = economics.Audience(parts=[{"share": 1, "mean": 2, "law": "poisson"}])
    return economics.spread(told, seeds=9, generations=generations, retell_share=retell_share)


@cache
def types():
    both = np.random.default_rng(1).integers(1, 8, (120, 2)).T
    return both, loyalty_stage.loyalty_types(
        *both,
        matrix="ultimate_loyalty",
        superiority=(np.arange(120) % 4 > 0).astype(int),
        scale=(1, 7),
    )


def type_map(**options):
    both, (result, customers) = types()
    options["customers"] = customers
    return lambda **others: plots.loyalty_stage.type_map(result, *both, **options | others)


@cache
def tracked(names):
    rng = np.random.default_rng(10)
    x = 7 + rng.normal(size=(len(names), 20)) - 0.3 * np.arange(len(names))[:, None]
    waves = np.repeat(np.array(names), 20)
    return chain.index_by_wave(x.ravel(), waves, order=list(names))


@cache
def what_if(driver, target, *, certain=False):
    money = chain.CustomerEconomics(
        margin=1000, per="half_year", discount=0.25, timing="now", customers=1_000_000, horizon=None
    )
    plan = chain.scenario(
        driver,
        target,
        change=5,
        impact=1,
        retention=0.75,
        retention_slope=0.01,
        economics=money,
        observed_per="half_year",
        cost=250_000_000,
        draws={} if certain else {"impact": np.random.default_rng(1).normal(1, 0.2, 99)},
    )
    return chain.what_if(plan, n_resamples=99, rng=1)


@cache
def ends_of(margin):
    table = what_if("速度", "满意").sensitivity(
        ranges={
            "margin": (margin, 2.5 * margin), "cost": (1.0, 1e9), "discount": (0.05, 0.4),
            "referral_value": (0.0, 1.0), "change": (-5.0, 20.0), "customers": (1e4, 2e6),
        }
    )  # fmt: skip
    # Both ends of the last one lie on one side.
    table.loc[len(table) - 2 :, "change"] = table["change"].iloc[0] * np.array([0.2, 0.4])
    table["estimate"] = table["change"] + (table["estimate"] - table["change"]).iloc[0]
    return table


@cache
def spent(spend_as, most, *, certain=False):
    plan = what_if("速度", "满意", certain=certain).scenario
    response = economics.ResponseCurve.calibrated(most / 8, 0.05, ceiling=0.10)
    return chain.return_on_quality(
        plan, response, spend=np.linspace(0, most, 25), spend_as=spend_as, n_resamples=99, rng=1
    )


@cache
def ranked(names, *, certain=False, cost=0.0):
    rng, plan = np.random.default_rng(1), what_if("速度", "满意").scenario
    plans = {}
    for k, name in enumerate(names):
        draws = {} if certain else {"impact": rng.normal(1 - 0.05 * k, 0.2, 99)}
        own = {
            "driver": name, "impact": 1 - 0.05 * k, "draws": draws, "cost": cost,
            "driver_level": 40.0 + 7 * (k % 4),
        }  # fmt: skip
        plans[name] = plan.model_copy(update=own)
    return chain.fix_first(plans, per="cost" if cost else "point", n_resamples=99, rng=1)


def monitored(names, **options):
    rule = chain.alarm_rule("ewma", false_alarm=0.05, horizon=12, baseline=2)
    return lambda **others: plots.chain.waves(
        tracked(names), alarms=rule.monitor(tracked(names)), **options | others
    )


@cache
def cohorts(periods):
    rng = np.random.default_rng(8)
    date = rng.integers(0, periods, 40 * periods)
    stays = rng.random((40 * periods, periods)) < 0.6 ** np.arange(periods)
    who, age = np.nonzero(stays)
    kept = date[who] + age < periods
    return economics.cohort_table(who[kept], (date[who] + age)[kept], empty="keep")


@cache
def projected(survivors):
    return economics.fit_cohorts(list(survivors))


@cache
def stayers(groups):
    rng = np.random.default_rng(9)
    group, known = rng.integers(0, len(groups), 200), rng.integers(1, 15, 200)
    stays = rng.geometric(0.1 + 0.1 * group)
    return economics.survival(
        np.minimum(stays, known), stays <= known, groups=np.array(groups)[group]
    )


def draw(name, find, *arguments, **options):
    """Draw what ``find()`` returns, with these options unless others are given."""
    return lambda **others: PUBLIC[name](find(), *arguments, **options | others)


def of_names(name, find, *arguments, **options):
    """Examples with few short names and with many long ones."""
    return [draw(name, partial(find, tuple(n)), *arguments, **options) for n in (SHORT[:3], LONG)]


def of_models(name, find, *arguments, **options):
    return [draw(name, partial(find, text), *arguments, **options) for text in (FEW, MANY)]


def of_curve(name, **options):
    return draw(f"jones_sasser.{name}", lambda: CURVE, **options)


STRIPS = {"constraints": list(GROUPS.values()), "labels": list(GROUPS), "segments": True}
RETOLD = {"线下": 0.2, "线上的朋友圈": 0.5}
EXAMPLES = {
    "attributes.driver_shares": of_names(
        "attributes.driver_shares", drivers, measure="relative_weights"
    ),
    "attributes.importance_performance_grid": of_names(
        "attributes.importance_performance_grid", importance
    ),
    "attributes.kano_plane": of_names("attributes.kano_plane", kano),
    "attributes.penalty_reward": of_names("attributes.penalty_reward", penalties),
    "chain.chain_of_effects": [
        draw("chain.chain_of_effects", partial(what_if, "速度", "满意")),
        draw("chain.chain_of_effects", partial(what_if, LONG[0], LONG[2], certain=True)),
        draw("chain.chain_of_effects", partial(what_if, LONG[0], LONG[2])),
    ],
    "chain.driver_ranking": [
        draw("chain.driver_ranking", partial(ranked, tuple(SHORT[:2]), certain=True)),
        draw("chain.driver_ranking", partial(ranked, tuple(SHORT))),
        draw("chain.driver_ranking", partial(ranked, tuple(LONG), cost=2e5)),
    ],
    "chain.money_performance_map": [
        draw("chain.money_performance_map", partial(ranked, tuple(SHORT[:2]), certain=True)),
        draw("chain.money_performance_map", partial(ranked, tuple(SHORT))),
        draw(
            "chain.money_performance_map",
            partial(ranked, tuple(LONG), cost=2e5),
            cuts={"performance": "midpoint", "money": 900},
        ),
    ],
    "chain.return_on_quality": [
        draw("chain.return_on_quality", partial(spent, "cost", 2e9)),
        draw("chain.return_on_quality", partial(spent, "cost_per_customer", 50.0)),
        draw("chain.return_on_quality", partial(spent, "cost", 1e12, certain=True)),
    ],
    "chain.tornado": [
        draw("chain.tornado", partial(what_if, "速度", "满意")),
        draw("chain.tornado", partial(ends_of, 1.0)),
        draw("chain.tornado", partial(ends_of, 1e6)),
    ],
    "chain.waves": [
        draw("chain.waves", partial(tracked, tuple(SHORT[:3]))),
        monitored(tuple(LONG)),
        monitored(tuple(f"第{k}季度" for k in range(1, 25))),
    ],
    "delivered_value.stacked": of_names("delivered_value.stacked", account),
    "delivered_value.waterfall": of_names("delivered_value.waterfall", account, "停车"),
    "economics.budget_optimum": [
        draw("economics.budget_optimum", partial(spending, None), current=(5, 10)),
        draw("economics.budget_optimum", partial(spending, 12.0), current=(30, 2)),
    ],
    "economics.cohort_heat_map": [
        draw("economics.cohort_heat_map", partial(cohorts, n)) for n in (4, 26)
    ],
    "economics.cumulative_value": [
        draw("economics.cumulative_value", partial(worth, 150.0)),
        draw("economics.cumulative_value", lambda: {n: worth(c) for n, c in WON}),
    ],
    "economics.iceberg_flow": [
        draw("economics.iceberg_flow", partial(flow, share)) for share in (0.04, 0.4)
    ],
    "economics.lorenz_curve": [
        draw("economics.lorenz_curve", partial(economics.value_concentration, list(values)))
        for values in ([1, 1, 1, 1, 6], [-40, -9, 1, 2, 3, 90, 95])
    ],
    "economics.profit_by_tenure_bars": [
        draw("economics.profit_by_tenure_bars", partial(profits, (), 3), cumulative=False),
        draw("economics.profit_by_tenure_bars", partial(profits, tuple(LONG[:5]), 40)),
    ],
    "economics.reach_by_generation": [
        draw("economics.reach_by_generation", partial(reach, 0.3, 3)),
        draw("economics.reach_by_generation", partial(reach, 0.9, 25)),
        draw("economics.reach_by_generation", lambda: {n: reach(q) for n, q in RETOLD.items()}),
    ],
    "economics.retention_projection": [
        draw("economics.retention_projection", partial(projected, (1000, 631, 468, 382, 326))),
        draw("economics.retention_projection", partial(projected, (90, 70, 61)), periods=40),
    ],
    "economics.survival_curve": [
        draw("economics.survival_curve", partial(stayers, tuple(names)))
        for names in (SHORT[:2], LONG[:4])
    ],
    "expectation_gap.gap_dumbbells": of_names("expectation_gap.gap_dumbbells", quality),
    "expectation_gap.gap_model": [
        draw("expectation_gap.gap_model", partial(gaps, unit)) for unit in (1, 100)
    ],
    "expectation_gap.tolerance_zones": of_names("expectation_gap.tolerance_zones", zones),
    "survey.screening_reasons": [
        draw("survey.screening_reasons", partial(screened, 30, careful=True)),
        draw("survey.screening_reasons", partial(screened, 300)),
        draw("survey.screening_reasons", partial(screened, 30_000)),
    ],
    "structural.calibration": of_models("structural.calibration", held_out),
    "planning.power_curve": [
        draw("planning.power_curve", partial(planned, (60,))),
        draw("planning.power_curve", partial(planned, tuple(range(50, 5001, 90)))),
    ],
    "structural.forest": [
        *of_models("structural.forest", boot),
        draw("structural.forest", partial(boot, MANY), "specific_effects"),
    ],
    "structural.group_differences": [
        draw("structural.group_differences", partial(grouped, FEW, "differences")),
        draw("structural.group_differences", partial(grouped, MANY, "differences"), "index"),
    ],
    "structural.league_table": [
        draw("structural.league_table", partial(grouped, text, "league")) for text in (FEW, MANY)
    ],
    "structural.htmt_map": of_models("structural.htmt_map", boot),
    "structural.replicates": of_models(
        "structural.replicates", boot, ("paths", "顾客满意", "顾客忠诚")
    ),
    "jones_sasser.calibration": [draw("jones_sasser.calibration", fitted)],
    "jones_sasser.curve_family": [of_curve("curve_family"), of_curve("curve_family", **STRIPS)],
    "jones_sasser.cusp_hysteresis": [
        draw("jones_sasser.cusp_hysteresis", lambda: CUSP, constraint=c, satisfaction=(-1, 2))
        for c in (3.0, 0.3)
    ],
    "jones_sasser.deregulation": [
        draw(
            "jones_sasser.deregulation",
            lambda: jones_sasser.remove_constraint(CURVE, [0.5, 1.0], constraint=0.5).result,
        ),
        draw("jones_sasser.deregulation", freed),
    ],
    "jones_sasser.fitted_curve": [
        draw("jones_sasser.fitted_curve", partial(fitted, 0.8)),
        draw("jones_sasser.fitted_curve", fitted),
        draw("jones_sasser.fitted_curve", fitted, group=LONG[0]),
    ],
    "jones_sasser.loyalty_surface": [of_curve("loyalty_surface")],
    "jones_sasser.people_matrix": [
        matrix(jones_sasser.segments, "customers", 5),
        matrix(jones_sasser.segments, "density", 10, cuts={"extremes": (1, 10)}),
        matrix(
            partial(jones_sasser.segments, matrix="satisfied_loyal"),
            "density",
            10,
            constraint=np.linspace(0, 0.9, 400),
        ),
    ],
    "jones_sasser.true_and_false_loyalty": [
        of_curve("true_and_false_loyalty", constraint=c) for c in (0.6, 0.99)
    ],
    "loyalty_stage.funnel": [
        lambda **others: plots.loyalty_stage.funnel(stage(), **others),
        lambda **others: plots.loyalty_stage.funnel(stage(), **{"names": PHASES} | others),
    ],
    "loyalty_stage.ladder": [
        draw("loyalty_stage.ladder", rungs),
        draw("loyalty_stage.ladder", rungs, names=PHASES),
    ],
    "loyalty_stage.scalability": [
        draw(
            "loyalty_stage.scalability",
            items,
        ),
        draw(
            "loyalty_stage.scalability",
            lambda: loyalty_stage.scalability(
                pd.DataFrame(
                    np.repeat([[0, 1], [1, 0], [1, 1], [0, 0]], [20, 20, 5, 5], axis=0),
                    columns=LONG[:2],
                )
            ),
        ),
    ],
    "loyalty_stage.state_path": [
        draw("loyalty_stage.state_path", lambda: CHAIN, "awareness", names=STAGES),
        draw("loyalty_stage.state_path", lambda: NINE, "阶段0"),
    ],
    "loyalty_stage.transition_diagram": [
        draw("loyalty_stage.transition_diagram", lambda: CHAIN),
        draw("loyalty_stage.transition_diagram", lambda: CHAIN, names=STAGES),
        draw("loyalty_stage.transition_diagram", lambda: NINE),
        draw("loyalty_stage.transition_diagram", unknown),
    ],
    "loyalty_stage.transition_heat_map": [
        draw("loyalty_stage.transition_heat_map", lambda: CHAIN, names=STAGES),
        draw("loyalty_stage.transition_heat_map", unknown),
    ],
    "loyalty_stage.type_map": [
        type_map(),
        type_map(show="density"),
    ],
    "structural.importance_performance_map": [
        lambda text=text, **others: plots.structural.importance_performance_map(
            boot(text).result, "顾客忠诚", **others
        )
        for text in (FEW, MANY)
    ],
    "structural.loadings": [
        lambda text=text, **others: plots.structural.loadings(boot(text).result, **others)
        for text in (FEW, MANY)
    ],
    "structural.path_diagram": [
        lambda text=text, **others: plots.structural.path_diagram(boot(text).result, **others)
        for text in (FEW, MANY)
    ],
}
ALL = [f"{name}-{k}" for name, draws in EXAMPLES.items() for k in range(len(draws))]
in_both_languages = pytest.mark.parametrize("language", get_args(Language))
# Of small surveys.
pytestmark = [
    pytest.mark.filterwarnings("error::loyaltymodel.errors.MissingFontWarning"),
    pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning"),
]


@cache
def drawn(example, language):
    """The figure of an example; several tests look at the same."""
    name, _, k = example.rpartition("-")
    figure = EXAMPLES[name][int(k)](language=language).get_figure()
    plt.close(figure)  # pyplot need not keep it as well
    figure.draw_without_rendering()
    return figure


def texts_of(figure):
    """Everything written in a figure, without the numbers at ticks outside the axes."""
    found = []
    for ax in figure.axes:
        legend = ax.get_legend()
        found += [*ax.texts, *(legend.get_texts() if legend else ())]
        found += [ax.title, *(t for t in ax.findobj(Text) if t.get_text() == ax.get_title("left"))]
        if not ax.axison:
            continue
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            found.append(axis.label)
            for tick in axis.get_major_ticks():
                if low <= tick.get_loc() <= high:
                    found += [label for label in (tick.label1, tick.label2) if label.get_visible()]
    return [text for text in found if text.get_text().strip()]


def is_wide(letter):
    return east_asian_width(letter) in "WF"


def english(figure):
    words = " ".join(text.get_text() for text in texts_of(figure))
    return set(re.findall(r"[A-Za-z]{2,}", words)) - NOT_ENGLISH


def test_every_public_function_has_examples():
    assert EXAMPLES.keys() == PUBLIC.keys()


@pytest.mark.parametrize("name", PUBLIC)
def test_every_function_takes_a_language_and_axes(name):
    parameters = inspect.signature(PUBLIC[name]).parameters
    assert parameters["language"].default == "en"
    assert parameters["language"].annotation == "Language"
    assert parameters["language"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["ax"].default is None


@pytest.mark.parametrize("example", ALL)
def test_no_english_is_left_in_chinese(example):
    assert not english(drawn(example, "zh"))
    # The names in the examples are Chinese, so all that is English are the words of the picture.
    assert english(drawn(example, "en"))


@in_both_languages
@pytest.mark.parametrize("example", ALL)
def test_no_letters_lie_on_others_or_leave_the_figure(example, language):
    figure = drawn(example, language)
    upright = [text for text in texts_of(figure) if text.get_rotation() % 90 == 0]
    # Of annotations the letters alone, without the line to what they name.
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in upright]
    for name, box in boxes:
        assert box.x0 > -EDGE, name
        assert box.y0 > -EDGE, name
        assert box.x1 < figure.bbox.x1 + EDGE, name
        assert box.y1 < figure.bbox.y1 + EDGE, name
    for (one, a), (other, b) in combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert not (width > EDGE and height > EDGE), f"{one!r} lies on {other!r}"


@in_both_languages
@pytest.mark.parametrize("example", ALL)
@pytest.mark.usefixtures("no_chinese_font")
def test_without_a_chinese_font_there_is_one_warning_of_ours_a_picture(example, language):
    name, _, k = example.rpartition("-")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = EXAMPLES[name][int(k)](language=language).get_figure()
        figure.savefig(io.BytesIO(), dpi=30)
    assert not [w for w in caught if "missing from font" in str(w.message)]
    # An English picture of a result without names has no Chinese letters.
    chinese = any(map(is_wide, "".join(text.get_text() for text in texts_of(figure))))
    ours = [w for w in caught if w.category is MissingFontWarning]
    assert len(ours) == 1 or (language == "en" and not chinese and not ours)


@pytest.mark.parametrize("name", PUBLIC)
def test_other_languages_are_refused_before_anything_is_drawn(name):
    figures = plt.get_fignums()
    with pytest.raises(OptionError, match="language='de' is not an option; choose one of 'en', 'z"):
        EXAMPLES[name][0](language="de")
    assert plt.get_fignums() == figures


NAMED = [name for name in PUBLIC if "names" in inspect.signature(PUBLIC[name]).parameters]
WITHOUT_NAMES = {
    "chain.chain_of_effects",
    "chain.return_on_quality",
    "economics.budget_optimum",
    "economics.cohort_heat_map",
    "economics.cumulative_value",  # the names are those of a mapping
    "economics.lorenz_curve",
    "economics.reach_by_generation",  # the names are those of a mapping
    "economics.retention_projection",
    "jones_sasser.calibration",
    "jones_sasser.curve_family",  # which has labels
    "jones_sasser.cusp_hysteresis",
    "jones_sasser.loyalty_surface",
    "jones_sasser.true_and_false_loyalty",
    "planning.power_curve",
}


def test_every_picture_with_names_lets_them_be_changed():
    assert PUBLIC.keys() - set(NAMED) == WITHOUT_NAMES


@pytest.mark.parametrize("name", NAMED)
def test_names_of_nothing_are_refused_before_anything_is_drawn(name):
    figures = plt.get_fignums()
    for bad, message in (
        ({"no such name": "x"}, "names has no such name"),
        ("x", "no mapping"),
    ):
        with pytest.raises(OptionError, match=message):
            EXAMPLES[name][0](names=bad)
    assert plt.get_fignums() == figures


@pytest.mark.parametrize("name", PUBLIC)
def test_a_picture_that_fails_leaves_no_figure_open(name, monkeypatch):
    def fail():
        raise RuntimeError("no font")

    EXAMPLES[name][0](ax=plt.figure().subplots())  # what is drawn is computed only once
    figures = plt.get_fignums()
    monkeypatch.setattr(_fonts, "_chinese", fail)
    with pytest.raises(RuntimeError, match="no font"):
        EXAMPLES[name][0]()
    assert plt.get_fignums() == figures


def test_axes_that_are_too_narrow_stay_as_they_were():
    figures = plt.get_fignums()
    ax = plt.figure(figsize=(1, 1)).subplots()
    ax.set_title("mine", loc="left")
    with pytest.raises(OptionError, match="too narrow"):
        plots.structural.path_diagram(boot(FEW).result, ax=ax)
    assert (ax.axison, ax.get_title(loc="left"), len(ax.texts)) == (True, "mine", 0)
    assert len(plt.get_fignums()) == len(figures) + 1  # the user's own


FORMULAS = ("$5_$", r"$\frac{$", "a$b", "x^2_1", r"\alpha", "$x$")


@pytest.mark.parametrize("name", NAMED)
def test_signs_of_formulas_in_names_are_drawn_as_letters(name, monkeypatch):
    def shown(*args, **others):
        found = shown_names(*args, **others)
        return {key: own + sign for (key, own), sign in zip(found.items(), cycle(FORMULAS))}

    for path in SOURCES:
        module = import_module(f"loyaltymodel.plots.{path.stem}".removesuffix(".__init__"))
        if hasattr(module, "shown_names"):
            monkeypatch.setattr(module, "shown_names", shown)
    texts = []
    for example in EXAMPLES[name]:
        figure = example().get_figure()
        figure.savefig(io.BytesIO(), dpi=30)
        texts += [text for text in figure.findobj(Text) if "$" in text.get_text()]
        plt.close(figure)
    assert texts
    assert not [text for text in texts if text.get_parse_math()]


# Words and names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_words_stand_in_one_table_a_module_with_the_same_keys_in_each_language(path):
    module = import_module(f"loyaltymodel.plots.{path.stem}".removesuffix(".__init__"))
    words = getattr(module, "_WORDS", None)
    if words is None:
        return
    assert list(words) == list(get_args(Language))
    assert words["en"].keys() == words["zh"].keys()
    for key, word in words["en"].items():
        # What is filled in is the same.
        assert re.findall(r"{\w*:?\w*}", word) == re.findall(r"{\w*:?\w*}", words["zh"][key]), key


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_colours_and_languages_are_chosen_in_one_place(path):
    code = path.read_text(encoding="utf-8")
    if path.stem != "_style":
        assert not re.findall(r"#[0-9A-Fa-f]{6}|\"(?:Blues|cividis\w*|viridis)\"", code)
    if path.stem != "_names":
        assert not re.findall(r"language == |get_args\(Language\)|Literal\[\"en\"", code)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("short", "short"),
        ("finds us better than all of the others", "finds us better than\nall of the others"),
        ("柜台服务人员的热情与专业程度", "柜台服务人员的\n热情与专业程度"),
        ("对价格、质量和服务的总体评价,以及其他", "对价格、质量和服务\n的总体评价,以及其他"),
        ("Wort-für-Wort-Übertragungsfehler", "Wort-für-Wort-\nÜbertragungsfehler"),
        ("a → b with a long name → c and no more", "a → b with a long\nname → c and no more"),
        ("incomprehensibilities", "incomprehensibilities"),
        ("", ""),
    ],
)
def test_long_names_are_broken_where_they_may_be(name, lines):
    assert wrapped([name]) == [lines]


def test_a_name_of_the_user_goes_before_one_of_the_library_and_that_before_its_own():
    found = shown_names(["a", "b", "c"], {"a": "mine"}, {"a": "ours", "b": "ours"}, more=["d"])
    assert found == {"a": "mine", "b": "ours", "c": "c", "d": "d"}


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\x00", "\ud800", "a\tb", "\u202eb"])
def test_what_cannot_be_drawn_of_a_name_is_an_escape(name):
    (shown,) = shown_names(["a"], {"a": f"one\n{name}"}).values()
    assert shown.startswith("one\n")
    assert shown.removeprefix("one\n").isprintable()


def test_names_without_end_are_cut():
    (shown,) = shown_names(["a"], {"a": "x" * 5000}).values()
    assert shown == "x" * 200 + "…"


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_no_axes_is_refused(name):
    figures = plt.get_fignums()
    for wrong in (3, "x", plt.Figure(), plt.Figure().subplots(1, 2)):
        with pytest.raises(OptionError, match=r"ax is an? .*, not an Axes"):
            EXAMPLES[name][0](ax=wrong)
    assert plt.get_fignums() == figures
    removed, *others = (plt.Figure().add_subplot(projection=p) for p in (None, "polar", "3d"))
    removed.remove()
    for wrong, message in ((removed, "was removed"), *((ax, "projection") for ax in others)):
        with pytest.raises(OptionError, match=message):
            EXAMPLES[name][0](ax=wrong)
