"""`make mutants`: break one line at a time, and see whether a test that reaches it fails.

The mutants and what became of them are in `mutants.json`. A first run takes them by a seed; later
runs take the same ones again, so that a suite that was made shorter shows what it no longer sees.
All work is done in copies under `.mutants/`. An interrupted run is taken up again, as long as
neither the program nor the tests have changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from benchmarks.mutants.mutate import Mutant, Place, mutated, places
from benchmarks.mutants.reach import Reach, measure, measured

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".mutants"
LIST = Path(__file__).with_name("mutants.json")

# How many of each room: the more, the more an error costs the guild.
QUOTAS = {"domain": 40, "ledger": 50, "sync": 40, "auth": 25, "turso": 25, "tracker": 20}
SEED = 2026

# The first tests run in one process, which starts sooner: most mutants die there.
_QUICK_TESTS = 60
_QUICK_SECONDS = 15.0

# Given instead of a failed test's name if the tests took too long, or did not start.
_TIME, _START = "time", "start"


def main() -> int:
    """Run the mutants that have no result yet; return 1 if one that was killed lives now."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time, 2 by default")
    parser.add_argument("--accept", action="store_true", help="write the results into the list")
    parser.add_argument("--only", default="", metavar="TEXT", help="files whose path has the text")
    arguments = parser.parse_args()
    names = _names()
    copies = [_copy(number, names) for number in range(arguments.jobs)]
    folder = WORK / _fingerprint(names)
    reach = measured(folder)
    if reach is None:
        measure(copies[0], folder, workers=2 * (os.cpu_count() or 1))
        reach = measured(folder)
        assert reach is not None, "the suite ran"
    listed = _listed(copies[0])
    chosen = [entry for entry in listed if arguments.only in str(entry["file"])]
    run = _Run(reach, chosen, folder / "results.jsonl")
    run.all(copies)
    if arguments.accept:
        LIST.write_text(as_text(run.with_results(listed)), "utf-8")
    return run.report()


def as_text(entries: list[dict[str, object]]) -> str:
    """Return JSON with a mutant a line."""
    lines = (json.dumps(entry, ensure_ascii=False) for entry in entries)
    return "[\n" + ",\n".join(lines) + "\n]\n"


class _Run:
    """The results of this run, each of them on disk as soon as it is known."""

    def __init__(self, reach: Reach, listed: list[dict[str, object]], file: Path) -> None:
        self._reach = reach
        self._listed = listed
        self._file = file
        self._lock = Lock()
        self._results: dict[Mutant, dict[str, object]] = {}
        if self._file.exists():
            for line in self._file.read_text("utf-8").splitlines():
                entry = json.loads(line)
                self._results[_mutant(entry)] = entry

    def all(self, copies: list[Path]) -> None:
        waiting = [each for each in self._listed if _mutant(each) not in self._results]

        def work(copy: Path) -> None:
            while True:
                with self._lock:
                    if not waiting:
                        return
                    entry = waiting.pop(0)
                mutant, killer = _mutant(entry), entry.get("by")
                self._keep(mutant, _result(copy, mutant, self._reach, str(killer)))

        with ThreadPoolExecutor(len(copies)) as threads:
            for future in [threads.submit(work, copy) for copy in copies]:
                future.result()

    def _keep(self, mutant: Mutant, result: dict[str, object]) -> None:
        entry = asdict(mutant) | result
        with self._lock:
            self._results[mutant] = entry
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            done = f"{len(self._results)}/{len(self._listed)}"
        where = f"{mutant.file}:{mutant.line} {mutant.function}"
        print(
            f"{done} {entry['result']}: {where}: {mutant.was!r} -> {mutant.becomes!r}", flush=True
        )

    def with_results(self, listed: list[dict[str, object]]) -> list[dict[str, object]]:
        """Return the list with what is known, but for the seconds, which differ each time."""
        known = [entry | self._results.get(_mutant(entry), {}) for entry in listed]
        return [{name: entry[name] for name in entry if name != "took"} for entry in known]

    def report(self) -> int:
        counts = Counter(entry["result"] for entry in self.with_results(self._listed))
        print(", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
        lost = [
            entry
            for entry in self._listed
            if entry.get("result") == "killed"
            and self._results[_mutant(entry)]["result"] not in ("killed", "gone")
        ]
        for entry in lost:
            print(f"lost: {entry['file']}:{entry['line']} {entry['was']!r} -> {entry['becomes']!r}")
        return 1 if lost else 0


def _mutant(entry: dict[str, object]) -> Mutant:
    return Mutant(**{name: entry[name] for name in Mutant.__dataclass_fields__})  # type: ignore[arg-type]


def _listed(copy: Path) -> list[dict[str, object]]:
    """Return the mutants of the list; take them by the seed if there is no list."""
    if not LIST.exists():
        chosen = [mutant for room in QUOTAS for mutant in _chosen(copy, room)]
        LIST.write_text(as_text([asdict(mutant) for mutant in chosen]), "utf-8")
    entries: list[dict[str, object]] = json.loads(LIST.read_text("utf-8"))
    return entries


def _chosen(copy: Path, room: str) -> list[Mutant]:
    """Take a room's mutants, at most one in a line."""
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for path in sorted((copy / "tracker_tui" / room).rglob("*.py")):
        for place in places(copy, path.relative_to(copy).as_posix()):
            by_line.setdefault((place.mutant.file, place.mutant.line), []).append(place.mutant)
    dice = random.Random(f"{SEED} {room}")
    lines = dice.sample(list(by_line.values()), QUOTAS[room])
    return [dice.choice(mutants) for mutants in lines]


def _result(copy: Path, mutant: Mutant, reach: Reach, killer: str) -> dict[str, object]:
    """Run the tests that reach the mutant until one fails, and passes without it.

    The one that killed it in an earlier run comes first. Another one has to fail twice.
    """
    place = _place(copy, mutant)
    if place is None:
        return {"result": "gone"}
    tests = reach.tests(mutant.file, place.lines, at_import=not mutant.function)
    tests.sort(key=lambda test: test != killer)
    quick = tests[:_QUICK_TESTS]
    while sum(reach.seconds[test] for test in quick) > _QUICK_SECONDS:
        quick.pop()
    rest = tests[len(quick) :]
    started = time.monotonic()
    flaky: set[str] = set()
    for batch, options in ((quick, []), (rest, ["-n", "2"])):
        while remaining := [test for test in batch if test not in flaky]:
            killers = _failures_with(copy, place, remaining, options, reach)
            if not killers:
                break
            if killers[0] != killer and not _kills(copy, place, killers[0], reach):
                flaky.add(killers[0])
                continue
            seconds = round(time.monotonic() - started, 1)
            return {"result": "killed", "by": killers[0], "reached": len(tests), "took": seconds}
    seconds = round(time.monotonic() - started, 1)
    result = "survived" if tests else "unreached"
    return {"result": result, "by": None, "reached": len(tests), "took": seconds}


def _kills(copy: Path, place: Place, test: str, reach: Reach) -> bool:
    """Whether a test that failed with the mutant fails again, and passes without it."""
    if test in (_TIME, _START):
        return True
    return _failures_with(copy, place, [test], [], reach) == [test] and not _failures(
        copy, [test], [], 120
    )


def _place(copy: Path, mutant: Mutant) -> Place | None:
    """Find a mutant again, also after lines have moved."""
    if not (copy / mutant.file).exists():
        return None
    wanted = (mutant.function, mutant.was, mutant.becomes, mutant.nth)
    for place in places(copy, mutant.file):
        found = place.mutant
        if (found.function, found.was, found.becomes, found.nth) == wanted:
            return place
    return None


def _failures_with(
    copy: Path, place: Place, tests: list[str], options: list[str], reach: Reach
) -> list[str]:
    file = copy / place.mutant.file
    source, times = file.read_text("utf-8"), file.stat()
    patience = 60 + 5 * sum(reach.seconds[test] for test in tests)
    try:
        file.write_text(mutated(source, place), "utf-8")
        return _failures(copy, tests, ["-x", *options], patience)
    finally:
        file.write_text(source, "utf-8")
        # With its old time, Python takes the module as it compiled it before.
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _failures(copy: Path, tests: list[str], options: list[str], patience: float) -> list[str]:
    """Run tests; return those that failed, or `[_TIME]` if they took too long."""
    names, failed = copy / ".mutants-tests", copy / ".mutants-failed.json"
    names.write_text("\n".join(tests), "utf-8")
    failed.unlink(missing_ok=True)
    command = [str(copy / ".venv/bin/python"), "-m", "pytest", *options, "--tb=no"]
    command += ["-p", "benchmarks.mutants.plugin", "--mutants-failed", str(failed), f"@{names}"]
    with subprocess.Popen(
        command,
        cwd=copy,
        # The mutant must not be found compiled by a later run.
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            status = process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return [_TIME]
    failures: list[str] = json.loads(failed.read_text("utf-8")) if failed.exists() else []
    return failures or ([] if status == 0 else [_START])


def _names() -> list[str]:
    """Return the files of this checkout: those of git, and new ones that it does not ignore."""
    git = shutil.which("git") or "git"
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in sorted(listing.stdout.split("\0")) if (ROOT / name).is_file()]


def _fingerprint(names: list[str]) -> str:
    """Return a name for the program and its tests as they are now."""
    digest = hashlib.sha256()
    for name in names:
        if name.startswith(("tracker_tui/", "tests/")):
            digest.update(f"{name}\0".encode() + (ROOT / name).read_bytes())
    return digest.hexdigest()[:12]


def _copy(number: int, names: list[str]) -> Path:
    """Return a copy of this checkout with a Python of its own; bring its files up to date."""
    copy = WORK / f"copy-{number}"
    for folder in ("tracker_tui", "tests", "benchmarks"):
        shutil.rmtree(copy / folder, ignore_errors=True)
    for name in names:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    python = copy / ".venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", copy / ".venv"], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable"]
        subprocess.run([python, *install, ".[dev,mutants]"], cwd=copy, check=True)
    # Runs with a mutant keep nothing compiled; the collection compiles the asserts of pytest.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    for command in (["compileall", "-q", "tracker_tui"], ["pytest", "--collect-only", "-qq"]):
        subprocess.run(
            [python, "-m", *command],
            cwd=copy,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return copy


if __name__ == "__main__":
    sys.exit(main())
