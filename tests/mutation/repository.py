"""Specs that are read once and validated with one text changed at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from generator import pipeline
from generator.compose import documents
from generator.load import load
from generator.model import Declared, Document, Loaded
from generator.parse import parse
from generator.pipeline import Built
from generator.problems import Problem, Rejected


@dataclass(frozen=True, eq=False)
class Repository:
    """The specs of one folder as they are on disk."""

    loaded: Loaded
    specs: tuple[Declared, ...]
    by_file: Mapping[str, tuple[Document, ...]] = field(repr=False)

    @classmethod
    def read(cls, root: Path) -> "Repository":
        """Read a repository; it has to be in order."""
        loaded = load(root)
        specs, problems = parse(loaded.documents, pipeline.KINDS)
        assert not (*loaded.problems, *problems)
        by_file: dict[str, tuple[Document, ...]] = {}
        for document in loaded.documents:
            by_file[document.file] = (*by_file.get(document.file, ()), document)
        return cls(loaded, tuple(specs), by_file)

    def index(self, document: Document) -> int:
        """Return which document of its file one is."""
        return next(number for number, one in enumerate(self.by_file[document.file]) if one is document)

    def text(self, file: str) -> str:
        """Return what stands in a file."""
        return self.loaded.files[file]

    def built(self, file: str = "", text: str = "") -> Built:
        """Return what the specs come to with another text in a file.

        Raises:
            Rejected: something is wrong with them, or with what they render.
        """
        return pipeline.built(pipeline.checked(self._with({file: text} if file else {})))

    def problems(self, file: str = "", text: str = "") -> tuple[Problem, ...]:
        """Return what is found in the specs with another text in a file."""
        return self.problems_with({file: text} if file else {})

    def problems_with(self, texts: Mapping[str, str]) -> tuple[Problem, ...]:
        """Return what is found in the specs with other texts in some files."""
        try:
            return pipeline.checked(self._with(texts)).problems
        except Rejected as rejected:
            return rejected.problems

    def _with(self, texts: Mapping[str, str]) -> Loaded:
        problems: list[Problem] = []
        changed = [d for file, text in texts.items() if file in self.by_file for d in documents(file, text, problems)]
        others = [d for name, found in self.by_file.items() if name not in texts for d in found]
        return replace(self.loaded, documents=(*others, *changed), files={**self.loaded.files, **texts},
                       problems=tuple(problems))  # fmt: skip
