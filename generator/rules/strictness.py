"""Whether the stricter rules hold in the environment that a catalogue shows."""

from generator.model import Catalogue, Declared


def environment_of(catalogue: Catalogue) -> Declared | None:
    """Return the environment whose view the catalogue is."""
    return catalogue.find("Environment", catalogue.environment) if catalogue.environment else None


def is_protected(catalogue: Catalogue) -> bool:
    """Return whether the System lists the environment as protected."""
    systems = catalogue.all("System")
    return bool(systems) and catalogue.environment in systems[0].spec.protected_environments


def is_strict(catalogue: Catalogue, rule: str) -> bool:
    """Return whether a rule of `Environment.rules` holds.

    In a protected environment it always does: what is written there can make other environments stricter, but never a
    protected one milder. An exception from a rule is a Waiver.
    """
    environment = environment_of(catalogue)
    if environment is None:
        return False
    return is_protected(catalogue) or bool(getattr(environment.spec.rules, rule))
