"""The starter catalogue: resources of Dune: Awakening, for a database without any.

`starter.toml` lists them by category, with a target, a multiplier and a description each.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.resources import NewResource

CREATED_BY = "starter catalogue"


def starter_resources(ledger: Ledger) -> list[NewResource]:
    """Return the resources of starter.toml, with new ids."""
    text = Path(__file__).with_name("starter.toml").read_text(encoding="utf-8")
    return [
        NewResource(
            id=ledger.new_id(),
            name=name,
            category=category,
            description=fields.get("description"),
            target=fields.get("target") or None,
            multiplier=float(fields.get("multiplier", 1.0)),
            priority=fields.get("priority", False),
        )
        for category, resources in tomllib.loads(text).items()
        for name, fields in resources.items()
    ]


def add_starter_resources(ledger: Ledger) -> int:
    """Create the starter resources; return how many, 0 if the database has resources."""
    if not ledger.is_empty():
        return 0
    resources = starter_resources(ledger)
    ledger.create(resources, CREATED_BY)
    return len(resources)
