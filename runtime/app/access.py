"""Who calls, for which tenant, and what they may: API keys and JSON Web Tokens.

A key is known by its SHA-256, compared in constant time. A token is held to its signature, issuer, audience and times;
its claims say the roles and the tenant. Nothing of a credential is ever written to an answer or a log.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from runtime.contract.bodies import INCLUDES, ROLES, TENANT, Role
from runtime.problems import Failure, Problem, StepError, failed
from runtime.settings import Key, Settings, Tokens

TEAMS = "teams"
"""Claim with the teams of a person, as a list or with blanks between them."""
SYMMETRIC, ASYMMETRIC = ("HS256", "HS384", "HS512"), ("RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA")


@dataclass(frozen=True)
class Caller:
    """Who calls."""

    name: str
    tenant: str
    roles: frozenset[Role]
    teams: frozenset[str] = frozenset()
    """Teams that the caller belongs to."""

    @property
    def answers_for(self) -> frozenset[str] | None:
        """Teams whose questions the caller may answer; `None` for those of all: admins, and who is on this machine."""
        return None if "admin" in self.roles else self.teams

    def need(self, role: Role) -> None:
        """Raise `StepError` (`forbidden`) unless the caller may what a role may."""
        if not any(role in INCLUDES[own] for own in self.roles):
            detail = f"{self.name} is {', '.join(sorted(self.roles)) or 'nothing'}; this needs {role}"
            raise StepError(Problem("forbidden", "You may not do this", detail, status=403))

    def speaks_as(self, name: str) -> str:
        """Return under which name the caller answers: the own one, and a free one only where nobody is known.

        Raises:
            StepError: `forbidden` when the caller is known and the name is another one: otherwise one person could
                give all approvals that several have to give.
        """
        if self is ANYBODY:
            return name or self.name
        if name not in ("", self.name):
            detail = f"{self.name} cannot answer as somebody else; leave `by` out"
            raise StepError(Problem("forbidden", "You may not do this", detail, status=403))
        return self.name


ANYBODY = Caller("anybody", TENANT, frozenset(("admin",)))
"""Who calls where neither keys nor tokens are asked for, which is on this machine only."""


class Access:
    """Admits callers."""

    def __init__(self, settings: Settings) -> None:
        self._keys = {hashlib.sha256(key.secret.encode()).digest(): key for key in settings.api_keys}
        self._tokens = Verifier(settings.tokens) if settings.tokens else None

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Return who sends a request; raises `StepError` (`unauthorized`) without a valid credential."""
        if not self._keys and not self._tokens:
            return ANYBODY
        given = _given(headers)
        if given and (key := self._key(given)):
            return Caller(key.name, key.tenant, frozenset(key.roles), frozenset(key.teams))
        if given.count(".") == 2 and self._tokens:
            return await self._tokens.caller(given)
        raise _refused("A valid API key or token is needed" if self._tokens else "A valid API key is needed")

    def _key(self, given: str) -> Key | None:
        digest = hashlib.sha256(given.encode()).digest()
        found = [key for known, key in self._keys.items() if hmac.compare_digest(known, digest)]
        return found[0] if found else None


def _given(headers: Mapping[str, str]) -> str:
    if "authorization" not in headers:
        return headers.get("x-api-key", "")
    kind, _, token = headers["authorization"].partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _refused(title: str, detail: str = "") -> StepError:
    return StepError(Problem("unauthorized", title, detail, status=401))


class Verifier:
    """Verifies tokens with a shared secret, or with the keys of a JWKS in a file or at an address."""

    def __init__(self, tokens: Tokens) -> None:
        import jwt

        self._tokens = tokens
        self._client: Any = None
        self._set: Any = None
        if tokens.jwks.startswith(("https://", "http://")):
            self._client = jwt.PyJWKClient(tokens.jwks, cache_keys=True, lifespan=300, timeout=5)
        elif tokens.jwks:
            self._set = _read_keys(tokens.jwks)

    async def caller(self, token: str) -> Caller:
        """Return whom a token names; raises `StepError` (`unauthorized`) if it does not hold."""
        import jwt

        try:
            key, algorithms = await self._key(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(algorithms),
                issuer=self._tokens.issuer or None,
                audience=self._tokens.audience or None,
                leeway=self._tokens.leeway,
                options={"require": ["exp", "sub"], "verify_aud": bool(self._tokens.audience)},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise failed("unavailable", "The keys of the issuer cannot be fetched", type(error).__name__) from error
        except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
            raise _refused("The token is not valid", _why(error)) from error
        return self._named(claims)

    async def _key(self, token: str) -> tuple[Any, tuple[str, ...]]:
        """Return the key of a token. What it is signed with is ours to say, never the token's."""
        import jwt

        if self._tokens.secret:
            return self._tokens.secret, SYMMETRIC
        if self._client:
            return (await asyncio.to_thread(self._client.get_signing_key_from_jwt, token)).key, ASYMMETRIC
        named = jwt.get_unverified_header(token).get("kid")
        keys = [one for one in self._set.keys if named is None or one.key_id == named]
        if not keys:
            raise ValueError("no key of this issuer has signed it")
        return keys[0].key, ASYMMETRIC

    def _named(self, claims: Mapping[str, Any]) -> Caller:
        roles = _words(claims.get(self._tokens.roles_claim))
        tenant = claims.get(self._tokens.tenant_claim) or TENANT
        if not isinstance(tenant, str):
            raise _refused("The token is not valid", f"the claim {self._tokens.tenant_claim} is no text")
        known: list[Role] = [role for role in ROLES if role in roles]
        return Caller(str(claims["sub"]), tenant, frozenset(known), frozenset(_words(claims.get(TEAMS))))


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [str(one) for one in cast("list[Any]", value)] if isinstance(value, list) else []


def _read_keys(file: str) -> Any:
    import jwt

    try:
        return jwt.PyJWKSet.from_json(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"The keys in {file} cannot be read", error.strerror or "") from error
    except (jwt.PyJWTError, ValueError, AttributeError) as error:
        raise Failure(f"{file} is not a JWKS", str(error).splitlines()[0][:200]) from error


def _why(error: Exception) -> str:
    """Return why a token is refused, in words that hold nothing of it."""
    import jwt

    known: tuple[tuple[type[Exception], str], ...] = (
        (jwt.ExpiredSignatureError, "it has expired"),
        (jwt.ImmatureSignatureError, "it is not valid yet"),
        (jwt.InvalidIssuerError, "it is of another issuer"),
        (jwt.InvalidAudienceError, "it is for somebody else"),
        (jwt.MissingRequiredClaimError, "it lacks `exp` or `sub`"),
        (jwt.InvalidAlgorithmError, "it is signed in a way that is not accepted"),
        (jwt.PyJWKClientError, "no key of this issuer has signed it"),
        (jwt.InvalidSignatureError, "its signature is wrong"),
    )
    return next((words for type_, words in known if isinstance(error, type_)), "it cannot be read")
