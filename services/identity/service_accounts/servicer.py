"""ServiceAccountService: from the contract to the use cases and back."""

from chassis.paging import Position, read_position, split_page
from chassis.rpc_context import caller
from chassis.validation import one_line, page_size, required_uuid
from praxispost.identity.v1 import service_accounts_pb2, service_accounts_pb2_grpc
from services.identity.service_accounts.domain import ServiceAccount
from services.identity.service_accounts.use_cases import ServiceAccounts
from services.identity.times import timestamp

_LABEL = 80


class ServiceAccountServicer(service_accounts_pb2_grpc.ServiceAccountServiceServicer):
    """Answers for service accounts."""

    def __init__(self, accounts: ServiceAccounts) -> None:
        self._accounts = accounts

    async def CreateServiceAccount(
        self, request: service_accounts_pb2.CreateServiceAccountRequest, context: object
    ) -> service_accounts_pb2.CreateServiceAccountResponse:
        request_id = required_uuid("request_id", request.request_id)
        label = one_line("label", request.label.strip(), maximum=_LABEL)
        return await self._accounts.create(caller(), request_id, request, label)

    async def ListServiceAccounts(
        self, request: service_accounts_pb2.ListServiceAccountsRequest, context: object
    ) -> service_accounts_pb2.ListServiceAccountsResponse:
        size = page_size(request.page_size)
        found = await self._accounts.page(caller(), read_position(request.page_token), size + 1)
        page, last = split_page(found, size)
        return service_accounts_pb2.ListServiceAccountsResponse(
            service_accounts=[_message(each) for each in page],
            next_page_token=Position(last.created_at, last.id).token() if last else "",
        )

    async def DisableServiceAccount(
        self, request: service_accounts_pb2.DisableServiceAccountRequest, context: object
    ) -> service_accounts_pb2.DisableServiceAccountResponse:
        await self._accounts.disable(caller(), required_uuid("account_id", request.account_id))
        return service_accounts_pb2.DisableServiceAccountResponse()


def _message(account: ServiceAccount) -> service_accounts_pb2.ServiceAccount:
    return service_accounts_pb2.ServiceAccount(
        id=str(account.id),
        label=account.label,
        role=account.role,
        disabled=account.disabled,
        created_at=timestamp(account.created_at),
    )
