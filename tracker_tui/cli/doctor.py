"""`tracker-tui doctor`: what is configured, reachable and permitted, and what to do about it."""

from __future__ import annotations

import argparse
import os

from tracker_tui.cli.output import say
from tracker_tui.cli.send_pending import send_what_waits
from tracker_tui.config.settings import load_config
from tracker_tui.guild.doctor import CheckStatus, Finding, examine

_SIGNS = {CheckStatus.OK: "✓", CheckStatus.NOTE: "▲", CheckStatus.WRONG: "✗"}


def doctor(arguments: argparse.Namespace) -> int:
    """Print what is found; the status is that of the first thing that is wrong, else 0."""
    config = load_config(os.environ, arguments.profile)
    findings = examine(config, os.environ)
    met: list[Finding] = []
    for finding in findings:
        met.append(finding)
        if not arguments.json:
            # One by one: what comes next may take its time.
            say(_line(finding))
    if arguments.json:
        from tracker_tui.cli.json_documents import print_document

        print_document([_document(finding) for finding in met])
    status = next((finding.exit_status for finding in met if finding.exit_status), 0)
    if not status:
        send_what_waits(config)
    return status


def _line(finding: Finding) -> str:
    lines = [f"{_SIGNS[finding.state]} {finding.check:<10} {finding.found}"]
    if finding.advice:
        lines.append(f"  {'':<10} {finding.advice}")
    return "\n".join(lines)


def _document(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "state": finding.state.value,
        "found": finding.found,
        "advice": finding.advice,
    }
