"""`tracker-tui init`: bring the configured database up to schema.sql."""

from __future__ import annotations

import argparse

from tracker_tui.cli.local_warnings import configured
from tracker_tui.cli.output import say
from tracker_tui.cli.send_pending import send_what_waits
from tracker_tui.guild.database_factory import bring_up_to_date, planned_statements


def init(arguments: argparse.Namespace) -> int:
    """Add what is missing and never anything else; with --plan print the SQL instead."""
    config = configured(arguments)
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
        planted = report.planted
        say(
            f"{where}: planted {planted} resources of the starter catalogue."
            if planted
            else f"{where}: has resources already, so the starter catalogue was left out."
        )
    send_what_waits(config)
    return 0
