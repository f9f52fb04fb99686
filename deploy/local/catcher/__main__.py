"""`python -m deploy.local.catcher`: the catcher as a process of its own."""

import argparse
import asyncio
import os
import ssl
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from deploy.local.catcher import smtp
from deploy.local.catcher.post import Post
from deploy.local.catcher.web import Web


def _now() -> datetime:
    return datetime.now(UTC)


async def _serve(relay: smtp.Relay, http_port: int, sms_token: str) -> None:
    post = Post(_now())
    web = uvicorn.Server(
        uvicorn.Config(
            Web(post, sms_token, _now).application,
            host="127.0.0.1",
            port=http_port,
            lifespan="off",
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
    )
    listening = await smtp.serve(relay, post, _now)
    try:
        await web.serve()
    finally:
        listening.close()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m deploy.local.catcher")
    arguments.add_argument("--smtp-port", type=int, required=True)
    arguments.add_argument("--reports-port", type=int, required=True, help="where return paths lead")
    arguments.add_argument("--http-port", type=int, required=True)
    arguments.add_argument("--certificate", type=Path, required=True, help="PEM: certificate and key")
    given = arguments.parse_args()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(given.certificate)
    relay = smtp.Relay(
        port=given.smtp_port,
        reports_port=given.reports_port,
        username=os.environ["CATCHER_SMTP_USERNAME"],
        password=os.environ["CATCHER_SMTP_PASSWORD"],
        tls=tls,
    )
    asyncio.run(_serve(relay, given.http_port, os.environ["CATCHER_SMS_TOKEN"]))


if __name__ == "__main__":
    main()
