"""Run the contract fuzz: ``python -m tests.fuzz ROOM`` from the root of the repository.

Every public callable is called with one argument changed at a time. Processes do the work, so
that a call which never ends, takes all memory or kills its process is found and named.
"""

import argparse
import json
import os
import random
import resource
import select
import subprocess
import sys
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEMORY = 3 * 2**30
WAIT = 60  # seconds without a word, after which a process is ended
PROCESSES = 2


def plan(room, only=None, share=None):
    """Yield each working call with its name, argument by argument, and every mutation.

    ``share`` keeps a fixed part of the mutations: which, is decided by the name of each.
    """
    from .calls import record  # noqa: PLC0415  the parent process needs no library
    from .mutations import mutations_of  # noqa: PLC0415

    calls, without = record(room, only)
    yield "without", without
    for call in calls:
        for argument in call.parameters:
            for mutation in mutations_of(call, argument):
                key = f"{call.key}/{argument}/{mutation.name}"
                if share is None or zlib.crc32(key.encode()) % 10_000 < share * 10_000:
                    yield call, argument, mutation, key


def verdicts(room, *, only=None, share=None, key=None, skip=(), part=(0, 1), said=lambda word: None):
    """Yield the verdict on every mutated call of a room, or of what ``only`` names.

    Before each call, ``said`` hears its key. Calls that do not work as they are raise.
    """
    from .verdicts import Verdict, attempt, judge  # noqa: PLC0415

    usual = {}
    for found in plan(room, only, share):
        if found[0] == "without":
            for name in found[1]:
                yield Verdict(f"{name}//", "without")
            continue
        call, argument, mutation, name = found
        if (key is not None and name != key) or name in skip:
            continue
        if zlib.crc32(call.name.encode()) % part[1] != part[0]:
            continue
        if call.key not in usual:
            said(f"{call.key}//unchanged")
            usual[call.key] = attempt(call.with_arguments())
            again = attempt(call.with_arguments())
            outcome = usual[call.key]
            from .verdicts import differs  # noqa: PLC0415

            if outcome.error is not None or differs(outcome.answer, again.answer):
                text = repr(outcome.error) if outcome.error else "two answers differ"
                yield Verdict(f"{call.key}//unchanged", "broken", text)
        if usual[call.key].error is not None:
            continue
        said(name)
        try:
            verdict = judge(call, argument, mutation, usual[call.key])
        except Exception as error:  # noqa: BLE001  a fault of the harness ends no room
            verdict = Verdict(name, "broken", f"{error!r}", f"{traceback.extract_tb(error.__traceback__)[-1]}")
        if verdict is not None:
            yield verdict


def work(options):
    """Judge a part of a room, as a process of its own, and say everything as lines of JSON."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a call prints is not heard

    def say(**word):
        out.write(json.dumps(word) + "\n")
        out.flush()

    from . import mutations, verdicts as _verdicts  # noqa: F401, PLC0415  loaded before the limit

    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    part = tuple(map(int, options.part.split("/")))
    skip = set(Path(options.skip).read_text().splitlines()) if options.skip else ()
    for verdict in verdicts(
        options.room,
        only=options.only,
        share=options.share,
        key=options.key,
        skip=skip,
        part=part,
        said=lambda key: say(begin=key),
    ):
        say(key=verdict.key, verdict=verdict.verdict, text=verdict.text, where=verdict.where)
    say(end=True)


def watch(jobs, options, folder):
    """Run jobs, each a part of a room, in a few processes; yield verdicts as dictionaries."""
    waiting, running = list(jobs), []
    while waiting or running:
        while waiting and len(running) < PROCESSES:
            running.append(Worker(waiting.pop(0), options, folder))
        ready, _, _ = select.select([w.process.stdout for w in running], [], [], 1.0)
        for worker in list(running):
            yield from worker.hear(worker.process.stdout in ready)
            if worker.finished:
                running.remove(worker)
    return


class Worker:
    """A process that judges a part of a room, started anew after a call that it did not survive."""

    def __init__(self, job, options, folder):
        self.job, self.options = job, options
        self.done = Path(folder) / f"{job[0]}-{job[1]}"
        self.done.write_text("")
        self.finished = False
        self.start()

    def start(self):
        room, part, parts = self.job
        command = [sys.executable, "-m", "tests.fuzz", room, "--worker", f"--part={part}/{parts}"]
        command.append(f"--skip={self.done}")
        for name in ("only", "share", "key"):
            if (value := getattr(self.options, name)) is not None:
                command.append(f"--{name}={value}")
        environment = os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        self.rest, self.current, self.last = b"", "start", time.monotonic()
        self.started = False

    def hear(self, ready):
        if ready:
            data = self.process.stdout.read() or b""
            *lines, self.rest = (self.rest + data).split(b"\n")
            for line in lines:
                self.last = time.monotonic()
                word = json.loads(line)
                if "begin" in word:
                    self.current, self.started = word["begin"], True
                elif "end" in word:
                    self.process.wait()
                    self.finished = True
                else:
                    with self.done.open("a") as file:
                        file.write(word["key"] + "\n")
                    yield word
            if data or self.finished:
                return
        silent = time.monotonic() - self.last
        if self.process.poll() is None and silent < WAIT + 120 * (not self.started):
            return
        code = self.process.poll()
        self.process.kill()
        self.process.wait()
        verdict = "hang" if code is None else "died"
        yield {"key": self.current, "verdict": verdict, "text": f"exit {code}:", "where": ""}
        if not self.started:
            self.finished = True
            return
        with self.done.open("a") as file:
            file.write(self.current + "\n")
        self.start()


def show(found, verbose, out):
    """Print how many there are of each verdict, and each mechanism with an example."""
    counts = Counter(v["verdict"] for v in found)
    total = sum(counts[v] for v in counts if v not in ("without", "broken"))
    print(f"{total} calls: " + ", ".join(f"{n} {v}" for v, n in counts.most_common()), file=out)
    from .verdicts import Verdict  # noqa: PLC0415

    groups = {}
    for word in found:
        if word["verdict"] in ("named", "same", "value"):
            continue
        groups.setdefault(Verdict(**word).mechanism, []).append(word)
    for (verdict, kind, where), words in sorted(groups.items(), key=lambda g: (g[0][0], -len(g[1]))):
        print(f"{verdict} {len(words)}x {kind} {where}", file=out)
        for word in words if verbose or verdict in ("broken", "without") else words[:1]:
            print(f"    {word['key']}  {word['text']} [{word['where']}]", file=out)
        if not verbose and verdict != "without":
            if verdict == "silent":
                print("      " + ", ".join(w["key"].split("/")[2] for w in words), file=out)
                continue
            names = list(dict.fromkeys("/".join(w["key"].split("/")[:2]) for w in words))
            if len(names) > 1:
                print("      " + ", ".join(names[:8]), file=out)


def main(arguments=None):
    """Read the command line."""
    import tempfile  # noqa: PLC0415

    from .calls import ROOMS  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("room", nargs="*", help="rooms; all of them without any")
    parser.add_argument("--only", help="a function, a class, or a method such as Class.method")
    parser.add_argument("--key", help="one call by its key, room.function/argument/mutation")
    parser.add_argument("--share", type=float, help="a fixed part of the mutations, such as 0.1")
    parser.add_argument("--verbose", action="store_true", help="every call with a problem")
    parser.add_argument("--json", help="write every verdict to a file, a line each")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--part", default="0/1", help=argparse.SUPPRESS)
    parser.add_argument("--skip", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        options.room = options.room[0]
        work(options)
        return
    if options.key and not options.room:
        options.room = [options.key.partition(".")[0]]
    if options.key and not options.only:
        options.only = options.key.partition("/")[0].partition(".")[2].partition("#")[0]
    parts = 1 if options.only else PROCESSES
    for room in options.room or ROOMS:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = list(watch([(room, k, parts) for k in range(parts)], options, folder))
        seen = set()
        found = [w for w in found if not (w["key"] in seen or seen.add(w["key"]))]
        print(f"== {room}, {time.monotonic() - start:.0f} s")
        show(found, options.verbose, sys.stdout)
        if options.json:
            with Path(options.json).open("a") as file:
                file.writelines(json.dumps(w) + "\n" for w in found)
