"""The ledger on a real libSQL server: the costs of a change, near and far away."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import requests

from benchmarks import programs
from benchmarks.pty_probe import Unanswered
from benchmarks.repetition import medians, seconds_of
from benchmarks.report import Line, Unit
from benchmarks.rows.bench import Bench
from benchmarks.rows.ledger import addition
from benchmarks.servers import Fate, Proxy, delayed, far_away, pass_on, proxy_to, server_in
from tracker_tui.config.settings import Remote
from tracker_tui.db.layout import Layout
from tracker_tui.db.remote import RemoteLedgerDatabase, open_remote
from tracker_tui.db.schema import bring_up_to_date
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.ledger import Ledger, random_id
from tracker_tui.ledger.resources import NewResource

_RESOURCES = 600
_AT_ONCE = 100
_HISTORY = (
    "INSERT INTO resource_history VALUES (?, 'resource-00001', 1, 2, 1, 0, 0, 0, 'relative', "
    "'me', NULL, CAST(strftime('%s', 'now') AS INTEGER), NULL, NULL)"
)
_UPDATE = (
    "UPDATE resources SET quantity_hagga = quantity_hagga + 1, "
    "updated_at = CAST(strftime('%s', 'now') AS INTEGER) WHERE id = 'resource-00001'"
)


def lines(bench: Bench) -> Iterator[Line]:
    """Measure on a server with 600 resources, in turns with the baselines."""
    with ExitStack() as stack:
        server = stack.enter_context(server_in(bench.databases.folder / "server"))
        proxy = stack.enter_context(proxy_to(server.url))
        near = stack.enter_context(closing(_opened(server.url)))
        _fill(near)
        behind = stack.enter_context(closing(_opened(proxy.url)))
        ledger, far = _ledger(near), _ledger(behind)
        yield from _costs(behind, far)
        yield _one_change(bench, ledger, server.url)
        yield _many_changes(bench, ledger, server.url)
        yield _far_change(bench, far, proxy)
        yield _far_command(bench, proxy)
        yield from _other_driver(bench, far, proxy)


def _opened(url: str) -> RemoteLedgerDatabase:
    return open_remote(Remote(url, token=None))


def _ledger(database: RemoteLedgerDatabase) -> Ledger:
    ledger = Ledger(database, Layout.founding(), can_write=None)
    ledger.refresh()
    return ledger


def _fill(database: RemoteLedgerDatabase) -> None:
    bring_up_to_date(database)
    resources = [
        NewResource(f"resource-{number:05}", f"Resource {number}", "Raw", target=4_000)
        for number in range(_RESOURCES)
    ]
    Ledger(database, Layout.founding()).create(resources, "benchmark")


def _costs(database: RemoteLedgerDatabase, ledger: Ledger) -> Iterator[Line]:
    """Count requests, compared with the website's, and rows as the server counts them."""
    of_resource = HistoryQuery(filter=HistoryFilter(resource_id="resource-00001"))
    operations: dict[str, tuple[Callable[[], object], int | None]] = {
        "an edit": (lambda: ledger.apply(addition()), 7),
        "a refresh": (ledger.refresh, 2),
        "a page of history": (lambda: ledger.ask(of_resource), None),
        f"{_AT_ONCE} edits at once": (
            lambda: ledger.apply_all([addition() for _ in range(_AT_ONCE)]),
            7 * _AT_ONCE,
        ),
    }
    for name, (work, of_website) in operations.items():
        before = (database.traffic.requests, database.traffic.rows_read)
        work()
        requests_sent = database.traffic.requests - before[0]
        rows_read = database.traffic.rows_read - before[1]
        yield Line(f"server, requests for {name}", requests_sent, of_website, Unit.PIECES)
        yield Line("  rows read by it", rows_read, None, Unit.PIECES)


def _one_change(bench: Bench, ledger: Ledger, url: str) -> Line:
    pair = medians(
        partial(seconds_of, lambda: ledger.apply(addition())),
        partial(seconds_of, _bare_call(url, 1)),
        bench.times(200),
    )
    return _milliseconds("server, one change applied", pair.measured, pair.baseline)


def _many_changes(bench: Bench, ledger: Ledger, url: str) -> Line:
    pair = medians(
        partial(seconds_of, lambda: ledger.apply_all([addition() for _ in range(_AT_ONCE)])),
        partial(seconds_of, _bare_call(url, _AT_ONCE)),
        bench.times(20),
    )
    what = f"server, {_AT_ONCE} changes in one request, each"
    return _milliseconds(what, pair.measured / _AT_ONCE, pair.baseline / _AT_ONCE)


def _far_change(bench: Bench, ledger: Ledger, proxy: Proxy) -> Line:
    """Compare a change at 100 ms a request with 100 ms plus a change without the delay."""
    change = partial(seconds_of, lambda: ledger.apply(addition()))
    pair = medians(
        partial(_at, proxy, delayed(0.1), change),
        partial(_at, proxy, pass_on, change),
        bench.times(20),
    )
    what = "server, one change at 100 ms a request"
    return _milliseconds(what, pair.measured, 0.1 + pair.baseline, ratio_at_most=1.2)


def _far_command(bench: Bench, proxy: Proxy) -> Line:
    """Compare `edit` by id as a whole process, with a cached layout."""
    environment = programs.remote_environment(proxy.url, bench.databases.folder / "server-home")
    run = partial(seconds_of, partial(_edit, environment))
    pair = medians(
        partial(_at, proxy, delayed(0.1), run), partial(_at, proxy, pass_on, run), bench.times(10)
    )
    what = "server, edit by id at 100 ms, whole process"
    return Line(what, pair.measured, 0.1 + pair.baseline, ratio_at_most=1.2)


def _edit(environment: dict[str, str]) -> None:
    command = programs.edit("resource-00001", "+5")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unanswered(f"edit said {done.stderr.strip()}")


def _other_driver(bench: Bench, ledger: Ledger, proxy: Proxy) -> Iterator[Line]:
    """Compare a change with one by a driver that connects for each statement."""
    what, far = "server, one change at 50 ms a round trip", far_away(0.05)
    try:
        import turso_serverless
    except ImportError:
        yield Line(what, None, None, Unit.MILLISECONDS)
        return
    with closing(turso_serverless.connect(proxy.url)) as connection:
        pair = medians(
            partial(_at, proxy, far, partial(seconds_of, lambda: ledger.apply(addition()))),
            partial(_at, proxy, far, partial(seconds_of, partial(_by_hand, connection))),
            bench.times(6),
        )
    yield _milliseconds(what, pair.measured, pair.baseline, ratio_at_most=0.2)


def _by_hand(connection: Any) -> None:
    """Apply a change by sending one statement after the other."""
    connection.execute(_HISTORY, (random_id(),))
    connection.execute(_UPDATE)
    connection.execute("SELECT * FROM resources WHERE id = 'resource-00001'").fetchall()
    connection.commit()


def _at(proxy: Proxy, fate: Fate, measure: Callable[[], float]) -> float:
    """Measure while the proxy applies this fate to all requests."""
    proxy.fate = fate
    return measure()


def _bare_call(url: str, transactions: int) -> Callable[[], None]:
    """Return the least possible request: transactions of an INSERT and an UPDATE."""
    session = requests.Session()

    def steps() -> dict[str, object]:
        statements = ["BEGIN IMMEDIATE", _HISTORY.replace("?", f"'{random_id()}'"), _UPDATE]
        return {
            "type": "batch",
            "batch": {"steps": [{"stmt": {"sql": sql}} for sql in (*statements, "COMMIT")]},
        }

    def call() -> None:
        body = {"baton": None, "requests": [*(steps() for _ in range(transactions))]}
        body["requests"].append({"type": "close"})  # type: ignore[attr-defined]
        answer = session.post(f"{url}/v3/pipeline", json=body, timeout=30)
        if "SQLITE_" in answer.text or answer.status_code != requests.codes.ok:
            raise Unanswered(f"the server answered {answer.text[:200]}")

    return call


def _milliseconds(
    what: str, measured: float, baseline: float, *, ratio_at_most: float | None = None
) -> Line:
    return Line(what, measured * 1000, baseline * 1000, Unit.MILLISECONDS, ratio_at_most)
