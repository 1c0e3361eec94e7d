# Two commands matter: `make forecast` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

.PHONY: install forecast test bench lint page explanation reference monthly polls packs values calibration weights mechanisms couplings lock clean
.DEFAULT_GOAL := forecast

install: $(VENV)/.run  ## Set up .venv with the program in it

forecast: $(VENV)/.run  ## Run the main job: the shipped forecast, into out/
	$(BIN)/ceasefire forecast abu-dhabi-2026-01

test: $(VENV)/.dev lint  ## Everything that is checked
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/.dev  ## Time the program against C, NumPy and Mesa, and a whole forecast (needs gcc; a quarter of an hour)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks --page docs/reference/speed.md

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

values: $(VENV)/.run  ## Fit what fighting on is worth in the shipped scenarios anew; takes half an hour
	$(BIN)/ceasefire fit abu-dhabi-2026-01 --out src/ceasefire/scenario/library/values
	$(BIN)/ceasefire fit alaska-2025-08 --out src/ceasefire/scenario/library/values
	$(BIN)/ceasefire fit --on 2024-07-20 --out src/ceasefire/scenario/library/values
	$(BIN)/ceasefire fit --on 2025-01-04 --out src/ceasefire/scenario/library/values

CALIBRATION := src/ceasefire/scenario/library/calibration/russia-ukraine
CUT_OFFS := 2025-01-04 2025-06-07 2025-10-04 2026-01-31
calibration: $(VENV)/.dev  ## Learn anew what does not change, up to each published cut-off; takes an hour
	for day in $(CUT_OFFS); do $(BIN)/ceasefire calibrate --until $$day --out $(CALIBRATION) || exit 1; done
	$(BIN)/python -m ceasefire.view.calibration

weights: $(VENV)/.dev  ## Learn anew what simulator and statistics should count, from past forecasts; takes an hour
	$(BIN)/ceasefire backtest --origins 2024-10-12..2026-01-31 --out out/weights
	for day in $(CUT_OFFS); do $(BIN)/ceasefire stack out/weights --until $$day --out $(CALIBRATION) || exit 1; done

page: $(VENV)/.dev  ## Build the page anew (needs Node 20 or newer)
	$(BIN)/python -m ceasefire.view.web.schema
	cd frontend && npm ci && npm run types && npm run check && npm run build

explanation: $(VENV)/.dev  ## Make the page of each subsystem anew from the code
	$(BIN)/python -m ceasefire.view.explanation

reference: explanation  ## Make the pages that are made from the code anew
	$(BIN)/python -m ceasefire.view.reference
	$(BIN)/python -m ceasefire.cli.reference
	$(BIN)/python -c "from ceasefire.study.summary import write_schema; write_schema('docs/reference/summary.schema.json')"

polls: $(VENV)/.dev  ## Forecast the later half of every series of polls from the first anew
	$(BIN)/python -m ceasefire.view.polls

packs: $(VENV)/.dev  ## Open and score wars of the past anew
	$(BIN)/python -m ceasefire.view.packs

mechanisms: $(VENV)/.dev  ## Answer all causal claims on the full map anew
	$(BIN)/python -m ceasefire.view.mechanisms

couplings: $(VENV)/.dev  ## Take every coupling out in turn anew (slow)
	$(BIN)/python -m ceasefire.view.couplings

monthly: $(VENV)/.dev  ## Hold monthly forecasts against the record anew
	$(BIN)/python -m ceasefire.view.monthly

ifdef UV
create = $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
install = $(UV) pip install --quiet --python $(BIN)/python
else
create = $(PYTHON) -m venv $(VENV)
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ceasefire needs Python 3.11 or newer; found $$($(PYTHON) --version). Name another: make PYTHON=python3.12"; exit 1; }
	$(create)
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/.python
	$(install) --require-hashes -r requirements/run.txt
	$(install) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(install) --require-hashes -r requirements/dev.txt
	@touch $@

COMPILE = uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet
EXTRAS = $(addprefix --extra ,text cluster sweep parquet png netcdf notebook)
lock:  ## Renew the hashed locks (needs uv)
	$(COMPILE) --group build $(EXTRAS) -o requirements/run.txt
	$(COMPILE) --group build $(EXTRAS) --extra postgres --extra dev -c requirements/run.txt -o requirements/dev.txt

clean:
	rm -rf $(VENV) out
