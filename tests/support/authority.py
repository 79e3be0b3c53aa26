"""A certificate authority of a test's own, and the certificate that it gives a server on the loopback."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = dt.timedelta(hours=1)
_SKEW = dt.timedelta(minutes=5)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return x509.CertificateBuilder(
        issuer, subject, key, x509.random_serial_number(), now - _SKEW, now + _LIFETIME
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority; its certificate, which clients are given, is in ``certificate``."""

    folder: Path
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, folder: Path) -> Authority:
        """A new one, whose files lie in ``folder``."""
        authority = cls(folder, ec.generate_private_key(ec.SECP256R1()))
        built = (
            _builder(_name("authority"), _name("authority"), authority.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(authority.key, hashes.SHA256())
        )
        authority.certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
        return authority

    @property
    def certificate(self) -> Path:
        """The authority's own certificate, as a file."""
        return self.folder / "authority.pem"

    def certify(self, host: str) -> tuple[Path, Path]:
        """A certificate for ``host`` and 127.0.0.1, and its key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        built = (
            _builder(_name(host), _name("authority"), key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        certificate, private = self.folder / f"{host}.crt", self.folder / f"{host}.key"
        certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def trusted(self) -> ssl.SSLContext:
        """A client's TLS settings that trust this authority and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
