"""The system that this repository describes; there is exactly one."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from generator.model import Kind, Resolving, Thing
from runtime.contract import Many, Name, Ref, Strict


class Term(Strict):
    """One word of the system's own language."""

    meaning: dict[str, str]
    """What it means, by language code."""
    formerly: Many[str] = ()
    """Other words that were used for it; not to be used any more."""


class Import(Strict):
    """Specs of another repository, one commit of it. `apm vendor` copies them to `specs/vendor/<name>/`."""

    url: Annotated[str, Field(pattern=r"^(https://|ssh://|file://|git@|\.{0,2}/)[^\s]+$")]
    """Address of the repository, as for `git clone`."""
    commit: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    """Commit, in full: a branch or a tag could become another one."""
    path: Annotated[str, Field(pattern="^[A-Za-z0-9_][A-Za-z0-9_./-]*$")] = "specs"
    """Folder of the repository whose files are copied; it holds no System of its own."""
    digest: Annotated[str | None, Field(pattern="^sha256:[0-9a-f]{64}$")] = None
    """Digest of what is copied; `apm vendor` writes it."""


class SystemSpec(Strict):
    """Facts that hold for all specs."""

    title: str
    """Name of the system for people."""
    languages: Annotated[Many[str], Field(min_length=1)] = ("en",)
    """Language codes in which texts for people are kept."""
    default_owner: Annotated[str, Ref("Team")]
    """Team that owns every spec without an owner of its own."""
    protected_environments: Many[Annotated[str, Ref("Environment")]] = ()
    """Environments with stricter rules: no plaintext, no scripted model, images by digest."""
    glossary: dict[str, Term] = {}
    """Words of the system and what they mean."""
    pod_security: Literal["restricted", "baseline"] = "restricted"
    """Pod Security level that every namespace enforces."""
    imports: dict[Name, Import] = {}
    """Specs of other repositories, by the name of the folder that they are copied to."""


@dataclass(frozen=True)
class System(Thing):
    """The system, resolved."""

    title: str
    languages: tuple[str, ...]
    default_owner: str
    protected: frozenset[str]
    glossary: dict[str, Term]
    pod_security: str


def resolve(spec: SystemSpec, context: Resolving) -> System:
    """Return the system."""
    return System(
        **context.base,
        title=spec.title,
        languages=spec.languages,
        default_owner=spec.default_owner,
        protected=frozenset(spec.protected_environments),
        glossary=spec.glossary,
        pod_security=spec.pod_security,
    )


KIND = Kind("System", SystemSpec, System, resolve)
