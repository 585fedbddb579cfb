"""Pages of what `apm import` sees in manifests that others wrote. None of it can be written in a spec."""

from generator.codes.importing import (
    backups,
    dashboards,
    files,
    notifications,
    objects,
    rights,
    rules,
    scraping,
    workloads,
)

SUBJECTS = (rights, backups, files, workloads, objects, scraping, rules, notifications, dashboards)
"""In the order in which people should look at them."""
PAGES = {code: page for subject in SUBJECTS for code, page in subject.PAGES.items()}
