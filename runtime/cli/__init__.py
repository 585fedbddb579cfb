"""What the command line does with runs: plain functions over values, called by `apm run`, `apm runs` and `apm serve`.

Everything that a person has to know is returned or handed to `echo`; what cannot be done raises
`runtime.problems.Failure` with one sentence and a hint. Nothing here parses arguments or exits.
"""

from runtime.cli.letters import letters, redeliver
from runtime.cli.rehearsing import Rehearsal, Rehearse, Script, rehearsals
from runtime.cli.remote import Server, server
from runtime.cli.reports import PathStep, RunResult, lines
from runtime.cli.running import answer, cancel, list_runs, resume, revive, run, show
from runtime.serving import serve

__all__ = [
    "PathStep",
    "Rehearsal",
    "Rehearse",
    "RunResult",
    "Script",
    "Server",
    "answer",
    "cancel",
    "letters",
    "lines",
    "list_runs",
    "redeliver",
    "rehearsals",
    "resume",
    "revive",
    "run",
    "serve",
    "server",
    "show",
]
