"""Calls between services with certificates: who has none is not heard; new ones need no restart."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc import aio
from grpc_health.v1 import health_pb2

from chassis import grpc_client
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.mutual_tls import ReloadingChannel
from chassis.telemetry import Telemetry

_PEM = serialization.Encoding.PEM
_DAYS = 30


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Makes certificates for this machine."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name("Test authority")
        builder = self._builder(self._subject, self._key)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())

    def put_into(self, folder: Path) -> None:
        """A new certificate and its key, and the authority itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = self._builder(_name("service"), key).add_extension(names, critical=False)
        folder.mkdir(exist_ok=True)
        (folder / "tls.crt").write_bytes(certificate.sign(self._key, hashes.SHA256()).public_bytes(_PEM))
        (folder / "tls.key").write_bytes(
            key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        (folder / "ca.crt").write_bytes(self.certificate.public_bytes(_PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=_DAYS))
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A server with certificates, and what a client of the same authority needs."""

    address: str
    authority: Authority
    server_files: Path
    client_files: Path
    telemetry: Telemetry


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    authority = Authority()
    for side in ("server", "client"):
        authority.put_into(tmp_path / side)
    telemetry = Telemetry("sample", "api", 0)
    settings = GrpcSettings(port=0, tls=tmp_path / "server")
    server = GrpcServer(settings, access={}, verifier=None, telemetry=telemetry, error_domain="sample")
    started = await server.start()
    address = f"127.0.0.1:{server.port}"
    yield Stage(address, authority, tmp_path / "server", tmp_path / "client", telemetry)
    await started.stop(0)


async def _asked(channel: aio.Channel) -> bool:
    """Whether the server answers on this channel."""
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    try:
        answer = await check(health_pb2.HealthCheckRequest(), timeout=5)
    except aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def _client(stage: Stage) -> aio.Channel:
    return grpc_client.channel(stage.address, tokens=None, audience="sample", tls=stage.client_files)


def _hasty_client(stage: Stage) -> ReloadingChannel:
    """For which 20 seconds pass at every look."""
    clock = (float(seconds) for seconds in count(0, 20))
    return ReloadingChannel(
        stage.client_files,
        lambda credentials: aio.secure_channel(stage.address, credentials),
        lambda: next(clock),
    )


async def test_both_sides_prove_who_they_are(stage: Stage) -> None:
    async with _client(stage) as channel:
        assert await _asked(channel)


async def test_without_a_certificate_nobody_is_heard(stage: Stage) -> None:
    authorities = (stage.client_files / "ca.crt").read_bytes()
    async with aio.secure_channel(stage.address, grpc.ssl_channel_credentials(authorities)) as channel:
        assert not await _asked(channel)
    async with aio.insecure_channel(stage.address) as plain:
        assert not await _asked(plain)


async def test_a_certificate_of_another_authority_is_refused(stage: Stage) -> None:
    trusted = (stage.client_files / "ca.crt").read_bytes()
    Authority().put_into(stage.client_files)
    (stage.client_files / "ca.crt").write_bytes(trusted)
    async with _client(stage) as channel:
        assert not await _asked(channel)


async def test_new_certificates_are_used_without_a_restart(stage: Stage) -> None:
    async with _hasty_client(stage) as channel:
        assert await _asked(channel)
        old = channel.current
        anew = Authority()
        for folder in (stage.server_files, stage.client_files):
            anew.put_into(folder)
        assert await _asked(channel)
        assert channel.current is not old
        assert await _asked(channel)


async def test_files_that_are_missing_for_a_moment_change_nothing(stage: Stage) -> None:
    async with _hasty_client(stage) as channel:
        (stage.client_files / "tls.key").unlink()
        (stage.server_files / "tls.key").unlink()
        assert await _asked(channel)
        async with asyncio.timeout(5):
            await channel.channel_ready()


async def test_when_the_certificate_ends_is_a_metric(stage: Stage) -> None:
    ends_at = stage.telemetry.registry.get_sample_value("praxispost_certificate_expiry_timestamp_seconds")
    assert ends_at is not None
    in_days = (datetime.fromtimestamp(ends_at, UTC) - datetime.now(UTC)) / timedelta(days=1)
    assert _DAYS - 1 < in_days <= _DAYS
