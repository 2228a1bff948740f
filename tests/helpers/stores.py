"""The stores of one folder, opened by several programs."""

from __future__ import annotations

from pathlib import Path

from helpers.build import PLAYER
from tracker_tui.sync.local_store import Store, StoreLocation


class OpenStore:
    """Opens stores of one folder, and collects their warnings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[str] = []
        self.opened: list[Store] = []

    def __call__(self, member: str = PLAYER, *, has_replica: bool = True) -> Store:
        location = StoreLocation(
            folder=self.folder, member=member, place="guild.turso.io", has_replica=has_replica
        )
        self.opened.append(Store(location, self.warnings.append))
        return self.opened[-1]

    def close(self) -> None:
        for store in self.opened:
            store.close()
