"""Tokens: a caller comes out as it went in, and nothing else gets through."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from chassis.caller import Caller
from chassis.refusal import Refusal, Status
from chassis.signing import SigningKey
from chassis.statements import StatementSigner, StatementVerifier
from chassis.tokens import PERSON_LIFETIME, SERVICE_LIFETIME, PublicKeys, TokenSigner, TokenVerifier
from tests.unit.chassis.signing_material import NOW, Clock, Publisher, person, service, signing_key

KEY = signing_key()


class Setting:
    def __init__(self) -> None:
        self.clock = Clock()
        self.publisher = Publisher(KEY)
        self.verifier = TokenVerifier("messaging", PublicKeys(self.publisher.fetch), self.clock)

    def token(self, caller: Caller, audience: str = "messaging") -> str:
        lifetime = SERVICE_LIFETIME if caller.session_id is None else PERSON_LIFETIME
        return TokenSigner(KEY).sign(caller, audience, self.clock(), lifetime)

    async def refuses(self, token: str) -> None:
        with pytest.raises(Refusal) as raised:
            await self.verifier.verify(token)
        assert (raised.value.status, raised.value.reason) == (Status.UNAUTHENTICATED, "TOKEN_REFUSED")


@pytest.fixture
def setting() -> Setting:
    return Setting()


def claims(**changes: object) -> dict[str, object]:
    issued_at = int(NOW.timestamp())
    return {
        "iss": "identity",
        "aud": "messaging",
        "sub": str(uuid4()),
        "role": "messaging",
        "iat": issued_at,
        "exp": issued_at + 60,
        "jti": uuid4().hex,
        **changes,
    }


def signed(payload: Mapping[str, object], key: SigningKey = KEY, **header: str) -> str:
    described = {"alg": "Ed25519", "kid": key.id, "typ": "token+jwt", **header}
    return jwt.encode(described, dict(payload), OKPKey.import_key(key.private), algorithms=["Ed25519"])


def raw(header: Mapping[str, object], payload: Mapping[str, object], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize("caller", [person(), service(), service("practice_service", uuid4())])
async def test_a_caller_comes_out_as_it_went_in(setting: Setting, caller: Caller) -> None:
    assert await setting.verifier.verify(setting.token(caller)) == caller


def test_the_tenants_of_a_caller_are_sorted_and_each_there_once() -> None:
    assert person().tenants == (UUID(int=1), UUID(int=2))
    assert service().tenants == ()
    assert service("practice_service", UUID(int=9)).tenants == (UUID(int=9),)


async def test_a_token_for_another_audience_is_refused(setting: Setting) -> None:
    await setting.refuses(setting.token(service(), audience="attachments"))


async def test_clocks_may_differ_by_half_a_minute_and_no_more(setting: Setting) -> None:
    token = setting.token(person())
    setting.clock.move(-30)
    await setting.verifier.verify(token)
    setting.clock.move(30 + 60 + 29)
    await setting.verifier.verify(token)
    setting.clock.move(1)
    await setting.refuses(token)


async def test_a_token_from_the_future_is_refused(setting: Setting) -> None:
    token = setting.token(person())
    setting.clock.move(-31)
    await setting.refuses(token)


async def test_a_token_that_was_verified_before_still_ends(setting: Setting) -> None:
    token = setting.token(service())
    assert await setting.verifier.verify(token) is await setting.verifier.verify(token)
    setting.clock.move(5 * 60 + 30)
    await setting.refuses(token)
    await setting.refuses(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "messaging"},
        {"iss": None},
        {"aud": ["messaging"]},
        {"aud": None},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": 1e400},
        {"exp": 10**30},
        {"iat": None},
        {"sub": "nobody"},
        {"sub": None},
        {"role": None},
        {"role": 3},
        {"ten": "no id"},
        {"ent": "all"},
        {"ent": [["x"]]},
        {"ent": {"a": "b"}},
        {"sid": 1},
        {"exp": int(NOW.timestamp()) + 301},
        {"exp": int(NOW.timestamp()) + 61, "sid": str(uuid4())},
    ],
)
async def test_claims_that_are_not_a_tokens_are_refused(
    setting: Setting, changes: Mapping[str, object]
) -> None:
    await setting.verifier.verify(signed(claims()))
    await setting.refuses(signed(claims(**changes)))


async def test_no_other_algorithm_is_accepted(setting: Setting) -> None:
    public = KEY.public.ed25519
    header = {"kid": KEY.id, "typ": "token+jwt"}
    await setting.refuses(raw({**header, "alg": "none"}, claims()))
    await setting.refuses(raw({**header, "alg": "None"}, claims()))
    hmac = jwt.encode({**header, "alg": "HS256"}, claims(), OctKey.import_key(public), algorithms=["HS256"])
    await setting.refuses(hmac)
    _, payload, signature = signed(claims()).split(".")
    eddsa = base64.urlsafe_b64encode(json.dumps({**header, "alg": "EdDSA"}).encode()).decode().rstrip("=")
    await setting.refuses(f"{eddsa}.{payload}.{signature}")


async def test_another_keys_signature_under_a_known_name_is_refused(setting: Setting) -> None:
    await setting.refuses(signed(claims(), signing_key(KEY.id)))


async def test_a_changed_payload_is_refused(setting: Setting) -> None:
    header, _, signature = signed(claims()).split(".")
    _, payload, _ = signed(claims(role="operator")).split(".")
    await setting.refuses(f"{header}.{payload}.{signature}")


async def test_a_statement_of_another_kind_is_no_token(setting: Setting) -> None:
    signer = StatementSigner(KEY, "identity", "attachment-grant")
    grant = signer.sign(
        {"sub": str(uuid4()), "role": "operator"},
        audience="messaging",
        now=NOW,
        lifetime=timedelta(seconds=60),
    )
    await setting.refuses(grant)


async def test_a_grant_says_what_was_signed() -> None:
    publisher, clock = Publisher(KEY), Clock()
    signer = StatementSigner(KEY, "messaging", "attachment-grant")
    verifier = StatementVerifier(
        PublicKeys(publisher.fetch),
        issuer="messaging",
        audience="attachments",
        kind="attachment-grant",
        clock=clock,
    )
    grant = signer.sign({"att": "x"}, audience="attachments", now=NOW, lifetime=timedelta(seconds=60))
    assert (await verifier.verify(grant)).claims["att"] == "x"
    clock.move(91)
    with pytest.raises(Refusal, match="TOKEN_REFUSED"):
        await verifier.verify(grant)


async def test_claims_cannot_overrule_who_signed_for_whom(setting: Setting) -> None:
    signer = StatementSigner(KEY, "messaging", "token")
    forged = signer.sign({**claims()}, audience="attachments", now=NOW, lifetime=timedelta(seconds=60))
    await setting.refuses(forged)


@given(st.one_of(st.text(max_size=80), st.binary(max_size=60).map(lambda noise: f"{noise.hex()}.a.b")))
async def test_any_text_is_refused_in_the_same_way(noise: str) -> None:
    await Setting().refuses(noise)


async def test_hostile_headers_are_refused(setting: Setting) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 30_000).decode()
    await setting.refuses(f"{deep}.{deep}.{deep}")
    await setting.refuses("x" * 100_000)
    await setting.refuses(raw({"alg": "Ed25519", "kid": ["first"], "typ": "token+jwt"}, claims()))
    await setting.refuses(raw({"alg": "Ed25519", "kid": KEY.id, "typ": "token+jwt", "crit": ["x"]}, claims()))


def test_nobody_gets_a_token_that_lives_too_long() -> None:
    with pytest.raises(ValueError, match="must not live that long"):
        TokenSigner(KEY).sign(person(), "messaging", NOW, SERVICE_LIFETIME)
    with pytest.raises(ValueError, match="must not live that long"):
        TokenSigner(KEY).sign(
            replace(service(), session_id=None), "messaging", NOW, SERVICE_LIFETIME + timedelta(seconds=1)
        )
