"""How well a model predicts respondents whom it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.results import Facts
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.structural.estimates import design_of
from loyaltymodel.structural.prediction import kernels
from loyaltymodel.structural.prediction.folds import LeaveOneOut, Outcome, hold_out, read_folds
from loyaltymodel.structural.prediction.kernels import Antecedents, LinearModel
from loyaltymodel.structural.result import OnFit, StructuralResult

PREDICTORS = ("model", "linear_model", "item_average")
_TENTHS = 10


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PredictivePower(OnFit):
    """How far out-of-sample predictions are from the answers; made by :func:`plspredict`.

    Attributes
    ----------
    result : StructuralResult
        The model that predicts.
    antecedents : str
        "direct" or "earliest".
    benchmark : str or None
        Which linear model it is held against.
    n_folds, n_repeats : int
        Folds, and how often respondents were dealt out to them.
    n_clusters : int or None
        Clusters that were held out as a whole; None without clusters.
    item_errors : ndarray of shape (3, q, 2)
        RMSE and MAE of the model, the linear model and the item averages, by item.
    construct_errors : ndarray of shape (j, 3)
        Q2, RMSE and MAE of each driven construct.
    observed_means : EstimateTable
        What was observed in each tenth of the respondents by what is predicted of them: ``target``
        (construct or item) and ``tenth``, with Wald intervals of 95%. Fewer tenths where
        predictions tie.
    predicted_means : ndarray of shape (t,)
        What was predicted there.
    tenth_sizes : ndarray of shape (t,)
        Respondents of each.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey)
    >>> structural.plspredict(result, survey, rng=1)
    <PredictivePower: 10 folds, 16 of 16 items predicted better than by their averages>
    """

    made_by: ClassVar[str] = "plspredict()"

    antecedents: Antecedents
    benchmark: LinearModel | None
    n_folds: int
    n_repeats: int
    n_clusters: int | None
    item_errors: FloatArray
    construct_errors: FloatArray
    observed_means: EstimateTable
    predicted_means: FloatArray
    tenth_sizes: IntArray

    @property
    def items(self) -> pd.DataFrame:
        """Errors: construct, item, predictor, ``q2_predict``, ``rmse``, ``mae``.

        ``predictor`` is "model", "linear_model" or "item_average". Q2 is 0 for the averages.
        """
        design = design_of(self.result.model)
        driven = np.flatnonzero(~design.exogenous[design.block])
        chosen = [0, 2] if self.benchmark is None else [0, 1, 2]
        q = len(driven)
        rmse, mae = (self.item_errors[chosen, :, k].ravel() for k in (0, 1))
        null = np.tile(self.item_errors[2, :, 0], len(chosen))
        table = pd.DataFrame(
            {
                "construct": [self.result.model.names[design.block[k]] for k in driven]
                * len(chosen),
                "item": [self.result.model.items[k] for k in driven] * len(chosen),
                "predictor": np.repeat(np.array(PREDICTORS, dtype=object)[chosen], q),
                "q2_predict": 1 - (rmse / null) ** 2,
                "rmse": rmse,
                "mae": mae,
            }
        )
        order = np.arange(len(table)).reshape(len(chosen), q).T.ravel()
        return table.iloc[order].reset_index(drop=True)

    @property
    def constructs(self) -> pd.DataFrame:
        """Errors of scores in standard deviations: ``q2_predict``, ``rmse``, ``mae``.

        A row a driven construct. The score that a prediction is held against has the weights of
        the fold in which the respondent was held out.
        """
        return pd.DataFrame(
            self.construct_errors.copy(),
            index=pd.Index(self.result.model.endogenous, name="construct"),
            columns=["q2_predict", "rmse", "mae"],
        )

    @property
    def calibration(self) -> pd.DataFrame:
        """What is observed where so much is predicted (校准): a row a target and tenth.

        ``target`` (construct or item), ``tenth`` of the respondents by prediction, ``n_obs``, mean
        ``predicted``, and the mean that is observed, ``estimate``, with its interval. Scores are in
        standard deviations, items in units of the answers.
        """
        table = self.observed_means.frame()
        table.insert(2, "n_obs", self.tenth_sizes.copy())
        table.insert(3, "predicted", self.predicted_means.copy())
        return table

    def _title(self) -> str:
        return "Predictive power"

    def _brief(self) -> str:
        better = int((self.item_errors[0, :, 0] < self.item_errors[2, :, 0]).sum())
        of = self.item_errors.shape[1]
        return (
            f"{self.n_folds} folds, {better} of {of} items predicted better than by their averages"
        )

    def _facts(self) -> Facts:
        linear = [] if self.benchmark is None else [("linear model", self.benchmark)]
        return (
            ("antecedents", self.antecedents),
            *linear,
            ("folds", f"{self.n_folds:,}, dealt out {self.n_repeats:,} time(s)"),
        )

    def _tables(self) -> Sequence[Table]:
        return (
            table_of("Constructs (standard deviations)", self.constructs.reset_index()),
            table_of("Items (units of the answers)", self.items, n_labels=3),
        )

    def _remarks(self) -> Sequence[str]:
        found = []
        if self.benchmark is not None:
            lower = int((self.item_errors[0, :, 0] < self.item_errors[1, :, 0]).sum())
            found.append(
                f"The model has the smaller RMSE than the linear model in {lower} of "
                f"{self.item_errors.shape[1]} items. A difference may be chance; cvpat() tests it."
            )
        if self.result.settings.consistent:
            found.append(
                "Paths and loadings are those of constructs free of error, and scores are not, so "
                "that predictions lie too far from the mean; a fit without consistent predicts "
                "better."
            )
        return found


@checked
def plspredict(
    result: StructuralResult,
    data: Data,
    *,
    n_folds: int | LeaveOneOut = 10,
    n_repeats: int = 1,
    antecedents: Antecedents = "direct",
    benchmark: LinearModel | None = "antecedent_items",
    clusters: str | None = None,
    rng: np.random.Generator | int | None = None,
) -> PredictivePower:
    """Return how well a model predicts respondents whom it has not seen (样本外预测, PLSpredict).

    Respondents are dealt out to folds. Each fold is predicted by the model as estimated from the
    others, and so by a linear model of the items and by the items' averages.

    Parameters
    ----------
    result : StructuralResult
        The fitted model; it is estimated again with the same settings.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of weights if there is one.
    n_folds : int or "leave_one_out"
        Number of folds, at least 2 and at most that of respondents or clusters.
    n_repeats : int
        How often respondents are dealt out anew; squared and absolute errors are averaged.
    antecedents : {"direct", "earliest"}
        From what a construct is predicted; see :func:`predict`.
    benchmark : {"antecedent_items", "exogenous_items", "other_items"}, optional
        From which items the linear model predicts those of a construct: those of the constructs
        from which the model predicts it, those of the exogenous constructs, or those of all other
        constructs. None for no linear model. With antecedents="earliest" the first two are one.
    clusters : str, optional
        Column of groups of respondents that are held out as a whole, such as branches.
    rng : numpy.random.Generator, int or None
        Source of randomness. Leave-one-out needs none.

    Returns
    -------
    PredictivePower
        ``items``, ``constructs`` and ``calibration``.

    Raises
    ------
    DataError
        If the data are not those of the result, an item is constant without a fold, or too few
        respondents are left to estimate the linear model.
    NotIdentifiedError
        If the model or the linear model has no solution without a fold.
    OptionError
        If an option is not one of its choices, there are more folds than respondents or clusters,
        leave-one-out is repeated, or Moments are given, which have no respondents.

    Warns
    -----
    ConvergenceWarning
        If the weights did not settle without a fold; the last iteration predicts.

    See Also
    --------
    cvpat : Whether a difference of losses is more than chance.

    Notes
    -----
    With e the errors and the mean of the others as the prediction by average,
    Q2_predict = 1 - sum e^2 / sum (y - mean)^2, RMSE = sqrt(mean e^2) and MAE = mean abs(e), all
    weighted as the respondents are. Programs that average predictions over repeats, not errors,
    report less.

    Shmueli et al. [1]_ regress on the items of the exogenous constructs, as cSEM does. seminr 2.3.4
    regresses on the items of all other constructs, later versions on those of the antecedents.
    "other_items" uses answers that come later in the chain, which a forecast has not.

    References
    ----------
    .. [1] Shmueli, G., Sarstedt, M., Hair, J. F., Cheah, J.-H., Ting, H., Vaithilingam, S., &
       Ringle, C. M. (2019). Predictive model assessment in PLS-SEM: guidelines for using
       PLSpredict. European Journal of Marketing, 53(11), 2322-2347.

    Examples
    --------
    With one item each, the model is the regression line. Without 1 and 1 the line through the
    others is 1.5 + x / 2 and predicts 2; without 4 and 4 it predicts 3. Without 2 and 3 the line is
    -1 / 7 + 13 x / 14 and predicts 12 / 7; without 3 and 2 it predicts 23 / 7. The squared errors
    1, 1, 81 / 49 and 81 / 49 have the mean 65 / 49, whose root is 1.1518:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, fit, plspredict
    >>> model = StructuralModel.from_text("s =~ s1; l =~ l1; l ~ s")
    >>> survey = pd.DataFrame({"s1": [1, 2, 3, 4], "l1": [1, 3, 2, 4]})
    >>> found = plspredict(fit(model, survey), survey, n_folds="leave_one_out", benchmark=None)
    >>> found.items.round(4)
      construct item     predictor  q2_predict    rmse     mae
    0         l   l1         model      0.4031  1.1518  1.1429
    1         l   l1  item_average      0.0000  1.4907  1.3333
    """
    check_choice("antecedents", antecedents, Antecedents)
    if benchmark is not None:
        check_choice("benchmark", benchmark, LinearModel)
    folds = read_folds(
        result,
        data,
        clusters=clusters,
        n_folds=n_folds,
        n_repeats=n_repeats,
        rng=np.random.default_rng(rng),
    )
    found = hold_out(result, folds, antecedents, benchmark)
    share = folds.weights / folds.weights.sum()
    squared, null = np.einsum("n,knj->kj", share, found.score_squared)
    return PredictivePower(
        result=result,
        antecedents=antecedents,
        benchmark=benchmark,
        n_folds=folds.number,
        n_repeats=len(folds.fold),
        n_clusters=folds.n_clusters,
        item_errors=np.stack(
            [
                np.sqrt(np.einsum("n,knq->kq", share, found.squared)),
                np.einsum("n,knq->kq", share, found.absolute),
            ],
            axis=-1,
        ),
        construct_errors=np.column_stack(
            [1 - squared / null, np.sqrt(squared), share @ found.score_absolute]
        ),
        **_calibration(result, found, folds.weights, folds.unit),
    )


def _calibration(
    result: StructuralResult, found: Outcome, weights: FloatArray, unit: IntArray
) -> dict[str, Any]:
    """Average what was observed by tenths of what was predicted, target by target."""
    design = design_of(result.model)
    items = [result.model.items[k] for k in np.flatnonzero(~design.exogenous[design.block])]
    predicted = np.concatenate([found.score_predicted, found.predicted], axis=1)
    observed = np.concatenate([found.score_observed, found.observed], axis=1)
    targets, tenths, parts = [], [], []
    for k, target in enumerate([*result.model.endogenous, *items]):
        cuts = np.unique(np.quantile(predicted[:, k], np.arange(1, _TENTHS) / _TENTHS))
        place = np.searchsorted(cuts, predicted[:, k], side="left")
        tenth = np.unique(place, return_inverse=True)[1]
        parts.append(kernels.means_by(tenth, predicted[:, k], observed[:, k], weights, unit))
        targets += [target] * (int(tenth.max()) + 1)
        tenths += list(range(1, int(tenth.max()) + 2))
    guess, mean, error, sizes = (np.concatenate(one) for one in zip(*parts, strict=True))
    return {
        "observed_means": EstimateTable.student(
            {"target": targets, "tenth": tenths}, mean, error, test_zero=False
        ),
        "predicted_means": guess,
        "tenth_sizes": sizes.astype(np.intp),
    }
