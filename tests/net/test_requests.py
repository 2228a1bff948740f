"""HTTP requests within limits, and the proxies and certificates that stand in their way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from helpers.certificates import issued_by, self_signed
from helpers.commands import Run
from helpers.driver_faults import SECONDS, SOON, await_left_behind
from helpers.https_proxy import HttpsProxy, https_proxy
from helpers.ledger_under_test import Books
from helpers.proxy import ProxiedRequest, Proxy, answer, proxy_to
from helpers.servers import free_port
from tracker_tui.auth.discord_errors import DiscordUnreachable
from tracker_tui.auth.discord_session import DiscordSession
from tracker_tui.auth.guild_config import Guild
from tracker_tui.net.bounded_adapter import BoundedAdapter
from tracker_tui.net.certificates import issuer_in
from tracker_tui.net.errors import (
    DeadlineExceeded,
    Redirected,
    RequestAborted,
    RequestFailed,
    ResponseTooLarge,
)


@pytest.fixture
def target() -> Iterator[Proxy]:
    with proxy_to("http://localhost:1") as target:
        target.fate = answer(200, b"hello", Set_Cookie="seen=1")
        yield target


@pytest.fixture
def adapter() -> BoundedAdapter:
    return BoundedAdapter(seconds=SECONDS, max_bytes=1_000)


@pytest.fixture
def session(adapter: BoundedAdapter) -> Iterator[requests.Session]:
    with requests.Session() as session:
        adapter.mount_on(session)
        yield session


def failure_of(session: requests.Session, url: str, **options: Any) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        session.post(url, **options)
    return caught.value


def test_responses_are_limited_and_no_cookie_is_kept(
    session: requests.Session, target: Proxy
) -> None:
    for _ in range(2):
        assert session.post(target.url, data={"a": "b"}).content == b"hello"
    assert [seen.body for seen in target.seen] == [b"a=b", b"a=b"]
    assert [seen.is_first for seen in target.seen] == [True, False]
    assert "cookie" not in target.seen[1].headers
    # A redirect is an error, although sessions follow them.
    target.fate = answer(307, Location=target.url)
    error = failure_of(session, target.url, allow_redirects=True)
    assert isinstance(error, Redirected)
    assert (error.status, target.count) == (307, 3)
    target.fate = answer(200, b"x" * 1_001)
    assert type(failure_of(session, target.url)) is ResponseTooLarge


def test_a_request_without_a_body_is_withheld_after_its_deadline(
    session: requests.Session, target: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, known = threading.Event(), socket.getaddrinfo

    def hang(*args: Any) -> Any:
        assert released.wait(SECONDS)
        return known(*args)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    error = failure_of(session, target.url, timeout=SOON)
    assert type(error) is DeadlineExceeded
    assert not error.was_sent
    released.set()
    await_left_behind()
    assert target.count == 0


def test_abort_ends_a_request_through_a_proxy_at_once(
    adapter: BoundedAdapter,
    session: requests.Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = "guild.example"
    tls, root = self_signed(tmp_path, host)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    released = threading.Event()

    def aborted(proxied: ProxiedRequest) -> None:
        adapter.abort()
        assert released.wait(SECONDS)
        proxied.cut()

    with proxy_to("http://localhost:1", tls=tls) as server, https_proxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        server.fate = aborted
        error = failure_of(session, f"https://{host}/")
        assert type(error) is RequestAborted
        assert error.was_sent
        # The connection through the proxy is cut, so the thread ends before the server answers.
        await_left_behind()
        released.set()


HOST = "guild.example"
INSPECTOR = "Sietch Inspection Root"
PASSWORD = "hunter2"


def ask_discord(url: str) -> requests.Response:
    guild = Guild(api_url=url, client_id="1", guild_id="2", roles=())
    with DiscordSession(guild, 5.0) as session:
        return session.post(url)


class Route(NamedTuple):
    """A route from this machine through a proxy to a server with TLS."""

    server: Proxy
    proxy: HttpsProxy
    root: Path
    """The root certificate of the proxy, which inspects encrypted traffic."""
    folder: Path
    open: Callable[..., HttpsProxy]
    """Open another proxy; with a status line, it rejects every connection."""

    def url_of(self, proxy: str, scheme: str = "http") -> str:
        """Return the URL of a proxy, with a password in it."""
        return f"{scheme}://me:{PASSWORD}@{proxy}"


@pytest.fixture
def route(
    remote_guild: Books, remote_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Route]:
    """The guild's server, behind a proxy that inspects encrypted traffic."""
    tls, root = issued_by(tmp_path, INSPECTOR, HOST)
    with ExitStack() as stack:
        server = stack.enter_context(proxy_to(remote_url, tls=tls))

        def make(rejection: str = "") -> HttpsProxy:
            return stack.enter_context(https_proxy(server.port, rejection))

        path = remote_url.partition("localhost")[2].partition("/")[2]
        monkeypatch.setenv("TURSO_DATABASE_URL", f"https://{HOST}/{path}")
        monkeypatch.setenv("TURSO_AUTH_TOKEN", "token")
        route = Route(server, make(), root, tmp_path, make)
        monkeypatch.setenv("HTTPS_PROXY", route.url_of(route.proxy.address))
        yield route


def obstacles(route: Route) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the variables that make each obstacle, and how it is named."""
    yield {}, f"the certificate of <host>, issued by “{INSPECTOR}”, is not trusted here."
    other = route.folder / "other"
    other.mkdir()
    _, root = issued_by(other, "Other Root", "other.example")
    not_among = f"issued by “{INSPECTOR}”, is not among those of SSL_CERT_FILE, {root}"
    yield {"SSL_CERT_FILE": str(root)}, not_among
    gone, empty = route.folder / "gone.pem", route.folder / "empty.pem"
    names = f"REQUESTS_CA_BUNDLE names {gone}, which is not there."
    yield {"REQUESTS_CA_BUNDLE": str(gone)}, names
    empty.write_text("nothing", encoding="utf-8")
    names = f"SSL_CERT_FILE names {empty}, which holds no certificates."
    yield {"SSL_CERT_FILE": str(empty)}, names

    # Proxies
    proxy = route.open("407 Proxy Authentication Required").address
    wants = f"the proxy {proxy} (HTTPS_PROXY) wants a user name and a password (407)."
    yield {"HTTPS_PROXY": route.url_of(proxy)}, wants
    proxy = route.open("503 Service Unavailable").address
    forbids = f"the proxy {proxy} (https_proxy) does not allow connections to <host> (503)."
    yield {"https_proxy": route.url_of(proxy)}, forbids
    proxy = f"127.0.0.1:{free_port()}"
    silent = "does not answer."
    yield {"HTTPS_PROXY": route.url_of(proxy)}, f"the proxy {proxy} (HTTPS_PROXY) {silent}"
    unknown = {"HTTPS_PROXY": "", "ALL_PROXY": route.url_of("proxy.invalid:3128")}
    yield unknown, f"the proxy proxy.invalid:3128 (ALL_PROXY) {silent}"
    named = f"the proxy {route.proxy.address} (HTTPS_PROXY)"
    encrypted = route.url_of(route.proxy.address, "https")
    yield {"HTTPS_PROXY": encrypted}, f"{named} does not answer encrypted."
    other_protocol = route.url_of(route.proxy.address, "socks5")
    yield {"HTTPS_PROXY": other_protocol}, f"{named} is not written as http://HOST:PORT."
    malformed = {"HTTPS_PROXY": route.url_of("no host:here")}
    yield malformed, "the proxy of HTTPS_PROXY is not written as http://HOST:PORT."


def test_every_obstacle_is_named(run: Run, route: Route, single_try: None) -> None:
    for variables, expected in obstacles(route):
        with pytest.MonkeyPatch.context() as monkeypatch:
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            ran = run("list")
            assert ran.error.startswith(f"tracker-tui: {HOST} cannot be reached: ")
            for message in (ran.error, run("doctor").out, run("--debug", "list").err):
                assert expected.replace("<host>", HOST) in message
                assert PASSWORD not in message
            ran = run("edit", "spice", "+5")
            assert (ran.status, ran.err) == (0, ""), expected
            assert ran.out.startswith("spice +5 saved here, will be sent")
            assert expected.replace("<host>", HOST) in ran.out
            assert not [words for words in (PASSWORD, "ry again") if words in ran.out], expected
            assert route.server.count == 0

            with pytest.raises(DiscordUnreachable) as caught:
                ask_discord("https://discord.example/api/me")
            message = str(caught.value)
            assert message.startswith("Discord cannot be reached: ")
            assert expected.replace("<host>", "discord.example") in message
            assert PASSWORD not in message


def test_an_inspecting_proxy_works_once_its_certificate_is_trusted(
    run: Run, route: Route, remote_guild: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(route.root))
    assert "Spice" in run("list").out
    assert run("edit", "spice", "+5").status == 0
    assert remote_guild.quantities() == (1_005, 400)
    (found,) = [each for each in run("doctor", "--json").document if each["check"] == "network"]
    assert found["state"] == "ok"
    assert f"the proxy {route.proxy.address} (HTTPS_PROXY)" in found["found"]
    assert f"SSL_CERT_FILE, {route.root}" in found["found"]
    assert PASSWORD not in str(found)

    route.server.fate = answer(200, b"{}")
    reply = ask_discord(f"https://{HOST}/api/me")
    assert (reply.status_code, reply.content) == (200, b"{}")


def test_a_page_names_the_proxy(run: Run, route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(route.root))
    for status in (403, 407, 451):
        route.server.fate = answer(status, b"<html>Blocked by policy</html>")
        message = run("list").error
        assert f"the proxy {route.proxy.address} (HTTPS_PROXY)" in message
        assert f"({status})" in message
        with pytest.raises(DiscordUnreachable, match=r"\(HTTPS_PROXY\)"):
            ask_discord(f"https://{HOST}/api/me")


def test_an_expired_certificate_and_one_for_another_host_have_their_own_messages(
    run: Run, route: Route, tmp_path: Path, remote_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host, has_expired, expected in (
        (HOST, True, f"the certificate of {HOST} has expired. Check the clock of this machine."),
        ("other.example", False, f"the certificate is not for {HOST}."),
    ):
        folder = tmp_path / host
        folder.mkdir()
        tls, root = issued_by(folder, INSPECTOR, host, has_expired=has_expired)
        monkeypatch.setenv("SSL_CERT_FILE", str(root))
        with proxy_to(remote_url, tls=tls) as server, https_proxy(server.port) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", route.url_of(proxy.address))
            assert expected in run("list").error


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"\x30\x82" + rest))
def test_any_bytes_as_a_certificate_name_an_issuer_or_none(content: bytes) -> None:
    with suppress(ValueError):
        assert issuer_in(content).isprintable()
