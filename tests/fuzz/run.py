"""Call everything public of a room with one argument changed at a time, and say what is wrong.

The work is done by processes, so that a call which never ends, takes all memory or kills its
process is found and named. Every call has a key, room.function/argument/mutation.
"""

import argparse
import contextlib
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).parents[2]
MEMORY = 3 * 2**30  # more than a process needs when it starts
WAIT = 60  # seconds without a word, after which a process is ended
START = 240  # and before its first word, while examples run
PROCESSES = 2

Word = dict[str, Any]
Job = tuple[str, int, int]  # a room, and which part of how many


def work(options: argparse.Namespace) -> None:
    """Judge a part of a room, and say everything as lines of JSON."""
    from .calls import record  # noqa: PLC0415  only the workers need the library
    from .harness import part_of, verdicts  # noqa: PLC0415

    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a call prints is not heard

    def say(**word: object) -> None:
        out.write(json.dumps(word) + "\n")
        out.flush()

    room, (part, parts) = options.room[0], map(int, options.part.split("/"))
    calls, without = record(room, options.only)
    calls = [call for call in calls if part_of(call.name, parts) == part]
    limit_memory()
    for name in without if part == 0 else ():
        say(key=f"{name}//", verdict="without", text="", where="")
    skip = set(Path(options.skip).read_text().splitlines())
    found = verdicts(
        calls, share=options.share, key=options.key, skip=skip, said=lambda key: say(begin=key)
    )
    for v in found:
        say(key=v.key, verdict=v.verdict, text=v.text, where=v.where)
    say(end=True)


def limit_memory() -> tuple[int, int]:
    """Let this process take a little more than it has; return the limits that it had."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, before[1]))
    return before


class Worker:
    """A process that judges a part of a room, started anew after a call it did not survive."""

    def __init__(self, job: Job, options: argparse.Namespace, folder: str) -> None:
        self.job, self.options = job, options
        self.skip = Path(folder) / f"{job[0]}-{job[1]}"
        self.skip.write_text("")
        self.finished = False
        self.start()

    def start(self) -> None:
        """Start a process that skips what was judged."""
        room, part, parts = self.job
        command = [sys.executable, "-m", "tests.fuzz", room, "--worker", f"--part={part}/{parts}"]
        command += [f"--skip={self.skip}", f"--share={self.options.share}"]
        command += [f"--only={self.options.only}"] if self.options.only else []
        command += [f"--key={self.options.key}"] if self.options.key else []
        one = {f"{n}_NUM_THREADS": "1" for n in ("OMP", "OPENBLAS")} | {"POLARS_MAX_THREADS": "1"}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | one | {"MPLBACKEND": "Agg", "PYTHONHASHSEED": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.pipe = self.process.stdout
        os.set_blocking(self.pipe.fileno(), False)
        self.rest, self.current, self.heard = b"", "", time.monotonic()

    def hear(self) -> Iterator[Word]:
        """Yield the verdicts that have come, and one on the call that ended the process."""
        while data := self.pipe.read():
            *lines, self.rest = (self.rest + data).split(b"\n")
            self.heard = time.monotonic()
            for word in map(json.loads, lines):
                self.current = word.get("begin", self.current)
                self.finished = self.finished or "end" in word
                if "verdict" in word:
                    self._note(word["key"])
                    yield word
        silent = time.monotonic() - self.heard
        code = self.process.poll()
        if self.finished or (code is None and silent < (WAIT if self.current else START)):
            return
        self.process.kill()
        self.process.wait()
        key, verdict = self.current or f"{self.job[0]}//start", "hang" if code is None else "died"
        yield {"key": key, "verdict": verdict, "text": f"exit {code}:", "where": ""}
        if self.current.endswith("//unchanged") or not self.current:
            self.finished = True
            return
        self._note(self.current)
        self.start()

    def _note(self, key: str) -> None:
        with self.skip.open("a") as file:
            file.write(f"{key}\n")


def watch(rooms: Iterable[str], options: argparse.Namespace) -> Iterator[tuple[str, Word]]:
    """Judge rooms, each in as many parts as there are processes; yield each room and verdict."""
    parts = 1 if options.only else PROCESSES
    waiting = [(room, part, parts) for room in rooms for part in range(parts)]
    running: list[Worker] = []
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < PROCESSES:
                running.append(Worker(waiting.pop(0), options, folder))
            select.select([worker.pipe for worker in running], [], [], 1.0)
            for worker in list(running):
                for word in worker.hear():
                    yield worker.job[0], word
                if worker.finished:
                    worker.process.wait()
                    running.remove(worker)


def counted(found: Collection[Word]) -> str:
    """Say how many calls there were, and of each verdict."""
    counts = Counter(word["verdict"] for word in found)
    total = sum(n for verdict, n in counts.items() if verdict not in ("without", "broken"))
    return f"{total} calls: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())


def show(found: Collection[Word], *, verbose: bool, out: TextIO) -> None:
    """Print how many there are of each verdict, and each mechanism with an example."""
    print(counted(found), file=out)
    groups: dict[tuple[str, ...], list[Word]] = {}
    for word in found:
        if word["verdict"] not in ("named", "same", "value"):
            groups.setdefault(mechanism(word), []).append(word)
    for group, words in sorted(groups.items(), key=lambda g: (g[0][0], -len(g[1]))):
        print(f"{group[0]} {len(words)}x {' '.join(group[1:])}", file=out)
        for word in words if verbose or group[0] in ("broken", "without") else words[:1]:
            print(f"    {word['key']}  {word['text']} [{word['where']}]", file=out)
        if group[0] == "silent":
            print("      " + ", ".join(w["key"].split("/")[2] for w in words), file=out)
        elif len(words) > 1 and group[0] != "without":
            places = dict.fromkeys(w["key"].rpartition("/")[0] for w in words)
            print("      " + ", ".join(list(places)[:8]), file=out)


def mechanism(word: Word) -> tuple[str, ...]:
    """What calls with one cause share: the line, or for answers the argument."""
    if word["verdict"] == "silent":
        return ("silent", word["key"].rpartition("/")[0])
    return (word["verdict"], word["text"].partition(":")[0], word["where"])


def main(arguments: list[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("room", nargs="*", help="rooms; all of them without any")
    parser.add_argument("--only", help="a function, a class, or a method such as Class.method")
    parser.add_argument("--key", help="one call by its key, room.function/argument/mutation")
    parser.add_argument("--share", type=float, default=1.0, help="a fixed part of the mutations")
    parser.add_argument("--verbose", action="store_true", help="every call with a problem")
    parser.add_argument("--folder", help="write what is found to inventory_ROOM.txt in a folder")
    parser.add_argument("--json", help="add every verdict to a file, a line each")
    for hidden in ("--part", "--skip"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        work(options)
        return
    if options.key:
        room, _, name = options.key.partition("/")[0].partition(".")
        options.room, options.only = [room], name.partition("#")[0]
    from .calls import ROOMS  # noqa: PLC0415  reads the library

    for room in options.room or ROOMS:
        start = time.monotonic()
        found = [word for _, word in watch([room], options)]
        with contextlib.ExitStack() as stack:
            out = sys.stdout
            if options.folder:
                path = Path(options.folder, f"inventory_{room}.txt")
                out = stack.enter_context(path.open("w"))
            print(f"== {room}, {time.monotonic() - start:.0f} s", file=out)
            show(found, verbose=options.verbose, out=out)
        if options.json:
            with Path(options.json).open("a") as file:
                file.writelines(json.dumps(word) + "\n" for word in found)
