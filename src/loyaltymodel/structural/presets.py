"""The models of the national satisfaction indices, for anybody's questionnaire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loyaltymodel._core.options import enumerate_names, suggest
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import ModelError
from loyaltymodel.structural.model import Construct, Mode, Path, StructuralModel

_ACSI = """
    expectation->quality expectation->value expectation->satisfaction
    quality->value quality->satisfaction value->satisfaction
    satisfaction->complaints satisfaction->loyalty complaints->loyalty
"""
_ECSI = _ACSI + "image->expectation image->satisfaction image->loyalty"
_SCSB = """
    expectation->value expectation->satisfaction value->satisfaction
    satisfaction->complaints satisfaction->loyalty complaints->loyalty
"""
# The family, in the order of the causal chain.
_FAMILY = ("image", "expectation", "quality", "value", "satisfaction", "complaints", "loyalty")


@checked
def acsi(items: Mapping[str, str | Sequence[str]], *, mode: Mode = "A") -> StructuralModel:
    """Return the model of the American Customer Satisfaction Index (顾客满意度指数模型).

    Six constructs and nine paths, after Fornell and others [1]_: expectation drives quality,
    value and satisfaction; quality drives value and satisfaction; value drives satisfaction;
    satisfaction drives complaints and loyalty; complaints drive loyalty.

    Parameters
    ----------
    items : mapping from construct name to item names
        Items of ``expectation``, ``quality``, ``value``, ``satisfaction``, ``complaints`` and
        ``loyalty``. Items of ``image``, which this model does not have, are left aside.
    mode : {"A", "B"}
        Mode of every construct, see :class:`Construct`.

    Returns
    -------
    StructuralModel
        The model, ready for ``fit``.

    Raises
    ------
    ModelError
        If a construct of the model has no items, or a name is none of the family's.

    Notes
    -----
    Complaints are coded in the direction of the questionnaire: with an item that counts
    complaints a negative path from satisfaction is expected, with one that rates how well a
    complaint was handled a positive one.

    References
    ----------
    .. [1] Fornell, C., Johnson, M. D., Anderson, E. W., Cha, J., & Bryant, B. E. (1996). The
       American Customer Satisfaction Index: nature, purpose, and findings. Journal of
       Marketing, 60(4), 7-18.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> model.drivers("satisfaction")
    ('expectation', 'quality', 'value')
    """
    return _preset("acsi", _ACSI, items, mode)


@checked
def ecsi(items: Mapping[str, str | Sequence[str]], *, mode: Mode = "A") -> StructuralModel:
    """Return the model of the European Customer Satisfaction Index (欧洲顾客满意度指数模型).

    The model of :func:`acsi` with a seventh construct, image, which drives expectation,
    satisfaction and loyalty: twelve paths [1]_.

    Parameters
    ----------
    items : mapping from construct name to item names
        Items of ``image``, ``expectation``, ``quality``, ``value``, ``satisfaction``,
        ``complaints`` and ``loyalty``.
    mode : {"A", "B"}
        Mode of every construct, see :class:`Construct`.

    Returns
    -------
    StructuralModel
        The model, ready for ``fit``.

    Raises
    ------
    ModelError
        If a construct has no items, or a name is none of the family's.

    References
    ----------
    .. [1] Tenenhaus, M., Esposito Vinzi, V., Chatelin, Y.-M., & Lauro, C. (2005). PLS path
       modeling. Computational Statistics & Data Analysis, 48(1), 159-205.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> len(model.constructs), len(model.items), len(model.paths)
    (7, 24, 12)
    """
    return _preset("ecsi", _ECSI, items, mode)


@checked
def scsb(items: Mapping[str, str | Sequence[str]], *, mode: Mode = "A") -> StructuralModel:
    """Return the model of the Swedish Customer Satisfaction Barometer (瑞典顾客满意度晴雨表).

    Five constructs and six paths, after Fornell [1]_: expectation drives value (perceived
    performance for the price) and satisfaction; value drives satisfaction; satisfaction
    drives complaints and loyalty; complaints drive loyalty.

    Parameters
    ----------
    items : mapping from construct name to item names
        Items of ``expectation``, ``value``, ``satisfaction``, ``complaints`` and ``loyalty``.
        Items of ``image`` and ``quality``, which this model does not have, are left aside.
    mode : {"A", "B"}
        Mode of every construct, see :class:`Construct`.

    Returns
    -------
    StructuralModel
        The model, ready for ``fit``.

    Raises
    ------
    ModelError
        If a construct of the model has no items, or a name is none of the family's.

    References
    ----------
    .. [1] Fornell, C. (1992). A national customer satisfaction barometer: the Swedish
       experience. Journal of Marketing, 56(1), 6-21.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> structural.scsb(datasets.mobile_phone_items()).exogenous
    ('expectation',)
    """
    return _preset("scsb", _SCSB, items, mode)


def _items(names: str | Sequence[str]) -> Sequence[str]:
    """Take a lone name for a single item, not for a sequence of letters."""
    return (names,) if isinstance(names, str) else names


def _preset(
    preset: str, arrows: str, items: Mapping[str, str | Sequence[str]], mode: Mode
) -> StructuralModel:
    if not isinstance(items, Mapping):
        raise ModelError(
            f"{preset} takes a mapping from construct to items, not a {type(items).__name__}"
        )
    paths = [Path(source=s, target=t) for s, t in (arrow.split("->") for arrow in arrows.split())]
    ends = {end for path in paths for end in (path.source, path.target)}
    if unknown := [name for name in items if name not in _FAMILY]:
        hints = [repr(name) + suggest(name, _FAMILY) for name in unknown]
        raise ModelError(
            f"{preset} knows no construct {enumerate_names(hints)}; the family's names are "
            f"{', '.join(_FAMILY)}. A model of your own is a StructuralModel"
        )
    names = [name for name in _FAMILY if name in ends]
    if absent := [name for name in names if name not in items]:
        raise ModelError(
            f"{preset} needs items for {enumerate_names(absent)}; "
            f"its constructs are {', '.join(names)}"
        )
    # Of constructs that the model does not have as well, so that no name of an item is wrong.
    made = {n: Construct(name=n, items=_items(items[n]), mode=mode) for n in items}
    return StructuralModel(
        constructs=tuple(made[name] for name in names),
        paths=tuple(paths),
    )
