"""What the tests of the practice's side share: the whole api of identity on real databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest_asyncio
from prometheus_client import CollectorRegistry
from sqlalchemy import make_url

from chassis.grpc_server import GrpcSettings
from chassis.keys import FileWrappingKeys
from chassis.telemetry import Telemetry
from chassis.tokens import TokenSigner
from services.identity.api import build_server
from services.identity.foundation import foundation
from services.identity.passwords import Cost, Passwords
from tests.integration.identity.conftest import IdentityUrls
from tests.integration.identity.organisation.house import House, channel_to, new_id
from tests.integration.identity.stage import Clock


@pytest_asyncio.fixture(scope="session")
async def house(
    identity_urls: IdentityUrls, wrapping_keys: FileWrappingKeys, postgres_url: str
) -> AsyncIterator[House]:
    """Identity's server, answering; practices and people are made by each test."""
    clock, telemetry = Clock(), Telemetry("identity", "api", 0)
    database = make_url(identity_urls.data.app).database
    admin_url = make_url(postgres_url).set(database=database).render_as_string(hide_password=False)
    async with foundation(
        database_url=identity_urls.data.app,
        keys_database_url=identity_urls.keys.app,
        wrapping=wrapping_keys,
        pool_size=12,
        registry=CollectorRegistry(),
        new_id=new_id,
    ) as opened:
        cheap = Passwords(bytes(32), Cost("test", time=1, memory_kib=64, lanes=1))
        base = replace(opened, proofs=replace(opened.proofs, passwords=cheap))
        settings = GrpcSettings(port=0, drain=timedelta(seconds=1), deadline=timedelta(minutes=1))
        server = await build_server(settings, base, telemetry, clock=clock, new_id=new_id)
        running = await server.start()
        async with channel_to(server.port) as channel:
            signer = TokenSigner(await base.signing_keys.current())
            yield House(admin_url, base, channel, signer, clock)
        await server.drain(running)
