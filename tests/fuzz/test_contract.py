"""Everything public keeps its contract, whatever is given in place of one argument.

A fixed sample runs here; ``python -m tests.fuzz`` runs all of it, and one call by its key.
"""

import inspect
import resource
import tempfile

import pytest

from .calls import ROOMS, public_of, record
from .harness import verdicts
from .run import limit_memory
from .verdicts import BAD

SHARE = 0.015
WHOLE = 1  # calls of which all changes are made, shared among those of a room
# Their examples take seconds; the full pass calls them.
SLOW = {
    "jones_sasser": ("hypothesis_test", "fit_cusp"),
    "satisfaction_loyalty": ("compare_views",),
}


@pytest.fixture
def bounded_memory(tmp_path, monkeypatch):
    """As much memory as a full pass has, and a folder for what is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = limit_memory()
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.study
@pytest.mark.usefixtures("bounded_memory")
@pytest.mark.parametrize("room", ROOMS)
def test_nothing_in_silence_and_nothing_unnamed(room):
    calls, without = record(room, leave_out=SLOW.get(room, ()))
    public = public_of(room)
    functions = [n for n in without if inspect.isfunction(public.get(n.partition(".")[2]))]
    assert not functions, f"no example calls {functions}"
    found = list(verdicts(calls, share=max(SHARE, min(1.0, WHOLE / len(calls))), seconds=5))
    assert len(found) > 20
    bad = [
        f"{v.key}: {v.verdict} {v.text} {v.where}" for v in found if v.verdict in (*BAD, "broken")
    ]
    assert not bad, "\n".join(bad)
