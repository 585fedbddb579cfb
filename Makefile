# Everything that people and CI call. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := bash
PY := .venv/bin/python
APM := .venv/bin/apm
# Long ones have targets of their own: a real Argo CD (make e2e), a real image (make e2e-image), a real node (make
# e2e-node), linters of others (make judges).
LONG := --ignore tests/argocd --ignore tests/image --ignore tests/node --ignore tests/judges
# A process a core; tests of one file stay together, since they share what is costly to start.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
comma := ,

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 20

.PHONY: demo
demo: ## install, validate, render, run the reference workflow here (FAST=1: written replies; MODEL=file.gguf: another model)
	@python3 toolchain/install.py run
	@$(APM) validate
	@$(APM) render > /dev/null
	@$(APM) run apm-cycle --env local --input examples/inputs/apm-cycle.json \
	  $(if $(FAST),--replies specs/tests/apm-cycle.replies.yaml) $(if $(MODEL),--model-file $(MODEL)) \
	  || { code=$$?; $(if $(FAST),,echo "the same without a model: make demo FAST=1" >&2;) exit $$code; }

.PHONY: test
test: lint tools ## everything that CI runs: lint, types, layers, specs, all tests
	$(PY) -m pytest tests $(LONG) $(PARALLEL)

.PHONY: check
check: lint ## as `test` without the tools that have to be built: needs Python only
	$(PY) -m pytest tests --ignore tests/e2e --ignore tests/monitoring $(LONG) $(PARALLEL)

.PHONY: e2e
e2e: install tools ## against a real API server, promtool, amtool, kubeconform, and a real Argo CD (built first: minutes)
	python3 toolchain/build.py argocd
	$(PY) -m pytest tests/e2e tests/monitoring tests/argocd

.PHONY: image
image: ## build the runtime image with Docker (BASE=..., BUILDER=..., IMAGE=name, CA=file.pem, PIP_CONF=file: runtime/image/README.md)
	DOCKER_BUILDKIT=1 docker build --file runtime/image/Dockerfile --tag $(or $(IMAGE),apm-runtime):$(shell git rev-parse --short HEAD) \
	  $(if $(BASE),--build-arg BASE=$(BASE)) $(if $(BUILDER),--build-arg BUILDER=$(BUILDER)) \
	  --build-arg SOURCE_DATE_EPOCH=$(shell git log -1 --format=%ct) --build-arg REVISION=$(shell git describe --always --dirty --abbrev=40) \
	  --build-arg SOURCE=$(SOURCE) --build-arg VERSION=$(VERSION) \
	  $(if $(CA),--secret id=ca$(comma)src=$(CA)) $(if $(PIP_CONF),--secret id=pip$(comma)src=$(PIP_CONF)) .

.PHONY: e2e-image
e2e-image: install ## build the runtime image and run the staging system from it, confined as rendered (root; about 4 minutes)
	APM_IMAGE_TEST=1 $(PY) -m pytest tests/image

.PHONY: e2e-node
e2e-node: install ## deliver staging with a real Argo CD into a real node, from the real image, and try it (root; minutes)
	python3 toolchain/build.py
	python3 toolchain/build.py node coredns argocd prometheus
	APM_NODE_TEST=1 $(PY) -m pytest tests/node

.PHONY: judges
judges: install tools ## linters of others over rendered/: kube-score, checkov, pint, Grafana's, yamllint, a network analyzer
	python3 toolchain/build.py kube-score pint dashboard-linter grafana-schema
	$(PY) -m pytest tests/judges

.PHONY: lint
lint: install ## ruff, import layers, pyright strict, `apm validate`, `apm render --check`, reference pages
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports
	.venv/bin/pyright
	$(APM) validate
	$(APM) render --check

.PHONY: install
install: ## install what is pinned into .venv
	@python3 toolchain/install.py dev

.PHONY: tools
tools: ## build or find kubectl, an API server, promtool, amtool, kubeconform in a cache outside the checkout
	@python3 toolchain/build.py

.PHONY: bench
bench: install ## CPU seconds and memory of rendering 10, 100 and 1000 agents
	$(PY) -m benchmarks

.PHONY: bench-runtime
bench-runtime: install ## the runtime: runs over HTTP, the queue, what grows, beside LangGraph and its server (half an hour)
	$(PY) -m benchmarks.runtime

.PHONY: mutants
mutants: install ## spoil every part of every reference spec, one at a time, and write what is refused to docs/mutants.md (half an hour)
	$(PY) -m tests.mutation

.PHONY: fuzz
fuzz: install ## FUZZ=20000 texts, bytes and spoilt specs of each sort: the validator answers all of them
	FUZZ=$(or $(FUZZ),20000) $(PY) -m pytest -q tests/fuzz

.PHONY: crash
crash: install ## kill and pause real workers at random moments, TRIALS=20 SEED=n LANES=1, and judge what is left
	$(PY) -m tests.runtime.crash --trials $(or $(TRIALS),20) $(if $(SEED),--seed $(SEED)) $(if $(LANES),--lanes $(LANES))

.PHONY: engines
engines: install ## the tests of the state store on a second engine, SecantusDB, in an environment of its own
	$(PY) -m tests.runtime.engines

.PHONY: docs
docs: install ## write docs/reference anew from the code
	$(PY) -m generator.documentation.reference

.PHONY: render
render: install ## write rendered/ anew
	$(APM) render

.PHONY: golden
golden: install ## rewrite the expected outputs of the golden and conformance cases
	$(PY) -m pytest tests/golden tests/conformance --rewrite

.PHONY: format
format: install ## format the Python code
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

.PHONY: schemas
schemas: install ## take the JSON Schemas of Kubernetes and CRD objects anew from the pinned modules
	python3 toolchain/build.py
	$(PY) toolchain/crd_schemas.py
	$(PY) toolchain/kubernetes_schemas.py

.PHONY: lock
lock: ## write the Python lock files anew (needs uv)
	python3 toolchain/install.py lock

.PHONY: clean
clean: ## delete what was made here; caches outside the checkout stay
	rm -rf .venv .apm build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
