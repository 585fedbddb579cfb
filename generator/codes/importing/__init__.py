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

PAGES = {
    **files.PAGES,
    **workloads.PAGES,
    **objects.PAGES,
    **rights.PAGES,
    **scraping.PAGES,
    **rules.PAGES,
    **notifications.PAGES,
    **dashboards.PAGES,
    **backups.PAGES,
}
