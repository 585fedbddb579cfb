"""Pages of what can be wrong with files and with their YAML."""

PAGES = {
    "no-specs": """
There is nothing below `specs/`.

Specs are YAML files (`.yaml` or `.yml`) below `specs/` of the repository; `apm -C DIR` says where the repository is.

Fix: go to the root of the repository, or make one with `apm init DIR`.
""",
    "unreadable": """
A file or a folder can't be read.

Everything below `specs/` and `policies/` is read: what can't be read could hold the spec that others need. Named
pipes and devices are refused without opening them.

Fix: `ls -l` shows owner and rights; `chmod u+r FILE` gives them back. Remove what is no regular file.
""",
    "symlink-outside": """
A file below `specs/` or `policies/` is a link to a place outside of them.

What is rendered has to come from what is reviewed and committed. A link that leaves these folders would read whatever
stands there on the machine where `apm` runs.

Fix: put the file itself here.
""",
    "symlink-folder": """
A folder below `specs/` or `policies/` is a link.

Links to folders are not followed, since they can lead anywhere and round in circles; passing them over without a word
would leave out specs.

Fix: put the folder itself here.
""",
    "file-too-large": """
A file is larger than a spec can sensibly be.

The limit is 1 MiB for each file below `specs/` and `policies/`. It is there so that a file that got here by mistake (a
dump, an archive) is named at once, instead of taking minutes and gigabytes.

Fix: remove the file, or split it.
""",
    "not-utf8": """
A file is not UTF-8 text.

Specs, prompts and schemas are UTF-8, with or without a byte order mark. The place is the first byte that does not fit;
often the file was saved in a local encoding such as Latin-1, or it is no text at all.

Fix: save it as UTF-8 (`iconv -f latin1 -t utf-8`), or move binary files elsewhere.
""",
    "yaml-syntax": """
A file is not valid YAML.

The place is where the parser could not go on; the mistake often stands a little before it: a missing quote or
bracket, a line that is indented differently from its neighbours, a tab where spaces belong, a `: ` inside an unquoted
text.

Fix: correct it there.

Bad: `description: note: this breaks`. Good: `description: "note: this is fine"`.
""",
    "not-a-mapping": """
A YAML document is a list or a single value where a spec was expected.

Every document below `specs/` and `policies/` is one spec: a mapping with `apiVersion`, `kind`, `metadata` and `spec`.
Several specs in one file are separated by a line `---`.
""",
    "duplicate-key": """
A key stands twice in one mapping.

YAML readers keep the last of the two and drop the first without a word, so that one of two settings that somebody
wrote has no effect.

Fix: keep one of the two; the message shows where the first one stands.
""",
    "key-type": """
A key of a mapping is not a text.

Unquoted, `yes`, `1` or `null` are read as a truth value, a number and nothing, by some readers. Keys are texts.

Fix: quote it.

Bad: `labels: {1: first}`. Good: `labels: {"1": first}`.
""",
    "ambiguous-scalar": """
An unquoted value is read differently by different YAML readers.

YAML 1.1, which Python and many tools follow, reads `yes`, `no`, `on`, `off`, `12:30`, `0o17`, `1_000` or `2026-01-31`
as truth values, numbers and dates; YAML 1.2 and Go read them as texts, or the other way round (`1e3`).

Fix: what the field wants is said, and done by `apm validate --fix` where it is certain: quotes where it is a text,
`true` or `false`, or a plain decimal number. Where both would do, as for an argument, decide.

Bad: `country: no`. Good: `country: "no"`.
""",
    "yaml-tag": """
A value carries a YAML tag, such as `!!python/object` or `!include`.

Tags make readers build something other than what is written, in the worst case by running code. Specs need none.

Fix: write the value without the tag. Prompts and schemas that stand in files are named by path.
""",
    "too-deep": """
A document is nested more than 64 levels deep.

No spec needs that; runaway brackets and files made by machines do. The limit keeps them from taking the process down.

Fix: flatten the document, or remove the file.
""",
    "too-many-values": """
A document has more than 100 000 values, aliases expanded.

An alias (`*name`) repeats what its anchor (`&name`) holds. Aliases of aliases multiply: nine lines can stand for a
billion values. The limit names such a document instead of filling the memory.

Fix: write the values out, without nested aliases.
""",
    "format-unsafe": """
`apm fmt` has left a file as it is, because formatting would have changed what it says.

Each result is compared with what it came from: the same values, and the same lines, comments among them. This file did
not pass, which is a mistake of `apm fmt` and not of the file.

Fix: order and indent the file by hand, and report it with the file.
""",
}
