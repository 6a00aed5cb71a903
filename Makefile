# The front door. `make help` lists the targets.
# Everything is kept below this folder: .venv/ (packages), .cache/ (downloads), var/ (data; DATA_DIR).

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= var
DEMO ?= 1
# Tests side by side: one more than two cores, because some wait for servers and clocks.
JOBS ?= 3
PYTEST ?=
SIZES ?= 10000
ENGINES ?= sqlite postgresql
BENCH ?=

export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
BIN := .venv/bin
FLASK := $(BIN)/flask --app wsgi
# Tests write and drop thousands of small databases: in memory, where there is room for them.
SCRATCH = $(shell free=$$(df -k --output=avail /dev/shm 2>/dev/null | tail -1); \
  [ "$${free:-0}" -gt 4000000 ] && echo TMPDIR=/dev/shm)

.DEFAULT_GOAL := help
.PHONY: help run test test-all screenshots lint words bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Settings such as HOST, PORT, DATA_DIR, DEMO=0: see README.md"

# Every step replaces its shell, so that a SIGTERM to make reaches the server.
run: .venv/installed ## Start server and job worker on http://127.0.0.1:8000, with demo data at first
	@exec env HOST="$(HOST)" PORT="$(PORT)" DATA_DIR="$(DATA_DIR)" DEMO="$(DEMO)" \
	  ENVIRONMENT="$${ENVIRONMENT:-development}" \
	  PUBLIC_URL="$${PUBLIC_URL:-http://$(HOST):$(PORT)}" \
	  sh -ec '$(FLASK) db upgrade; \
	    if [ "$$DEMO" != 0 ]; then $(FLASK) demo load --if-empty; fi; \
	    exec $(FLASK) serve'

test test-all: export PYTHONDONTWRITEBYTECODE :=
test: .venv/installed-dev .cache/programs ## Run the whole suite, long tests in their short form
	$(SCRATCH) $(BIN)/pytest -n $(JOBS) --dist worksteal -m "not long" $(PYTEST)
	$(SCRATCH) $(BIN)/pytest -n $(JOBS) --dist worksteal -m "not long and not browser" --on postgresql $(PYTEST)

test-all: .venv/installed-dev .cache/programs ## Run the suite with the long forms too
	$(SCRATCH) $(BIN)/pytest -n $(JOBS) --dist worksteal $(PYTEST)
	$(SCRATCH) $(BIN)/pytest -n $(JOBS) --dist worksteal -m "not browser" --on postgresql $(PYTEST)

screenshots: .venv/installed-dev .cache/programs ## Take pictures of every page into OUT=<folder outside this tree>
	$(BIN)/python -m tests.browser.screenshots "$(OUT)"

lint: .venv/installed-dev ## Check style, types, templates and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint records portal admin_panel

words: .venv/installed ## Bring the catalogues of translated texts in line with the sources
	$(BIN)/python -m records.catalogues

bench: .venv/installed-dev ## Measure beside the limit: SIZES="10000 100000", ENGINES="sqlite postgresql"
	$(BIN)/python -m bench --sizes $(SIZES) --engines $(ENGINES) $(BENCH)
	$(BIN)/python -m bench.report --to var/bench

lock: .venv/installed-dev ## Write requirements*.txt anew, with hashes
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --extra dev pyproject.toml -o requirements-dev.txt

clean: ## Remove packages and caches; data in var/ stays
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Certfolio needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "$(PYTHON) lacks the venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the environment .venv (once)"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: requirements.txt | .venv/made
	@echo "Installing the packages of requirements.txt into .venv"
	@$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt | .venv/made
	@echo "Installing the packages of requirements-dev.txt into .venv"
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@ .venv/installed

# What the tests drive besides Python: Debian's packages, each with the program that it brings.
PROGRAMS = chromium-headless-shell:$${CHROMIUM:-chromium-headless-shell} clamav-daemon:/usr/sbin/clamd strace:strace nginx-light:/usr/sbin/nginx \
  radosgw:radosgw ceph-mon:ceph-mon ceph-osd:ceph-osd ceph-common:ceph
.cache/programs: Makefile
	@mkdir -p .cache
	@missing=; for each in $(PROGRAMS); do \
	  command -v "$${each#*:}" >/dev/null || missing="$$missing $${each%%:*}"; done; \
	if [ -z "$$missing" ]; then :; \
	elif command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then \
	  echo "Installing the packages$$missing, which the tests drive"; \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "The tests need these packages:$$missing (or set CHROMIUM to the browser's path)." >&2; exit 1; fi
	@touch $@
