PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

# Two workers more than there are cores, for many tests wait, but each takes seconds to start; and work that is stolen,
# not dealt out in order: so tests that wait run beside those that compute.
WORKERS = -n $$(($$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 2)) --dist worksteal

# Errors only: an installation that works has nothing to say.
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check

# Where it is set, each worker of pytest rewrites all asserts anew, and each environment that a test makes compiles all
# that it imports, at each start.
export PYTHONDONTWRITEBYTECODE :=

# In order, however many jobs make was given: what `test` says last is pytest's summary.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help prerequisites venv demo test lint types imports unit journeys browser oldest compiled nightly mutants bench format docs site pictures wheel dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

prerequisites: ## look for Python >= 3.11 (PYTHON=python3.13) and git >= 2.38
	@command -v '$(PYTHON)' >/dev/null || \
	  { echo "there is no $(PYTHON); name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "taskcheck needs Python 3.11 or newer, and $(PYTHON) is $$('$(PYTHON)' -V 2>&1):" \
	    "make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) can't make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@'$(PYTHON)' -c 'import re, subprocess, sys; \
	  out = subprocess.run(["git", "version"], capture_output=True, text=True).stdout; \
	  sys.exit(tuple(map(int, re.findall(r"\d+", out)[:2])) < (2, 38))' 2>/dev/null || \
	  { echo "git 2.38 or newer is needed, and here is: $$(git version 2>/dev/null || echo none)" >&2; exit 1; }

venv: $(VENV)/.stamp ## create .venv with taskcheck, its tests and its linters

# Installed anew when pyproject.toml changes, created anew when there is no pip in it: what an earlier try that was
# stopped, or a Python that is gone, leaves behind.
$(VENV)/.stamp: pyproject.toml | prerequisites
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || '$(PYTHON)' -m venv --clear $(VENV)
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable '.[serve,online,metrics]' --group test --group lint --group docs
	@touch $@

demo: $(VENV)/.stamp ## build the friction log's six incidents, and check them
	@$(BIN)/taskcheck demo

test: lint types imports unit ## every check but for the long ones: four minutes on two idle cores

lint: $(VENV)/.stamp ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.stamp ## mypy --strict
	$(BIN)/mypy

imports: $(VENV)/.stamp ## import-linter: imports run one way
	$(BIN)/lint-imports

unit: $(VENV)/.stamp compiled ## pytest
	$(BIN)/python -m pytest $(WORKERS) --ignore tests/browser -m 'not journey' $(PYTEST_ARGS)

journeys: $(VENV)/.stamp compiled ## what takes seconds each: pages followed, wheels, kills at any instant, two hosts
	$(BIN)/python -m pytest $(WORKERS) --ignore tests/browser -m journey $(PYTEST_ARGS)

browser: $(VENV)/.stamp compiled ## the operator's page in Chromium
	$(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

oldest: ## some tests with the oldest version of each dependency: a minute or two
	PYTHON='$(PYTHON)' .ci/oldest

# The tests start hundreds of processes, several of them at once.
compiled: $(VENV)/.stamp
	@$(BIN)/python -m compileall -q src rules

nightly: $(VENV)/.stamp compiled ## all tests, every loop in full: hours
	TASKCHECK_WHOLE=1 TASKCHECK_EXAMPLES=20000 TASKCHECK_FLEETS=10000 TASKCHECK_GIT_FLEETS=300 TASKCHECK_STRESS=10 \
	  TASKCHECK_MERGES=2000 TASKCHECK_REPAIRS=2000 TASKCHECK_MUTATIONS=10000 \
	  $(BIN)/python -m pytest $(WORKERS) $(PYTEST_ARGS)

mutants: $(VENV)/.stamp ## change the code in forty places, and see that a test fails each time: hours
	$(BIN)/python tests/mutants.py
	$(BIN)/python tests/negations.py --whole

bench: $(VENV)/.stamp compiled ## what things cost, as ratios, with and without a cache: an hour, 6 GB
	$(BIN)/python bench/start.py
	$(BIN)/python bench/branches.py
	$(BIN)/python bench/scale.py
	$(BIN)/python bench/scale.py 100000 3
	$(BIN)/python bench/fleet.py 2000 100
	$(BIN)/python bench/fleet.py 200 1000
	$(BIN)/python bench/people.py
	$(BIN)/python bench/fix.py

format: $(VENV)/.stamp ## write what ruff would
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.stamp ## write what the docs take from the code
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/incidents.py

# The theme tells of its successor at each start; which one builds the site is said in pyproject.toml.
site: $(VENV)/.stamp ## build the docs as a site into build/site/, strictly
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

pictures: $(VENV)/.stamp ## take the pictures of docs/operating.md, with Chromium
	@$(BIN)/python docs/pictures.py

wheel: $(VENV)/.stamp ## build a wheel into dist/
	$(PIP) wheel . --no-deps --wheel-dir dist

# The time in the archives is that of the commit, so that whoever builds it again gets the same bytes.
dist: $(VENV)/.stamp ## build wheel and sdist into dist/, reproducibly
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir dist

clean: ## remove what was made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
