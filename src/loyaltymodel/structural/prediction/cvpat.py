"""Whether one predictor is better than another by more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, enumerate_names
from loyaltymodel._core.results import Facts
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.structural.estimates import design_of
from loyaltymodel.structural.prediction.folds import (
    LeaveOneOut,
    hold_out,
    read_folds,
    same_folds,
)
from loyaltymodel.structural.prediction.kernels import Antecedents, LinearModel, mean_difference
from loyaltymodel.structural.result import OnFit, StructuralResult

Benchmark = Literal["item_average", "antecedent_items", "exogenous_items", "other_items"]

OVERALL = "overall"


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PredictiveAbilityTest(OnFit):
    """Losses of two predictors held against each other; made by :func:`cvpat`.

    Attributes
    ----------
    result : StructuralResult
        The model that predicts.
    other : StructuralResult or None
        The model that it is held against, if it is one.
    benchmark : str
        What it is held against: "item_average", a linear model, or "other_model".
    antecedents : str
        "direct" or "earliest".
    n_folds, n_repeats : int
        Folds, and how often respondents were dealt out to them.
    n_clusters : int or None
        Clusters that were held out as a whole; None without clusters.
    level : float
        Confidence level of each interval.
    estimates : EstimateTable
        ``construct`` ("overall" last): mean loss of the model less that of what it is held
        against. Below 0 the model predicts better.
    mean_losses : ndarray of shape (2, j + 1)
        The two mean losses of each row.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey)
    >>> test = structural.cvpat(result, survey, rng=1)
    >>> row = test.estimates.row("overall")
    >>> bool(row["estimate"] < 0), bool(row["p_value"] < 0.001)
    (True, True)
    """

    made_by: ClassVar[str] = "cvpat()"

    other: StructuralResult | None
    benchmark: str
    antecedents: Antecedents
    n_folds: int
    n_repeats: int
    n_clusters: int | None
    level: float
    estimates: EstimateTable
    mean_losses: FloatArray

    @property
    def losses(self) -> pd.DataFrame:
        """Mean squared errors: construct, predictor, ``loss``."""
        names = list(self.estimates.labels["construct"])
        predictors = ["model"] * len(names) + [self.benchmark] * len(names)
        return pd.DataFrame(
            {"construct": names * 2, "predictor": predictors, "loss": self.mean_losses.ravel()}
        )

    @property
    def differences(self) -> pd.DataFrame:
        """Differences of mean losses: construct, ``estimate``, its uncertainty."""
        return self.estimates.frame()

    def _title(self) -> str:
        return "Cross-validated predictive ability test"

    def _brief(self) -> str:
        row = self.estimates.row(OVERALL)
        return f"against {self.benchmark}, difference {row['estimate']:.4g}, p {row['p_value']:.3g}"

    def _facts(self) -> Facts:
        return (
            ("held against", self.benchmark),
            ("antecedents", self.antecedents),
            ("folds", f"{self.n_folds:,}, dealt out {self.n_repeats:,} time(s)"),
        )

    def _tables(self) -> Sequence[Table]:
        return (
            table_of("Loss of the model less that of the other", self.differences),
            table_of("Mean losses (squared units of the answers)", self.losses, n_labels=2),
        )

    def _remarks(self) -> Sequence[str]:
        remark = (
            "Below 0 the model predicts better. Folds share respondents, which the test takes for "
            "independent."
        )
        return (remark,)

    def _coefficients(self) -> EstimateTable:
        return self.estimates


@checked
def cvpat(
    result: StructuralResult,
    data: Data,
    *,
    benchmark: Benchmark | StructuralResult = "item_average",
    n_folds: int | LeaveOneOut = 10,
    n_repeats: int = 1,
    antecedents: Antecedents = "direct",
    clusters: str | None = None,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> PredictiveAbilityTest:
    """Test whether a model predicts better than a benchmark or another (预测能力检验, CVPAT).

    Parameters
    ----------
    result : StructuralResult
        The fitted model; it is estimated again with the same settings.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of weights if there is one.
    benchmark : {"item_average", "antecedent_items", "exogenous_items", "other_items"} or result
        What it is held against: the averages of the items, a linear model of items as of
        :func:`plspredict`, or another model that was fitted to the same respondents and drives the
        same constructs with the same items.
    n_folds : int or "leave_one_out"
        Number of folds, at least 2 and at most that of respondents or clusters.
    n_repeats : int
        How often respondents are dealt out anew; the losses of each are averaged.
    antecedents : {"direct", "earliest"}
        From what a construct is predicted; see :func:`predict`.
    clusters : str, optional
        Column of groups of respondents that are held out as a whole and vary together.
    level : float
        Confidence level between 0 and 1.
    rng : numpy.random.Generator, int or None
        Source of randomness. Leave-one-out needs none.

    Returns
    -------
    PredictiveAbilityTest
        ``differences`` has a row for each driven construct, and one for all.

    Raises
    ------
    DataError
        If the data are not those of the results, an item is constant without a fold, too few
        respondents are left to estimate a linear model, or the two rest on different respondents.
    NotIdentifiedError
        If a model has no solution without a fold.
    OptionError
        If an option is not one of its choices, there are more folds than respondents or clusters,
        leave-one-out is repeated, or the other model drives other constructs or items.

    Warns
    -----
    ConvergenceWarning
        If the weights did not settle without a fold; the last iteration predicts.

    Notes
    -----
    The loss of a respondent is the mean of the squared errors of the items of a construct, overall
    that of all items [1]_ (seminr takes the mean of the constructs' losses). With d the differences
    of losses the test is that of paired means: t = mean(d) / se, with n - 1 degrees of freedom, or
    clusters less one. Against averages and linear models see [2]_, which bootstraps se.

    References
    ----------
    .. [1] Liengaard, B. D., Sharma, P. N., Hult, G. T. M., Jensen, M. B., Sarstedt, M., Hair, J.
       F., & Ringle, C. M. (2021). Prediction: coveted, yet forsaken? Introducing a cross-validated
       predictive ability test in partial least squares path modeling. Decision Sciences, 52(2),
       362-392.
    .. [2] Sharma, P. N., Liengaard, B. D., Hair, J. F., Sarstedt, M., & Ringle, C. M. (2023).
       Predictive model assessment and selection in composite-based modeling using PLS-SEM:
       extensions and guidelines for using CVPAT. European Journal of Marketing, 57(6), 1662-1677.

    Examples
    --------
    The squared errors of the line, worked out in :func:`plspredict`, have a mean of 65 / 49, and
    those of the averages, 4, 4 / 9, 4 / 9 and 4, have a mean of 20 / 9:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, cvpat, fit
    >>> model = StructuralModel.from_text("s =~ s1; l =~ l1; l ~ s")
    >>> survey = pd.DataFrame({"s1": [1, 2, 3, 4], "l1": [1, 3, 2, 4]})
    >>> test = cvpat(fit(model, survey), survey, n_folds="leave_one_out")
    >>> round(float(test.estimates.row("overall")["estimate"]), 6) == round(65 / 49 - 20 / 9, 6)
    True
    """
    check_level(level)
    check_choice("antecedents", antecedents, Antecedents)
    if not isinstance(benchmark, StructuralResult):
        check_choice("benchmark", benchmark, Benchmark)
    folds = read_folds(
        result,
        data,
        clusters=clusters,
        n_folds=n_folds,
        n_repeats=n_repeats,
        rng=np.random.default_rng(rng),
    )
    other = benchmark if isinstance(benchmark, StructuralResult) else None
    if other is not None:
        order = _matched(result, other)
        held = same_folds(folds, other, data)
        mine = hold_out(result, folds, antecedents, None).squared[0]
        theirs = hold_out(other, held, antecedents, None).squared[0][:, order]
    else:
        linear: LinearModel | None = None
        if benchmark in get_args(LinearModel):
            linear = benchmark  # type: ignore[assignment]
        found = hold_out(result, folds, antecedents, linear).squared
        mine, theirs = found[0], found[2 if linear is None else 1]
    pairs = [_by_construct(result, squared) for squared in (mine, theirs)]
    estimate, covariance, n = mean_difference(pairs[0] - pairs[1], folds.weights, folds.unit)
    share = folds.weights / folds.weights.sum()
    return PredictiveAbilityTest(
        result=result,
        other=other,
        benchmark="other_model" if isinstance(benchmark, StructuralResult) else benchmark,
        antecedents=antecedents,
        n_folds=folds.number,
        n_repeats=len(folds.fold),
        n_clusters=folds.n_clusters,
        level=level,
        estimates=EstimateTable.student(
            {"construct": [*result.model.endogenous, OVERALL]},
            estimate,
            np.sqrt(covariance.diagonal()),
            df=n - 1,
            level=level,
            covariance=covariance,
        ),
        mean_losses=np.array([share @ losses for losses in pairs]),
    )


def _by_construct(result: StructuralResult, squared: FloatArray) -> FloatArray:
    """Average squared errors (n, q) over the items of each construct, and over all."""
    design = design_of(result.model)
    driven = ~design.exogenous[design.block]
    belongs = design.membership[driven][:, ~design.exogenous]
    means = squared @ (belongs / belongs.sum(axis=0))
    return np.column_stack([means, squared.mean(axis=1)])


def _driven(result: StructuralResult) -> dict[str, tuple[str, ...]]:
    """Return the items of each driven construct, in the order of the model."""
    driven = set(result.model.endogenous)
    return {c.name: tuple(c.items) for c in result.model.constructs if c.name in driven}


def _matched(result: StructuralResult, other: StructuralResult) -> list[int]:
    """Return where the items of the model stand among those of the other."""
    mine, theirs = _driven(result), _driven(other)
    differ = [
        name
        for name in dict.fromkeys([*mine, *theirs])
        if set(mine.get(name, ())) != set(theirs.get(name, ()))
    ]
    if differ:
        raise OptionError(
            "the two models do not predict the same items: they differ in "
            f"{enumerate_names(map(repr, differ))}; give models that drive the same constructs "
            "with the same items, or hold each against its own benchmark"
        )
    places = [item for items in theirs.values() for item in items]
    return [places.index(item) for items in mine.values() for item in items]
