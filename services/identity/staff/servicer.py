"""StaffService: from the contract to the use cases and back."""

from chassis.paging import Position, read_position, split_page
from chassis.rpc_context import caller
from chassis.validation import one_line, page_size, required_uuid
from praxispost.identity.v1 import staff_pb2, staff_pb2_grpc
from services.identity.contact import email_address
from services.identity.staff.acceptance import Acceptance
from services.identity.staff.password_change import PasswordChange
from services.identity.staff.translation import member_message, person, role_name, state_value
from services.identity.staff.use_cases import Staff
from services.identity.times import timestamp

_CODE = 64


class StaffServicer(staff_pb2_grpc.StaffServiceServicer):
    """Answers for staff."""

    def __init__(self, staff: Staff, acceptance: Acceptance, password_change: PasswordChange) -> None:
        self._staff = staff
        self._acceptance = acceptance
        self._password_change = password_change

    async def InviteStaffMember(
        self, request: staff_pb2.InviteStaffMemberRequest, context: object
    ) -> staff_pb2.InviteStaffMemberResponse:
        request_id = required_uuid("request_id", request.request_id)
        invited = person("", request)
        role = role_name("role", request.role)
        return await self._staff.invite(caller(), request_id, request, invited, role)

    async def AcceptInvitation(
        self, request: staff_pb2.AcceptInvitationRequest, context: object
    ) -> staff_pb2.AcceptInvitationResponse:
        email = email_address("email", request.email)
        code = one_line("code", request.code, maximum=_CODE)
        member = await self._acceptance.accept(caller(), email, code, request.password)
        return staff_pb2.AcceptInvitationResponse(
            staff_id=str(member.id), practice_id=str(member.practice_id)
        )

    async def ResendInvitation(
        self, request: staff_pb2.ResendInvitationRequest, context: object
    ) -> staff_pb2.ResendInvitationResponse:
        expires_at = await self._staff.invite_again(caller(), required_uuid("staff_id", request.staff_id))
        return staff_pb2.ResendInvitationResponse(expires_at=timestamp(expires_at))

    async def GetStaffMember(
        self, request: staff_pb2.GetStaffMemberRequest, context: object
    ) -> staff_pb2.GetStaffMemberResponse:
        member = await self._staff.get(caller(), required_uuid("staff_id", request.staff_id))
        return staff_pb2.GetStaffMemberResponse(staff_member=member_message(member))

    async def ListStaffMembers(
        self, request: staff_pb2.ListStaffMembersRequest, context: object
    ) -> staff_pb2.ListStaffMembersResponse:
        size = page_size(request.page_size)
        found = await self._staff.page(caller(), read_position(request.page_token), size + 1)
        page, last = split_page(found, size)
        return staff_pb2.ListStaffMembersResponse(
            staff_members=[member_message(each) for each in page],
            next_page_token=Position(last.created_at, last.id).token() if last else "",
        )

    async def ChangeStaffRole(
        self, request: staff_pb2.ChangeStaffRoleRequest, context: object
    ) -> staff_pb2.ChangeStaffRoleResponse:
        staff_id = required_uuid("staff_id", request.staff_id)
        member = await self._staff.change_role(caller(), staff_id, role_name("role", request.role))
        return staff_pb2.ChangeStaffRoleResponse(staff_member=member_message(member))

    async def DisableStaffMember(
        self, request: staff_pb2.DisableStaffMemberRequest, context: object
    ) -> staff_pb2.DisableStaffMemberResponse:
        member = await self._staff.disable(caller(), required_uuid("staff_id", request.staff_id))
        return staff_pb2.DisableStaffMemberResponse(staff_member=member_message(member))

    async def EnableStaffMember(
        self, request: staff_pb2.EnableStaffMemberRequest, context: object
    ) -> staff_pb2.EnableStaffMemberResponse:
        member = await self._staff.enable(caller(), required_uuid("staff_id", request.staff_id))
        return staff_pb2.EnableStaffMemberResponse(staff_member=member_message(member))

    async def ChangeStaffPassword(
        self, request: staff_pb2.ChangeStaffPasswordRequest, context: object
    ) -> staff_pb2.ChangeStaffPasswordResponse:
        ended = await self._password_change.change(caller(), request.password, request.new_password)
        return staff_pb2.ChangeStaffPasswordResponse(ended_sessions=ended)

    async def GetStaffState(
        self, request: staff_pb2.GetStaffStateRequest, context: object
    ) -> staff_pb2.GetStaffStateResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        state = await self._staff.state(practice_id, required_uuid("staff_id", request.staff_id))
        return staff_pb2.GetStaffStateResponse(state=state_value(state))
