"""Specs that are read once and validated with one text changed at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from generator import pipeline
from generator.compose import documents
from generator.load import load
from generator.model import Declared, Document, Loaded
from generator.parse import parse
from generator.problems import Problem, Rejected


@dataclass(frozen=True)
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

    def problems(self, file: str = "", text: str = "", *, rendered: bool = False) -> tuple[Problem, ...]:
        """Return what is found with another text in a file, `rendered` with what the specs render too."""
        return self.problems_with({file: text} if file else {}, rendered=rendered)

    def problems_with(self, texts: Mapping[str, str], *, rendered: bool = False) -> tuple[Problem, ...]:
        """Return what is found with other texts in some files."""
        try:
            specs = pipeline.checked(self._with(texts))
            return pipeline.built(specs).warnings if rendered else specs.warnings
        except Rejected as rejected:
            return rejected.problems

    def _with(self, texts: Mapping[str, str]) -> Loaded:
        problems: list[Problem] = []
        changed = [d for file, text in texts.items() if file in self.by_file for d in documents(file, text, problems)]
        others = [d for name, found in self.by_file.items() if name not in texts for d in found]
        return replace(self.loaded, documents=(*others, *changed), files={**self.loaded.files, **texts},
                       problems=tuple(problems))  # fmt: skip
