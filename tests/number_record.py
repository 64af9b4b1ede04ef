"""The numbers that the library's examples and reference tests show, apart from every name.

A line is what one docstring, page or comparison shows, so a renaming leaves the files as they are
and a change of behaviour does not. ``python tests/number_record.py`` writes them anew, and with
paths only the examples of these files; the commit says which numbers moved, and why.
"""

from __future__ import annotations

import ast
import doctest
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "tests" / "record" / "examples.txt"
COMPARISONS = ROOT / "tests" / "record" / "comparisons.txt"
RECORDING = "LOYALTYMODEL_RECORD"  # in the environment: the file to which comparisons are added

# Modules that hold numbers against other programs, found by the folder that they read.
READS_REFERENCE = '"reference"'
DIGITS = 8  # of what is recorded
# Searches end elsewhere within their tolerance under other versions of NumPy and SciPy. The record
# is to show that something else is computed; how close is close enough, the tests say.
NEAR = 1e-3

_ROW_NUMBER = re.compile(r"^ *\d+ {2,}")  # of a table as pandas prints it
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:,\d{3})*(?:\.\d*)?(?:e[-+]?\d+)?(?![\w])|\bnan\b")
_PARSER = doctest.DocTestParser()


def _pages() -> list[Path]:
    """Return the pages that are written by hand and have examples."""
    return [p for p in (ROOT / "docs").rglob("*.md") if not {"api", "vocabulary"} & set(p.parts)]


def numbers_in(text: str) -> str:
    """Return the numbers that the examples of a text show, sorted, in one line."""
    found = []
    for example in _PARSER.get_examples(text):
        for line in example.want.splitlines():
            found += _NUMBER.findall(_ROW_NUMBER.sub("", line))
    return " ".join(sorted(found, key=_order))


def _order(number: str) -> tuple[bool, float, str]:
    return number == "nan", 0.0 if number == "nan" else float(number.replace(",", "")), number


def _lines_of(path: str, text: str) -> list[str]:
    """Return the lines of a file: one a docstring, or one for a page."""
    if path.endswith(".md"):
        parts = [text.replace("```", "")]
    else:
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
        parts = [doc for node in nodes if (doc := ast.get_docstring(node))]
    return [line for part in parts if (line := numbers_in(part))]


def examples() -> list[tuple[str, str]]:
    """Return the lines of all examples, and where each stands."""
    paths = [*(ROOT / "src").rglob("*.py"), *_pages(), ROOT / "README.md"]
    found = []
    for path in sorted(paths):
        place = path.relative_to(ROOT).as_posix()
        found += [(line, place) for line in _lines_of(place, path.read_text(encoding="utf-8"))]
    return sorted(found)


def fingerprint(values: object) -> str:
    """Return the size, mean and root mean square of numbers, whatever their order and names."""
    array = np.asarray(values, dtype=np.float64).ravel()
    array = array[np.isfinite(array)]
    if not len(array):
        return "0"
    mean, square = array.mean(), np.sqrt((array**2).mean())
    return f"{len(array)} {mean:.{DIGITS - 1}e} {square:.{DIGITS - 1}e}"


def near(one: str, other: str) -> bool:
    """Tell whether two fingerprints are the same but for what versions of libraries change."""
    first, second = (np.array(line.split(), dtype=np.float64) for line in (one, other))
    if len(first) != len(second) or first[0] != second[0]:
        return False
    # Relative to the size of the values: a mean near 0 has no digits of its own.
    return bool((np.abs(first - second)[1:] <= NEAR * (first[-1] + 1e-12)).all())


def differences() -> list[str]:
    """Return what the examples show that is not in the record, and the reverse."""
    recorded = Counter(EXAMPLES.read_text(encoding="utf-8").splitlines())
    now = examples()
    new = Counter(line for line, _ in now) - recorded
    gone = recorded - Counter(line for line, _ in now)
    places = dict(now)
    return [f"new in {places[line]}: {line}" for line in sorted(new.elements())] + [
        f"gone: {line}" for line in sorted(gone.elements())
    ]


@pytest.fixture(autouse=True)
def comparisons_are_those_recorded(request, monkeypatch):
    """In tests against other programs: every number compared is in the record.

    A number that is not fails the test, though it be within the tolerance.
    """
    drawn = hasattr(request.function, "hypothesis")  # other numbers every time
    if drawn or READS_REFERENCE not in Path(request.module.__file__).read_text(encoding="utf-8"):
        yield
        return
    seen = set()
    compare = np.testing.assert_allclose

    def compare_and_keep(actual, desired, *args, **kwargs):
        compare(actual, desired, *args, **kwargs)
        if np.any(np.asarray(desired)):  # what should be 0 is rounding, which has no digits
            seen.add(fingerprint(actual))

    monkeypatch.setattr(np.testing, "assert_allclose", compare_and_keep)
    yield
    if target := os.environ.get(RECORDING):
        with Path(target).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in sorted(seen))
        return
    recorded = _recorded_by_size()
    new = [line for line in sorted(seen) if not any(near(line, r) for r in recorded[size_of(line)])]
    assert not new, f"compared, but not in {COMPARISONS.name} (size, mean, root mean square): {new}"


def size_of(line: str) -> str:
    """Return the size in a fingerprint."""
    return line.split(maxsplit=1)[0]


@cache
def _recorded_by_size() -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in COMPARISONS.read_text(encoding="utf-8").splitlines():
        found[size_of(line)].append(line)
    return found


def update(paths: list[str]) -> None:
    """Put the examples of some files in the record in place of those committed."""
    record = Counter(EXAMPLES.read_text(encoding="utf-8").splitlines())
    now = examples()
    for given in paths:
        listed = ["git", "ls-tree", "-r", "--name-only", "HEAD", given]
        for path in _output(listed).splitlines():
            if path.endswith((".py", ".md")):
                record -= Counter(_lines_of(path, _output(["git", "show", f"HEAD:{path}"])))
        record += Counter(line for line, place in now if place.startswith(given.rstrip("/")))
    EXAMPLES.write_text("".join(f"{line}\n" for line in sorted(record.elements())), "utf-8")


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout


def main() -> None:
    """Write both records anew."""
    if len(sys.argv) > 1:
        update(sys.argv[1:])
        return
    EXAMPLES.write_text("".join(f"{line}\n" for line, _ in examples()), encoding="utf-8")
    modules = [
        str(path)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if READS_REFERENCE in path.read_text(encoding="utf-8")
    ]
    COMPARISONS.write_text("", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--no-cov", *modules]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, RECORDING: str(COMPARISONS)})
    lines = sorted(set(COMPARISONS.read_text(encoding="utf-8").splitlines()))
    COMPARISONS.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
