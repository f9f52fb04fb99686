"""SessionService: from the contract to the use cases and back."""

from uuid import UUID

from chassis.paging import Position, read_position, split_page
from chassis.rpc_context import caller
from chassis.validation import page_size, required_uuid
from praxispost.identity.v1 import sessions_pb2, sessions_pb2_grpc
from services.identity.sessions.account_login import AccountLogin
from services.identity.sessions.domain import Session
from services.identity.sessions.own_sessions import OwnSessions
from services.identity.sessions.staff_login import StaffLogin
from services.identity.times import timestamp


class SessionServicer(sessions_pb2_grpc.SessionServiceServicer):
    """Answers for logins and sessions."""

    def __init__(self, staff: StaffLogin, accounts: AccountLogin, own: OwnSessions) -> None:
        self._staff = staff
        self._accounts = accounts
        self._own = own

    async def StartLogin(
        self, request: sessions_pb2.StartLoginRequest, context: object
    ) -> sessions_pb2.StartLoginResponse:
        started = await self._accounts.start(request.email, request.password)
        return sessions_pb2.StartLoginResponse(login=started.secret, expires_at=timestamp(started.expires_at))

    async def FinishLogin(
        self, request: sessions_pb2.FinishLoginRequest, context: object
    ) -> sessions_pb2.FinishLoginResponse:
        session = await self._accounts.finish(request.login, request.code)
        return sessions_pb2.FinishLoginResponse(account_id=str(session.account_id), session=session.secret)

    async def LoginStaff(
        self, request: sessions_pb2.LoginStaffRequest, context: object
    ) -> sessions_pb2.LoginStaffResponse:
        session = await self._staff.login(request.email, request.password)
        return sessions_pb2.LoginStaffResponse(
            staff_id=str(session.member.id),
            practice_id=str(session.member.practice_id),
            session=session.secret,
        )

    async def ListSessions(
        self, request: sessions_pb2.ListSessionsRequest, context: object
    ) -> sessions_pb2.ListSessionsResponse:
        size = page_size(request.page_size)
        acting = caller()
        found = await self._own.page(acting, read_position(request.page_token), size + 1)
        page, last = split_page(found, size)
        return sessions_pb2.ListSessionsResponse(
            sessions=[_message(each, acting.session_id) for each in page],
            next_page_token=Position(last.created_at, last.id).token() if last else "",
        )

    async def EndSession(
        self, request: sessions_pb2.EndSessionRequest, context: object
    ) -> sessions_pb2.EndSessionResponse:
        await self._own.end(caller(), required_uuid("session_id", request.session_id))
        return sessions_pb2.EndSessionResponse()


def _message(session: Session, current: UUID | None) -> sessions_pb2.Session:
    return sessions_pb2.Session(
        id=str(session.id),
        created_at=timestamp(session.created_at),
        last_used_at=timestamp(session.last_used_at),
        current=session.id == current,
    )
