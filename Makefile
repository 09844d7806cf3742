# make demo    set up and run the main job on a bundled sample
# make test    set up and run the test suite
# make fuzz    all malformed inputs by class, with counts (minutes): make fuzz ARGS='--only svg'
# make lint    formatting, lint and types
# make docs    the documentation as a site in out/docs, the reference generated from docstrings
# make dev     an environment with everything a contributor needs
# make prior   train the bundled prior anew, on a GPU, and replace its weights: make prior ICONS=icons/noto
#
# PYTHON chooses the interpreter that makes the environment, VENV where it goes, OUT where the demo writes.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -q -c constraints.txt
PACKAGING := pyproject.toml constraints.txt
# two threads on two busy cores are many times slower than one: OpenMP spins where it should wait
THREADS ?= 1
OUT ?= out/demo

# make prior: a stage that was stopped goes on when it is called again
ICONS ?=
PRESET ?= full
DEVICE ?= cuda
RUN ?= runs/$(PRESET)
WEIGHTS ?= src/dreamsampler/weights
AUTOENCODER ?= --minutes 12
DIFFUSION ?= --minutes 40
EVALUATOR ?= --minutes 5
TRAIN = OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m iconworld.training
STAGE = --preset $(PRESET) --device $(DEVICE) --out $(RUN) $(if $(ICONS),--icons $(ICONS)) --resume

.PHONY: help demo test fuzz lint docs dev prior digests clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^$$/q'

# The clock starts here, at the first use of a recipe, and so counts the set-up too.
demo: START := $(shell date +%s)
demo: $(VENV)/.installed
	@mkdir -p $(dir $(OUT))
	@OMP_NUM_THREADS=$(THREADS) $(BIN)/dreamsampler demo -o $(OUT)
	@echo "make demo took $$(( $$(date +%s) - $(START) )) s, set-up included"

test: $(VENV)/.installed-test
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m pytest $(ARGS)

fuzz: $(VENV)/.installed-test
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m tests.fuzz $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/mypy

docs: $(VENV)/.installed-docs
	$(BIN)/mkdocs build --quiet

dev: $(VENV)/.installed-dev

prior: $(VENV)/.installed-test
	$(TRAIN) autoencoder $(AUTOENCODER) $(STAGE)
	$(TRAIN) diffusion $(DIFFUSION) $(STAGE)
	$(TRAIN) evaluator $(EVALUATOR) $(STAGE)
	$(TRAIN) card --out $(RUN) $(if $(ICONS),--icons $(ICONS)) $(CARD)
	mkdir -p $(WEIGHTS)
	cp -r $(RUN)/prior $(RUN)/judge $(WEIGHTS)/
	$(BIN)/python -m dreamsampler.priors.bundle

digests: $(VENV)/.installed
	$(BIN)/python -m dreamsampler.priors.bundle

clean:
	rm -rf $(VENV)

# Each stamp says that this set of requirements was installed after the last change of the packaging files.
$(VENV)/.installed: $(PACKAGING) | $(VENV)/.created
	@echo "installing dreamsampler into $(VENV); the first time this fetches several hundred megabytes ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-test: $(PACKAGING) | $(VENV)/.created
	@echo "installing dreamsampler and its tests' needs into $(VENV) ..."
	@$(PIP) -e '.[svg,test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(PACKAGING) | $(VENV)/.created
	@echo "installing dreamsampler and the contributor's tools into $(VENV) ..."
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.installed-test $(VENV)/.installed

$(VENV)/.installed-docs: $(PACKAGING) | $(VENV)/.created
	@echo "installing dreamsampler and the tools of its documentation into $(VENV) ..."
	@$(PIP) -e '.[docs]'
	@touch $@ $(VENV)/.installed

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) not found: install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old: dreamsampler needs 3.11 or newer; name one: make PYTHON=python3.12" >&2; \
	  exit 2; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) could not make $(VENV): on Debian and Ubuntu, install the package python3-venv" >&2; exit 2; }
	@touch $@
