"""Calls typed from memory, by readers who had seen a sister of each function: most of them run."""

import runpy
import warnings
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DATA = TESTS.parent / "docs" / "examples" / "jobs.py"
AT_LEAST = 18  # of twenty


@pytest.mark.parametrize("reader", [2, 3])
def test_guesses_run(reader):
    names, failed = runpy.run_path(str(DATA)), {}
    lines = (TESTS / "record" / f"guesses_{reader}.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 20
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning is no failure of a guess
        for job, line in enumerate(lines, start=1):
            try:
                names[f"r{job}"] = eval(line, names)  # noqa: S307  committed here, unedited
            except Exception as error:
                failed[job] = f"{line}: {error}"
    assert len(lines) - len(failed) >= AT_LEAST, failed
