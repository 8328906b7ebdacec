# Two commands to begin with: `make demo` and `make test`. They need Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALLED := $(VENV)/.installed
UV ?= $(BIN)/uv
PORT ?= 8000
export PORT

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(INSTALLED) ## Build the demo district and serve it on http://127.0.0.1:8000 (PORT=… for another port)
	@$(BIN)/bangfu demo

.PHONY: install
install: $(INSTALLED) ## Install everything into .venv (the other targets do this by themselves)

.PHONY: test
test: $(INSTALLED) ## Run all tests against real PostgreSQL (ARGS=… goes to pytest)
	@$(BIN)/pytest $(ARGS)

.PHONY: test-long
test-long: $(INSTALLED) ## Ask ten times as many random questions as `make test` does, each viewer everything, and lets many write for a minute
	@BANGFU_EXAMPLES=2000 HYPOTHESIS_PROFILE=long $(BIN)/pytest tests/compile tests/query tests/access tests/write/test_together.py $(ARGS)

.PHONY: test-clients
test-clients: $(INSTALLED) ## Run other people's clients and audits, and the TypeScript example (needs Node 20 or newer)
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null || { \
		echo "These tests need Node 20 or newer, with npm: https://nodejs.org"; exit 1; }
	@npm ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@$(BIN)/pytest -n 1 -m node tests/clients $(ARGS)

.PHONY: lint
lint: $(INSTALLED) ## Look for mistakes and check the formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: format
format: $(INSTALLED) ## Format the code and mend what can be mended mechanically
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

.PHONY: types
types: $(INSTALLED) ## Check the types
	@$(BIN)/mypy
	@for tests in plugins/*/tests; do $(BIN)/mypy $$tests/*.py || exit 1; done # file names repeat from sector to sector

.PHONY: contracts
contracts: $(INSTALLED) ## Check who imports whom
	@$(BIN)/lint-imports

.PHONY: schema-diff
schema-diff: $(INSTALLED) ## Tell what changes for clients since the last release; fails where something breaks them
	@last=$$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null) \
		|| { echo "There is no release yet to compare the schema with."; exit 0; }; \
	old=$$(mktemp) && trap 'rm -f "$$old"' EXIT && git show "$$last:schema/schema.graphql" > "$$old" \
		&& echo "since $$last:" && $(BIN)/bangfu schema diff "$$old" schema/schema.graphql

.PHONY: check
check: ## Run everything that CI runs
	@.ci/run

.PHONY: lock
lock: $(INSTALLED) ## Choose new versions of all dependencies and write requirements.lock
	@command -v $(UV) >/dev/null || $(PIP) install uv
	@$(UV) pip compile pyproject.toml --extra embedded --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --upgrade --quiet \
		--custom-compile-command "make lock" --output-file requirements.lock

.PHONY: bench
bench: $(INSTALLED) ## Measure the server against hand-written SQL (ARGS="--quick --set demo"; the first run makes data)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: bench-hostile
bench-hostile: $(INSTALLED) ## Measure what it costs to refuse what nobody would send who means well
	@$(BIN)/python -m bench.hostile $(ARGS)

.PHONY: page
page: $(INSTALLED) ## Build GraphiQL, the page for browsers at /graphql (needs Node 20.19 or newer)
	@$(BIN)/python hatch_build.py

.PHONY: wheel
wheel: $(INSTALLED) ## Build the wheel and the source distribution into dist/ (needs Node 20.19 or newer)
	@$(BIN)/python -m hatchling build

.PHONY: test-page
test-page: $(INSTALLED) ## Drive the page of a real wheel with Chromium (needs Node)
	@$(BIN)/pytest -n 1 -m node tests/page $(ARGS)

.PHONY: clean
clean: ## Remove .venv and caches; the data in .bangfu stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist app/bangfu_app/http/graphiql
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp makes a second run a no-op, which also works offline.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "bangfu needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1 | head -n 1)"; \
		echo "Name another one: make $(or $(MAKECMDGOALS),install) PYTHON=python3.12"; exit 1; }
	@test -f $(VENV)/pyvenv.cfg && $(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "Creating $(VENV) …"; $(PYTHON) -m venv $(if $(wildcard $(VENV)/pyvenv.cfg),--clear) $(VENV) >/dev/null 2>&1; } || { \
		echo "$(PYTHON) cannot create a virtual environment: its venv module is missing."; \
		echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing the locked dependencies (a minute the first time) …"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@
