# `make help` lists the targets. Everything runs in .venv, which `make setup` creates.
PYTHON ?= python3
BIN := .venv/bin
PROMPT ?= loud 90s rock song with electric guitar and heavy drums
STAMP := .venv/.installed
# The number of test processes. All tests of a file run in one of them, because they share fixtures.
JOBS ?= 2
# A process that crashes ends the run and names its test: xdist 3.8 waits forever for the one that replaces it.
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0
PACKAGES := node_modules/.package-lock.json
# Tests that only read the tree: `make check` runs them too, so that they fail within a minute.
TREE := tests/test_sizes.py tests/test_fenced_code.py tests/test_github.py

.DEFAULT_GOAL := help
.PHONY: help setup demo lab voila site live stamp pictures quick test check format screens bench bench-full train evaluate clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## create .venv and install everything

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v <= (3, 13) and f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}: set PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(PACKAGES): package.json package-lock.json $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

demo: setup ## turn a prompt into a long wav, a figure and an executed notebook, in out/
	$(BIN)/spotnb generate "$(PROMPT)" --duration 30 --out out --name demo
	$(BIN)/python -m jupyter nbconvert --to html --execute notebooks/00-quickstart.ipynb --output-dir out
	@ls -l out

lab: setup ## open JupyterLab on the course
	$(BIN)/spotnb lab

voila: setup ## serve the panel as a separate page, without code
	JUPYTER_PATH=$(CURDIR)/binder/share $(BIN)/python -m voila --Voila.config_file_paths=$(CURDIR)/binder notebooks/pages/panel.ipynb

site: setup ## execute the course and build it as static pages, in out/site/
	@$(MAKE) --no-print-directory $(PACKAGES) || echo "npm failed: the site has no page that makes sound"
	$(BIN)/python -m docs.build
	@ls -l out/site/index.html

live: setup $(PACKAGES) ## write the page in which the embedded model makes sound, in out/live/
	$(BIN)/python -m spotnb.live.page --out out/live

stamp: setup ## write the public address into badges and launch cells; SLUG=OWNER/NAME changes it, HUB=ADDRESS adds a JupyterHub
	$(BIN)/python -m binder.stamp $(SLUG) $(if $(HUB),--hub $(HUB))

pictures: setup ## draw the pictures of README.md and of the site again, and the example latent, from real runs
	$(BIN)/python -m docs.pictures
	$(BIN)/python -m docs.example_latent

quick: setup ## run the tests for every save: those without a marker, with fewer examples
	HYPOTHESIS_PROFILE=quick $(PYTEST) -m "not (audioldm or browser or cluster or export or notebook or process or sound or training)"

test: setup ## fetch what the tests need, and run all of them
	@.ci/fetch fluidsynth fluid-soundfont-gm chromium
	@.ci/fetch firefox-esr
	@.ci/fetch-audioldm
	$(PYTEST)

check: setup $(PACKAGES) ## check format, lint, imports, types and sizes of Python and JavaScript; workflows where actionlint is
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy
	@test ! -x $(BIN)/actionlint || $(BIN)/actionlint
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm run --silent check
	$(BIN)/python -m pytest -q -p no:cacheprovider $(TREE)

format: setup $(PACKAGES) ## format Python and JavaScript
	$(BIN)/ruff format .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm run --silent fix

screens: setup ## take screenshots of every widget, light and dark, narrow and wide, in out/screens/
	@.ci/fetch chromium
	$(BIN)/python -m tests.browser.screens

bench: setup ## run the quick benchmarks: a table, out/bench.png, benchmarks/results.json
	$(BIN)/python -m benchmarks

bench-full: setup ## run all benchmarks, half an hour on a quiet machine, and the widgets in Chromium
	@.ci/fetch chromium
	@.ci/fetch-audioldm
	$(BIN)/python -m benchmarks --full
	$(BIN)/python -m benchmarks.methods
	$(BIN)/python -m benchmarks.wire
	$(BIN)/python -m benchmarks.widgets

train: setup ## train the embedded model from scratch: about seven core hours, resumable, in data/
	.ci/fetch fluidsynth fluid-soundfont-gm
	$(BIN)/python -m training --install

evaluate: setup ## measure the embedded model
	$(BIN)/python training/evaluate.py

clean: ## remove the files of the other targets, but not data/
	rm -rf .venv .audioldm node_modules out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
