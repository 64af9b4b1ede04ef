"""Rival views of how satisfaction becomes loyalty, as models that data decide between."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, check_resamples
from loyaltymodel._core.options import check_between, check_count
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.spread import check_spread
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.curves.families import family_of
from loyaltymodel.jones_sasser.estimation.fit import check_variation
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings
from loyaltymodel.jones_sasser.inference.compare import Comparison
from loyaltymodel.satisfaction_loyalty.views.models import (
    average_effects,
    bond_test,
    change_by_satisfaction,
    fit_curves,
    fit_regressions,
    regression_rows,
    regression_tests,
    weakness_test,
)
from loyaltymodel.satisfaction_loyalty.views.result import CURVES, ViewRegression, ViewsComparison
from loyaltymodel.satisfaction_loyalty.views.survey import curve_sample, gather

_LEAST = 5
_NEEDED = {
    "partial mediation": "mediator",
    "full mediation": "mediator",
    "bonds weaken": "bond",
}


@checked
@takes_codebook("satisfaction", also=("loyalty", "mediator", "bond", "constraint"))
def compare_views(
    satisfaction: Variable,
    loyalty: Variable,
    *,
    data: Data | None = None,
    mediator: Variable | None = None,
    bond: Variable | None = None,
    constraint: Variable | None = None,
    constraint_by: Variable | None = None,
    trials: Variable | None = None,
    scale: Pair | Codebook = (0.0, 1.0),
    contrast: Pair | None = None,
    weak_within: float = 0.1,
    missing: Missing = "raise",
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> ViewsComparison:
    """Return rival views of satisfaction and loyalty, fitted to the same customers.

    What is known as the dispute about satisfaction and loyalty (满意与忠诚关系的争论) becomes a
    comparison of models: satisfaction determines loyalty (顾客满意决定顾客忠诚); the two are hardly
    related (弱相关), or not at all (无关); satisfaction acts through a mediator (中介变量) such as
    trust, in part or altogether; loyalty rises fast only beyond a threshold (阈值); social bonds
    weaken the effect of satisfaction; a share of the customers is captive. Views that need a
    column that is not given are left out and named.

    Parameters
    ----------
    satisfaction : array, Series or str
        Satisfaction of each customer on ``scale``, or the column of ``data`` that has it.
    loyalty : array, Series or str
        Stayed or not (1 or 0), or how many of the ``trials`` the customer stayed.
    data : pandas, polars or pyarrow table, optional
        Where columns are looked up.
    mediator : array, Series or str, optional
        What satisfaction may act through, such as trust or commitment, higher for more; a
        score, or two values such as 0 and 1.
    bond : array, Series or str, optional
        How strongly a customer is bound personally, higher for more.
    constraint : number, array, Series or str, optional
        Known constraints, 0 to below 1. Curves take them as they are and estimate ``lo``;
        regressions have them as a column.
    constraint_by : array, Series or str, optional
        Groups, such as industries, that hold their customers differently. Not together with
        ``constraint``.
    trials : number, array, Series or str, optional
        Of how many; without it loyalty is 0 or 1.
    scale : pair of float, or Codebook
        Lowest and highest possible answer about satisfaction; or the codebook that the answers are
        read by.
    contrast : pair of float, optional
        The two satisfactions, on ``scale``, between which the change of loyalty and the mediated
        effect are computed. By default the quartiles of satisfaction, or its lowest and highest
        value if they are equal.
    weak_within : float
        The change of loyalty between these two, up or down, below which the relation is called
        weak: 0.1 are 10 more of 100 customers who stay. The size is a convention of this library;
        declare what is weak in your market.
    missing : {"raise", "drop"}
        What to do with customers of whom something is missing. Whoever lacks one column is
        left out of all views.
    n_resamples : int
        Bootstrap resamples of customers for the effects of mediator and bond; enough for the
        level: (n + 1)(1 - level) / 2 must be at least 1.
    level : float
        Confidence level of their intervals, between 0 and 1.
    rng : Generator, int or None
        Randomness of the bootstrap.

    Returns
    -------
    ViewsComparison
        Log-likelihood, AIC, BIC and weight of each view, tests, effects, whether the relation is
        weak, and a summary.

    Raises
    ------
    DataError
        If variables are missing, out of range or do not fit together, mediator or bond do not
        vary, or a variable separates those who stayed from those who left perfectly.
    NotIdentifiedError
        If all stayed or all left, satisfaction does not vary, or a column can be computed
        from the others.
    OptionError
        If an option is not one of its choices, or contradicts another.

    Warns
    -----
    FailedResamplesWarning
        If more than 5 in 100 resamples could not be estimated.

    Notes
    -----
    All views are models of loyalty given the same columns, fitted by maximum likelihood to the
    same customers, so that log-likelihoods are comparable. What binds (groups, constraint, bond)
    stands in every one of them, so that views differ only in what they say of satisfaction:

    ==================== ==========================================================
    view                 model
    ==================== ==========================================================
    unrelated            logit L = what binds
    direct               logit L = satisfaction + what binds
    partial mediation    logit L = satisfaction + mediator + what binds
    full mediation       logit L = mediator + what binds
    bonds weaken         logit L = satisfaction + bond + satisfaction x bond + rest
    threshold            L = c + (1 - c) g, g two lines that meet (:func:`fit`, "hinge")
    captive share        L = c + (1 - c) g, g a power curve (:func:`fit`, "power")
    ==================== ==========================================================

    The weak view is no model but a size: how much more probable loyalty is, on average, at the
    upper quartile of satisfaction than at the lower, for customers who keep what binds them, by
    the regression of the direct view. Its error is linearised over customers, which holds
    whatever the form of loyalty. The relation is weak where the whole interval lies within
    ``weak_within`` of 0, not weak where it lies beyond, and open otherwise: too few customers
    cannot show that it is weak. The test has as its hypothesis that the change is as large.

    In the curves the bond and the groups explain the constraint, c = logistic(d0 + d1 bond +
    ...), which is the second reading of bonds that weaken: satisfaction moves (1 - c) g.

    AIC knows no signs. An interaction that strengthens, or a mediator that does not move with
    satisfaction, may fit best and yet speak against its view; the remark of the row says so.
    A view that contains the true one, such as partial mediation contains full, has the lower
    AIC by chance in 16 of 100 surveys for one spare parameter; BIC hardly ever.

    The mediated effect is that of the mediation formula [1]_ with satisfaction going from one
    end of ``contrast`` to the other, averaged over the customers. For a score as mediator each
    customer keeps the distance to the mediator that satisfaction and what binds let expect, so
    that no law of these distances is needed. Direct and indirect effect are averages over the
    two orders in which satisfaction and mediator can change, and add up to the total. They are
    causal only if nothing unmeasured drives two of satisfaction, mediator and loyalty, which no
    survey of one moment shows. Intervals are percentile intervals of customers drawn again;
    the contrast, and the scale of mediator and bond, stay those of the sample.

    An interaction of log odds may even have the other sign than that of probabilities [2]_.
    Therefore the slopes of loyalty by satisfaction, averaged over customers as if all had a low
    bond (its lower quartile) or a high one, are given as well.

    References
    ----------
    .. [1] Imai, K., Keele, L., & Tingley, D. (2010). A general approach to causal mediation
       analysis. Psychological Methods, 15(4), 309-334.
    .. [2] Ai, C., & Norton, E. C. (2003). Interaction terms in logit and probit models.
       Economics Letters, 80(1), 123-129.
    .. [3] Oliver, R. L. (1999). Whence consumer loyalty? Journal of Marketing, 63(Special
       Issue), 33-44. Satisfaction is a necessary step that matters less once bonds are at work.

    Examples
    --------
    >>> from loyaltymodel import satisfaction_loyalty
    >>> people = satisfaction_loyalty.simulate_views("full mediation", 2000, rng=1)
    >>> found = satisfaction_loyalty.compare_views(
    ...     "satisfaction", "stayed", data=people, mediator="mediator", bond="bond", rng=1
    ... )
    >>> found.preferred
    'full mediation'
    >>> found.mediation.effects.head(3).round(2)[["quantity", "estimate", "ci_low", "ci_high"]]
                                    quantity  estimate  ci_low  ci_high
    0                           total effect      0.20    0.17     0.23
    1  indirect effect, through the mediator      0.22    0.20     0.24
    2                          direct effect     -0.02   -0.04     0.01
    """
    check_level(level)
    check_count("n_resamples", n_resamples, least=2)
    if mediator is not None or bond is not None:
        check_resamples(n_resamples, level=level)
    if constraint_by is not None and constraint is not None:
        raise OptionError(
            "constraint and constraint_by are given, but only one of them can say how customers "
            "are held; leave one out"
        )
    check_between("weak_within", weak_within, such_as=0.1)
    optional = {
        "mediator": mediator,
        "bond": bond,
        "constraint": constraint,
        "constraint_by": constraint_by,
        "trials": trials,
    }
    given = {"satisfaction": satisfaction, "loyalty": loyalty}
    given |= {name: value for name, value in optional.items() if value is not None}
    people = read_variables(
        given,
        data=data,
        categories=("constraint_by",),
        flags=("loyalty",),
        missing=missing,
    )
    settings = CurveSettings(
        family=family_of("power"),
        outcome="binary" if trials is None else "count",
        fixed=None if constraint is None else {},
        scale=limits_only(scale),
        std_errors="model",
    )
    # Without the bond: whatever is refused is refused here, and bonds are compared with it.
    plain = curve_sample(settings, people, driven=False)
    check_variation(settings, plain)
    for name in ("mediator", "bond"):
        if name in given:
            check_spread([name], [people[name]], least=_LEAST)
    survey = gather(settings, people, contrast=contrast, log_ways=plain.log_ways)
    fits = fit_regressions(survey)
    driven = "bond" in given and constraint is None
    sample = curve_sample(settings, people, driven=True) if driven else plain
    curves, curve_rows = fit_curves(settings, sample, survey, driven=driven)
    effects = average_effects(
        survey, fits, n_resamples=n_resamples, level=level, rng=np.random.default_rng(rng)
    )
    rows = [*regression_rows(survey, fits, effects), *curve_rows]
    rows.sort(key=lambda row: np.inf if np.isnan(row[3]) else row[3])
    change = change_by_satisfaction(survey, fits["direct"], weak_within=weak_within, level=level)
    tests = [*regression_tests(survey, fits), weakness_test(change)]
    if driven and "captive share" in curves:
        tests += bond_test(settings, plain, curves["captive share"])
    return ViewsComparison(
        comparison=Comparison(
            tuple(rows),
            people.n_rows,
            people.n_dropped,
            tuple(sorted(curves.values(), key=lambda result: result.aic)),
        ),
        formulas=tuple(_formula(row[0], list(given), driven=driven) for row in rows),
        left_out=tuple(
            (view, f"no {column} is given")
            for view, column in _NEEDED.items()
            if column not in given
        ),
        tests=tuple(tests),
        regressions=tuple(
            ViewRegression(
                view=view,
                estimates=fit.estimates,
                n_obs=people.n_rows,
                n_dropped=people.n_dropped,
            )
            for view, fit in fits.items()
        ),
        change=change,
        mediation=effects.get("mediation"),
        damping=effects.get("damping"),
        two_valued=survey.design.two_values is not None,
    )


def _formula(view: str, given: list[str], *, driven: bool) -> str:
    """Return the formula of a view in words."""
    words = {"bond": "bond", "constraint": "constraint", "constraint_by": "groups"}
    binding = [word for name, word in words.items() if name in given]
    if view in CURVES:
        if driven:
            binds = f"c by {' and '.join(binding)}"
        elif "constraint" in given:
            binds = "c as given"
        else:
            binds = "c by groups" if "constraint_by" in given else "one c"
        return f"{CURVES[view]} curve, {binds}"
    own = {
        "unrelated": [],
        "direct": ["satisfaction"],
        "partial mediation": ["satisfaction", "mediator"],
        "full mediation": ["mediator"],
        "bonds weaken": ["satisfaction", "satisfaction x bond"],
    }[view]
    return f"logit: {' + '.join([*own, *binding]) or 'constant'}"
