# `make` alone lists the targets. Needs a Python >= 3.11; everything else goes into .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TOOLS := .venv/.ready-test

# Nothing that is set for other projects reaches this one.
unexport $(filter PYTHON% IPYTHON% JUPYTER% JPY% MPL%,$(.VARIABLES))
# One core per process, as a reader of the book has; two notebooks may then run side by side.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export NUMBA_NUM_THREADS ?= 1
# A bar drawn to stderr would fail a checked notebook cell.
export TQDM_DISABLE ?= 1

NOTEBOOKS = $(shell find book -name '*.ipynb' -not -path '*/.*')
STRIP = $(BIN)/nbstripout --keep-id --keep-count --extra-keys "metadata.language_info.version"
PYTEST = $(BIN)/pytest -n 2 --dist loadfile
# small enough for plain Python, and they reach every compiled loop
KERNEL_TESTS = tests/test_integrators.py tests/test_strang.py tests/slow_quenches tests/glassy/test_glassy.py

.DEFAULT_GOAL := help
.PHONY: help setup book test weekly coverage lint format bench chapter live links pdf rehearsal dist course clean distclean
# Targets share the pages and the cores: `make -j` must not build twice at once.
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv from requirements.lock

$(READY): requirements.lock requirements-uv.lock pyproject.toml setup.py
	@test -x $(BIN)/python || sh .ci/make-venv "$(PYTHON)"
	@sh .ci/install requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
# compiled here, the fast loops cost no notebook time and memory; if not here, then there
	@$(BIN)/python -m lmgbook.bookkit warm_up || true
	@touch $@

# What only the tests and the style checks need comes on top.
$(TOOLS): $(READY) requirements-test.lock
	@sh .ci/install requirements-test.lock
	@touch $@

book: $(READY) ## run the notebooks and build the pages
	@$(BIN)/python -m lmgbook.bookkit book

test: $(TOOLS) ## unit tests, built pages in a browser, every notebook again
	@$(BIN)/python -m lmgbook.bookkit book --if-needed
	@$(PYTEST) --nbval-lax --nbval-current-env --nbval-cell-timeout 600 book tests

weekly: test ## all tests, then the slow ones that guard no page, and the benchmarks
	@$(PYTEST) -m weekly tests
	@$(MAKE) --no-print-directory coverage rehearsal
	@$(BIN)/python benchmarks/run.py

lint: $(TOOLS) ## style of code and notebooks, spelling, types, the layers of the package
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/zizmor --quiet --offline --no-progress .github
	@$(STRIP) --verify $(NOTEBOOKS)

format: $(TOOLS) ## put code and notebooks into house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(STRIP) $(NOTEBOOKS)

# Compiled loops are seen only where they are not compiled; two passes therefore, one report.
coverage: $(TOOLS) ## lines and branches of the package that the tests reach (a part of weekly)
	@$(BIN)/coverage erase
	@$(PYTEST) --cov --cov-report= --cov-fail-under 0 tests --ignore tests/site --ignore tests/bookkit
	@NUMBA_DISABLE_JIT=1 $(PYTEST) --cov --cov-append --cov-report= --cov-fail-under 0 $(KERNEL_TESTS)
	@$(BIN)/coverage report

chapter: $(TOOLS) ## write the skeleton of a chapter: make chapter NAME=x
	@$(BIN)/python -m lmgbook.bookkit chapter "$(NAME)"

bench: $(READY) ## speed and memory against plain QuTiP and NumPy
	@$(BIN)/python benchmarks/run.py

live: $(READY) ## the notebooks with all numbers and references in place, in _build/live
	@$(BIN)/python -m lmgbook.bookkit live

links: $(READY) ## links that open the notebooks on a hub or on Binder, in _build/links
	@$(BIN)/python -m lmgbook.bookkit links

pdf: $(TOOLS) ## the book and its chapters to print, in _build/pdf; the next `make book` links them
	@$(BIN)/python -m lmgbook.bookkit book --if-needed
	@$(BIN)/python -m lmgbook.bookkit pdf

rehearsal: $(TOOLS) ## Binder rehearsed: its environment, one core, every notebook through a server
	@$(BIN)/python -m lmgbook.bookkit rehearsal

dist: ## the package as wheel and source, checked, in _build/dist
	@rm -rf _build/dist && mkdir -p _build
	@.ci/tool dist python -m build --no-isolation -o _build/dist . >_build/dist.log 2>&1 || { cat _build/dist.log; exit 1; }
	@.ci/tool dist twine check --strict _build/dist/*
	@.ci/tool dist check-wheel-contents _build/dist/*.whl

course: $(READY) ## notebooks for students, instructors and nbgrader (VARIANT=word), in _build/course
	@$(BIN)/python -m lmgbook.bookkit course $(if $(VARIANT),--variant "$(VARIANT)")

clean: ## remove what was built, the execution cache included
	rm -rf _build .pytest_cache .ruff_cache .hypothesis *.egg-info
	find lmgbook book tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove .venv as well
	rm -rf .venv
