"""What editors get from `apm lsp`: findings while somebody types, completion, hover texts, definitions, repairs.

Everything here works on texts that may be half typed. The checks are those of `apm validate`, the repairs those of
`--fix`, the form that of `apm fmt`; nothing is decided twice.
"""
