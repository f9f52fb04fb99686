"""The certificate of the catcher's SMTP server, from an authority that only this data folder knows."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LIFETIME = timedelta(days=3650)


def ensure(folder: Path) -> tuple[Path, Path]:
    """The authority's certificate for clients, and the server's certificate with its key; made once."""
    authority_file, server_file = folder / "authority.pem", folder / "server.pem"
    if not server_file.exists():
        authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        authority = _certificate("Praxispost local authority", authority_key, authority_key, is_server=False)
        server = _certificate("localhost", server_key, authority_key, is_server=True)
        authority_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        server_file.touch(mode=0o600)
        server_file.write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + server.public_bytes(serialization.Encoding.PEM)
        )
    return authority_file, server_file


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, signing: ec.EllipticCurvePrivateKey, *, is_server: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    issuer = "Praxispost local authority"
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=not is_server, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    if is_server:
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
        )
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signing, hashes.SHA256())
