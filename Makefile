# The front door. What the targets do is written in tox.ini and in `forklab --help`; this only makes
# the virtual environment and passes on what you said. V=1 prints each command that is run.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

PYTHON ?= python3
DOCKER ?= docker
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
program = $(if $(value PROGRAM),$(call quote,PROGRAM)) $(call option,--run,RUN) $(call option,--port,PORT) $(call option,--workers,WORKERS) $(call option,--worker,WORKER)

.PHONY: help labs venv test lint type check fix scenarios mutants flaky grade bench doctor images clean browser rehearse

help:
	@echo "make TARGET [NAME=value ...]; V=1 prints each command that is run"
	@echo
	@echo "Labs"
	$(Q)for toml in labs/*/lab.toml; do \
	  [ -e "$$toml" ] || { echo "  (none yet)"; break; }; \
	  name=$$(basename "$$(dirname "$$toml")" | tr _ -); \
	  title=$$(sed -n 's/^title *= *"\(.*\)" *$$/\1/p' "$$toml" | head -n 1); \
	  printf '  %-21s %s\n' "lab-$$name" "$$title"; \
	done
	$(Q)awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) } \
	  /^[a-z]+(-%)?:.*## / { sub("%", "LAB", $$1); printf "  %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "make ends with 2 for every failure; .venv/bin/forklab check with 0 all pass,"
	@echo "1 some fail, 2 wrong usage, 3 could not look, 130 interrupted."

##@ Examine: [PROGRAM=path] [RUN='command'] [PORT=n] [WORKERS=n] [WORKER=file]
lab-%: $(STAMP) ## one lab, all its checks [ONLY=id] [TRACE=1]
	$(Q)$(FORKLAB) check $(call lab_name,$*) $(program) $(call option,--only,ONLY) $(if $(filter 1,$(TRACE)),--trace)

labs: $(STAMP) ## all labs at once, each with its reference program
	$(Q)$(FORKLAB) labs

grade: $(STAMP) ## a folder of programs: LAB=lab SUBMISSIONS=dir
	$(Q)test -n "$(LAB)" -a -n $(call quote,SUBMISSIONS) || { echo "say what to grade: make grade LAB=fork-echo SUBMISSIONS=folder" >&2; exit 2; }
	$(Q)$(FORKLAB) grade $(call lab_name,$(LAB)) $(call quote,SUBMISSIONS) $(call option,--rubric,RUBRIC) $(call option,--late,LATE)

report-%: $(STAMP) ## the last report with pictures, in a browser where there is one
	$(Q)$(FORKLAB) report $(call lab_name,$*)

hint-%: $(STAMP) ## the next hint for what failed last
	$(Q)$(FORKLAB) hint $(call lab_name,$*)

why-%: $(STAMP) ## what every check is for, once the lab passes
	$(Q)$(FORKLAB) why $(call lab_name,$*)

##@ Look yourself: the same words
shell-%: $(STAMP) ## a shell beside the running program, with ps, ss, strace and nc
	$(Q)$(FORKLAB) shell $(call lab_name,$*) $(program)

watch-%: $(STAMP) ## its processes and descriptors, live, while clients come and go
	$(Q)$(FORKLAB) watch $(call lab_name,$*) $(program)

##@ Show a class [AUTO=s] [BIG=1] [FROM=n] [RECORD=file]
demo-%: $(STAMP) ## the lab, told step by step, live; keys are said there
	$(Q)$(FORKLAB) demo $(call lab_name,$*) $(call option,--auto,AUTO) $(call option,--from,FROM) $(call option,--record,RECORD) $(if $(filter 1,$(BIG)),--big)

replay-%: $(STAMP) ## its recording; needs no engine
	$(Q)$(FORKLAB) replay $(call lab_name,$*)

rehearse: $(STAMP) ## all demos without waiting: does each step come?
	$(Q)$(FORKLAB) rehearse

##@ Grade [RUBRIC=file] [OUT=file]
gradescope-%: $(STAMP) ## the autograder of a lab for Gradescope, a zip
	$(Q)$(FORKLAB) gradescope $(call lab_name,$*) $(call option,--rubric,RUBRIC) $(call option,--output,OUT)

# Containers without forklab, by plain commands of docker: docs/by-hand.md.
by_hand = forklab-$*
by_hand_image = forklab/by-hand:$(call lab_name,$*)
locked = --security-opt no-new-privileges --cap-drop ALL --cap-add DAC_READ_SEARCH --tmpfs /work:exec,size=64m --tmpfs /tmp:exec,size=32m --label forklab.owner=forklab
beside = --network container:$(by_hand) --pid container:$(by_hand)
# a folder is mounted at /program, a file in it
path = $(call quote,PROGRAM)
mounted = $(if $(value PROGRAM),--volume "$$(realpath $(path)):/program$$(test -d $(path) || echo "/$$(basename $(path))"):ro") $(if $(value WORKER),--env WORKER=$(call quote,WORKER))
terminal = $(if $(shell test -t 0 && echo yes),-it,-i)

##@ By hand: in a container of its own, without forklab [PROGRAM=path] [WORKER=file]
up-%: $(STAMP) ## start the lab's server
	$(Q)$(FORKLAB) images >/dev/null
	$(Q)$(DOCKER) build -q --network none --build-arg BASE=forklab/lab:latest --build-arg LAB=$(call lab_name,$*) -t $(by_hand_image) -f docker/by-hand.Dockerfile . >/dev/null
	$(Q)$(DOCKER) rm -f $(by_hand) >/dev/null 2>&1 || true
	$(Q)$(DOCKER) run -d --name $(by_hand) --network none $(locked) $(mounted) $(by_hand_image) >/dev/null
	@echo "$(by_hand) is up: make client-$* talks to it, make look-$* shows it, make down-$* ends it"

client-%: ## talk to it: nc, or the lab's program where that is a client
	$(Q)$(DOCKER) run --rm $(terminal) $(beside) $(locked) $(mounted) $(by_hand_image) client

look-%: ## what ps and /proc/PID/fd say, until Ctrl-C
	$(Q)$(DOCKER) run --rm $(terminal) $(beside) $(locked) --cap-add SYS_PTRACE $(by_hand_image) watch

down-%: ## end it, and what talks to it
	$(Q)$(DOCKER) rm -f $(by_hand) >/dev/null

##@ forklab itself
venv: $(STAMP) ## the virtual environment .venv (made by itself when needed)

$(STAMP): pyproject.toml
	@echo "making the virtual environment $(VENV) (once)"
	$(Q)$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make a virtual environment: on Debian, apt-get install python3-venv" >&2; exit 1; }
	$(Q)$(BIN)/pip install --quiet --disable-pip-version-check --editable . tox
	$(Q)touch $@

test: $(STAMP) ## everything that must hold: lint, type, unit, engine, scenarios
	$(Q)$(TOX)

lint: ## format and rules of the Python code
type: ## mypy --strict
lint type: $(STAMP)
	$(Q)$(TOX) -e $@

check: $(STAMP) ## lint and type: looks only
	$(Q)$(TOX) -e lint,type

fix: $(STAMP) ## format the code and correct what ruff can correct
	$(Q)$(TOX) -e fix

scenarios: $(STAMP) ## every lab against its reference program
	$(Q)$(TOX) -e scenarios

mutants: $(STAMP) ## every broken program against its lab [LAB=lab] [WRITE=page]
	$(Q)$(TOX) -e mutants -- $(call lab_name,$(LAB)) $(call option,--write,WRITE)

flaky: $(STAMP) ## one lab many times, 0 failures: LAB=lab [RUNS=100] [CPUS=n]
	$(Q)test -n "$(LAB)" || { echo "say which lab: make flaky LAB=fork-echo RUNS=100" >&2; exit 2; }
	$(Q)$(FORKLAB) flaky $(call lab_name,$(LAB)) --runs $(RUNS) $(call option,--cpus,CPUS)

browser: $(STAMP) ## the pages of a run and of a class, in Chromium
	$(Q)$(TOX) -e $@

bench: $(STAMP) ## what it costs, beside the usual ways
	$(Q)$(BIN)/python -m bench

.PHONY: site
site: $(STAMP) ## the documents as a site, with a gallery of reports: build/site/
	$(Q)$(TOX) -e $@

##@ This machine
doctor: $(STAMP) ## what it has, lacks and cannot do; changes nothing
	$(Q)$(FORKLAB) doctor

images: $(STAMP) ## the container engine and the lab image, set up now
	$(Q)$(FORKLAB) images

clean: ## remove lab containers, .venv, caches and runs
	$(Q)if [ -x $(FORKLAB) ]; then $(FORKLAB) clean || true; fi
	$(Q)rm -rf $(VENV) .tox .cache .hypothesis .mypy_cache .ruff_cache .pytest_cache build dist runs
	$(Q)find . -name __pycache__ -type d -prune -exec rm -rf {} +
