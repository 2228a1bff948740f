"""The dashboard on a server that is near, far, very far or offline, and the rows it reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from statistics import median

from peewee import RawQuery

from benchmarks import programs
from benchmarks.databases import fill, names
from benchmarks.pty_probe import Terminal
from benchmarks.repetition import medians
from benchmarks.report import Line, Unit
from benchmarks.rows.bench import FEW, MANY, Bench
from benchmarks.rows.screens import FIRST_SCREEN_ROW, Subject, least_app
from benchmarks.servers import Fate, Proxy, cut_before, delayed, pass_on, proxy_to, server_in
from benchmarks.signed_in import member_environment, silent_discord
from tracker_tui.config.settings import Remote
from tracker_tui.db.layout import Layout
from tracker_tui.db.remote import RemoteLedgerDatabase, open_remote
from tracker_tui.db.schema import bring_up_to_date
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.refresh_queries import RefreshRequest, Snapshot
from tracker_tui.sync.refresh_and_retry_timing import FOCUSED_SECONDS, FULL_REFRESH_SECONDS

_NETWORKS: dict[str, Fate] = {
    "near": pass_on,
    "at 300 ms": delayed(0.3),
    "at 10 s": delayed(10.0),
    "offline": cut_before,
}
_GUILD = 600
_ENTRIES = 100_000
_DAY = 86_400
_HISTORY = """
    INSERT INTO resource_history
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    SELECT 'entry-' || n, 'resource-00001', n, n + 1, 1, 0, 0, 0, 'relative', 'benchmark', NULL,
        CAST(strftime('%s', 'now') AS INTEGER) - n, NULL, NULL FROM numbers
"""


def lines(bench: Bench) -> Iterator[Line]:
    """Measure starts, edits and refreshes on a real server behind a proxy."""
    with ExitStack() as stack:
        server = stack.enter_context(server_in(bench.databases.folder / "network"))
        guild, large, busy = (server.new_database() for _ in range(3))
        proxy = stack.enter_context(proxy_to(guild))
        with closing(filled(guild, FEW)):
            yield from _opening_and_entering(bench, proxy)
        far = stack.enter_context(proxy_to(large))
        with closing(filled(large, MANY)):
            yield from _many(bench, far)
        yield from _reading(stack.enter_context(closing(filled(busy, _GUILD))))


def filled(url: str, resources: int) -> RemoteLedgerDatabase:
    """Fill an empty database on a server with this many resources."""
    database = open_remote(Remote(url, token=None))
    bring_up_to_date(database)
    fill(Ledger(database, Layout.founding()), resources)
    return database


def _opening_and_entering(bench: Bench, proxy: Proxy) -> Iterator[Line]:
    environment = programs.remote_environment(proxy.url, bench.databases.folder / "network-home")
    known = names(FEW)
    ours = Subject(programs.dashboard(), environment, known[FIRST_SCREEN_ROW], known[-1], b"G")
    least = least_app(bench.databases, FEW)
    ours.first_screen()  # the first start reads the server
    for name, fate in _NETWORKS.items():
        proxy.fate = fate
        pair = medians(ours.first_screen, least.first_screen, bench.times(7))
        yield Line(f"server {name}, start, {FEW} resources", *pair, ratio_at_most=1.5)
    yield from _signed_in(bench, proxy, least)
    for name, fate in _NETWORKS.items():
        proxy.fate = fate
        keys = [1000 * seconds for seconds in _enter(environment, bench.times(20))]
        what = f"server {name}, Enter to the new quantity"
        yield Line(what, median(keys), None, Unit.MILLISECONDS, below=50.0)
        yield Line("  the slowest", max(keys), None, Unit.MILLISECONDS, below=50.0)


def _signed_in(bench: Bench, proxy: Proxy, least: Subject) -> Iterator[Line]:
    """Measure the start of a member with recently checked roles, which sends Discord no request."""
    proxy.fate = pass_on
    known = names(FEW)
    with silent_discord() as discord:
        home = bench.databases.folder / "member-home"
        environment = member_environment(proxy.url, home, discord)
        ours = Subject(programs.dashboard(), environment, known[FIRST_SCREEN_ROW], known[-1], b"G")
        ours.first_screen()
        pair = medians(ours.first_screen, least.first_screen, bench.times(7))
        asked = discord.asked()
    yield Line(f"server near, start, signed in, {FEW} resources", *pair, ratio_at_most=1.5)
    yield Line("  requests to Discord", asked, None, Unit.PIECES, below=1)


def _enter(environment: dict[str, str], edits: int) -> list[float]:
    measured: list[float] = programs.answer_of(programs.enter_probe(edits), environment)
    return measured


def _many(bench: Bench, proxy: Proxy) -> Iterator[Line]:
    """Measure the first sync of 10,000 resources, and its peak memory."""
    environment = programs.remote_environment(proxy.url, bench.databases.folder / "large-home")
    known = names(MANY)
    with Terminal(programs.dashboard(), environment) as terminal:
        terminal.wait_for(known[FIRST_SCREEN_ROW])
        requests = proxy.count
        terminal.forget()
        terminal.type(b"G")
        terminal.wait_for(known[-1])
        peak = terminal.peak_memory()
    yield Line(f"server, first sync of {MANY:,}, requests", requests, None, Unit.PIECES, below=2)
    yield Line("  memory, peak", peak, None, Unit.MEGABYTES, below=200.0)


def _reading(database: RemoteLedgerDatabase) -> Iterator[Line]:
    """Count the rows that refreshes read, as the server counts them."""
    database.batch([RawQuery(_HISTORY, (_ENTRIES,))])
    # The last change is an hour old.
    database.batch([RawQuery("UPDATE resources SET updated_at = updated_at - 3600")])
    ledger = Ledger(database, Layout.founding())
    now = ledger.refresh().now
    idle = _rows_read(database, partial(ledger.refresh, RefreshRequest(now - 30)))
    full = _rows_read(database, partial(ledger.refresh, RefreshRequest()))
    what = f"idle refresh, {_GUILD} resources, {_ENTRIES:,} entries, rows"
    yield Line(what, idle, None, Unit.PIECES, below=4)
    yield Line("  a full one", full, None, Unit.PIECES)
    a_day = _DAY / FOCUSED_SECONDS * idle + _DAY / FULL_REFRESH_SECONDS * full
    yield Line("  24 h of them, without edits", a_day, None, Unit.PIECES, below=150_000)


def _rows_read(database: RemoteLedgerDatabase, work: partial[Snapshot]) -> int:
    before = database.traffic.rows_read
    work()
    return database.traffic.rows_read - before
