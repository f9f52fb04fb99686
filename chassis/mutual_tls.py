"""Mutual TLS between services: certificates from a folder, read again when they change, without a restart."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import grpc
from cryptography import x509
from grpc import aio

from chassis import logs

_LOG = logs.get(__name__)
_LOOK_EVERY_SECONDS: Final = 10.0
# Streams end with their token, calls with their deadline; after that the old channel has nothing left to do.
_GRACE_SECONDS: Final = 120.0
_Version: TypeAlias = tuple[int, ...]


class Certificates:
    """The files of a TLS Secret in a folder: `tls.crt`, `tls.key`, and the authorities in `ca.crt`."""

    def __init__(self, folder: Path) -> None:
        self._files = tuple(folder / name for name in ("tls.crt", "tls.key", "ca.crt"))

    def version(self) -> _Version:
        """Another one once any file has changed. Raises OSError where one is missing."""
        return tuple(
            number for file in self._files for number in (file.stat().st_mtime_ns, file.stat().st_ino)
        )

    def read(self) -> tuple[bytes, bytes, bytes]:
        """Chain, key and authorities, as PEM. Raises OSError."""
        chain, key, authorities = (file.read_bytes() for file in self._files)
        return chain, key, authorities

    def expires_at(self) -> float:
        """When the own certificate ends, in seconds since 1970; 0 where it cannot be read."""
        try:
            chain, _, _ = self.read()
            return x509.load_pem_x509_certificate(chain).not_valid_after_utc.timestamp()
        except (OSError, ValueError):
            return 0.0


def server_credentials(folder: Path) -> grpc.ServerCredentials:
    """Credentials that want a certificate of each client; handshakes after a change use the new files."""
    return _Handshakes(Certificates(folder)).credentials()


class _Handshakes:
    """What each handshake of a server shows and trusts."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self._version = certificates.version()
        self._shown = _configuration(certificates)

    def credentials(self) -> grpc.ServerCredentials:
        return grpc.dynamic_ssl_server_credentials(
            self._shown, self._configuration_now, require_client_authentication=True
        )

    def _configuration_now(self) -> grpc.ServerCertificateConfiguration:
        try:
            version = self._certificates.version()
            if version != self._version:
                self._shown, self._version = _configuration(self._certificates), version
                _LOG.info("certificates read again")
        except OSError as error:
            _LOG.error("certificates cannot be read", error=error)
        return self._shown


def _configuration(certificates: Certificates) -> grpc.ServerCertificateConfiguration:
    chain, key, authorities = certificates.read()
    return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=authorities)


class ReloadingChannel(aio.Channel):
    """A channel that is made anew once its certificates have changed; what has begun ends on the old one.

    `make` builds a channel with the credentials given.
    """

    def __init__(
        self,
        folder: Path,
        make: Callable[[grpc.ChannelCredentials], aio.Channel],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._certificates = Certificates(folder)
        self._make = make
        self._monotonic = monotonic
        self._version = self._certificates.version()
        self._looked_at = monotonic()
        self._closing: set[asyncio.Task[None]] = set()
        self.current = self._made()

    def renew(self) -> aio.Channel:
        """The channel for a call that begins now."""
        now = self._monotonic()
        if now - self._looked_at >= _LOOK_EVERY_SECONDS:
            self._looked_at = now
            self._look()
        return self.current

    def _look(self) -> None:
        try:
            version = self._certificates.version()
            if version == self._version:
                return
            made = self._made()
        except OSError as error:
            _LOG.error("certificates cannot be read", error=error)
            return
        old, self.current, self._version = self.current, made, version
        closing = asyncio.get_running_loop().create_task(old.close(_GRACE_SECONDS))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        _LOG.info("certificates read again")

    def _made(self) -> aio.Channel:
        chain, key, authorities = self._certificates.read()
        return self._make(grpc.ssl_channel_credentials(authorities, key, chain))

    def unary_unary(self, *arguments: Any, **options: Any) -> Any:
        """As of the channel of the moment."""
        return _Method(self, "unary_unary", arguments, options)

    def unary_stream(self, *arguments: Any, **options: Any) -> Any:
        """As of the channel of the moment."""
        return _Method(self, "unary_stream", arguments, options)

    def stream_unary(self, *arguments: Any, **options: Any) -> Any:
        """As of the channel of the moment."""
        return _Method(self, "stream_unary", arguments, options)

    def stream_stream(self, *arguments: Any, **options: Any) -> Any:
        """As of the channel of the moment."""
        return _Method(self, "stream_stream", arguments, options)

    async def close(self, grace: float | None = None) -> None:
        """Close what is open."""
        for task in self._closing:
            task.cancel()
        await self.current.close(grace)

    async def __aenter__(self) -> "ReloadingChannel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """As of the channel of the moment."""
        return self.current.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """As of the channel of the moment."""
        await self.current.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """As of the channel of the moment."""
        await self.current.channel_ready()


class _Method:
    """One RPC of a stub: looks for the channel of the moment whenever it is called."""

    def __init__(
        self, channel: ReloadingChannel, kind: str, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        self._channel = channel
        self._kind = kind
        self._arguments = arguments
        self._options = options
        self._of: aio.Channel | None = None
        self._method: Any = None

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        channel = self._channel.renew()
        if channel is not self._of:
            self._of = channel
            self._method = getattr(channel, self._kind)(*self._arguments, **self._options)
        return self._method(*arguments, **options)
