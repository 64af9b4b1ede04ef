"""Calls typed from memory, by readers who had seen a sister of each function: most of them run."""

import runpy
import warnings
from functools import partial
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DATA = TESTS.parent / "docs" / "examples" / "jobs.py"
AT_LEAST = 18  # of twenty
# The lines stay as they were typed; what has another place since is called there.
MOVED = {
    "lm.jones_sasser.association(": "lm.satisfaction_loyalty.association(",
    "lm.jones_sasser.partial_determination(": "lm.satisfaction_loyalty.partial_determination(",
    "lm.loyalty_stage.programme_effect(": "lm.economics.programme_effect(",
    "lm.loyalty_stage.dick_basu(": 'partial(lm.loyalty_stage.loyalty_types, matrix="dick_basu")(',
    "lm.expectation_gap.servqual_instrument()": "lm.expectation_gap.ServiceInstrument.servqual()",
}


@pytest.mark.parametrize("reader", [2, 3])
def test_guesses_run(reader):
    names, failed = runpy.run_path(str(DATA)) | {"partial": partial}, {}
    lines = (TESTS / "record" / f"guesses_{reader}.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 20
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning is no failure of a guess
        for job, line in enumerate(lines, start=1):
            for old, new in MOVED.items():
                line = line.replace(old, new)  # noqa: PLW2901
            try:
                names[f"r{job}"] = eval(line, names)  # noqa: S307  committed here, unedited
            except Exception as error:
                failed[job] = f"{line}: {error}"
    assert len(lines) - len(failed) >= AT_LEAST, failed
