# make demo [SECONDS=20]   modemd at work on an emulated network; ends by itself after SECONDS, else on Ctrl-C
# make test                the tests
# make check               format, lint, types, generated files, dead names, merge markers
# make system              real processes, real ptys, foreign software; as root it installs Debian packages they need
# make sim [SEEDS=1000]    hours of faults and crashes in simulated time; MINUTES=15 bounds it, FIRST=1 says where it begins
# make sim-mutants         deliberate mistakes, each of which the simulation or a test must catch
# make bench [NAMES=growth]   the queue beside its targets; about half an hour, alone on the machine
# make generated           write the generated parts of the docs anew
# make wheel, make clean
#
# Nothing has to be prepared but Python 3.11 or newer. Another one than python3:  make demo PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check system sim sim-mutants bench generated wheel clean
# Two pips in one environment would trip over each other.
.NOTPARALLEL:

demo: .venv/.installed-run
	@$(BIN)/modemd demo $(if $(SECONDS),--seconds '$(SECONDS)')

test: .venv/.installed-test
	@$(BIN)/pytest -q -m "not system" -n 2 --dist worksteal

check: .venv/.installed-dev
	$(BIN)/ruff format --check modemd tests benchmarks
	$(BIN)/ruff check modemd tests benchmarks
	$(BIN)/mypy modemd tests benchmarks
	.ci/generated --check
	.ci/dead-names
	.ci/merge-markers

system: .venv/.installed-dev
	@.ci/install-packages
	@$(BIN)/python -m tests.sim.recovery
	@$(BIN)/pytest -m system -n 2 tests/sim/test_campaigns.py
	@$(BIN)/pytest -m system --ignore=tests/sim/test_campaigns.py

sim: .venv/.installed-test
	@$(BIN)/python -m tests.sim.ends
	@$(BIN)/python -m tests.sim.silence
	@$(BIN)/python -m tests.sim.campaigns --seeds 48 --minutes $(or $(MINUTES),15)
	@$(BIN)/python -m tests.sim.seeds --seeds $(or $(SEEDS),1000) --first $(or $(FIRST),1) --minutes $(or $(MINUTES),15)

sim-mutants: .venv/.installed-test
	@$(BIN)/python -m tests.sim.mutants

bench: .venv/.installed-test
	@$(BIN)/python -m benchmarks.queue $(NAMES)

generated: .venv/.installed-test
	@.ci/generated

wheel: .venv/.installed-dev
	@$(BIN)/python -m build --wheel

clean:
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What each stamp stands for; a change of pyproject.toml makes all of them again.
extras_run :=
extras_test := [test]
extras_dev := [dev]

.venv/.installed-%: pyproject.toml | $(BIN)/pip
	@echo "Installing modemd$(extras_$*) into .venv; this is done once and may take a minute."
	@$(BIN)/pip install -qq --disable-pip-version-check --editable '.$(extras_$*)'
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "modemd needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) could not make .venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
