"""A pytest plugin: writes the time of each test and the failed tests into files."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants-times", type=Path, help="write the seconds of each test there")
    parser.addoption("--mutants-failed", type=Path, help="write the names of failed tests there")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Watch(config), "mutants-watch")


class _Watch:
    def __init__(self, config: pytest.Config) -> None:
        self._is_worker = hasattr(config, "workerinput")
        self._times: Path | None = config.getoption("--mutants-times")
        self._failed: Path | None = config.getoption("--mutants-failed")
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._failures: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        coverage = sys.modules.get("coverage") if self._times is not None else None
        if coverage is not None and (current := coverage.Coverage.current()):
            current.switch_context(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.failed:
            self._failures.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._failures.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        if self._is_worker:
            return
        for file, value in ((self._times, self._seconds), (self._failed, self._failures)):
            if file is not None:
                file.write_text(json.dumps(value), "utf-8")
