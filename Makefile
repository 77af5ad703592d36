# `make` alone lists the targets. Needs a Python >= 3.11; everything else goes into .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SITE := _build/.site

# One core per process, as a reader of the book has; two notebooks may then run side by side.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export NUMBA_NUM_THREADS ?= 1
# A bar drawn to stderr would fail a checked notebook cell.
export TQDM_DISABLE ?= 1

SOURCES := _config.yml _toc.yml requirements.lock pyproject.toml \
  $(shell find book lmgbook -type f -not -path '*/.*' -not -path '*/__pycache__/*')

.DEFAULT_GOAL := help
.PHONY: help setup book test lint format bench course clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv from requirements.lock

# The lock is installed by hash; pip refuses an editable package in that mode, hence two commands.
$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || sh .ci/make-venv "$(PYTHON)"
	@echo "Installing requirements.lock into .venv (about a minute the first time) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The notebooks run first, two at a time, into the cache that the page build then reads.
define build-site
@$(BIN)/python book/_ext/prerun.py
@echo "Building the pages ..."
@$(BIN)/jupyter-book build . -q -W -n --keep-going --all
@touch $(SITE)
@echo "The book is ready: _build/html/index.html"
endef

book: $(READY) ## run the notebooks and build the pages
	$(build-site)

$(SITE): $(READY) $(SOURCES)
	$(build-site)

test: $(SITE) ## unit tests, built pages in a browser, every notebook again
	@$(BIN)/pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout 600 book tests

lint: $(READY) ## style of code and notebooks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/nbstripout --keep-id --keep-count --extra-keys "metadata.language_info.version" \
	  --verify $(shell find book -name '*.ipynb' -not -path '*/.*')

format: $(READY) ## put code and notebooks into house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/nbstripout --keep-id --keep-count --extra-keys "metadata.language_info.version" \
	  $(shell find book -name '*.ipynb' -not -path '*/.*')

bench: $(READY) ## speed and memory against plain QuTiP and NumPy
	@$(BIN)/python benchmarks/run.py

course: $(READY) ## notebooks for students and instructors, in _build/course
	@$(BIN)/python -m lmgbook.course

clean: ## remove what was built, the execution cache included
	rm -rf _build .pytest_cache .ruff_cache .hypothesis *.egg-info
	find lmgbook book tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove .venv as well
	rm -rf .venv
