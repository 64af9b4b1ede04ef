"""Objects of all rooms, to be given where another one is due."""

import functools
from collections.abc import Callable
from typing import Any

from loyaltymodel import (
    attributes,
    datasets,
    evidence,
    loyalty_stage,
    structural,
    survey,
)


@functools.cache
def _made() -> dict[str, Any]:
    moments = datasets.mobile_phone_moments()
    model = structural.ecsi(datasets.mobile_phone_items())
    return {
        "Moments": moments,
        "StructuralModel": model,
        "StructuralResult": structural.fit(model, moments),
        "MarkovChain": loyalty_stage.markov_chain(
            [[0.9, 0.1], [0.2, 0.8]], stages=["loyal", "gone"]
        ),
        "NetPromoter": attributes.net_promoter([10, 9, 3, 7]),
        "Scale": survey.Scale(lowest=1, highest=10),
        "Figure": evidence.get("B01")[0],
    }


def objects() -> dict[str, Callable[[], Any]]:
    """Ways to make them, by the name of their class."""
    return {name: lambda thing=thing: thing for name, thing in _made().items()}


def closed_axes() -> Any:
    """Axes of a figure that was closed."""
    from matplotlib import pyplot  # noqa: PLC0415  most rooms draw nothing

    figure = pyplot.figure()
    axes = figure.subplots()
    pyplot.close(figure)
    figure.clf()
    return axes
