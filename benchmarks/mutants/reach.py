"""Which tests reach which line, and how long each takes: one run of the suite under `coverage`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

_SETTINGS = """\
[run]
source_pkgs = tracker_tui
relative_files = true
data_file = {folder}/data
parallel = true
sigterm = true
disable_warnings = no-data-collected, module-not-measured, no-ctracer, no-sysmon-context
# Programs that a test starts find its name in their environment.
context = ${{PYTEST_CURRENT_TEST-}}
"""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The tests that reach each line, and the seconds that each test takes."""

    data: CoverageData
    seconds: dict[str, float]

    def tests(self, file: str, lines: range, *, at_import: bool) -> list[str]:
        """Return the tests that reach one of the lines: those of its room first, then by time.

        Of a line that runs `at_import`, before any test, these are its room's tests of the file.
        """
        room = f"tests/{Path(file).parts[1]}/"
        found: set[str] = set()
        for line, contexts in self.data.contexts_by_lineno(file).items():
            tests = {_test(context) for context in contexts}
            if line in lines:
                found |= tests
            elif at_import:
                found |= {test for test in tests if test.startswith(room)}

        def place(test: str) -> tuple[bool, float]:
            return not test.startswith(room), self.seconds[test]

        return sorted(found & self.seconds.keys(), key=place)


def measure(copy: Path, folder: Path, workers: int) -> None:
    """Run all tests of a copy of this checkout, and keep the result in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "coveragerc"
    settings.write_text(_SETTINGS.format(folder=folder), "utf-8")
    (_site_packages(copy) / "mutants_reach.pth").write_text(
        "import coverage; coverage.process_startup()\n", "utf-8"
    )
    environment = os.environ | {"COVERAGE_PROCESS_START": str(settings)}
    command = [copy / ".venv/bin/python", "-m", "pytest", "-n", str(workers)]
    command += ["-p", "benchmarks.mutants.plugin", "--mutants-times", folder / "seconds.json"]
    subprocess.run(command, cwd=copy, env=environment, check=False)
    del environment["COVERAGE_PROCESS_START"]
    combine = [copy / ".venv/bin/python", "-m", "coverage", "combine", "--quiet"]
    subprocess.run(
        [*combine, f"--rcfile={settings}", folder], cwd=copy, env=environment, check=True
    )


def measured(folder: Path) -> Reach | None:
    """Return what `measure` has kept, or None."""
    file = folder / "data"
    if not file.exists():
        return None
    data = CoverageData(str(file))
    data.read()
    seconds = json.loads((folder / "seconds.json").read_text("utf-8"))
    return Reach(data=data, seconds=seconds)


def _test(context: str) -> str:
    """Return the test of a context. Programs found its phase behind its name, too."""
    for ending in (" (setup)", " (call)", " (teardown)"):
        context = context.removesuffix(ending)
    return context


def _site_packages(copy: Path) -> Path:
    return copy / f".venv/lib/python3.{sys.version_info.minor}/site-packages"
