"""One person at one address works for two practices: the password says for which one logs in."""

from praxispost.identity.v1 import sessions_pb2, sessions_pb2_grpc, staff_pb2
from tests.integration.identity.organisation.house import PASSWORD, House, PracticeAndAdmin, request_id
from tests.integration.identity.stage import reason

_OTHER = "Fünfzehn wache Dachse graben"


async def invite(house: House, practice: PracticeAndAdmin, email: str) -> str:
    """Invite somebody; returns the code."""
    request = staff_pb2.InviteStaffMemberRequest(
        request_id=request_id(),
        email=email,
        given_name="Mia",
        family_name="Meier",
        role=staff_pb2.STAFF_ROLE_PHYSICIAN,
    )
    await house.staff.InviteStaffMember(request, metadata=house.caller("admin", practice.id))
    return (await house.invitation(email)).code


async def practice_at_login(house: House, email: str, password: str) -> str:
    request = sessions_pb2.LoginStaffRequest(email=email, password=password)
    sessions = sessions_pb2_grpc.SessionServiceStub(house.channel)
    return (await sessions.LoginStaff(request, metadata=house.caller("portal"))).practice_id


async def test_each_practice_needs_a_password_of_its_own(house: House) -> None:
    first, second = await house.practice(), await house.practice()
    await house.accept(first.admin_email, (await house.invitation(first.admin_email)).code)
    code = await invite(house, second, first.admin_email)
    assert await reason(house.accept(first.admin_email, code, PASSWORD)) == "PASSWORD_TOO_WEAK"
    await house.accept(first.admin_email, code, _OTHER)
    assert await practice_at_login(house, first.admin_email, PASSWORD) == str(first.id)
    assert await practice_at_login(house, first.admin_email, _OTHER) == str(second.id)
