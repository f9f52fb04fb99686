"""Ends a session that a browser had, when another one takes its place there."""

from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal
from praxispost.identity.v1.sessions_pb2 import EndSessionRequest
from services.portal.people import SessionEnded
from services.portal.tools import Tools


class Endings:
    """Nobody could end such a session later, or tell which device it belongs to."""

    def __init__(self, tools: Tools) -> None:
        self._people = tools.people
        self._services = tools.services

    async def end(self, session: str) -> None:
        """End it, if it is one."""
        try:
            person = await self._people.person(session, present=False)
            request = EndSessionRequest(session_id=person.session_id)
            await person.ask(self._services.sessions.EndSession, request)
        except (SessionEnded, Refusal, AioRpcError):
            return  # It has ended, or will by itself; that is no reason to keep somebody out.
        finally:
            self._people.forget(session)
