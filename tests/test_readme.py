"""The README's examples run as they stand, one after the other, as a reader would run them."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
# A line that is only looked at, and the last number in what is said of it.
LOOKED_AT = re.compile(r"^(\w+\..*?)  # .*\b(\d+\.\d+)\b", re.MULTILINE)


def checked(example):
    """An example, and that the numbers in its comments are those that come out."""
    checks = [
        f"assert round(float({line}), {len(number.partition('.')[2])}) == {number}, {line}\n"
        for line, number in LOOKED_AT.findall(example)
    ]
    return example + "".join(checks)


def test_all_examples_are_seen_and_some_say_what_comes_out():
    assert len(EXAMPLES) == README.count("```python") >= 3
    assert sum(len(LOOKED_AT.findall(example)) for example in EXAMPLES) >= 3


# In a fresh interpreter, where nothing is imported and no option is set.
def test_the_examples_run_in_order(tmp_path):
    script = tmp_path / "examples.py"
    script.write_text("".join(map(checked, EXAMPLES)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [script.name], "nothing is left behind"


def test_the_two_set_up_commands_are_found_where_they_are_run():
    assert len(re.findall(r"^python3 -m venv ", README, re.MULTILINE)) == 2
