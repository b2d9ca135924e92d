# One virtual environment, made on first use; every target needs only Python, git and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
DOCS := .venv/docs-ready
PEERS := .venv/peers/ready
ASV := .venv/asv/ready
# numba does not see that a function which another file inlines has changed: one cache for each state of the sources
export NUMBA_CACHE_DIR := .venv/numba/$(shell grep -rlE --include='_*.py' '^from numba' thermo_cl | sort | xargs cat | cksum | cut -d' ' -f1)

.PHONY: help reproduce test lint benchmark asv browser docs clean
.DELETE_ON_ERROR:

help:
	@echo "make reproduce   compute every data set and draw every figure into results/"
	@echo "make test        lint, type-check and test"
	@echo "make benchmark   time the library against the papers' pipeline, update README's table"
	@echo "make browser     test the explorer in Chromium, which must be installed"
	@echo "make asv         the times that are followed from revision to revision"
	@echo "make docs        build the documentation into docs/_build, running every example"
	@echo "make clean       remove the environment and the results"

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "thermo_cl needs Python 3.11 or later"'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip >= 25.1"  # the first that knows dependency groups
	$(BIN)/python -m pip install --quiet --group dev --editable ".[plot]"
	@touch $@

$(PEERS): pyproject.toml
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/python -m pip install --quiet --upgrade "pip >= 25.1"
	.venv/peers/bin/python -m pip install --quiet --group peers
	@touch $@

reproduce: $(READY)
	$(BIN)/python -m analysis --force
	$(BIN)/python -m figures --force

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sp-repo-review . --show err

test: lint
	$(BIN)/python -m pytest -n auto -m "not browser"

browser: $(READY)  # needs chromium; one process, as latencies of a busy page mean nothing
	$(BIN)/python -m pytest -m browser tests/explore

benchmark: $(READY) $(PEERS)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.thermodynamics
	$(BIN)/python -m benchmarks.learning
	$(BIN)/python -m benchmarks.sweeps
	$(BIN)/python -m benchmarks.phases
	$(BIN)/python -m benchmarks.dual_propagation
	$(BIN)/python -m benchmarks.feedback
	$(BIN)/python -m benchmarks.table --update-readme

$(ASV): pyproject.toml
	$(PYTHON) -m venv .venv/asv
	.venv/asv/bin/python -m pip install --quiet --upgrade "pip >= 25.1"
	.venv/asv/bin/python -m pip install --quiet --group asv --editable .
	@touch $@

asv: $(ASV)  # of this revision; `asv continuous BASE HEAD` compares two
	.venv/asv/bin/asv machine --yes
	.venv/asv/bin/asv run --python=same --set-commit-hash "$$(git rev-parse HEAD)"

$(DOCS): $(READY)
	$(BIN)/python -m pip install --quiet --group docs --editable ".[plot,explore,sweep]"
	@touch $@

docs: $(DOCS)
	$(BIN)/python -m sphinx -W --keep-going --fresh-env -b html docs docs/_build

clean:
	rm -rf .venv results build dist docs/_build docs/generated
