"""What looks like a credential is found, and nothing prints it. The credentials here are put together at run time."""

import json

import pytest

from generator import problems
from generator.pipeline import check
from generator.problems import Place, Problem, Rejected
from generator.rules import secrecy
from tests.unit.conftest import Repository

A, B, C = "abcdefghij", "ABCDEFGHIJ", "0123456789"

FORMS = {
    "a password in an address": "mongodb://shop:" + "geheim" + "@db.example.com/shop",
    "a password with signs": "postgres://shop:" + "p%40ss!" + "@db/shop",
    "Slack": "https://hooks.slack" + ".com/services/T00000000/B00000000/XXXX",
    "Slack token": "xox" + "b-1234567890-abc",
    "AWS": "AK" + "IAIOSFODNN7EXAMPLE",
    "Google": "AI" + "za" + A + B + C + "abcde",
    "GitHub": "gh" + "p_" + A + B + C + "abcdef",
    "GitLab": "gl" + "pat-" + A + B,
    "OpenAI": "s" + "k-" + A + B + C,
    "Hugging Face": "h" + "f_" + A + B + C + "ABCD",
    "Stripe": "s" + "k_live_" + A + C,
    "a private key": "-----BEGIN EC " + "PRIVATE KEY-----",
    "an age key": "AGE-SECRET" + "-KEY-1" + B + C + B,
    "a signed token": "ey" + "J" + A + C + "." + "ey" + "J" + A + C + "." + A,
    "a bearer token": "Bearer " + A + C,
    "Azure": "Account" + "Key=" + A * 5,
    "Vault": "hv" + "s." + A + B + C,
    "npm": "np" + "m_" + A + B + C + "abcdef",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_credential_is_found_by_its_form(name: str) -> None:
    text = f"before {FORMS[name]} after"
    hits = list(secrecy.find(text))
    assert len(hits) == 1
    assert secrecy.HIDDEN in secrecy.mask(text)
    assert text[hits[0].start : hits[0].end] not in secrecy.mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "mongodb://${USER}:${PASSWORD}@db/shop",
        "mongodb://$(USER):$(PASSWORD)@db/shop",
        "mongodb://user:<password>@db/shop",
        "mongodb://user:{{ password }}@db/shop",
        "mongodb://user:***@db/shop",
        "https://example.com:8443/path@v2",
        "see git@github.com:shop/apm.git",
        "sk-learn and sk-short",
        "Authorization: Bearer ${secret}",
        "the private key is kept elsewhere",
        "sha256:" + "0" * 64,
    ],
)
def test_what_is_no_credential(text: str) -> None:
    assert list(secrecy.find(text)) == []
    assert secrecy.mask(text) == text


@pytest.mark.parametrize(
    ("key", "value", "is_one"),
    [
        ("password", "hunter2", True),
        ("dbPassword", "x", True),
        ("DB_PASSWORD", 12345, True),
        ("password", "${input.password}", False),
        ("password", "{{ password }}", False),
        ("password", "", False),
        ("password", True, False),
        ("password", "credentials/password", False),
        ("passwordPolicy", "long", False),
        ("apiKey", "7f3kd02mx81qp4", True),
        ("api-key", "7F3kd02mx81qp4xy", True),
        ("apiKey", "openai/key", False),
        ("token", "completion", False),
        ("tokens", "a1b2c3d4e5f6", False),
        ("maxTokens", 100000, False),
        ("secret", "mongodb-credentials/uri", False),
        ("clientSecret", "Zx81kLm02pQr77", True),
        ("secretStore", "a1b2c3d4e5f6", False),
        ("name", "a1b2c3d4e5f6", False),
    ],
)
def test_a_credential_is_known_by_its_key(key: str, value: object, is_one: bool) -> None:
    assert secrecy.is_literal(key, value) == is_one


SECRET = "Zx81" + "kLm02" + "pQr77"
URI = f"mongodb://shop:{SECRET}@db/x"


def _spec(spec: str, metadata: str = "{name: a}", kind: str = "Model", version: str = "apm/v1") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\nspec:\n  {spec}\n"


BROKEN = {
    "under an unknown key": _spec(f"provider: x\n  password: {SECRET}"),
    "as a reference": _spec(f"provider: x\n  secret: {SECRET}"),
    "on two lines": _spec(f"provider: x\n  secret:\n    {SECRET}"),
    "on two lines, as a list": _spec(
        f"{{effect: read, http: {{url: x, headers: {{password:\n  [{SECRET}]}}}}}}", kind="Tool"
    ),
    "as a number": _spec("{effect: read, http: {url: x, headers: {password: 8150237}}}", kind="Tool"),
    "as an ambiguous number": _spec("provider: x\n  password: 0o17_8150237"),
    "beside another mistake": _spec(f"{{effekt: read, function: f, input: {{password: {SECRET}}}}}", kind="Tool"),
    "in broken YAML": _spec(f"{{password: {SECRET}, b: [}}"),
    "in an address": _spec(f'provider: "{URI}"\n  b: 1'),
    "as a name": _spec("provider: x", metadata=f'{{name: "{URI}"}}'),
    "in a reference": _spec("provider: x", metadata=f'{{name: a, owner: "{URI}"}}'),
    "in a comment": _spec("provider: x", version=f"apm/v2  # {URI}"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_no_form_of_findings_shows_a_credential(repository: Repository, name: str, form: str) -> None:
    root = repository({"specs/x.yaml": BROKEN[name]})
    with pytest.raises(Rejected) as rejected:
        check(root)
    found = rejected.value.problems
    printed = {
        "text": lambda: problems.as_text(found, {"specs/x.yaml": BROKEN[name]}, color=False),
        "json": lambda: problems.as_json(found),
        "github": lambda: problems.as_github(found),
        "sarif": lambda: problems.as_sarif(found, "1"),
    }[form]()
    assert printed
    assert SECRET not in printed
    assert "8150237" not in printed


def test_the_place_of_a_credential_is_hidden_whatever_it_looks_like() -> None:
    problem = Problem(Place("f", 1, 4, 5), "secret-literal", "m")
    printed = problems.as_text([problem], {"f": "x: plain rest"}, color=False)
    assert printed.splitlines()[1:3] == ["  1 | x: ••• rest", "    |    ^^^"]


def test_other_findings_on_the_line_of_a_credential_stay_under_their_word() -> None:
    line = "x: plain word"
    found = [Problem(Place("f", 1, 4, 5), "secret-literal", "m"), Problem(Place("f", 1, 10, 4), "y", "m")]
    printed = problems.as_text(found, {"f": line}, color=False).splitlines()
    assert printed[-2:] == ["  1 | x: ••• word", "    |        ^^^^"]


def test_json_keeps_its_promised_fields() -> None:
    problem = Problem(Place("f", 1, 2), "c", "m", "h", "a.b", "warning", ((Place("g", 3, 4), "there"),))
    assert json.loads(problems.as_json([problem])) == {
        "problems": [
            {"code": "c", "severity": "warning", "file": "f", "line": 1, "column": 2, "path": "a.b", "message": "m",
             "hint": "h", "related": [{"file": "g", "line": 3, "column": 4, "message": "there"}]}
        ]
    }  # fmt: skip
