# Tillstream: `make` prints this help. CI and Cloud Build only call targets of this file.
.DEFAULT_GOAL := help
PYTHON ?= $(shell sh devtools/pythons.sh 2>/dev/null)
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2

##@ Everyday
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

EXTRAS ?=
setup: $(VENV)/.runtime $(EXTRAS:%=$(VENV)/.%) ## Build .venv with the locked packages of the product (EXTRAS="connectors google pandas spark lake": also those for connectors and channels, Google Cloud, frames of pandas, Spark and Delta tables)
run: $(VENV)/.runtime ## Start the portal and the worker on http://127.0.0.1:8080
	$(BIN)/tillstream serve

##@ Tests
unexport PYTHONDONTWRITEBYTECODE # compiled tests are kept: a third of the time in which a run starts
PYTEST = $(BIN)/pytest -n $(WORKERS) --durations 15 $(OPTIONS)
test: $(VENV)/.dev ## The tests for each change (about 3 minutes on 2 cores)
	$(PYTEST) --dist loadfile -o faulthandler_timeout=300 -m "not long and not system"
test-system: $(VENV)/.dev ## The tests of the whole: servers, browsers, emulators, crashes, every page (make emulators notebooks expectations spark mlflow first)
	$(PYTEST) --dist loadfile -o faulthandler_timeout=600 -m "system and not long"
test-long: $(VENV)/.dev ## Only the long proofs: kills, hundreds of schedules, seeded bugs (PROOFS: files, folders, options of pytest)
	$(PYTEST) -m "long" $(PROOFS)
test-properties: $(VENV)/.dev ## Properties and schedules with all their examples, of which make test tries a tenth
	EVERY_TURN=1 HYPOTHESIS_PROFILE=thorough $(PYTEST) -m "not long" tests/property tests/stateful/test_random_schedules.py
test-pythons: ## make test on each supported Python of this machine
	for each in $$(sh devtools/pythons.sh --all); do \
	  $(MAKE) test PYTHON="$$each" VENV=".venv-$$("$$each" -c 'import platform; print(platform.python_version())')" || exit 1; done
steady: $(VENV)/.dev ## make test 20 times and make test-system 5 times, under load and at hard dates; continues (RUNS, MINUTES: at most so many now; ONLY=quick; PART=3/10)
	$(BIN)/python -m devtools.steadiness --workers $(WORKERS) $(if $(RUNS),--runs $(RUNS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(ONLY),--only $(ONLY)) $(if $(PART),--part $(PART))
test-all: export EVERY_TURN = 1
test-all: test-pythons test-system test-properties test-long ## Every test and every proof
lint: $(VENV)/.dev ## ruff, mypy --strict, the import contracts and the words of prose
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.prose
check: ## Lint, test and test-system, reporting every failure and not only the first
	@failed=; for target in lint test test-system; do $(MAKE) --no-print-directory $$target || failed="$$failed $$target"; done; \
	test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

simulate: $(VENV)/.dev ## Play small schedules of simulated companies against a model (SCHEDULES: their number; YEAR=1: a year after them)
	$(BIN)/python -m devtools.simulation schedules --count $(or $(SCHEDULES),1000)
	$(if $(YEAR),$(BIN)/python -m devtools.simulation year $(if $(STORES),--stores $(STORES)) $(if $(LINES),--lines $(LINES)) $(if $(DAYS),--days $(DAYS)) $(if $(SEED),--seed $(SEED)))

##@ Speed
bench: $(VENV)/.dev .venv-bench/.peers ## Measure 1 M rows against the peers and write docs/benchmarks.md (at most 10 minutes)
	$(BIN)/python -m bench
bench-full: $(VENV)/.dev .venv-bench/.peers ## The same with 10 M rows of history
	$(BIN)/python -m bench --full
bench-forecasts: $(VENV)/.dev .venv-forecast-peers/.made ## Compare forecasts of public sales with other methods (DATA: folder of the data sets)
	$(BIN)/python -m bench.forecasting $(or $(DATA),../shared/data)
bench-restock: $(VENV)/.dev ## Compare the stock that order policies need on public sales (DATA: folder of the data sets)
	$(BIN)/python -m bench.restock $(or $(DATA),../shared/data)
bench-pages: $(VENV)/.dev ## Measure the pages in Chromium at 200,000 lines, and at 10 M with FULL=1
	$(BIN)/python -m bench.pages $(if $(FULL),--full)

##@ Google Cloud
STAGE ?= dev
ON = $(if $(PROJECT),--project "$(PROJECT)") --stage $(STAGE) $(if $(REGION),--region $(REGION)) $(SET)
deploy: $(VENV)/.google ## Bring the project to what STAGE holds (PROJECT, REGION, SET override its file; DRY=1 prints every command)
	$(BIN)/tillstream deploy apply $(ON) $(if $(DRY),--dry-run)
destroy: $(VENV)/.google ## Remove what was deployed to PROJECT; asks, and keeps the data
	$(BIN)/tillstream deploy destroy $(ON)
smoke: $(VENV)/.dev ## Send PROJECT a small file and read its number back (BACK=1: roll back where that fails)
	$(BIN)/python -m infra.smoke --project "$(PROJECT)" --region $(or $(REGION),europe-west1) $(if $(ADDRESS),--address "$(ADDRESS)") $(if $(BACK),--back)
prove: $(VENV)/.dev $(if $(PLAN),,package) ## Prove on PROJECT, which must be fresh, what only a project can show (PLAN=1: print the steps; FILES: a folder)
	$(BIN)/python -m devtools.prove --project "$(PROJECT)" --stage $(if $(filter-out dev,$(STAGE)),$(STAGE),prove) $(if $(FILES),--files "$(FILES)") $(if $(PLAN),--plan)
rollback: $(VENV)/.dev ## Restore the revisions of PROJECT that served before (FORWARD=1: to the newest again)
	$(BIN)/python -m infra.rollback "$(PROJECT)" $(or $(REGION),europe-west1) $(if $(FORWARD),--forward)
package: $(VENV)/.runtime ## Write the source of the image to build/image.tgz, as the deploy sends it to Cloud Build
	$(BIN)/python -m infra.source
cloud-local: $(VENV)/.dev ## The cloud version on this machine: portal and functions on emulators (make emulators first)
	$(BIN)/python -m devtools.cloud_local

##@ Upkeep
format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
docs: $(VENV)/.dev ## Write the generated reference pages
	$(BIN)/python -m docs.generate
pictures: $(VENV)/.dev ## Take the pictures of the docs again (needs Chromium; OF=sell-show: only these pages)
	$(BIN)/pytest -q -n 0 -p no:randomly -m long tests/browser/pictures$(if $(OF),/test_pictures_of_pages.py) --pictures docs/pictures --pictures-of "$(OF)"
	$(if $(OF),,$(BIN)/python -m docs.generate.looker.pictures)
BABEL = $(BIN)/pybabel -q
messages: $(VENV)/.dev ## Bring the catalogues in portal/translations to the texts of the source, and compile them (LANGUAGE=de: begin one)
	mkdir -p build
	$(BABEL) extract -F pyproject.toml --project Tillstream -o build/portal.pot portal tillstream/analytics/measures
	$(if $(LANGUAGE),test -d portal/translations/$(LANGUAGE) || $(BABEL) init -D portal -i build/portal.pot -d portal/translations -l $(LANGUAGE))
	test ! -d portal/translations || { $(BABEL) update -D portal -i build/portal.pot -d portal/translations && $(BABEL) compile -D portal -d portal/translations; }
lock: $(VENV)/.dev ## Resolve the newest packages that fit into the lock files
	$(BIN)/pip install --quiet uv
	for extra in "" connectors pandas google dev bench notebook spark lake; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
	    $${extra:+--extra $$extra -c requirements.lock} $$(case $$extra in google) echo --extra connectors;; dev) echo --extra google;; spark|lake) echo -c requirements-dev.lock;; esac) pyproject.toml -o requirements$${extra:+-$$extra}.lock || exit 1; done
	for each in bigquery-emulator storage-emulator forecast-peers expectations mlflow; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
	    devtools/locks/$$each.in -o devtools/locks/$$each.lock || exit 1; done
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
	  --generate-hashes --extra google --extra connectors -c requirements-google.lock pyproject.toml infra/locks/image.in -o infra/locks/image.lock
emulators: .venv-emulators/.made ## Install the emulators of BigQuery and Cloud Storage, for the tests of the cloud
notebooks: .venv-notebook/.made ## Install Jupyter, for the tests of the notebooks
expectations: .venv-expectations/.made ## Install Great Expectations, for the tests of exported suites
spark: .venv-spark/.made ## Install Apache Spark, for the tests of what runs on it (they also need Java 17 or later)
mlflow: .venv-mlflow/.made ## Install MLflow, for the tests of tracked comparisons
clean: ## Remove what was built; the data in var/ stays
	rm -rf .venv .venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || \
	{ sh devtools/pythons.sh $(if $(PYTHON),"$(PYTHON)") && "$(PYTHON)" -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# not compiled, as few of the modules are imported
$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.lock
	touch $@

$(VENV)/.connectors $(VENV)/.pandas $(VENV)/.google $(VENV)/.spark $(VENV)/.lake: $(VENV)/.%: requirements-%.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-$*.lock
	touch $@

# apart from the product: the peers of the benchmark
.venv-bench/.peers: requirements-bench.lock
	"$(PYTHON)" -m venv --clear .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	touch $@

# apart from the other peers: statsforecast needs an older pandas than theirs
.venv-forecast-peers/.made: devtools/locks/forecast-peers.lock
	"$(PYTHON)" -m venv --clear .venv-forecast-peers
	.venv-forecast-peers/bin/python -m pip install --quiet --disable-pip-version-check -r devtools/locks/forecast-peers.lock
	touch $@

# apart from the product: their pins do not agree with ours; DuckDB's extensions lie in the HOME that theirs runs under
.venv-emulators/.made: devtools/locks/bigquery-emulator.lock devtools/locks/storage-emulator.lock
	for each in bigquery storage; do \
	  "$(PYTHON)" -m venv --clear .venv-emulators/$$each && \
	  .venv-emulators/$$each/bin/python -m pip install --quiet --disable-pip-version-check -r devtools/locks/$$each-emulator.lock || exit 1; done
	HOME="$(CURDIR)/.venv-emulators/bigquery" .venv-emulators/bigquery/bin/python -c \
	  "from duckdb_extensions import import_extension as add; add('spatial'); add('avro')"
	touch $@

# apart from the product, which needs no Jupyter; not compiled, as few of the modules are imported
.venv-notebook/.made: requirements-notebook.lock
	"$(PYTHON)" -m venv --clear .venv-notebook
	.venv-notebook/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-notebook.lock
	.venv-notebook/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# apart from the product, which does not need it; few of its modules are imported
.venv-expectations/.made: devtools/locks/expectations.lock
	"$(PYTHON)" -m venv --clear .venv-expectations
	.venv-expectations/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r devtools/locks/expectations.lock
	touch $@

# apart from the product, which needs no library of it and a newer pyarrow than its server; few of its modules are imported
.venv-mlflow/.made: devtools/locks/mlflow.lock
	"$(PYTHON)" -m venv --clear .venv-mlflow
	.venv-mlflow/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r devtools/locks/mlflow.lock
	touch $@

# apart from the product: with pandas, pandera imports pyspark wherever that is installed, and prints its warnings
.venv-spark/.made: requirements-spark.lock
	"$(PYTHON)" -m venv --clear .venv-spark
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-spark.lock
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.PHONY: help setup run test test-system test-properties test-long test-pythons test-all lint check bench bench-full bench-forecasts bench-restock bench-pages format docs pictures messages lock emulators notebooks expectations spark mlflow clean deploy destroy smoke prove rollback package cloud-local simulate steady
