"""Predictions for new people."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import BoolArray
from loyaltymodel._core.frames import checked_rows, read_columns
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.scales import resolve_limits
from loyaltymodel._core.signature import checked
from loyaltymodel.structural.estimates import design_of
from loyaltymodel.structural.prediction.kernels import Antecedents, driving
from loyaltymodel.structural.result import StructuralResult


class Predicted(NamedTuple):
    """What a model predicts of each row, made by :func:`predict`.

    Attributes
    ----------
    items : DataFrame
        A row a respondent, a column an item of the constructs that are driven, in the units of
        the answers.
    constructs : DataFrame
        A row a respondent, a column a construct: scores, standardised as in the fit. Those of
        exogenous constructs are observed, the others predicted.
    """

    items: pd.DataFrame
    constructs: pd.DataFrame


@checked
def predict(
    result: StructuralResult, data: Data, *, antecedents: Antecedents = "direct"
) -> Predicted:
    """Return what a model predicts of respondents (预测), in the fit or not.

    Parameters
    ----------
    result : StructuralResult
        The fitted model.
    data : pandas, polars or pyarrow table
        Answers to the items that predictions start from: of all constructs that drive another with
        "direct", of the exogenous constructs with "earliest". Other columns are not read.
    antecedents : {"direct", "earliest"}
        From what a construct is predicted: the scores of the constructs that drive it, or those of
        the exogenous constructs alone, along all routes.

    Returns
    -------
    Predicted
        ``items`` and ``constructs``, a row a respondent under the label that it has in ``data``.

    Raises
    ------
    DataError
        If an item is absent or not numeric, an answer is infinite or off the scale, or missing in
        a result with ``missing="raise"``. With "drop" such rows have no prediction.
    OptionError
        If an option is not one of its choices.

    See Also
    --------
    plspredict : How far such predictions are from the truth.

    Notes
    -----
    With the means and deviations of the fit, items become z, scores z w, predicted scores those of
    the antecedents times the paths, and answers mean + deviation * loading * predicted score [1]_.
    A consistent fit has paths and loadings of constructs free of error, and scores with error, so
    that its predictions lie too far from the mean.

    References
    ----------
    .. [1] Shmueli, G., Ray, S., Velasquez Estrada, J. M., & Chatla, S. B. (2016). The elephant in
       the room: predictive performance of PLS models. Journal of Business Research, 69(10),
       4552-4564.

    Examples
    --------
    With one item each it is the regression line. Both items have mean 2.5, and the path is 0.8, so
    the answer 4 predicts 2.5 + 0.8 * 1.5:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, fit, predict
    >>> model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    >>> result = fit(model, pd.DataFrame({"a1": [1, 2, 3, 4], "b1": [1, 3, 2, 4]}))
    >>> found = predict(result, pd.DataFrame({"a1": [4.0]}, index=["Ann"]))
    >>> round(float(found.items.loc["Ann", "b1"]), 6)
    3.7
    """
    check_choice("antecedents", antecedents, Antecedents)
    design, model, solution = design_of(result.model), result.model, result.solution
    drives: BoolArray = np.asarray(design.drives.any(axis=1))
    needed = design.exogenous if antecedents == "earliest" else drives
    used = np.flatnonzero(needed[design.block])
    names = [model.items[k] for k in used]
    scale = result.settings.scale
    limits = None if scale is None else resolve_limits(scale, names, known=model.items)
    sd, means = np.sqrt(result.moments.covariance.diagonal()), result.moments.means
    slope = (solution.weights / sd)[used, None] * design.membership[used]
    driven = np.flatnonzero(~design.exogenous[design.block])
    share = driving(solution.paths[None], design, antecedents)[0]
    columns = read_columns(data, names)
    parts, kept = [np.empty((0, len(model.names)))], [np.empty(0, dtype=np.intp)]
    for rows, places in checked_rows(columns, limits, result.settings.missing):
        parts.append((rows - means[used, None]).T @ slope @ share)
        kept.append(places)
    scores, labels = np.concatenate(parts), columns.labels[np.concatenate(kept)]
    items = means[driven] + scores[:, design.block[driven]] * (solution.loadings * sd)[driven]
    return Predicted(
        pd.DataFrame(items, index=labels, columns=[model.items[k] for k in driven]),
        pd.DataFrame(scores, index=labels, columns=list(model.names)),
    )
