"""Programs: their accounts, secrets and tokens."""

from uuid import UUID, uuid4

import pytest

from chassis.tokens import PublicKeys, TokenVerifier
from praxispost.identity.v1 import service_accounts_pb2, tokens_pb2
from services.identity.callers import COMMAND_LINE
from services.identity.organisation import organisation
from tests.integration.identity.organisation.house import House, Metadata, both, new_id, request_id
from tests.integration.identity.stage import reason, refusal


async def create(
    house: House, metadata: Metadata, role: str = ""
) -> service_accounts_pb2.CreateServiceAccountResponse:
    request = service_accounts_pb2.CreateServiceAccountRequest(
        request_id=request_id(), label="Terminkalender", role=role
    )
    return await house.service_accounts.CreateServiceAccount(request, metadata=metadata)


async def token(house: House, account_id: str, secret: str, audience: str = "messaging") -> str:
    request = tokens_pb2.IssueServiceTokenRequest(account_id=account_id, secret=secret, audience=audience)
    return (await house.tokens.IssueServiceToken(request)).token


async def test_an_admins_account_gets_tokens_of_its_practice_for_five_minutes(house: House) -> None:
    practice = await house.practice()
    made = await create(house, house.caller("admin", practice.id))
    assert len(made.secret) >= 43
    verifier = TokenVerifier("messaging", PublicKeys.local(house.base.signing_keys), house.clock)
    caller = await verifier.verify(await token(house, made.account_id, made.secret))
    assert caller.subject_id == UUID(made.account_id)
    assert (caller.role, caller.tenant_id) == ("practice_service", practice.id)
    assert (caller.expires_at - house.clock()).total_seconds() == 300


@pytest.mark.parametrize("role", ["portal", "messaging", "operator"])
async def test_an_operators_account_gets_tokens_of_its_platform_role(house: House, role: str) -> None:
    made = await create(house, house.caller("operator"), role)
    verifier = TokenVerifier("identity", PublicKeys.local(house.base.signing_keys), house.clock)
    caller = await verifier.verify(await token(house, made.account_id, made.secret, "identity"))
    assert (caller.role, caller.tenant_id) == (role, None)


async def test_the_secret_is_shown_once_and_stored_nowhere(house: House) -> None:
    practice = await house.practice()
    admin = house.caller("admin", practice.id, uuid4())
    request = service_accounts_pb2.CreateServiceAccountRequest(request_id=request_id(), label="Labor")
    answers = await both(
        *(house.service_accounts.CreateServiceAccount(request, metadata=admin) for _ in range(3))
    )
    made = [a for a in answers if isinstance(a, service_accounts_pb2.CreateServiceAccountResponse)]
    assert len({each.account_id for each in made}) == 1
    assert sorted(bool(each.secret) for each in made) == [False, False, True]
    again = await house.service_accounts.CreateServiceAccount(request, metadata=admin)
    assert (again.account_id, again.secret) == (made[0].account_id, "")
    (secret,) = (each.secret for each in made if each.secret)
    stored = await house.rows("SELECT response FROM request WHERE tenant_id = %s", practice.id)
    assert all(secret.encode() not in bytes(response) for (response,) in stored)


async def test_wrong_secret_unknown_id_and_disabled_account_look_the_same(house: House) -> None:
    practice = await house.practice()
    admin = house.caller("admin", practice.id)
    made = await create(house, admin)
    disabled = await create(house, admin)
    request = service_accounts_pb2.DisableServiceAccountRequest(account_id=disabled.account_id)
    await house.service_accounts.DisableServiceAccount(request, metadata=admin)
    await house.service_accounts.DisableServiceAccount(request, metadata=admin)
    attempts = (
        (made.account_id, "x" * 43),
        (made.account_id, ""),
        (str(uuid4()), made.secret),
        (disabled.account_id, disabled.secret),
    )
    refused = [await refusal(token(house, *attempt)) for attempt in attempts]
    assert {(each.status, each.reason, each.message) for each in refused} == {
        (refused[0].status, "CREDENTIALS_REFUSED", refused[0].message)
    }


async def test_a_token_is_for_one_of_the_four_services(house: House) -> None:
    made = await create(house, house.caller("operator"), "portal")
    for audience in ("", "portal", "everything"):
        refused = await refusal(token(house, made.account_id, made.secret, audience))
        assert [each.field for each in refused.fields] == ["audience"]


@pytest.mark.parametrize(
    ("maker", "role"),
    [("admin", "portal"), ("admin", "operator"), ("operator", ""), ("operator", "practice_service")],
)
async def test_nobody_makes_an_account_beyond_the_own_reach(house: House, maker: str, role: str) -> None:
    practice = await house.practice()
    metadata = house.caller(maker, practice.id if maker == "admin" else None)
    refused = await refusal(create(house, metadata, role))
    assert [each.field for each in refused.fields] == ["role"]


async def test_each_sees_and_disables_the_own_accounts_only(house: House) -> None:
    practice, other = await house.practice(), await house.practice()
    admin, operator = house.caller("admin", practice.id), house.caller("operator")
    own = (await create(house, admin)).account_id
    foreign = (await create(house, house.caller("admin", other.id))).account_id
    platform = (await create(house, operator, "portal")).account_id

    everything = service_accounts_pb2.ListServiceAccountsRequest(page_size=200)
    listed = await house.service_accounts.ListServiceAccounts(everything, metadata=admin)
    assert [each.id for each in listed.service_accounts] == [own]
    listed = await house.service_accounts.ListServiceAccounts(everything, metadata=operator)
    ids = {each.id for each in listed.service_accounts}
    assert platform in ids
    assert ids.isdisjoint({own, foreign})
    for metadata, account_id in ((admin, foreign), (admin, platform), (operator, own), (admin, str(uuid4()))):
        request = service_accounts_pb2.DisableServiceAccountRequest(account_id=account_id)
        call = house.service_accounts.DisableServiceAccount(request, metadata=metadata)
        assert await reason(call) == "SERVICE_ACCOUNT_NOT_FOUND"


async def test_the_operators_command_makes_and_renews_an_account(house: House) -> None:
    accounts = organisation(house.base, clock=house.clock, new_id=new_id).service_accounts
    account_id, old, new = uuid4(), "a" * 32, "b" * 32
    for _ in range(2):
        await accounts.put_platform_account(COMMAND_LINE, account_id, "messaging", old)
        await token(house, str(account_id), old)
    await accounts.put_platform_account(COMMAND_LINE, account_id, "messaging", new)
    await token(house, str(account_id), new)
    assert await reason(token(house, str(account_id), old)) == "CREDENTIALS_REFUSED"
