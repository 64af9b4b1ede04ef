"""Estimates against cSEM and seminr on the mobile-phone survey: every mode, every scheme."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets, structural
from loyaltymodel.errors import ImproperSolutionWarning

from tolerances import REFERENCE

FILES = {"ecsi": "mobi_ecsi.json", "acsi": "mobi_acsi.json"}
PRESETS = {"ecsi": structural.ecsi, "acsi": structural.acsi}
SCHEMES = ["path", "factorial", "centroid"]
CASES = [(m, k, s) for m in FILES for k in ("A", "B", "C") for s in SCHEMES]
# The reference has no output of seminr for the centroid scheme.
WITH_SEMINR = pytest.mark.parametrize(
    "case", [case for case in CASES if case[2] != "centroid"], ids="/".join, indirect=True
)


@pytest.fixture(scope="module")
def reference():
    folder = Path(__file__).parents[1] / "reference"
    return {
        model: json.loads((folder / name).read_text(encoding="utf-8"))["results"]
        for model, name in FILES.items()
    }


@pytest.fixture(scope="module", params=["rows", "moments"])
def survey(request):
    if request.param == "rows":
        return datasets.load_mobile_phones()
    return datasets.mobile_phone_moments()


@pytest.fixture(scope="module", params=CASES, ids="/".join)
def case(request, reference, survey):
    """A result and the other programs' numbers for it."""
    preset, kind, scheme = request.param
    model = PRESETS[preset](datasets.mobile_phone_items(), mode="B" if kind == "B" else "A")
    options = {"scheme": scheme, "consistent": kind == "C", "scale": (1, 10)}
    if kind == "C" and preset == "ecsi":
        with pytest.warns(ImproperSolutionWarning, match="not positive semidefinite"):
            result = structural.fit(model, survey, **options)
    else:
        result = structural.fit(model, survey, **options)
    return result, reference[preset][f"{kind}/{scheme}"]


def by_pair(rows):
    return {(source.lower(), target.lower()): value for source, target, value in rows}


def pairs_of(table, value):
    return {(row[0], row[1]): getattr(row, value) for row in table.itertuples(index=False)}


def unordered(pairs):
    return {tuple(sorted(pair)): value for pair, value in pairs.items()}


def by_item(blocks):
    return {item: value for block in blocks.values() for item, value in block.items()}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    apart = {key: abs(ours[key] - theirs[key]) for key in theirs}
    worst = max(apart, key=apart.get)
    assert apart[worst] < REFERENCE, (worst, ours[worst], theirs[worst])


def test_paths(case):
    result, expected = case
    assert_same(pairs_of(result.paths, "estimate"), by_pair(expected["paths"]))


def test_weights(case):
    result, expected = case
    assert_same(
        dict(zip(result.weights["item"], result.weights["estimate"], strict=True)),
        by_item(expected["weights"]),
    )


def test_loadings(case):
    result, expected = case
    assert_same(
        dict(zip(result.loadings["item"], result.loadings["estimate"], strict=True)),
        by_item(expected["loadings"]),
    )


@pytest.mark.parametrize("name", ["r_squared", "r_squared_adjusted"])
def test_explained_variance(case, name):
    result, expected = case
    assert_same(
        result.constructs[name].dropna().to_dict(),
        {k.lower(): v for k, v in expected[name].items()},
    )


def test_construct_correlations(case):
    result, expected = case
    theirs = pd.DataFrame(expected["construct_correlations"]).rename(
        index=str.lower, columns=str.lower
    )
    ours = result.construct_correlations.loc[theirs.index, theirs.columns]
    np.testing.assert_allclose(ours, theirs, atol=REFERENCE, rtol=0)


def test_total_effects(case):
    result, expected = case
    assert_same(pairs_of(result.total_effects, "estimate"), by_pair(expected["total_effects"]))


def test_indirect_effects_are_total_less_direct(case):
    result, expected = case
    direct, total = by_pair(expected["paths"]), by_pair(expected["total_effects"])
    ours = pairs_of(result.indirect_effects, "estimate")
    assert_same(ours, {pair: total[pair] - direct.get(pair, 0.0) for pair in ours})
    rest = set(total) - set(ours)
    assert all(abs(total[pair] - direct[pair]) < REFERENCE for pair in rest)


def test_alpha(case):
    result, expected = case
    theirs = {k.lower(): 1.0 if v is None else v for k, v in expected["rho_t_alpha"].items()}
    assert_same(result.constructs["alpha"].to_dict(), theirs)


@pytest.mark.parametrize("name", ["rho_c", "ave"])
def test_reliability_from_loadings(case, name):
    result, expected = case
    theirs = {k.lower(): v for k, v in expected[name].items()}
    assert_same(result.constructs[name].to_dict(), theirs)


@WITH_SEMINR
def test_rho_a_of_seminr(case):
    result, expected = case
    theirs = {k.lower(): v["rhoA"] for k, v in expected["seminr_reliability"].items()}
    assert_same(result.constructs["rho_a"].to_dict(), theirs)


def test_htmt_signed(case):
    result, expected = case
    ours = unordered(pairs_of(result.htmt, "htmt_signed"))
    assert_same(ours, unordered(by_pair(expected["htmt"])))


@WITH_SEMINR
def test_htmt_of_absolute_correlations(case):
    result, expected = case
    ours = unordered(pairs_of(result.htmt, "estimate"))
    assert_same(ours, unordered(by_pair(expected["seminr_htmt_mean_abs"])))


def test_vif_of_drivers(case):
    result, expected = case
    ours = pairs_of(result.vif, "vif")
    theirs = {
        (source.lower(), target.lower()): value
        for target, sources in expected["vif_antecedents"].items()
        for source, value in sources.items()
    }
    # Targets with a single driver are not in the reference; their VIF is 1 by definition.
    single = ours.keys() - theirs.keys()
    assert all(ours[pair] == 1.0 for pair in single)
    assert_same({pair: ours[pair] for pair in theirs}, theirs)


def test_f_squared(case):
    result, expected = case
    assert_same(pairs_of(result.f_squared, "f_squared"), by_pair(expected["f_squared"]))


def test_fit_measures(case):
    result, expected = case
    found = result.fit_measures()
    theirs = expected["fit"]
    for name, model, key in [
        ("srmr", "estimated", "srmr"),
        ("d_uls", "estimated", "d_uls"),
        ("nfi", "estimated", "nfi"),
        ("srmr", "saturated", "srmr_saturated"),
        ("d_uls", "saturated", "d_uls_saturated"),
    ]:
        assert found.loc[name, model] == pytest.approx(theirs[key], abs=REFERENCE), (name, model)
    # The reference takes logarithms to base 10.
    d_g = found.loc["d_g", "estimated"] / np.log(10) ** 2
    assert d_g == pytest.approx(theirs["d_g_log10"], abs=REFERENCE)


def test_index_of_satisfaction(survey):
    model = structural.ecsi(datasets.mobile_phone_items())
    result = structural.fit(model, survey, scale=(1, 10))
    # The published definition, computed once from the weights of cSEM; ten digits are given.
    assert result.constructs["index"]["satisfaction"] == pytest.approx(72.4541179309, abs=1e-9)


def test_index_from_the_reference_weights(case):
    result, expected = case
    moments = datasets.mobile_phone_moments()
    for construct in result.model.constructs:
        weights = expected["weights"][construct.name.capitalize()]
        part = moments.select(construct.items)
        v = np.array([weights[i] for i in construct.items]) / np.sqrt(np.diag(part.covariance))
        by_hand = 100 * (v @ (part.means - 1)) / (9 * v.sum())
        assert result.constructs["index"][construct.name] == pytest.approx(by_hand, abs=1e-6)


def test_plsc_of_the_ecsi_is_called_improper():
    model = structural.ecsi(datasets.mobile_phone_items())
    with pytest.warns(ImproperSolutionWarning):
        result = structural.fit(model, datasets.mobile_phone_moments(), consistent=True)
    failed = {check.name for check in result.checks() if not check.passed}
    assert "correlations_consistent" in failed
    lowest = np.linalg.eigvalsh(result.construct_correlations)[0]
    assert lowest < 0
