"""Snapshots of a guild with two resources."""

from __future__ import annotations

from helpers.build import DEEP_DESERT, HAGGA
from tracker_tui.db.layout import Layout
from tracker_tui.domain.resource import Resource
from tracker_tui.ledger.cached_layout import CachedLayout
from tracker_tui.ledger.refresh_queries import Snapshot

KNOWN = CachedLayout(Layout.founding(), "47:11", {HAGGA: "Hagga", DEEP_DESERT: "The Deep"})
NOW = 1_700_000_000
SPICE = Resource(
    "spice", "Spice", 1000, 400, None, "Raw", None, None, 2500, 1.5, True, "x", 1_700_000_000
)
WATER = SPICE._replace(id="water", name="Water", hagga=50, priority=False, tier=3, target=None)
WHOLE = Snapshot([SPICE, WATER], True, NOW, frozenset(), {"1": "paul"}, KNOWN)
PART = Snapshot([WATER], False, NOW + 5, frozenset())
