"""The values that pass between the stages, and what a kind, a check and an artifact is."""

from generator.model.extending import Artifact, Check, Kind
from generator.model.rendered import Group, Rendered, Resource, TextFile
from generator.model.resolved import All, Find, Project, Resolving, Source, Thing
from generator.model.written import Catalogue, Declared, Document, Loaded, Loc, Metadata, Reference, beside

__all__ = [
    "All",
    "Artifact",
    "Catalogue",
    "Check",
    "Declared",
    "Document",
    "Find",
    "Group",
    "Kind",
    "Loaded",
    "Loc",
    "Metadata",
    "Project",
    "Reference",
    "Rendered",
    "Resolving",
    "Resource",
    "Source",
    "TextFile",
    "Thing",
    "beside",
]
