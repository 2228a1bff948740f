"""Certificates for test servers; a client trusts them only if its settings name the root."""

from __future__ import annotations

import atexit
import ipaddress
import shutil
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@cache
def loopback_certificate() -> tuple[ssl.SSLContext, Path]:
    """Return a TLS context for servers at 127.0.0.1 in this process, and its root certificate."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-tui-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return issued_by(folder, "Root of the tests", "127.0.0.1")


def self_signed(folder: Path, host: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """Return the TLS context of a server at a host, and its root certificate."""
    return issued_by(folder, host, host)


def issued_by(
    folder: Path, issuer: str, host: str, *, has_expired: bool = False
) -> tuple[ssl.SSLContext, Path]:
    """Return a TLS context with a certificate by this issuer, and the issuer's certificate."""
    key, root_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(issuer, issuer, root_key, root_key, is_root=True)
    if issuer == host:
        key, certificate = root_key, root
    else:
        certificate = _certificate(host, issuer, key, root_key, has_expired=has_expired)
    key_file, file, trusted = (folder / name for name in ("server.key", "server.crt", "root.crt"))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    trusted.write_bytes(root.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return context, trusted


def _certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signing: ec.EllipticCurvePrivateKey,
    *,
    is_root: bool = False,
    has_expired: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC) - timedelta(days=5 if has_expired else 0)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_alternative(subject)]), critical=False)
        .add_extension(
            x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True
        )
        .sign(signing, hashes.SHA256())
    )


def _alternative(subject: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(subject))
    except ValueError:
        return x509.DNSName(subject.replace(" ", "-"))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
