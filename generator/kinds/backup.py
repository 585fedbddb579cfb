"""A scheduled backup of a state store: when, to where, kept how long, and what it promises."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._image import Image
from generator.kinds._quantity import Quantity
from generator.kinds.state_store import StateStore
from generator.model import Kind, Resolving, Thing
from runtime.contract import Duration, Ref, SecretRef, Strict


class Schedule(Strict):
    """When a backup is made."""

    cron: str
    """Five fields, such as `0 2 * * *`."""
    time_zone: str
    """IANA time zone of the schedule: without one a cluster takes whatever its controller runs in."""
    starting_deadline: Duration = "1h"
    """How late a backup may still start when the cluster could not start it in time."""
    deadline: Duration = "2h"
    """Time after which a backup that runs is stopped and counts as failed."""


class Covers(Strict):
    """What a backup holds."""

    store: Annotated[str, Ref("StateStore")]
    """State store that is dumped; every collection of it is, whichever names this backup."""
    oplog: bool = False
    """Dump the whole server with the operations that happen meanwhile, so that all collections show one moment. Needs a
    replica set, a user with the role `backup` and a URI without a database. Otherwise only the store's database is
    dumped, each collection at its own moment."""


class Bucket(Strict):
    """An S3-compatible bucket."""

    endpoint: Annotated[str, Field(pattern="^https://[^/@]+$")]
    """Address of the service, such as `https://s3.eu-central-1.amazonaws.com`."""
    name: str
    """Name of the bucket."""
    prefix: str = ""
    """Folder inside the bucket; default: the backup's name."""
    region: str = ""
    """Region, where the service has any."""
    secret: SecretRef
    """Credentials as a file in the format of the AWS tools, as secret-name/key."""
    image: Image
    """Image with `rclone`, which copies the archive."""


class Claim(Strict):
    """A volume claim in the environment's own namespace."""

    size: Quantity
    """Bytes that it asks for; room for all archives that are kept."""
    storage_class: str | None = None
    """Storage class; default: the cluster's."""


class Destination(Strict):
    """Where archives go: exactly one of `bucket` and `claim`."""

    bucket: Bucket | None = None
    """A bucket, which survives the loss of the cluster."""
    claim: Claim | None = None
    """A claim, which is lost with the cluster."""

    @model_validator(mode="after")
    def _one(self) -> "Destination":
        if (self.bucket is None) == (self.claim is None):
            raise PydanticCustomError("one-destination", "a backup goes to exactly one of bucket and claim")
        return self


class Retention(Strict):
    """How long archives are kept."""

    days: Annotated[int, Field(ge=1)]
    """Days that an archive is kept at least."""
    min_keep: Annotated[int, Field(ge=1)] = 7
    """Whole archives that are never deleted, however old: a backup that fails for weeks must not lose the last good
    one."""


class Objectives(Strict):
    """What the backup promises."""

    rpo: Duration
    """How much work may be lost: at least the time between two backups."""
    rto: Duration
    """How long a restore may take."""


class BackupSpec(Strict):
    """One scheduled backup."""

    schedule: Schedule
    """When it is made."""
    covers: Covers
    """What it holds."""
    credentials: SecretRef
    """Configuration file of mongodump, as secret-name/key: one line `uri: mongodb://...` of a user that may only read.
    A file, because arguments and variables of a process can be read by others."""
    destination: Destination
    """Where it goes."""
    retention: Retention
    """How long it is kept."""
    encryption: Literal["at-rest", "none"]
    """`at-rest`: the destination encrypts what it stores (a bucket is asked for it with every copy, a claim's storage
    class has to do it). `none` says that archives lie there readable."""
    objectives: Objectives
    """What it promises."""
    image: Image
    """Image with `mongodump`, of the database's own version or newer."""
    scratch: Quantity = "20Gi"
    """Room for one archive on its way to a bucket."""


@dataclass(frozen=True)
class Backup(Thing):
    """A backup, resolved."""

    spec: BackupSpec
    store: StateStore

    @property
    def bucket(self) -> Bucket | None:
        """Bucket that it goes to, if it goes to one."""
        return self.spec.destination.bucket

    @property
    def claim(self) -> Claim | None:
        """Claim that it goes to, if it goes to one."""
        return self.spec.destination.claim

    @property
    def claim_name(self) -> str:
        """Name of the claim."""
        return f"{self.name}-archives"

    @property
    def prefix(self) -> str:
        """Folder inside the bucket, without slashes at its ends."""
        return ((self.bucket.prefix if self.bucket else "") or self.name).strip("/")


def resolve(spec: BackupSpec, context: Resolving) -> Backup:
    """Return the backup."""
    return Backup(**context.base, spec=spec, store=context.find(StateStore, spec.covers.store))


KIND = Kind("Backup", BackupSpec, Backup, resolve)
