"""Requests whose response is lost: some are sent once more, the others never."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from itertools import product

import pytest

from helpers.driver_faults import SOON, WAYS, failure_of, make_table, writer
from helpers.proxy import (
    Fate,
    ProxiedRequest,
    Proxy,
    altered,
    answer,
    cut_after,
    cut_before,
    cut_within,
    pass_on,
    trickled,
)
from tracker_tui import turso
from tracker_tui.turso import Connection, Error

READ = [("SELECT count(*) FROM t", ())]
WRITE = [("INSERT INTO t VALUES (1)", ())]
NEW = [("INSERT INTO t VALUES (99)", ())]

LOST: dict[str, Fate] = {
    "request lost": cut_before,
    "reply lost": cut_after,
    "half a reply": cut_within,
    "failed": answer(500),
    "bad gateway": answer(502, b"<html>Bad Gateway</html>"),
    "malformed": altered(lambda body: body[1:]),
}


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[Connection]:
    make_table(proxy.url)
    with writer(proxy.url) as connection:
        proxy.seen.clear()
        yield connection


def rows(connection: Connection) -> int:
    """Return how many rows there are."""
    (number,) = connection.execute("SELECT count(*) FROM t").fetchone()
    assert isinstance(number, int)
    return number


def test_batches_that_only_read_are_sent_once_more(connection: Connection, proxy: Proxy) -> None:
    for batches, (name, loss) in product(([READ], [READ, READ]), LOST.items()):
        proxy.seen.clear()
        proxy.meet([loss])
        for result in connection.client.batches(batches):
            assert not isinstance(result, Error), name
            assert [each.rows for each in result] == [[(0,)]]
        first, second = proxy.seen
        assert first.body == second.body, name
    for name, loss in LOST.items():
        proxy.seen.clear()
        proxy.meet([loss, loss])
        error = failure_of(lambda: connection.client.batches([READ]))
        assert type(error) is turso.OutcomeUnknown, name
        assert proxy.count == 2, name
    # Both share one deadline.
    released = threading.Event()
    proxy.meet([cut_before, trickled(b"", released)])
    error = failure_of(lambda: connection.client.batches([READ], seconds=SOON))
    released.set()
    assert type(error) is turso.TimedOut


def test_other_changes_are_never_sent_again(connection: Connection, proxy: Proxy) -> None:
    def with_a_read(connection: Connection) -> object:
        return connection.client.batches([READ, WRITE])

    for write, (name, loss) in product((*WAYS, with_a_read), LOST.items()):
        before = rows(connection)
        proxy.seen.clear()
        proxy.meet([loss])
        error = failure_of(lambda write=write: write(connection))
        assert error.may_have_happened, name
        assert proxy.count == 1, name
        arrived = name not in ("request lost", "failed", "bad gateway")
        assert rows(connection) == before + arrived, name
    proxy.seen.clear()
    proxy.meet([cut_after])
    failure_of(lambda: connection.execute("SELECT 1"))
    assert proxy.count == 1


def test_nothing_rejected_or_late_is_sent_again(connection: Connection, proxy: Proxy) -> None:
    for status in (400, 401, 403, 404, 413, 429):
        proxy.seen.clear()
        proxy.meet([answer(status)])
        error = failure_of(lambda: connection.client.batches([READ]))
        assert not error.may_have_happened, status
        assert proxy.count == 1, status
    released = threading.Event()
    with writer(proxy.url, timeout=SOON) as hurried:
        proxy.seen.clear()
        proxy.meet([trickled(b"", released)])
        error = failure_of(lambda: hurried.client.batches([READ], repeatable=True))
        assert type(error) is turso.TimedOut
        assert proxy.count == 1
        released.set()


def test_a_second_error_hides_no_unknown_outcome(connection: Connection, proxy: Proxy) -> None:
    proxy.meet([cut_after, answer(401)])
    assert type(failure_of(lambda: connection.client.batches([READ]))) is turso.TokenRefused
    for count, then in enumerate((answer(401), answer(429), answer(307), answer(400, b"?")), 1):
        proxy.meet([cut_after, then])
        error = failure_of(lambda: connection.client.batches([WRITE], repeatable=True))
        assert type(error) is turso.OutcomeUnknown, count
        assert rows(connection) == count


def test_a_server_gone_before_the_second_sending(connection: Connection, proxy: Proxy) -> None:
    def cut_and_gone(proxied: ProxiedRequest) -> None:
        proxy.close()
        cut_after(proxied)

    proxy.meet([cut_and_gone])
    error = failure_of(lambda: connection.client.batches([WRITE], repeatable=True))
    assert type(error) is turso.OutcomeUnknown
    assert isinstance(error.__cause__, turso.NotSent)


def test_repeatable_changes_are_sent_once_more(connection: Connection, proxy: Proxy) -> None:
    connection.execute("CREATE UNIQUE INDEX only_one ON t (n)")
    for number, (name, loss) in enumerate(LOST.items(), start=1):
        proxy.seen.clear()
        proxy.meet([loss])
        once = ("INSERT OR IGNORE INTO t VALUES (?)", (number,))
        (result,) = connection.client.batches([[once]], repeatable=True)
        assert not isinstance(result, Error), name
        assert proxy.count == 2, name
        assert rows(connection) == number, name
    # A batch that fails when it is sent again may have been kept the first time.
    for lost, batch in ((False, [*NEW, *NEW]), (True, NEW)):
        proxy.meet([cut_after] if lost else [])
        (error,) = connection.client.batches([batch], repeatable=True)
        assert isinstance(error, turso.IntegrityError)
        assert error.may_have_happened is lost
    assert rows(connection) == len(LOST) + 1


def test_a_bad_network_loses_and_doubles_no_change(connection: Connection, proxy: Proxy) -> None:
    connection.execute("CREATE TABLE changes (id TEXT PRIMARY KEY, n INTEGER)")
    connection.execute("CREATE TABLE totals (total INTEGER)")
    connection.execute("INSERT INTO totals VALUES (0)")
    dice = random.Random(11)

    def fate(proxied: ProxiedRequest) -> None:
        dice.choice([pass_on, cut_before, cut_after, cut_within])(proxied)

    proxy.fate = fate
    update = "UPDATE totals SET total = total + ? WHERE ? NOT IN (SELECT id FROM changes)"
    insert = "INSERT OR IGNORE INTO changes VALUES (?, ?)"
    sent_again = 0
    for number in range(40):
        key = f"id-{number}"
        change = [(update, (number, key)), (insert, (key, number))]
        while True:
            try:
                (result,) = connection.client.batches([change], repeatable=True)
            except turso.OutcomeUnknown:
                sent_again += 1
            else:
                assert not isinstance(result, Error)
                break
    proxy.fate = pass_on
    assert sent_again > 5
    stored = connection.execute("SELECT id, n FROM changes ORDER BY n").fetchall()
    assert stored == [(f"id-{number}", number) for number in range(40)]
    assert connection.execute("SELECT total FROM totals").fetchall() == [(sum(range(40)),)]
