"""`tracker-tui doctor`: check what is configured, reachable and permitted, and give advice."""

from __future__ import annotations

import argparse
import os

from tracker_tui.cli.command_setup import send_pending
from tracker_tui.cli.output import print_json, say
from tracker_tui.config.settings import load_config
from tracker_tui.guild.doctor import CheckStatus, Finding, examine

_SIGNS = {CheckStatus.OK: "✓", CheckStatus.NOTE: "▲", CheckStatus.WRONG: "✗"}


def doctor(arguments: argparse.Namespace) -> int:
    """Print every finding; return the exit status of the first fault, or 0."""
    config = load_config(os.environ, arguments.profile)
    findings: list[Finding] = []
    for finding in examine(config, os.environ):
        findings.append(finding)
        if not arguments.json:
            # Printed at once: the next check may take seconds.
            say(_line(finding))
    if arguments.json:
        print_json([_document(finding) for finding in findings])
    status = next((finding.exit_status for finding in findings if finding.exit_status), 0)
    if not status:
        send_pending(config)
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
