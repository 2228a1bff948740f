"""`tracker-tui init`: bring the configured database up to schema.sql."""

from __future__ import annotations

import argparse

from tracker_tui.cli.command_setup import load_settings, send_pending
from tracker_tui.cli.output import say
from tracker_tui.guild.database_factory import bring_up_to_date, planned_statements


def init(arguments: argparse.Namespace) -> int:
    """Add missing tables, columns and indexes; with --plan, print the SQL instead."""
    config = load_settings(arguments)
    if arguments.plan:
        statements = planned_statements(config)
        say("\n\n".join(f"{sql.strip()};" for sql in statements) or "-- nothing is missing")
        return 0
    report = bring_up_to_date(config, starter=arguments.starter)
    where = report.where
    if report.created:
        say(f"{where}: made a new database.")
    elif report.statements:
        say(f"{where}: added {len(report.statements)} missing tables, columns or indexes.")
    else:
        say(f"{where}: nothing was missing.")
    if arguments.starter:
        added = report.starter_resources
        say(
            f"{where}: added {added} starter resources."
            if added
            else f"{where}: has resources already, so no starter resources were added."
        )
    send_pending(config)
    return 0
