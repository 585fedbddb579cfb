"""A word of the glossary is explained in a language that the system does not have.

Texts for people are kept in the `languages` of the System. A meaning under another code is shown to nobody.

Fix: correct the code, or add the language.

Bad, with `languages: [de, en]`: `meaning: {dee: der ganze Kreislauf, en: the whole cycle}`.

Good: `meaning: {de: der ganze Kreislauf, en: the whole cycle}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem, nearest

CODE = "glossary-language"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such code where it stands."""
    for system in catalogue.all("System"):
        known = system.spec.languages
        for word, term in system.spec.glossary.items():
            for language in term.meaning:
                if language not in known:
                    loc = ("spec", "glossary", word, "meaning", language)
                    message = f'"{language}" is none of the languages of the system'
                    yield system.problem(loc, CODE, message, nearest(language, known), key=True)


CHECK = Check(CODE, run, each_environment=True)
