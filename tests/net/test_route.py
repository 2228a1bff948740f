"""Proxies and certificates between a player and the servers: named in errors, without passwords."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from helpers.books import Books
from helpers.certificates import issued_by
from helpers.commands import Run
from helpers.https_proxy import HttpsProxy, https_proxy
from helpers.proxy import Proxy, answer, proxy_to
from helpers.servers import free_port
from tracker_tui.auth.auth_errors import DiscordUnreachable
from tracker_tui.auth.discord_session import DiscordSession
from tracker_tui.auth.guild_config import Guild
from tracker_tui.net.certificates import issuer_in

HOST = "guild.example"
INSPECTOR = "Sietch Inspection Root"
PASSWORD = "hunter2"


def ask_discord(url: str) -> requests.Response:
    guild = Guild(api_url=url, client_id="1", guild_id="2", roles=())
    with DiscordSession(guild, 5.0) as session:
        return session.post(url)


class Way(NamedTuple):
    """A machine whose traffic all goes through a proxy, to one server that speaks TLS."""

    server: Proxy
    proxy: HttpsProxy
    root: Path
    """The certificate of whoever inspects the traffic."""
    folder: Path
    open: Callable[..., HttpsProxy]
    """Make another proxy, with a refusal of its own."""

    def url_of(self, proxy: str, scheme: str = "http") -> str:
        """Return the URL of a proxy, with a password in it."""
        return f"{scheme}://me:{PASSWORD}@{proxy}"


@pytest.fixture
def way(
    remote_guild: Books, remote_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Way]:
    """The guild's server, behind a proxy that inspects what is encrypted."""
    tls, root = issued_by(tmp_path, INSPECTOR, HOST)
    with ExitStack() as stack:
        server = stack.enter_context(proxy_to(remote_url, tls=tls))

        def make(refusal: str = "") -> HttpsProxy:
            return stack.enter_context(https_proxy(server.port, refusal))

        path = remote_url.partition("localhost")[2].partition("/")[2]
        monkeypatch.setenv("TURSO_DATABASE_URL", f"https://{HOST}/{path}")
        monkeypatch.setenv("TURSO_AUTH_TOKEN", "token")
        way = Way(server, make(), root, tmp_path, make)
        monkeypatch.setenv("HTTPS_PROXY", way.url_of(way.proxy.address))
        yield way


def untrusted(way: Way) -> tuple[dict[str, str], str]:
    return {}, f"the certificate of <host>, issued by “{INSPECTOR}”, is not trusted here."


def trusted_by_others(way: Way) -> tuple[dict[str, str], str]:
    other = way.folder / "other"
    other.mkdir()
    _, root = issued_by(other, "Other Root", "other.example")
    told = f"issued by “{INSPECTOR}”, is not among those of SSL_CERT_FILE, {root}"
    return {"SSL_CERT_FILE": str(root)}, told


def no_such_file(way: Way) -> tuple[dict[str, str], str]:
    path = str(way.folder / "gone.pem")
    return {"REQUESTS_CA_BUNDLE": path}, f"REQUESTS_CA_BUNDLE names {path}, which is not there."


def no_certificates(way: Way) -> tuple[dict[str, str], str]:
    path = way.folder / "empty.pem"
    path.write_text("nothing", encoding="utf-8")
    return {"SSL_CERT_FILE": str(path)}, f"SSL_CERT_FILE names {path}, which holds no certificates."


def wants_a_password(way: Way) -> tuple[dict[str, str], str]:
    proxy = way.open("407 Proxy Authentication Required").address
    told = f"the proxy {proxy} (HTTPS_PROXY) wants a user name and a password (407)."
    return {"HTTPS_PROXY": way.url_of(proxy)}, told


def lets_nothing_through(way: Way) -> tuple[dict[str, str], str]:
    proxy = way.open("503 Service Unavailable").address
    told = f"the proxy {proxy} (https_proxy) does not allow connections to <host> (503)."
    return {"https_proxy": way.url_of(proxy)}, told


def dead(way: Way) -> tuple[dict[str, str], str]:
    proxy = f"127.0.0.1:{free_port()}"
    told = f"the proxy {proxy} (HTTPS_PROXY) does not answer."
    return {"HTTPS_PROXY": way.url_of(proxy)}, told


def unknown(way: Way) -> tuple[dict[str, str], str]:
    told = "the proxy proxy.invalid:3128 (ALL_PROXY) does not answer."
    return {"HTTPS_PROXY": "", "ALL_PROXY": way.url_of("proxy.invalid:3128")}, told


def spoken_to_wrongly(way: Way) -> tuple[dict[str, str], str]:
    proxy = way.proxy.address
    told = f"the proxy {proxy} (HTTPS_PROXY) does not answer encrypted."
    return {"HTTPS_PROXY": way.url_of(proxy, "https")}, told


def of_another_kind(way: Way) -> tuple[dict[str, str], str]:
    proxy = way.proxy.address
    told = f"the proxy {proxy} (HTTPS_PROXY) is not written as http://HOST:PORT."
    return {"HTTPS_PROXY": way.url_of(proxy, "socks5")}, told


def garbage(way: Way) -> tuple[dict[str, str], str]:
    told = "the proxy of HTTPS_PROXY is not written as http://HOST:PORT."
    return {"HTTPS_PROXY": way.url_of("no host:here")}, told


OBSTACLES = (
    *(untrusted, trusted_by_others, no_such_file, no_certificates, wants_a_password),
    *(lets_nothing_through, dead, unknown, spoken_to_wrongly, of_another_kind, garbage),
)


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_stands_in_the_way_is_named_whoever_is_asked(
    run: Run,
    way: Way,
    monkeypatch: pytest.MonkeyPatch,
    no_second_try: None,
    obstacle: Callable[[Way], tuple[dict[str, str], str]],
) -> None:
    variables, told = obstacle(way)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for ran in (run("list"), run("doctor"), run("edit", "spice", "+5")):
        said = ran.out + ran.err
        assert told.replace("<host>", HOST) in said
        assert PASSWORD not in said
    assert run("list").error.startswith(f"tracker-tui: {HOST} cannot be reached: ")
    assert PASSWORD not in run("--debug", "list").err
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("spice +5 saved here, will be sent")
    assert "ry again" not in ran.out
    assert way.server.count == 0

    with pytest.raises(DiscordUnreachable) as caught:
        ask_discord("https://discord.example/api/me")
    said = str(caught.value)
    assert said.startswith("Discord cannot be reached: ")
    assert told.replace("<host>", "discord.example") in said
    assert PASSWORD not in said


def test_behind_a_proxy_that_inspects_all_is_well_once_its_certificate_is_trusted(
    run: Run, way: Way, remote_guild: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(way.root))
    assert "Spice" in run("list").out
    assert run("edit", "spice", "+5").status == 0
    assert remote_guild.quantities() == (1_005, 400)
    (found,) = [each for each in run("doctor", "--json").document if each["check"] == "network"]
    assert found["state"] == "ok"
    assert f"the proxy {way.proxy.address} (HTTPS_PROXY)" in found["found"]
    assert f"SSL_CERT_FILE, {way.root}" in found["found"]
    assert PASSWORD not in str(found)

    way.server.fate = answer(200, b"{}")
    reply = ask_discord(f"https://{HOST}/api/me")
    assert (reply.status_code, reply.content) == (200, b"{}")


@pytest.mark.parametrize("status", [403, 407, 451])
def test_a_page_within_the_tunnel_is_the_proxys(
    run: Run, way: Way, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(way.root))
    way.server.fate = answer(status, b"<html>Blocked by policy</html>")
    said = run("list").error
    assert f"the proxy {way.proxy.address} (HTTPS_PROXY)" in said
    assert f"({status})" in said
    with pytest.raises(DiscordUnreachable, match=r"\(HTTPS_PROXY\)"):
        ask_discord(f"https://{HOST}/api/me")


def test_a_certificate_that_has_run_out_and_one_for_another_host_are_told_apart(
    run: Run, way: Way, tmp_path: Path, remote_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host, has_run_out, told in (
        (HOST, True, f"the certificate of {HOST} has expired. Check the clock of this machine."),
        ("other.example", False, f"the certificate is not for {HOST}."),
    ):
        folder = tmp_path / host
        folder.mkdir()
        tls, root = issued_by(folder, INSPECTOR, host, has_run_out=has_run_out)
        monkeypatch.setenv("SSL_CERT_FILE", str(root))
        with proxy_to(remote_url, tls=tls) as server, https_proxy(server.port) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", way.url_of(proxy.address))
            assert told in run("list").error


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"\x30\x82" + rest))
def test_whatever_comes_as_a_certificate_names_somebody_or_nobody(content: bytes) -> None:
    with suppress(ValueError):
        assert issuer_in(content).isprintable()
