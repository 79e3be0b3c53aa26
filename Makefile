# Every verb of the project. Each makes what it needs first: a virtual environment of its own, filled from
# the committed lock by hash, wheels only. Stamp files remember what is installed, so a second run starts at
# once and a changed lock installs again. Nothing needs root, and nothing is installed outside this folder.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PIP_FLAGS := --quiet --quiet --disable-pip-version-check --no-input
T ?= 60
ARGS ?=

.PHONY: help demo test lint fuzz mutants bench docs servers interop lock clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run.stamp ## run the demonstration: delegate, sign, verify, refuse
	@.venv/bin/python -m examples.demo $(ARGS)

test: .venv/test.stamp ## run the tests; make test ARGS="-k replay" for some of them
	@.venv/bin/python -m pytest $(ARGS)

lint: .venv/test.stamp ## check style, types and the direction of imports
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports --no-cache

fuzz: .venv-fuzz/fuzz.stamp ## fuzz every parser for T seconds each; make fuzz T=600
	@.venv-fuzz/bin/python -m fuzz.run --seconds $(T) $(ARGS)

mutants: .venv/test.stamp ## change each decision and see a test fail; ARGS="--json delegate/scope.py"
	@.venv/bin/python -m tools.mutants $(ARGS)

bench: .venv-bench/bench.stamp ## measure, print a table, write benchmarks/latest.json
	@.venv-bench/bin/python -m benchmarks.run $(ARGS)

docs: .venv/run.stamp ## write the generated pages below docs/ anew
	@.venv/bin/python -m tools.make_docs

servers: .venv/test.stamp ## write docs/servers.md from a run of the five servers
	@.venv/bin/python -m tools.make_servers

interop: interop/js/peers/node_modules/.package-lock.json ## install the npm libraries that tests compare ours with

# --- environments ----------------------------------------------------------------------------------

# The test lock holds all of the run lock, in the same versions, so both fill one environment.
.venv/run.stamp: requirements/run.txt
.venv/test.stamp: requirements/test.txt
.venv-fuzz/fuzz.stamp: requirements/fuzz.txt
.venv-bench/bench.stamp: requirements/bench.txt

.venv/run.stamp .venv/test.stamp: | .venv/bin/python
.venv-fuzz/fuzz.stamp: | .venv-fuzz/bin/python
.venv-bench/bench.stamp: | .venv-bench/bin/python

%.stamp: pyproject.toml
	@echo "installing requirements/$(*F).txt into $(@D)"
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) --require-hashes --only-binary :all: -r requirements/$(*F).txt
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/bin/python .venv-fuzz/bin/python .venv-bench/bin/python:
	@tools/make_venv $(@D:/bin=)

# The lock names versions and hashes and no host; npm and Node.js are those of the wheel in the test lock.
interop/js/peers/node_modules/.package-lock.json: interop/js/peers/package-lock.json .venv/test.stamp
	@echo "installing interop/js/peers/package-lock.json"
	@.venv/bin/python -m tools.npm ci --prefix interop/js/peers --silent
	@touch $@

# --- upkeep ----------------------------------------------------------------------------------------

LOCK = uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --no-annotate --upgrade --custom-compile-command "make lock"
EXTRAS := --extra server --extra fastapi --extra cli
TEST_EXTRAS := $(EXTRAS) $(foreach e,redis httpx2 requests aiohttp litestar django otel fast,--extra $(e))

lock: ## resolve the locks below requirements/ anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
	$(LOCK) pyproject.toml $(EXTRAS) requirements/run.in --output-file requirements/run.txt
	$(LOCK) pyproject.toml $(TEST_EXTRAS) requirements/run.in requirements/test.in \
		--constraints requirements/run.txt --output-file requirements/test.txt
	$(LOCK) pyproject.toml requirements/run.in requirements/fuzz.in \
		--constraints requirements/run.txt --output-file requirements/fuzz.txt
	$(LOCK) pyproject.toml --extra fastapi requirements/run.in requirements/bench.in \
		--constraints requirements/run.txt --output-file requirements/bench.txt

clean: ## remove the environments and caches
	rm -rf .mutants .venv .venv-fuzz .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis interop/js/peers/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
