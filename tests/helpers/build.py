"""Builders of values with defaults, so that a test names only the fields that it checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tracker_tui.config.folders import Folders
from tracker_tui.config.settings import Config, Remote, Secret
from tracker_tui.domain.change import Change
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.ledger.ledger import random_id
from tracker_tui.ledger.resources import NewResource

HAGGA, DEEP_DESERT = Location.HAGGA, Location.DEEP_DESERT
PLAYER = "111111111111111111"
"""A Discord id, as `updated_by` holds it."""


def new_resource(resource_id: str = "spice", **given: Any) -> NewResource:
    """Return a resource to be created, with no quantities and no target."""
    plain = NewResource(resource_id, resource_id.title(), "Raw")
    return plain._replace(**given)


def change(kind: Kind, amount: int, location: Location = HAGGA, **given: Any) -> Change:
    """Return a change of the resource "spice" by PLAYER, with a fresh id."""
    return Change(random_id(), "spice", kind, location, amount, PLAYER)._replace(**given)


def add(amount: int, location: Location = HAGGA, **given: Any) -> Change:
    """Return `+amount`."""
    return change(Kind.ADD, amount, location, **given)


def remove(amount: int, location: Location = HAGGA, **given: Any) -> Change:
    """Return `-amount`."""
    return change(Kind.REMOVE, amount, location, **given)


def set_to(amount: int, location: Location = HAGGA, **given: Any) -> Change:
    """Return `=amount`."""
    return change(Kind.SET, amount, location, **given)


def to_deep_desert(amount: int, **given: Any) -> Change:
    """Return `>amount`."""
    return change(Kind.TO_DEEP_DESERT, amount, **given)


def to_hagga(amount: int, **given: Any) -> Change:
    """Return `<amount`."""
    return change(Kind.TO_HAGGA, amount, **given)


def config_for(path: Path, *, is_default: bool = False) -> Config:
    """Return the settings of a local user with this database and all other files next to it."""
    return Config(_folders(path.parent), path, is_default, PLAYER)


def remote_config(url: str, home: Path, token: str | None = None, **given: Any) -> Config:
    """Return the settings of a local user with a database of their own on a server."""
    remote = Remote(url, None if token is None else Secret(token))
    return Config(_folders(home), remote, False, PLAYER)._replace(**given)


def config_at(where: str) -> Config:
    """Return the settings of a local user with the database at a path or at a URL."""
    return remote_config(where, Path()) if "://" in where else config_for(Path(where))


def _folders(home: Path) -> Folders:
    return Folders(home / "config", home, home / "state")
