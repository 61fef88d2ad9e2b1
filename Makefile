PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

# Two more workers than cores, because many tests wait. Workers steal tests, so tests that wait run beside tests that
# compute.
WORKERS = -n $$(($$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 2)) --dist worksteal

# Errors only: a successful installation prints nothing.
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check

# If this were set, each pytest worker would rewrite all asserts, and each environment that a test creates would compile
# all its imports at each start.
export PYTHONDONTWRITEBYTECODE :=

# Targets run in order, so the last output of `test` is pytest's summary.
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

# Installed again if pyproject.toml changes. Created again if it has no pip, for example after an interrupted start or
# the removal of its Python.
$(VENV)/.stamp: pyproject.toml | prerequisites
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || '$(PYTHON)' -m venv --clear $(VENV)
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable '.[serve,online,metrics]' --group test --group lint --group docs
	@touch $@

demo: $(VENV)/.stamp ## build the friction log's six incidents, and check them
	@$(BIN)/taskcheck demo

test: lint types imports unit ## all checks except the long ones: four minutes on two idle cores

lint: $(VENV)/.stamp ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.stamp ## mypy --strict
	$(BIN)/mypy

imports: $(VENV)/.stamp ## import-linter: imports run one way
	$(BIN)/lint-imports

unit: $(VENV)/.stamp compiled ## pytest
	$(BIN)/python -m pytest $(WORKERS) --ignore tests/browser -m 'not journey' $(PYTEST_ARGS)

journeys: $(VENV)/.stamp compiled ## slow tests, some seconds each: commands of pages, wheels, hooks, servers, kills, two hosts
	$(BIN)/python -m pytest $(WORKERS) --ignore tests/browser -m journey $(PYTEST_ARGS)

browser: $(VENV)/.stamp compiled ## the operator's page in Chromium
	$(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

oldest: ## some tests with the oldest version of each dependency: a minute or two
	PYTHON='$(PYTHON)' .ci/oldest

# The tests start hundreds of processes, several at once, so their imports are compiled first.
compiled: $(VENV)/.stamp
	@$(BIN)/python -m compileall -q src rules

nightly: $(VENV)/.stamp compiled ## all tests, every loop in full: hours
	TASKCHECK_WHOLE=1 TASKCHECK_EXAMPLES=20000 TASKCHECK_FLEETS=10000 TASKCHECK_GIT_FLEETS=300 TASKCHECK_STRESS=10 \
	  TASKCHECK_MERGES=2000 TASKCHECK_REPAIRS=2000 TASKCHECK_MUTATIONS=10000 \
	  $(BIN)/python -m pytest $(WORKERS) $(PYTEST_ARGS)

mutants: $(VENV)/.stamp ## change the code in forty places, and list the changes that no test noticed: hours
	$(BIN)/python tests/mutants.py
	$(BIN)/python tests/negations.py --whole

bench: $(VENV)/.stamp compiled ## measure costs as ratios, with and without a cache: an hour, 6 GB
	$(BIN)/python bench/start.py
	$(BIN)/python bench/branches.py
	$(BIN)/python bench/scale.py
	$(BIN)/python bench/scale.py 100000 3
	$(BIN)/python bench/fleet.py 2000 100
	$(BIN)/python bench/fleet.py 200 1000
	$(BIN)/python bench/people.py
	$(BIN)/python bench/fix.py

format: $(VENV)/.stamp ## format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.stamp ## write the generated parts of the documentation
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/incidents.py

# The theme announces its successor at each start. pyproject.toml pins the theme.
site: $(VENV)/.stamp ## build the documentation as a site in build/site/, with --strict
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

pictures: $(VENV)/.stamp ## take the pictures in docs/pictures, with Chromium
	@$(BIN)/python docs/pictures.py

wheel: $(VENV)/.stamp ## build a wheel into dist/
	$(PIP) wheel . --no-deps --wheel-dir dist

# The archives have the time of the commit, so every build has the same bytes.
dist: $(VENV)/.stamp ## build wheel and sdist into dist/, reproducibly
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir dist

clean: ## remove all build results
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
