# The front door. What the targets do is written in tox.ini and in `forklab --help`; this only makes
# the virtual environment and passes on what you said. V=1 prints each command that is run.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

PYTHON ?= python3
RUNS ?= 100
VENV := .venv
STAMP := $(VENV)/.made-from-pyproject
BIN := $(VENV)/bin
FORKLAB := $(BIN)/forklab
TOX := $(BIN)/tox run -q

# compiled code that is kept is what makes a second run quick
unexport PYTHONDONTWRITEBYTECODE

Q := $(if $(filter 1,$(V)),,@)
# 'text' as one word of the shell, whatever is in it
quote = '$(subst ','\'',$(value $(1)))'
option = $(if $(value $(2)),$(1) $(call quote,$(2)))
lab_name = $(subst -,_,$(1))

.PHONY: help venv test lint type check fix scenarios mutants flaky bench doctor images clean

help: ## what can be made (this)
	@echo "make lab-LAB [PROGRAM=path] [ONLY=id] [RUN='command'] [PORT=n] [WORKERS=n]"
	@echo "make hint-LAB  the next hint for what failed    make why-LAB  once it passes"
	@echo
	@echo "Labs: without PROGRAM the reference program is examined, with it yours."
	@for toml in labs/*/lab.toml; do \
	  [ -e "$$toml" ] || { echo "  (none yet)"; break; }; \
	  name=$$(basename "$$(dirname "$$toml")" | tr _ -); \
	  title=$$(sed -n 's/^title *= *"\(.*\)" *$$/\1/p' "$$toml" | head -n 1); \
	  printf '  %-21s %s\n' "lab-$$name" "$$title"; \
	done
	@echo
	@echo "Other targets:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | \
	  while IFS='	' read -r name text; do printf '  %-10s %s\n' "$$name" "$$text"; done
	@echo
	@echo "make ends with 2 for every failure; .venv/bin/forklab check with 0 all pass,"
	@echo "1 some fail, 2 wrong usage, 3 could not look, 130 interrupted."

lab-%: $(STAMP)
	$(Q)$(FORKLAB) check $(call lab_name,$*) $(if $(value PROGRAM),$(call quote,PROGRAM)) $(call option,--run,RUN) $(call option,--port,PORT) $(call option,--workers,WORKERS) $(call option,--worker,WORKER) $(call option,--only,ONLY)

hint-%: $(STAMP)
	$(Q)$(FORKLAB) hint $(call lab_name,$*)

why-%: $(STAMP)
	$(Q)$(FORKLAB) why $(call lab_name,$*)

venv: $(STAMP) ## the virtual environment .venv (made by itself when needed)

$(STAMP): pyproject.toml
	@echo "making the virtual environment $(VENV) (once)"
	$(Q)$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make a virtual environment: on Debian, apt-get install python3-venv" >&2; exit 1; }
	$(Q)$(BIN)/pip install --quiet --disable-pip-version-check --editable . tox
	@touch $@

test: $(STAMP) ## everything that must hold: lint, type, unit, engine, scenarios
	$(Q)$(TOX)

lint type: $(STAMP)
	$(Q)$(TOX) -e $@

lint: ## format and rules of the Python code
type: ## mypy --strict

check: $(STAMP) ## lint and type: looks only
	$(Q)$(TOX) -e lint,type

fix: $(STAMP) ## format the code and correct what ruff can correct
	$(Q)$(TOX) -e fix

scenarios: $(STAMP) ## every lab against its reference program
	$(Q)$(TOX) -e scenarios

mutants: $(STAMP) ## every broken program against its lab [LAB=lab] [WRITE=page]
	$(Q)$(TOX) -e mutants -- $(call lab_name,$(LAB)) $(call option,--write,WRITE)

flaky: $(STAMP) ## one lab many times, 0 failures: LAB=lab [RUNS=100] [CPUS=n]
	@test -n "$(LAB)" || { echo "say which lab: make flaky LAB=fork-echo RUNS=100" >&2; exit 2; }
	$(Q)$(FORKLAB) flaky $(call lab_name,$(LAB)) --runs $(RUNS) $(call option,--cpus,CPUS)

bench: $(STAMP) ## what it costs, beside the usual ways
	$(Q)$(BIN)/python -m bench

doctor: $(STAMP) ## what this machine has, lacks and cannot do; changes nothing
	$(Q)$(FORKLAB) doctor

images: $(STAMP) ## the container engine and the lab image, set up now
	$(Q)$(FORKLAB) images

clean: ## remove lab containers, .venv, caches and runs
	@if [ -x $(FORKLAB) ]; then $(FORKLAB) clean || true; fi
	$(Q)rm -rf $(VENV) .tox .cache .hypothesis .mypy_cache .ruff_cache .pytest_cache build dist runs
	$(Q)find . -name __pycache__ -type d -prune -exec rm -rf {} +
