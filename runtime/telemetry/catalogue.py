"""Every metric that the runtime exports. This is the single source of metric names; it imports nothing heavy."""

from runtime.telemetry.model import Label, Metric

WORKFLOW = Label("workflow", bounded_by="workflows")
STEP = Label("step", bounded_by="steps")
CHANNEL = Label("channel", bounded_by="channels")
MODEL = Label("gen_ai_request_model", bounded_by="models")
TARGET = Label("target", bounded_by="targets")
QUEUE = Label("queue", bounded_by="queues")

RUN_OUTCOMES = ("succeeded", "failed", "cancelled", "timeout")
STEP_OUTCOMES = ("succeeded", "failed", "skipped", "exhausted", "cancelled")
CALL_OUTCOMES = ("succeeded", "failed", "timeout", "invalid")
EFFECT_OUTCOMES = ("done", "repeated", "unknown", "failed")
STORE_OPERATIONS = ("find", "insert", "update", "delete", "claim", "command")
VERBS = (
    "agent", "approval", "ask", "emit", "fail", "forEach", "function", "http", "listen", "llm", "parallel", "set",
    "switch", "tool", "wait", "workflow",
)  # fmt: skip

# Bounds follow what is measured: a store call takes milliseconds, a step up to minutes, a run up to a day.
_STORE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_STEPS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 900)
_RUNS = (0.1, 0.5, 1, 5, 30, 60, 300, 900, 3600, 14_400, 43_200, 86_400)
# The OpenTelemetry GenAI conventions state these two.
_GEN_AI_SECONDS = tuple(0.01 * 2**k for k in range(14))
_GEN_AI_TOKENS = tuple(float(4**k) for k in range(14))

RUNS = Metric("apm_runs_total", "counter", "", "Runs that have ended.", (WORKFLOW, Label("outcome", RUN_OUTCOMES)))
RUN_SECONDS = Metric(
    "apm_run_duration_seconds", "histogram", "seconds", "Time from the start of a run to its end, waiting included.",
    (WORKFLOW,), _RUNS,
)  # fmt: skip
RUNS_ACTIVE = Metric("apm_runs_active", "gauge", "", "Runs that this worker is executing now.", (WORKFLOW,))
RUN_OLDEST_SECONDS = Metric(
    "apm_run_oldest_active_seconds", "gauge", "seconds", "Age of the oldest run that has not ended; 0 without one.",
    (WORKFLOW,),
)  # fmt: skip
STEP_RUNS = Metric(
    "apm_step_runs_total", "counter", "", "Steps that have ended.", (WORKFLOW, STEP, Label("outcome", STEP_OUTCOMES))
)
STEP_SECONDS = Metric(
    "apm_step_duration_seconds", "histogram", "seconds", "Time of a step with its retries, without its waiting.",
    (WORKFLOW, Label("verb", VERBS)), _STEPS,
)  # fmt: skip
RETRIES = Metric("apm_step_retries_total", "counter", "", "Attempts of steps after the first.", (WORKFLOW, STEP))
QUEUE_DEPTH = Metric("apm_queue_depth", "gauge", "", "Runs that are due and that no worker has claimed.", (QUEUE,))
QUEUE_OLDEST = Metric(
    "apm_queue_oldest_seconds", "gauge", "seconds", "Age of the oldest run that is due and unclaimed; 0 without one.",
    (QUEUE,),
)  # fmt: skip
SLOTS = Metric("apm_worker_slots", "gauge", "", "Slots of this worker.", (Label("state", ("busy", "free")),))
LEASES_LOST = Metric(
    "apm_lease_lost_total", "counter", "", "Runs given up because the lease had gone to another worker."
)
RUNS_SWEPT = Metric("apm_runs_swept_total", "counter", "", "Runs requeued because their worker had stopped answering.")
RUNS_GIVEN_UP = Metric(
    "apm_runs_given_up_total", "counter", "", "Runs given up because one worker after the other died over them.",
    (WORKFLOW,),
)  # fmt: skip
EVENTS = Metric("apm_events_total", "counter", "", "Events published.", (CHANNEL,))
DEAD_LETTERS = Metric("apm_dead_letters_total", "counter", "", "Events given up after their last attempt.", (CHANNEL,))
DECISIONS_UNMAPPED = Metric(
    "apm_decisions_unmapped_total", "counter", "", "Decisions outside the declared cases, sent to the default.",
    (WORKFLOW, STEP),
)  # fmt: skip
APPROVALS_WAITING = Metric("apm_approvals_waiting", "gauge", "", "Runs that wait for a person.", (WORKFLOW,))
APPROVAL_OLDEST = Metric(
    "apm_approval_oldest_seconds", "gauge", "seconds", "Age of the oldest question to a person; 0 without one.",
    (WORKFLOW,),
)  # fmt: skip
EFFECTS = Metric(
    "apm_effects_total", "counter", "", "Effects: done, found in the ledger, unknown after a crash, failed.",
    (Label("outcome", EFFECT_OUTCOMES),),
)  # fmt: skip
CACHED = Metric(
    "apm_step_cache_total", "counter", "", "Steps with a cache: outputs given again (hit) and computed (miss).",
    (WORKFLOW, STEP, Label("outcome", ("hit", "miss"))),
)  # fmt: skip
COMPENSATIONS = Metric(
    "apm_compensations_total", "counter", "", "Completed steps that were undone, or could not be.",
    (WORKFLOW, STEP, Label("outcome", ("done", "failed"))),
)  # fmt: skip
TOOL_CALLS = Metric(
    "apm_tool_calls_total", "counter", "", "Calls of tools and HTTP operations.",
    (TARGET, Label("outcome", (*CALL_OUTCOMES, "denied"))),
)  # fmt: skip
BUDGET_EXCEEDED = Metric(
    "apm_budget_exceeded_total", "counter", "", "Calls refused because a budget was used up.", (WORKFLOW,)
)
GATES_FAILED = Metric("apm_gates_failed_total", "counter", "", "Answers that a quality gate refused.", (WORKFLOW, STEP))
GUARDRAILS = Metric(
    "apm_guardrails_total", "counter", "", "Guardrails of agents that did not hold.",
    (WORKFLOW, STEP, Label("at", ("input", "output", "toolInput", "toolOutput")),
     Label("action", ("retry", "block", "fix", "approve"))),
)  # fmt: skip
BREAKER = Metric(
    "apm_breaker_state", "gauge", "state", "Circuit breaker of a target: 0 closed, 1 half open, 2 open.", (TARGET,)
)
STORE_UP = Metric("apm_store_up", "gauge", "", "Whether the state store answers: 1 or 0.")
STORE_SECONDS = Metric(
    "apm_store_operation_duration_seconds", "histogram", "seconds", "Time of one call of the state store.",
    (Label("operation", STORE_OPERATIONS),), _STORE,
)  # fmt: skip
CRON_FIRED = Metric(
    "apm_cron_fired_total", "counter", "", "Runs that a schedule has started or passed over.",
    (WORKFLOW, Label("outcome", ("started", "forbidden", "replaced", "missed"))),
)  # fmt: skip
SPECS_CHANGED = Metric(
    "apm_specs_changed_total", "counter", "", "Times that changed workflow documents were taken, or refused as wrong.",
    (Label("outcome", ("taken", "refused")),),
)  # fmt: skip
BUILD = Metric(
    "apm_build_info", "gauge", "info", "Always 1; the label says which version this is.",
    (Label("version", bounded_by="version"),),
)  # fmt: skip
MODEL_SECONDS = Metric(
    "gen_ai_client_operation_duration_seconds", "histogram", "seconds", "Time of one model call.",
    (MODEL, Label("outcome", CALL_OUTCOMES)), _GEN_AI_SECONDS,
)  # fmt: skip
MODEL_TOKENS = Metric(
    "gen_ai_client_token_usage", "histogram", "tokens", "Tokens of one model call.",
    (MODEL, Label("gen_ai_token_type", ("input", "output"))), _GEN_AI_TOKENS,
)  # fmt: skip

CATALOGUE: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
