"""What looks like a credential: found in specs and their files, and never printed.

Only values that have the form of a real credential are found by form alone; everything else by the name of its key.
References (`name/key`), expressions (`${ }`, `{{ }}`, `$(NAME)`) and placeholders in angle brackets are none.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

HIDDEN = "•••"
"""What is printed instead."""

_URI = r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@\"'<>{}$]*:(?![${<*(%])(?P<uri>[^\s/@\"'<>]+)@"
_FORMS: tuple[tuple[str, str, str], ...] = (
    ("://", "a password in an address", _URI),
    ("PRIVATE KEY", "a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("AGE-SECRET-KEY-", "a private key", r"AGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    ("hooks.slack.com/", "a Slack webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/.-]+"),
    ("/webhookb2/", "a Teams webhook", r"[\w.-]+/webhookb2/[\w@/.-]+"),
    ("/api/webhooks/", "a Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]+"),
    ("xox", "a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("AKIA", "an AWS key", r"\bAKIA[0-9A-Z]{16}\b"),
    ("ASIA", "an AWS key", r"\bASIA[0-9A-Z]{16}\b"),
    ("AIza", "a Google key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("AccountKey=", "an Azure key", r"AccountKey=[A-Za-z0-9+/=]{40,}"),
    ("gh", "a GitHub token", r"\bgh[oprsu]_[A-Za-z0-9]{30,}"),
    ("github_pat_", "a GitHub token", r"\bgithub_pat_[A-Za-z0-9_]{30,}"),
    ("glpat-", "a GitLab token", r"\bglpat-[\w-]{20,}"),
    ("sk-", "a model provider's key", r"\bsk-[A-Za-z0-9_-]{20,}"),
    ("hf_", "a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
    ("k_live_", "a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    ("SG.", "a SendGrid key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    ("npm_", "an npm token", r"\bnpm_[A-Za-z0-9]{36}"),
    ("pypi-", "a PyPI token", r"\bpypi-AgE[\w-]{40,}"),
    ("hvs.", "a Vault token", r"\bhvs\.[\w-]{24,}"),
    ("dop_v1_", "a DigitalOcean token", r"\bdop_v1_[0-9a-f]{40,}"),
    ("eyJ", "a signed token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+"),
    ("earer ", "a bearer token", r"\b[Bb]earer\s+(?=[\w.~+/-]*\d)(?P<bearer>[\w.~+/-]{16,}=*)"),
)
"""A text that has to occur (found a hundred times faster than a pattern), what it is, and its form. A named group marks
the part that is secret, without one it is all."""

_PATTERNS = tuple((needle, what, re.compile(form)) for needle, what, form in _FORMS)

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORDS = frozenset({"password", "passwd", "pwd", "passphrase", "passwort", "kennwort"})
_TOKENS = frozenset({"secret", "token", "credential", "credentials", "apikey"})
_KEYS = frozenset({("api", "key"), ("access", "key"), ("private", "key"), ("signing", "key"), ("encryption", "key")})

_PARTS = ("passw", "pwd", "passphrase", "kennwort", "secret", "token", "credential", "key")
_REFERENCE = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[-._a-zA-Z0-9]+")
_NO_LITERAL = re.compile(r"\s*(\$\{|\{\{|\{%|\$\(|<[^>]*>|\*+\s*$|•)")
_VALUE = re.compile(r"\s*[\"']?(?P<value>[^\s\"',;{}&]+)")
_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w-]*)[\"']?\s*[:=]" + _VALUE.pattern)
_ASSIGN = re.compile(r"(?<![=!<>~])=(?![=~])")
_LAST_WORD = re.compile(r"[A-Za-z_][\w-]*\s*$")


@dataclass(frozen=True)
class Hit:
    """A part of a text that looks like a credential."""

    start: int
    end: int
    what: str


def find(text: str) -> Iterator[Hit]:
    """Yield what has the form of a credential, in no particular order."""
    for needle, what, pattern in _PATTERNS:
        if needle in text:
            for match in pattern.finditer(text):
                group = next((name for name in match.groupdict() if match[name]), 0)
                yield Hit(match.start(group), match.end(group), what)


def may_have_keys(text: str) -> bool:
    """Return whether a text can hold any key that `is_sensitive` means; far quicker than looking at every key."""
    low = text.lower()
    return any(part in low for part in _PARTS)


def is_password(key: str) -> bool:
    """Return whether a key can only hold a password."""
    words = _words(key)
    return bool(words) and words[-1] in _PASSWORDS


@lru_cache(maxsize=4096)
def is_sensitive(key: str) -> bool:
    """Return whether what stands under a key is usually a credential."""
    words = _words(key)
    return bool(words) and (
        words[-1] in _PASSWORDS or words[-1] in _TOKENS or words[-2:] in _KEYS or words[-1] == "apikey"
    )


def _words(key: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(key))


def is_literal(key: str, value: object) -> bool:
    """Return whether a value is a credential, by the name of its key.

    Any text or number counts under `password`; under the other names only what does not look like a word.
    """
    if not is_sensitive(key) or isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    text = str(value)
    if not text.strip() or _NO_LITERAL.match(text):
        return False
    if is_password(key):
        return not _REFERENCE.fullmatch(text) or _random(text.partition("/")[2])
    return _random(text) and not (_REFERENCE.fullmatch(text) and not _random(text.partition("/")[2]))


def _random(text: str) -> bool:
    """Return whether a text looks generated: long enough, no words, more than one class of characters."""
    if len(text) < 8 or any(char.isspace() for char in text):
        return False
    classes = sum(bool(re.search(form, text)) for form in ("[a-z]", "[A-Z]", "[0-9]"))
    counts = Counter(text)
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return classes >= 2 and bits >= 2.5 and bool(re.search("[0-9]", text) or bits >= 3.5)


def mask(text: str) -> str:
    """Return a line or a message without the parts that look like credentials."""
    return hide(text, ((hit.start, hit.end) for hit in credentials(text)))


def credentials(line: str) -> Iterator[Hit]:
    """Yield what looks like a credential in one line, by its form or by the key before it."""
    yield from find(line)
    for match in _PAIR.finditer(line):
        if is_literal(match["key"], match["value"]):
            yield Hit(match.start("value"), match.end("value"), "a credential")


def hide(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return a text with spans replaced, overlapping ones together."""
    parts: list[str] = []
    done = 0
    for start, end in merged(spans):
        parts += [text[done:start], HIDDEN]
        done = end
    return "".join(parts) + text[done:]


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, overlapping ones joined."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def find_assigned(text: str) -> Iterator[Hit]:
    """Yield what stands after `password=` and the like in prose and in connection strings."""
    for sign in _ASSIGN.finditer(text):
        key = _LAST_WORD.search(text[max(0, sign.start() - 40) : sign.start()])
        value = _VALUE.match(text, sign.end())
        if key and value and is_literal(key[0].strip(), value["value"]) and _random(value["value"]):
            yield Hit(value.start("value"), value.end("value"), "a credential")
