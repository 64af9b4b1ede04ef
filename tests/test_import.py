"""What ``import loyaltymodel`` costs and leaves behind."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

import loyaltymodel


def run(code):
    """Run code in a fresh interpreter; return what it prints, read as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


def test_the_import_loads_nothing_heavy():
    loaded = run("import json, sys, loyaltymodel; print(json.dumps(sorted(sys.modules)))")
    for heavy in ("matplotlib", "statsmodels", "scipy.stats", "pydantic", "pandas"):
        assert heavy not in loaded, heavy


def test_estimating_loads_no_statistics_and_no_pictures():
    code = """
import json, sys
import loyaltymodel as lm
model = lm.structural.ecsi(lm.datasets.mobile_phone_items())
lm.structural.fit(model, lm.datasets.mobile_phone_moments(), scale=(1, 10)).checks()
print(json.dumps(sorted(sys.modules)))
"""
    loaded = run(code)
    for heavy in ("matplotlib", "statsmodels", "scipy.stats", "seminr"):
        assert heavy not in loaded, heavy


# The whole package, and the theories with the most modules.
@pytest.mark.parametrize(
    "what",
    [
        "loyaltymodel",
        *(f"loyaltymodel.{n}" for n in ("structural", "jones_sasser", "loyalty_stage")),
    ],
)
def test_the_import_takes_at_most_twice_numpy_and_pandas(what):
    # Both in one process and in its own processor time, so that what else the machine does
    # meets the two alike; the least of three, because it can only add.
    code = f"""
import json, time
start = time.process_time()
import numpy, pandas
base = time.process_time()
import {what}
print(json.dumps([base - start, time.process_time() - base]))
"""
    base, more = (min(times) for times in zip(*(run(code) for _ in range(3)), strict=True))
    assert base + more <= 2 * base, (base, more)


def test_the_import_changes_no_global_state():
    code = """
import json, locale, os, random, warnings
import numpy as np
import pandas as pd
import scipy.special  # SciPy itself adds a filter to the warnings

def state():
    return [
        repr(warnings.filters), repr(np.geterr()), repr(np.get_printoptions()),
        repr(random.getstate()), repr(np.random.get_state()), repr(locale.setlocale(locale.LC_ALL)),
        repr(sorted(os.environ.items())), repr(pd.get_option("display.max_rows")), os.getcwd(),
    ]

before = state()
import loyaltymodel.structural, loyaltymodel.datasets
loyaltymodel.structural.fit(
    loyaltymodel.structural.ecsi(loyaltymodel.datasets.mobile_phone_items()),
    loyaltymodel.datasets.mobile_phone_moments(),
)
print(json.dumps([a == b for a, b in zip(before, state(), strict=True)]))
"""
    assert all(run(code))


def test_sub_packages_are_seen_before_they_are_loaded():
    seen = run("import json, loyaltymodel; print(json.dumps(dir(loyaltymodel)))")
    assert {"structural", "datasets", "errors"} <= set(seen)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'structual'"):
        _ = loyaltymodel.structual


def test_the_version_is_stated_once():
    assert loyaltymodel.__version__ == version("loyaltymodel")
