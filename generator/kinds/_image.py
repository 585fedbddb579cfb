"""Container images that specs name."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runtime.contract import Strict


class Image(Strict):
    """An image; the registry comes from the environment."""

    name: Annotated[str, Field(pattern="^[a-z0-9]+([._/-]+[a-z0-9]+)*$")] = "apm-runtime"
    """Name below the environment's registry."""
    tag: Annotated[str | None, Field(pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")] = None
    """Tag for people; what is pulled is the digest, where there is one."""
    digest: Annotated[str | None, Field(pattern="^sha256:[0-9a-f]{64}$")] = None
    """Digest of the image."""

    @model_validator(mode="after")
    def _named(self) -> "Image":
        if not self.tag and not self.digest:
            raise PydanticCustomError("image-version", "an image needs a digest, or at least a tag")
        if self.tag == "latest" and not self.digest:
            raise PydanticCustomError("image-version", "`latest` is another image every day; name a digest")
        return self

    def reference(self, registry: str) -> str:
        """Return what is pulled from a registry (`registry.example.com/path`, or empty for none)."""
        name = f"{registry.rstrip('/')}/{self.name}" if registry else self.name
        return f"{name}@{self.digest}" if self.digest else f"{name}:{self.tag}"
