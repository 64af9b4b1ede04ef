"""What a service-quality questionnaire asks: dimensions and their items, as data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from loyaltymodel._core.options import alike, enumerate_names
from loyaltymodel._core.specification import Specification
from loyaltymodel.errors import ModelError

OVERALL = ("unweighted", "weighted")  # scores of all dimensions together

_Name = Annotated[str, StringConstraints(pattern=r"\S")]


_SERVQUAL = (
    (
        "tangibles",
        "有形性",
        (
            ("t1", "The equipment is up to date."),
            ("t2", "The premises are pleasant to look at."),
            ("t3", "The staff are neatly dressed."),
            ("t4", "The look of the place suits the kind of service."),
        ),
    ),
    (
        "reliability",
        "可靠性",
        (
            ("l1", "What is promised by a certain time is done by then."),
            ("l2", "When something goes wrong, one is met with understanding."),
            ("l3", "One can depend on this firm."),
            ("l4", "Services are delivered when it was said they would be."),
            ("l5", "The records are kept without mistakes."),
        ),
    ),
    (
        "responsiveness",
        "响应性",
        (
            ("s1", "One is told when exactly things will be done."),
            ("s2", "The staff serve without delay."),
            ("s3", "The staff are always willing to help."),
            ("s4", "The staff find time for a request, however busy they are."),
        ),
    ),
    (
        "assurance",
        "保证性",
        (
            ("a1", "The staff can be trusted."),
            ("a2", "One feels safe in dealing with the staff."),
            ("a3", "The staff are polite."),
            ("a4", "The staff get what they need from the firm to do their work well."),
        ),
    ),
    (
        "empathy",
        "移情性",
        (
            ("e1", "The firm attends to each customer as a person."),
            ("e2", "The staff attend to each customer as a person."),
            ("e3", "The staff know what a customer needs."),
            ("e4", "The firm has the customer's interest at heart."),
            ("e5", "The opening hours suit every customer."),
        ),
    ),
)


class ServiceItem(Specification):
    """A statement that is rated twice, as expected and as perceived.

    Parameters
    ----------
    name : str
        Name of the item; columns of answers are found by it.
    text : str
        The statement.

    Raises
    ------
    ModelError
        If the name is empty.

    Examples
    --------
    >>> from loyaltymodel.expectation_gap import ServiceItem
    >>> ServiceItem(name="wait", text="I am served without a long wait.").name
    'wait'
    """

    name: _Name
    text: str = ""


class ServiceDimension(Specification):
    """A dimension of service quality with its items (服务质量维度).

    Parameters
    ----------
    name : str
        Name of the dimension.
    items : sequence of ServiceItem
        At least one.
    chinese : str
        The Chinese term, where there is one.

    Raises
    ------
    ModelError
        If the name is empty or there is no item.

    Examples
    --------
    >>> from loyaltymodel.expectation_gap import ServiceDimension
    >>> speed = ServiceDimension(name="speed", items=[{"name": "wait"}, {"name": "reply"}])
    >>> [item.name for item in speed.items]
    ['wait', 'reply']
    """

    name: _Name
    items: Annotated[tuple[ServiceItem, ...], Field(min_length=1)]
    chinese: str = ""


class ServiceInstrument(Specification):
    """A service-quality questionnaire: which items belong to which dimension.

    Parameters
    ----------
    dimensions : sequence of ServiceDimension
        At least one; every dimension and every item has a name of its own.

    Raises
    ------
    ModelError
        If there is no dimension, a name stands twice, or a dimension is called "unweighted" or
        "weighted", as overall scores are.

    Examples
    --------
    >>> from loyaltymodel.expectation_gap import ServiceInstrument
    >>> branch = ServiceInstrument(
    ...     dimensions=[
    ...         {"name": "speed", "items": [{"name": "wait"}, {"name": "reply"}]},
    ...         {"name": "staff", "items": [{"name": "polite"}]},
    ...     ]
    ... )
    >>> branch.items
    ('wait', 'reply', 'polite')
    """

    made_by: ClassVar[str] = "ServiceInstrument.servqual()"

    dimensions: Annotated[tuple[ServiceDimension, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _every_name_once(self) -> Self:
        if taken := [name for name in self.names if name in OVERALL]:
            raise ModelError(
                f"dimension {enumerate_names(taken)} is called as an overall score is; give it "
                "another name"
            )
        for what, names in (("dimension", self.names), ("item", self.items)):
            if twice := alike(names):
                raise ModelError(
                    f"{what} {enumerate_names(twice)} stands twice in the instrument; give each "
                    "a name of its own"
                )
        return self

    @classmethod
    def servqual(cls) -> Self:
        """Return the SERVQUAL questionnaire: 22 items in five dimensions (SERVQUAL 量表).

        Returns
        -------
        ServiceInstrument
            Tangibles (4 items, t1 to t4), reliability (5, l1 to l5), responsiveness (4, s1 to s4),
            assurance (4, a1 to a4) and empathy (5, e1 to e5).

        Notes
        -----
        Dimensions and numbers of items are those of 1988 [1]_. The texts are paraphrases to
        recognise an item by, all worded so that agreeing is good; responsiveness and empathy were
        worded the other way round there. Use the published wording in a survey that is to be
        compared with others, and reverse such answers before they are given to :func:`servqual`.

        References
        ----------
        .. [1] Parasuraman, A., Zeithaml, V. A., & Berry, L. L. (1988). SERVQUAL: a multiple-item
           scale for measuring consumer perceptions of service quality. Journal of Retailing,
           64(1), 12-40.

        Examples
        --------
        >>> from loyaltymodel.expectation_gap import ServiceInstrument
        >>> instrument = ServiceInstrument.servqual()
        >>> dict(zip(instrument.names, instrument.sizes))
        {'tangibles': 4, 'reliability': 5, 'responsiveness': 4, 'assurance': 4, 'empathy': 5}
        """
        return cls.model_validate(
            {
                "dimensions": [
                    {
                        "name": name,
                        "chinese": chinese,
                        "items": [{"name": item, "text": text} for item, text in items],
                    }
                    for name, chinese, items in _SERVQUAL
                ]
            }
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the dimensions, in order."""
        return tuple(dimension.name for dimension in self.dimensions)

    @property
    def items(self) -> tuple[str, ...]:
        """Names of all items, dimension by dimension."""
        return tuple(item.name for dimension in self.dimensions for item in dimension.items)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of items of each dimension."""
        return tuple(len(dimension.items) for dimension in self.dimensions)
