"""A guild in a file, a player in front of the dashboard, and helpers that read the screen."""

from __future__ import annotations

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from textual.events import Key
from textual.pilot import Pilot
from textual.strip import Strip

from helpers.listening import SECONDS
from helpers.other_schemas import ask
from helpers.privates import forget_parsed_keys, screen_strips
from helpers.proxy import Proxy
from tracker_tui.config.folders import Folders
from tracker_tui.config.settings import Config
from tracker_tui.db.layout import Layout
from tracker_tui.db.sqlite import SqliteLedgerDatabase, create_sqlite, open_sqlite
from tracker_tui.domain.change import Change
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.resources import NewResource
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.terminal_driver import TerminalInput
from tracker_tui.ui.themes import DARK

if TYPE_CHECKING:
    from ui.guild_on_server import RemoteGuild

NOW = 1_760_000_000
"""The moment at which the guild's ledger stands still, in Unix seconds."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
WIDE, TALL, NARROW = (120, 28), (120, 40), (80, 24)

RESOURCES = (
    NewResource(
        "spice",
        "Spice Melange",
        "Refined",
        1_200,
        target=1_400,
        multiplier=1.1,
        priority=True,
        description="The spice must flow.\nSee https://example.org/spice, not file:///etc/passwd",
    ),
    NewResource("sand", "Spice Sand", "Raw", 9_000, 1_000, target=5_000),
    NewResource("ingot", "Plastanium Ingot", "Refined", 412, 1_100, target=1_000),
    NewResource("ore", "Titanium Ore", "Raw", 300, target=1_000),
    NewResource("steel", "Steel Ingot", "Refined", 600, 50, target=1_000),
    NewResource("plastone", "Plastone", "Raw", 5_000, target=4_000),
    NewResource("water", "Water", "Raw", 7),
    NewResource("cell", "Fuel Cell", "Components", 40, 2, target=50),
    NewResource("machine", "Complex Machinery", "Components", 7, target=20, priority=True),
    NewResource("blade", "Kindjal Blade", "Gear", 3, 1, target=4),
    NewResource("fuel", "Spice-infused Fuel Cell", "Components", 11, 4, target=10),
    NewResource("worm", "Sandworm Tooth", "Other", 1),
)
BY_NAME = sorted((resource.name for resource in RESOURCES), key=str.casefold)
AGES = {"water": 8 * DAY, "machine": 2 * DAY, "ore": 5 * HOUR}
MEMBER = "Chani"


class Guild:
    """A guild's database, read directly and not through the program."""

    def __init__(self, path: Path, now: Callable[[], int] | None = lambda: NOW) -> None:
        self.path, self.now = path, now

    @property
    def view_file(self) -> Path:
        return self.path.parent / "state" / "view.json"

    def config(self, **given: Any) -> Config:
        home = self.path.parent
        folders = Folders(home / "config", home, home / "state")
        return Config(folders, self.path, False, MEMBER)._replace(**given)

    def tracker(self, **given: Any) -> Tracker:
        return Tracker(
            self.config(**given),
            opener=lambda to: Ledger(*open_sqlite(to.database, durable=False), clock=self.now),
        )

    def sql(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement on a separate connection, as another program would."""
        return ask(self.path, sql, *values)

    def quantities(self, resource_id: str) -> tuple[int, int]:
        columns = "quantity_hagga, quantity_deep_desert"
        (found,) = self.sql(f"SELECT {columns} FROM resources WHERE id = ?", resource_id)
        return found[0], found[1]

    def history(self, resource_id: str | None = None) -> list[tuple[Any, ...]]:
        """Return type, both differences and reason of each change but creations, in order."""
        columns = "change_type, change_amount_hagga, change_amount_deep_desert, reason"
        return self.sql(
            f"SELECT {columns} FROM resource_history WHERE reason IS NOT 'Resource created'"
            " AND resource_id = IFNULL(?, resource_id) ORDER BY rowid",
            resource_id,
        )

    def points(self) -> list[tuple[Any, ...]]:
        return self.sql("SELECT resource_id, final_points FROM leaderboard ORDER BY rowid")

    def name_hagga(self, name: str) -> None:
        setting = {"setting_key": "inventory_location_1_name", "setting_value": name}
        self.add("global_settings", **setting, created_at=1, last_updated_at=1)

    def add(self, table: str, **row: Any) -> None:
        """Insert a row as another program would."""
        marks = ", ".join("?" * len(row))
        self.sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())

    def insert(self, resource_id: str, **values: Any) -> None:
        row = {"name": resource_id.title(), "last_updated_by": MEMBER, "created_at": NOW}
        self.add("resources", **row | {"id": resource_id, "updated_at": NOW} | values)

    def delete(self, resource_id: str) -> None:
        """Delete a resource and its history as another program would."""
        self.sql("DELETE FROM resource_history WHERE resource_id = ?", resource_id)
        self.sql("DELETE FROM resources WHERE id = ?", resource_id)


MakeGuild = Callable[[Sequence[NewResource]], Guild]


@pytest.fixture(scope="session")
def usual_guild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guild of RESOURCES in a file to be copied."""
    return _create(tmp_path_factory.mktemp("usual") / "guild.db", RESOURCES).path


def _create(path: Path, resources: Sequence[NewResource]) -> Guild:
    def fill(database: SqliteLedgerDatabase, layout: Layout) -> None:
        Ledger(database, layout, clock=lambda: NOW - 3 * MINUTE - 15).create(resources, MEMBER)

    create_sqlite(path, fill)
    guild = Guild(path)
    for resource_id, age in AGES.items():
        guild.sql("UPDATE resources SET updated_at = ? WHERE id = ?", NOW - age, resource_id)
    return guild


@pytest.fixture
def guild(tmp_path: Path, usual_guild: Path) -> Guild:
    return Guild(Path(shutil.copyfile(usual_guild, tmp_path / "guild.db")))


@pytest.fixture
def make_guild(tmp_path: Path) -> MakeGuild:
    return lambda resources: _create(tmp_path / "guild.db", resources)


@pytest.fixture
def remote(
    proxy: Proxy, remote_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RemoteGuild:
    """The guild of RESOURCES on a server behind a proxy."""
    from ui.guild_on_server import RemoteGuild

    # On a busy machine, screens may take longer than a request that a test holds may last.
    monkeypatch.setattr("tracker_tui.db.remote.DEADLINE", 60.0)
    return RemoteGuild(remote_url, tmp_path, way=proxy.url).found()


@pytest.fixture(autouse=True)
def collected_garbage(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Freezing keeps objects alive for ever; that suits a process with only one app.
    monkeypatch.setattr(gc, "freeze", lambda: None)
    yield
    forget_parsed_keys()


def screen_lines(app: TrackerApp) -> list[str]:
    return [strip.text for strip in screen_strips(app)]


class Player:
    """A player at a running dashboard, who types keys and reads the screen."""

    def __init__(self, app: TrackerApp, pilot: Pilot[None], guild: Guild) -> None:
        self.app, self.pilot, self.guild = app, pilot, guild
        self.pending: list[Change] = []
        """After the dashboard closes: the changes it could not send."""

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def resize(self, width: int, height: int) -> None:
        """Resize the terminal, and wait until the screen is laid out for it."""
        await self.pilot.resize_terminal(width, height)
        await self.until(
            lambda: [strip.cell_length for strip in screen_strips(self.app)] == [width] * height,
            f"a screen of {width}x{height}",
        )

    def burst(self, text: str) -> None:
        """Send what a terminal sends for `text` at once: nothing is drawn in between."""
        for event in TerminalInput().feed(text.encode()):
            self.app.post_message(event)

    def hit(self, *keys: str) -> None:
        """Send keys that are not text, by name, at once."""
        for key in keys:
            self.app.post_message(Key(key, None))

    def lines(self) -> list[str]:
        return screen_lines(self.app)

    def text(self) -> str:
        return "\n".join(self.lines())

    def line(self, part: str) -> str:
        (found,) = (line for line in self.lines() if part in line)
        return found

    def rows(self) -> list[str]:
        region = self.app.resources.table.region
        return [line for line in self.lines()[region.y + 1 : region.bottom] if line.strip()]

    def names(self) -> list[str]:
        """Return the names of RESOURCES on screen, from top to bottom."""
        known = ([name for name in BY_NAME if f" {name} " in row] for row in self.rows())
        return [max(names, key=len) for names in known if names]

    def cursor_row(self) -> str:
        """Return the highlighted line of the table; "" while it flashes."""
        colours = {DARK.variables["block-cursor-background"], DARK.panel}
        region = self.app.resources.table.region
        strips = screen_strips(self.app)[region.y + 1 : region.bottom]
        found = [strip.text for strip in strips if _background(strip) in colours]
        assert len(found) <= 1, "several rows are highlighted"
        return found[0] if found else ""

    def is_on(self, name: str) -> bool:
        return f" {name} " in self.cursor_row()

    async def until(self, holds: Callable[[], bool], what: str = "it") -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                await self.pilot.pause()
                while not holds():
                    await asyncio.sleep(0.04)  # not a pause, which wakes every widget
                return
        # The deadline may pass during a long pause.
        assert holds(), f"{what} never came:\n{self.text()}"

    async def sees(self, *parts: str) -> None:
        missing = list(parts)

        def are_seen() -> bool:
            text = self.text()  # Drawing the screen is dear: once for all parts.
            missing[:] = [part for part in missing if part not in text]
            return not missing

        await self.until(are_seen, f"“{'”, “'.join(parts)}”")

    async def reads(self, text: str) -> None:
        await self.until(lambda: text in " ".join(self.text().split()), f"“{text}”")

    async def sees_no(self, part: str) -> None:
        await self.until(lambda: part not in self.text(), f"the end of “{part}”")

    async def settles(self, how_many: int) -> None:
        await self.until(
            lambda: len(self.guild.history()) >= how_many and not self.app.tracker.pending(),
            f"{how_many} changes in the history",
        )

    async def go_to(self, name: str) -> None:
        """Put the cursor on one of RESOURCES, sorted by name and not filtered."""
        self.burst("g" + "j" * BY_NAME.index(name))
        await self.until(lambda: self.is_on(name), f"the cursor on {name}")

    def click(self, x: int, y: int, times: int = 1) -> None:
        self.burst(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m" * times)

    def wheel(self, x: int, y: int, *, down: bool, times: int = 1) -> None:
        self.burst(f"\x1b[<{65 if down else 64};{x + 1};{y + 1}M" * times)

    def dialog(self) -> list[str]:
        lines = (line.split("│") for line in self.lines())
        return [parts[1].strip() for parts in lines if len(parts) > 2]

    def place(self, part: str) -> tuple[int, int]:
        """Return column and line of the first cell of `part`; only for narrow characters."""
        y, line = next((y, line) for y, line in enumerate(self.lines()) if part in line)
        return line.index(part), y

    async def leaves(self) -> None:
        deadline = monotonic() + SECONDS
        while self.app.is_running:
            assert monotonic() < deadline, "the dashboard did not end"
            # A loop without a pause would keep the threads from finishing their work.
            await asyncio.sleep(0.01)

    async def quits(self, key: str = "q") -> None:
        self.burst(key)
        await self.leaves()

    def assert_laid_out(self) -> None:
        """Check that every line is as wide as the screen and only has printable characters."""
        width, height = self.app.size
        strips = screen_strips(self.app)
        assert len(strips) == height
        for y, strip in enumerate(strips):
            assert strip.cell_length == cell_len(strip.text) == width, (y, strip.text)
            assert strip.text.isprintable(), (y, strip.text)


def _background(strip: Strip) -> str:
    style = next((segment.style for segment in strip), None)
    colour = None if style is None or style.bgcolor is None else style.bgcolor.triplet
    return "" if colour is None else colour.hex


@asynccontextmanager
async def playing(
    guild: Guild, size: tuple[int, int] = WIDE, *, tracker: Tracker | None = None, **given: Any
) -> AsyncIterator[Player]:
    """Open the dashboard on a guild's database and wait for its rows."""
    tracker = tracker or guild.tracker(**given)
    tracker.open()
    async with in_front_of(tracker, guild, size) as player:
        await player.until(lambda: tracker.last_refresh is not None, "the first refresh")
        yield player


@asynccontextmanager
async def in_front_of(
    tracker: Tracker, guild: Guild, size: tuple[int, int]
) -> AsyncIterator[Player]:
    app = TrackerApp(tracker)
    pending: list[Change] = []
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            player = Player(app, pilot, guild)
            player.pending = pending
            yield player
    finally:
        pending += tracker.close()
