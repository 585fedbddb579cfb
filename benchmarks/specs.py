"""Writes a repository of N agents, each with a workflow; three share a runtime: about seven objects an agent."""

import shutil
from pathlib import Path

POLICIES = Path(__file__).parent.parent / "policies"

BASE = """\
apiVersion: apm/v1
kind: System
metadata: {name: bench}
spec: {title: Benchmark, defaultOwner: ops, protectedEnvironments: [production]}
---
apiVersion: apm/v1
kind: Team
metadata: {name: ops}
spec: {title: Operations, mail: ops@example.com, slack: {channel: "#ops"}}
---
apiVersion: apm/v1
kind: Environment
metadata: {name: production}
spec:
  namespace: bench
  registry: registry.example.com/apm
---
apiVersion: apm/v1
kind: Model
metadata: {name: small}
spec: {provider: openai-compatible, model: gpt-4o, endpoint: "https://models.example.com/v1", secret: models/key}
---
apiVersion: apm/v1
kind: Tool
metadata: {name: look-up, description: Looks a record up.}
spec: {effect: read, http: {method: GET, url: "https://erp.example.com/api/v1/records"}, secret: erp/key}
---
apiVersion: apm/v1
kind: Backup
metadata: {name: daily}
spec:
  schedule: {cron: "0 4 * * *", timeZone: Europe/Berlin}
  covers: {store: main}
  credentials: backup/config
  destination:
    bucket:
      endpoint: https://s3.example.com
      name: archives
      secret: bucket/credentials
      image: {name: rclone, digest: "sha256:1111111111111111111111111111111111111111111111111111111111111111"}
  retention: {days: 30}
  encryption: at-rest
  objectives: {rpo: 24h, rto: 2h}
  image: {name: mongo-tools, digest: "sha256:1111111111111111111111111111111111111111111111111111111111111111"}
"""

AGENT = """\
apiVersion: apm/v1
kind: Agent
metadata: {{name: agent-{n}, owner: ops, description: Answers questions about area {n}.}}
spec:
  role: {role}
  instructions: prompts/clerk.md
  model: small
  tools: [look-up]
  permissions: {{allow: [read], deny: [write, deploy]}}
  output:
    type: object
    additionalProperties: false
    required: [answer, sure]
    properties: {{answer: {{type: string}}, sure: {{type: boolean}}}}
---
apiVersion: apm/v1
kind: Workflow
metadata: {{name: flow-{n}, owner: ops}}
spec:
  input: {{type: object, required: [question], properties: {{question: {{type: string}}}}}}
  state: {{answer: {{type: string}}, sure: {{type: boolean}}}}
  output: {{answer: "${{state.answer}}"}}
  steps:
    - id: work
      agent: agent-{n}
      with: {{question: "${{input.question}}"}}
      save: {{answer: "${{output.answer}}", sure: "${{output.sure}}"}}
    - id: decide
      maxVisits: 3
      onExhausted: review
      switch: [{{when: "state.sure", then: end}}]
      default: work
    - id: review
      approval:
        {{message: "Is this right?", options: [accept, reject], assignees: [ops], timeout: 30m, onTimeout: reject}}
"""

RUNTIME = """\
apiVersion: apm/v1
kind: Runtime
metadata: {{name: runtime-{n}, owner: ops}}
spec:
  image: {{digest: "sha256:{digest}"}}
  workflows: [{flows}]
  stateStore: main
  apiKeys: api-keys/keys
"""


def write(folder: Path, count: int) -> None:
    """Write specs/ for `count` agents, one file an agent."""
    agents = folder / "specs" / "agents"
    (agents / "prompts").mkdir(parents=True)
    (agents / "prompts" / "clerk.md").write_text("Answer the question: {{ input.question }}\n")
    (folder / "specs" / "base.yaml").write_text(BASE + STORE)
    shutil.copytree(POLICIES, folder / "policies")
    for n in range(count):
        (agents / f"agent-{n:05}.yaml").write_text(agent(n, count))


def agent(n: int, count: int, role: str = "clerk") -> str:
    """Return the text of one agent's file; every third one holds a runtime for three workflows."""
    text = AGENT.format(n=n, role=role)
    if n % 3 == 0:
        flows = ", ".join(f"flow-{m}" for m in range(n, min(n + 3, count)))
        text += "---\n" + RUNTIME.format(n=n, flows=flows, digest=f"{n:064x}")
    return text


STORE = """\
---
apiVersion: apm/v1
kind: StateStore
metadata: {name: main}
spec:
  database: bench
  connection: {secret: mongodb/uri, addresses: ["10.1.0.0/24"]}
  runtimeBackup: daily
"""
