"""An image is not named by its digest in a protected environment.

A tag can be moved: what was tested and what is pulled next week need not be the same, and replicas of one Deployment
may differ. A digest names one image for ever, and `git log` then shows every change of it. It is required in
environments that the System lists as protected, and where `rules.imageDigest` is true.

Fix: write the digest that the release of the image printed.

Bad: `image: {name: apm-runtime, tag: "1.4"}`.

Good: `image: {name: apm-runtime, tag: "1.4", digest: "sha256:..."}`.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from generator.kinds._image import Image
from generator.model import Catalogue, Check, Loc
from generator.problems import Problem
from generator.rules.strictness import environment_of, is_strict
from generator.rules.waivers import Waivers


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each image without a digest in a strict environment that is deployed."""
    environment = environment_of(catalogue)
    if environment is None or not environment.spec.deployed or not is_strict(catalogue, "image_digest"):
        return
    waivers = Waivers(catalogue, "image-digest")
    for spec in catalogue.specs:
        found = [loc for loc, image in _images(spec.spec, ("spec",)) if image.digest is None]
        if found and not waivers.cover(spec.kind, spec.name):
            for loc in found:
                message = "this image is not named by its digest"
                yield spec.problem(loc, "image-digest", message, "add `digest: sha256:...`", key=True)
    yield from waivers.unused()


def _images(value: BaseModel, loc: Loc) -> Iterator[tuple[Loc, Image]]:
    if isinstance(value, Image):
        yield loc, value
        return
    for name, key in _ways(type(value)):
        inner = getattr(value, name)
        if isinstance(inner, BaseModel):
            yield from _images(inner, (*loc, key))


@lru_cache(maxsize=512)
def _ways(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Return the fields of a model that lead to an image, so that all others cost nothing."""
    fields = model.model_fields.items()
    return tuple((name, field.alias or name) for name, field in fields if _leads(field.annotation))


def _leads(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return issubclass(annotation, Image) or bool(_ways(annotation))
    return get_origin(annotation) in (Union, UnionType) and any(_leads(part) for part in get_args(annotation))


CHECK = Check("image-digest", run, each_environment=True)
