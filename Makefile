# Two commands do everything: `make reproduce` and `make test`. Each sets the environment up first, if it has to.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OUT ?= reports/build
ARGS ?=
# Small products on many threads wait for each other: one BLAS thread is many times faster here.
export OPENBLAS_NUM_THREADS ?= 1
# Without byte code on disk each process (those that compile the kernel, too) would translate every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help reproduce reproduce-real test check notebooks docs readme bench recover sbc calibrate trials lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

reproduce: $(STAMP) ## Set up, run the main job, write reports/build/index.html (ARGS=--quick for a look)
	$(BIN)/northroute reproduce --out $(OUT) $(ARGS)

reproduce-real: $(STAMP) ## Fetch the real article counts (needs a connection), then the main job on them
	$(BIN)/northroute fetch mlp
	$(BIN)/northroute reproduce --data data/raw --out $(OUT) $(ARGS)

# A file's tests stay in one process, since they share fits; the longest files start first (tests/conftest.py).
test: $(STAMP) ## Set up and run the tests, on up to four cores
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP) ## Lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

notebooks: $(STAMP) ## Execute the notebooks of analysis/ into reports/build/notebooks
	mkdir -p $(OUT)/notebooks
	for n in analysis/[0-9]*.py; do $(BIN)/jupytext --quiet --to ipynb --execute --output $(OUT)/notebooks/$$(basename $$n .py).ipynb $$n; done

bench: $(STAMP) ## Measure speed against the textbook model, side by side
	$(BIN)/python -m tests.bench.bench_counts $(ARGS)
	$(BIN)/python -m tests.bench.bench_panel

docs: $(STAMP) ## Write the pages of the ladder, of its calibration and of the claims' trials from models and stored tables
	$(BIN)/python -m northroute.bayes.ladder.describe analysis/docs
	$(BIN)/python -m northroute.bayes.calibration.page analysis/docs
	$(BIN)/python -m northroute.workflow.trials_page analysis/docs

readme: $(STAMP) ## After a full run: write the README's findings and the reference anew
	$(BIN)/python -m northroute.report.readme $(OUT)/manifest.json README.md reports/reference/claims.json

sbc: $(STAMP) ## Calibrate a step of the ladder by simulation: make sbc ARGS="slopes --replications 200"
	$(BIN)/northroute sbc $(ARGS)

# A model that fails is written down like the others: the verb's exit status does not stop the page.
calibrate: $(STAMP) ## Calibrate every step of the ladder (about an hour; goes on where it was) and write its page
	-$(BIN)/northroute sbc all --ranks analysis/docs/calibration --output reports/build/calibration $(ARGS)
	$(BIN)/python -m northroute.bayes.calibration.page analysis/docs

trials: $(STAMP) ## Try the claims' estimands on simulated worlds and their P on other seeds (two hours; goes on), write the page
	$(BIN)/northroute study claims --out analysis/docs $(ARGS)
	$(BIN)/northroute study seeds --out analysis/docs

recover: $(STAMP) ## Fit 20 simulated panels and count how often intervals cover the truth
	$(BIN)/northroute recover $(ARGS)

lock: $(STAMP) ## Compile requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.12 --extra dev --generate-hashes --no-emit-index-url --no-header \
	  --output-file requirements.lock pyproject.toml

clean: ## Remove the environment and everything rendered
	rm -rf $(VENV) $(OUT) .mypy_cache .ruff_cache .pytest_cache

# Python 3.12 or later: the first that answers; else uv fetches one.
$(STAMP): pyproject.toml requirements.lock
	@python=""; \
	for p in python3.12 python3.13 python3 python; do \
	  if command -v $$p >/dev/null && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then python=$$p; break; fi; \
	done; \
	if [ -n "$$python" ]; then \
	  echo "Setting up $(VENV) with $$($$python --version)"; \
	  $$python -m venv --clear $(VENV); \
	  $(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock; \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	elif command -v uv >/dev/null; then \
	  echo "Setting up $(VENV) with uv"; \
	  uv venv --quiet --clear --python '>=3.12' $(VENV); \
	  uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.lock; \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	  echo "northroute needs Python 3.12 or later and found none. Install it (or uv, which fetches one), then run make again." >&2; \
	  exit 1; \
	fi
	@touch $(STAMP)
