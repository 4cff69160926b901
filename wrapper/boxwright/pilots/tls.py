"""Keys for one life of a controller: a pilot and its controller know each other by them, and nobody else is heard.

An open port on which runs can be submitted is code execution for everyone on the cluster. So both sides show a
certificate of an authority that has signed nothing else, and whose own key is thrown away at once.
"""

from __future__ import annotations

import datetime
import importlib.util
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.errors import ScenarioError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

AUTHORITY = "authority.pem"
IDENTITY = "identity.pem"
_YEARS = datetime.timedelta(days=3650)
_SKEW = datetime.timedelta(days=1)
"""Clocks of nodes may be behind."""


def refuse_missing_package(place: str) -> None:
    """Refuse pilots where no keys can be made.

    Raises:
        ScenarioError: The package is missing.
    """
    if importlib.util.find_spec("cryptography") is None:
        raise ScenarioError(
            "slots in batch jobs are reached through TLS, and the package cryptography is not installed. "
            "Install it with pip install 'boxwright[cluster]'.",
            place=f"{place}: slots.backend",
        )


def make_keys(folder: Path) -> None:
    """Write new keys into a folder that only its owner may enter; both sides use the same.

    Raises:
        OSError: They cannot be written.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("boxwright study", authority_key, authority_key, None)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    certificate = _certificate("boxwright pilot", key, authority_key, usage)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(folder / AUTHORITY, authority.public_bytes(pem))
    _write(folder / IDENTITY, secret + certificate.public_bytes(pem))


def context_for(folder: Path, *, server: bool) -> ssl.SSLContext:
    """Return how one side speaks.

    Raises:
        OSError: There are no such keys.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Addresses differ from node to node; that the authority has signed it says enough, since it signed nothing else.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / AUTHORITY)
    context.load_cert_chain(folder / IDENTITY)
    return context


def _certificate(
    name: str,
    key: EllipticCurvePrivateKey,
    signer: EllipticCurvePrivateKey,
    usage: x509.ExtendedKeyUsage | None,
) -> x509.Certificate:
    """Return a certificate; without a usage, that of the authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "boxwright study")])
    is_authority = usage is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(_key_usage(is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _key_usage(is_authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:  # noqa: PTH123 (a descriptor)
        file.write(content)
