"""Backups that can't be relied on."""

PAGES = {
    "no-time-zone": """
A schedule names no time zone.

Its hour is that of whatever the controller runs in, mostly UTC.

Fix: `schedule.timeZone` of the Backup.
""",
    "no-deadline": """
A job that hangs is never ended.

Where two may not run at once, none ever runs again.

Fix: `schedule.deadline` of the Backup.
""",
    "ignored-failure": """
A script goes on after a command failed.

The job's status is that of its last line: a dump that failed counts as a success.

Fix: a Backup runs programs with arguments, and every failure fails the job.
""",
    "prune-regardless": """
Old archives are deleted whatever became of the new one.

After enough bad days nothing is left.

Fix: a Backup deletes nothing itself; `retention.minKeep` says how many stay, however old.
""",
    "hidden-failure": """
A script says that a failure does not count.

Fix: let it fail.
""",
    "two-timestamps": """
Parts of one backup are named by different times.

A restore that takes one time finds only one of them.

Fix: one name; archives of a Backup are named by their Job.
""",
    "inconsistent-dump": """
A dump shows each collection at another moment, or one database of several.

Fix: `covers.oplog` of the Backup, on a replica set.
""",
    "secret-in-arguments": """
A credential is an argument of a process.

Every process of the node can read arguments.

Fix: a configuration file; a Backup mounts one.
""",
    "backup-in-cluster": """
Archives lie in a claim of the cluster that they are to survive.

Fix: `destination.bucket` of the Backup.
""",
    "shared-claim": """
A job mounts the claim of a running pod.

With a volume for one node, both have to be on it, or the job hangs.

Fix: back up a store over the network.
""",
    "no-resources": """
A job asks for no CPU and no memory.

It is the first that a full node ends.

Fix: nothing by hand: every rendered container asks for what it needs.
""",
    "default-retries": """
A backup says nothing about how often it is tried again.

By default it is tried six more times, and each try may leave a part of an archive.

Fix: `backoffLimit`; a rendered backup is tried twice more.
""",
    "backups-at-once": """
Two backups start at the same minute.

Disks and network serve both at once, and each takes longer.

Fix: another minute for one of them.
""",
    "program-not-in-image": """
A script calls a program that its image does not hold.

That line fails each time; where the script goes on, nothing says so.

Fix: an image that holds it. A Backup runs in an image whose programs are known.
""",
}
