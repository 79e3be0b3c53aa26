"""A real nginx in a folder of its own: no root, no fixed port, no file outside of the folder.

It is given sockets that already listen (nginx takes them over from the variable ``NGINX``, as it does from
itself in an upgrade), so a test can connect at once and no port is ever guessed. Its certificate is made
here, and ``trusting`` trusts exactly that one.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["make_certificate", "needs_nginx", "running_nginx", "trusting"]

NGINX: Final = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")

needs_nginx: Final = pytest.mark.skipif(
    NGINX is None, reason="no nginx on this machine (Debian: apt-get install nginx-light)"
)
"""Mark of every test that puts nginx in front of a server."""

PATIENCE: Final = 10.0
"""Seconds after which nginx should have ended."""

_FRAME: Final = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
{http}
}}
"""
"""Where nginx keeps its own files; everything else is its default."""


@contextmanager
def running_nginx(folder: Path, http: str, listeners: Sequence[socket.socket]) -> Iterator[None]:
    """Serve ``http`` (what stands in nginx's ``http`` block) on sockets that it names by ``listen``."""
    configuration = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # root's worker may read the folder as well
    configuration.write_text(_FRAME.format(user=user, folder=folder, http=http), encoding="utf-8")
    numbers = [listener.fileno() for listener in listeners]
    for listener in listeners:
        listener.settimeout(0)
    process = subprocess.Popen(
        [str(NGINX), "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(configuration)],
        env={"NGINX": "".join(f"{number};" for number in numbers)},
        pass_fds=numbers,
    )
    for listener in listeners:  # from here on nginx alone holds them: if it ends, connections are refused
        listener.close()
    try:
        yield
        assert process.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
    finally:
        process.terminate()
        process.wait(PATIENCE)


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for ``name`` and 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    public = key.public_key()
    built = (
        x509.CertificateBuilder(subject, subject, public, x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "certificate.key"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


def trusting(certificate: Path) -> ssl.SSLContext:
    """A client's TLS settings that trust this certificate and no other."""
    return ssl.create_default_context(cafile=str(certificate))
