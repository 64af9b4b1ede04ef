"""By how much a design multiplies the variance."""

from __future__ import annotations

from loyaltymodel._core.accepted import Variable
from loyaltymodel._core.options import check_finite, check_share
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import DataError, OptionError


@checked
def design_effect(
    *,
    icc: float = 0.0,
    cluster_size: float = 1.0,
    weights: Variable | None = None,
) -> float:
    """Return the design effect that clusters and weights are expected to have (设计效应).

    Parameters
    ----------
    icc : float
        Intraclass correlation of the answers in a cluster, 0 to 1.
    cluster_size : float
        Respondents in a cluster, on average, at least 1.
    weights : array-like of shape (n,), optional
        Weights as they are expected, such as those of the last survey; above 0.

    Returns
    -------
    float
        (1 + (m - 1) rho) times n sum w^2 / (sum w)^2.

    Raises
    ------
    DataError
        If a weight is missing or not above 0.
    OptionError
        If a number is out of its range.

    Notes
    -----
    The factor of weights is Kish's. It is an assumption: it holds where weights have nothing to
    do with the answers. Clusters are taken to be about equally large.

    References
    ----------
    Kish, L. (1965). Survey sampling. Wiley. Named from memory.

    Examples
    --------
    Ten guests of each restaurant, who are alike by 0.05: 1 + 9 * 0.05. Weights of 1 and 3:
    2 * (1 + 9) / 4^2.

    >>> from loyaltymodel import planning
    >>> planning.design_effect(icc=0.05, cluster_size=10)
    1.45
    >>> round(planning.design_effect(weights=[1, 3]), 4)
    1.25
    """
    check_share("icc", icc)
    check_finite("cluster_size", cluster_size, least=1.0)
    if icc and cluster_size == 1:
        raise OptionError("icc needs cluster_size, the respondents in a cluster")
    found = 1 + (cluster_size - 1) * icc
    if weights is None:
        return found
    w = read_variables({"weights": weights})["weights"].astype(float)
    if not (w > 0).all():
        raise DataError("weights must be above 0; who weighs nothing is no respondent")
    w = w / w.max()
    return float(found * len(w) * (w**2).sum() / w.sum() ** 2)
