"""Count how often rules of alarm ring when nothing happens.

The rules are to ring in 5 % of series of 12 quiet waves. First limits of a known centre are held
against a baseline of few waves, and then the limits that allow for it, on normal means; then
answers on a skewed scale of ten points, with standard errors that come from the answers; then
panels of the same customers, with the covariance of their waves and without. At the end, how often
a lasting fall of one standard error is found. ``python benchmarks/alarms.py`` (three minutes).
"""

import itertools

import numpy as np

from loyaltymodel.chain import alarm_rule, index_by_wave
from loyaltymodel.chain.monitoring.kernels import charted
from loyaltymodel.chain.results import AlarmRule

SEED = 20_261_130
SERIES = 20_000
OF_ANSWERS = 4_000
PANELS = 600
HORIZON, WISHED = 12, 0.05
CHARTS = ("shewhart", "cusum", "ewma")
BASELINES = (4, 8, 20)


def rings(rule: AlarmRule, means: np.ndarray, errors: np.ndarray, baseline: int) -> float:
    """Return the share of series (s, t) in which a rule rings, as its method monitor does."""
    first = slice(None, baseline)
    precision = errors[:, first] ** -2
    total = precision.sum(axis=1, keepdims=True)
    centre = (precision * means[:, first]).sum(axis=1, keepdims=True) / total
    unit = np.sqrt(errors[:, baseline:] ** 2 + 1 / total) / np.sqrt(1 + 1 / baseline)
    return share(rule, (centre - means[:, baseline:]) / unit)


def share(rule: AlarmRule, falls: np.ndarray) -> float:
    """Return the share of charts of falls (s, t) that ring."""
    return float((charted(falls, rule._recursion) > rule.limit).any(axis=1).mean())


def normal_means(rng: np.random.Generator) -> None:
    """Print alarms of normal means, with the limits of a known centre and with the own ones."""
    print(f"Normal means, {SERIES} series of {HORIZON} waves after the baseline")
    print(f"{'chart':10}{'spread':>12}{'baseline':>10}{'known limits':>14}{'own limits':>12}")
    for chart, spread, m in itertools.product(CHARTS, ("std_error", "baseline"), BASELINES):
        known = alarm_rule(chart, false_alarm=WISHED, horizon=HORIZON)
        own = alarm_rule(chart, false_alarm=WISHED, horizon=HORIZON, baseline=m, spread=spread)
        x = rng.normal(size=(SERIES, m + HORIZON))
        falls = x[:, :m].mean(axis=1, keepdims=True) - x[:, m:]
        if spread == "baseline":
            falls = falls / x[:, :m].std(axis=1, ddof=1, keepdims=True)
        found = [share(rule, falls) for rule in (known, own)]
        print(f"{chart:10}{spread:>12}{m:10}{found[0]:14.3f}{found[1]:12.3f}", flush=True)


def of_answers(rng: np.random.Generator) -> None:
    """Print alarms where means and errors come from skewed answers."""
    print(f"\nSkewed answers from 1 to 10, {OF_ANSWERS} series, own limits, spread std_error")
    print(f"{'chart':10}{'answers':>12}{'baseline':>10}{'alarms':>14}")
    for n, m in itertools.product((30, 120, 500), BASELINES[:2]):
        means, errors = np.empty((2, OF_ANSWERS, m + HORIZON))
        for k in range(OF_ANSWERS):
            x = np.rint(8.5 + 2 * rng.normal(size=(m + HORIZON, n))).clip(1, 10)
            means[k], errors[k] = x.mean(axis=1), x.std(axis=1, ddof=1) / np.sqrt(n)
        for chart in CHARTS:
            rule = alarm_rule(chart, false_alarm=WISHED, horizon=HORIZON, baseline=m)
            print(f"{chart:10}{n:12}{m:10}{rings(rule, means, errors, m):14.3f}", flush=True)


def of_panels(rng: np.random.Generator) -> None:
    """Print alarms where 30 % of 60 customers are replaced after each wave."""
    n, m = 60, 4
    t = m + HORIZON
    rules = {c: alarm_rule(c, false_alarm=WISHED, horizon=HORIZON, baseline=m) for c in CHARTS}
    with_it, without = (dict.fromkeys(CHARTS, 0) for _ in range(2))
    for _ in range(PANELS):
        lasting, who, last = rng.normal(size=n), np.arange(n), n
        answers, people = np.empty((2, t, n))
        for wave in range(t):
            answers[wave], people[wave] = lasting + 0.6 * rng.normal(size=n), who
            leaves = rng.random(n) < 0.3
            lasting = np.where(leaves, rng.normal(size=n), lasting)
            who = np.where(leaves, last + np.arange(n), who)
            last += n
        found = index_by_wave(answers.ravel(), np.repeat(np.arange(t), n), customer=people.ravel())
        for chart, rule in rules.items():
            with_it[chart] += bool(rule.monitor(found).alarms.any())
            table = found.estimates
            alone = rule.monitor(table.estimate, std_error=table.std_error)
            without[chart] += bool(alone.alarms.any())
    print(f"\nPanels of 60 customers, 70 % of whom stay to the next wave, {PANELS} series")
    print(f"{'chart':10}{'customers known':>18}{'taken for samples one apart':>30}")
    for chart in CHARTS:
        print(f"{chart:10}{with_it[chart] / PANELS:18.3f}{without[chart] / PANELS:30.3f}")


def found_falls() -> None:
    """Print how often lasting falls are found within the horizon, as the rules say."""
    print("\nProbability that a lasting fall is found within 12 waves, baseline of 8")
    for chart in CHARTS:
        rule = alarm_rule(chart, false_alarm=WISHED, horizon=HORIZON, baseline=8)
        table = rule.detection
        told = "  ".join(
            f"{f:g}: {a:.3f}" for f, a in zip(table["fall"], table["alarm"], strict=True)
        )
        print(f"{chart:10}{told}")


if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    normal_means(generator)
    of_answers(generator)
    of_panels(generator)
    found_falls()
