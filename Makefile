# Everything runs in .venv, which is made from the hash-pinned locks in requirements/.

PYTHON ?= python3
REPRO_FLAGS ?=
BENCH_FLAGS ?=
SOAK_FLAGS ?=
LOAD_FLAGS ?=

BIN := .venv/bin
# -qq keeps errors and drops the rest. Without dependencies and isolation, only what the locks name gets in.
PIP := $(BIN)/python -m pip install -qq --no-deps --no-build-isolation
# Stages are started as `python stages/x.py`: that python must be the one in .venv.
DVC := PATH="$(CURDIR)/$(BIN):$$PATH" DVC_NO_ANALYTICS=1 $(BIN)/dvc

# Which formats score-real reads each folder of PLATES with.
FORMATS ?= eu=sk,cz br=br us=us us-studio=us

# $(call run_pipeline,FOLDER): the parameters' faults, or what is out of date, then the metrics beside HEAD's, whether
# the runs agree, and what to do before the first change.
define run_pipeline
	@sh tools/check_git.sh
	@$(BIN)/python -m platefuse params --check $(1)/params.yaml
	@$(DVC) --cd $(1) repro $(REPRO_FLAGS)
	@echo
	@$(BIN)/python tools/compare_run.py $(1)
	@echo
	@echo "What was read, and what was true: $(patsubst ./%,%,$(1)/metrics/readings.png)"
	@echo "Curves and plots on one page:     make plots$(if $(filter-out .,$(1)), PIPELINE=$(1)) (writes $(patsubst ./%,%,$(1)/dvc_plots/index.html))"
endef

.PHONY: help repro plates photographs pull score-real release wheel bench plots parameters test test-quick soak load fuzz lint lock clean-env

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

repro: .venv/.package  ## run what is out of date in the pipeline, then show the metrics beside HEAD's
	$(call run_pipeline,.)

plates: .venv/.package  ## the same in pipelines/plates: licence plates, one hour to two
	$(call run_pipeline,pipelines/plates)

# Its fuse reads the networks of the released plates reader.
photographs: .venv/.package  ## the same in pipelines/photographs: whole photographs, one hour to two
	@$(DVC) pull -q -r released released/plates
	$(call run_pipeline,pipelines/photographs)

# A bare `dvc pull` asks the store for the pipelines' outputs too, which only runs make.
pull: .venv/.package  ## fetch the released models from the store in released/, without a network
	@$(DVC) pull -r released $(wildcard released/*.dvc)

# A truth.csv with boxes is one of whole photographs.
KIND = $(if $(shell cat "$(PLATES)/truth.csv" "$(PLATES)"/*/truth.csv 2>/dev/null | grep "^image,x1"),photographs,plates)
NETWORKS_plates = pipelines/plates/models
NETWORKS_photographs = pipelines/photographs/models --reader released/plates
TRAINED = $(wildcard pipelines/$(KIND)/models/fused/platefuse.json)
# Said before anything is installed.
ifneq ($(filter score-real,$(MAKECMDGOALS)),)
ifndef PLATES
$(error score-real needs PLATES=FOLDER, with a truth.csv in it or in each of its folders)
endif
endif

# Without MODEL the networks of the pipeline are scored, or the released ones if none were trained here.
# Scores are written where OUT says. After a run of the plates pipeline, on the photographs that its metrics are of,
# that is OUT=pipelines/plates/metrics/real.json.
score-real: .venv/.package  ## read real plates or photographs: make score-real PLATES=FOLDER [OUT=FILE.json] [PICTURE=FILE.png] [MODEL=DIR]
	@$(if $(MODEL)$(TRAINED),,$(DVC) pull -q -r released released/$(KIND))
	@$(BIN)/platefuse score "$(PLATES)" $(if $(OUT),--json "$(OUT)") $(if $(PICTURE),--draw "$(PICTURE)") $(if \
		$(MODEL),--model "$(MODEL)",--networks $(if $(TRAINED),$(NETWORKS_$(KIND)),released/$(KIND)) --formats $(FORMATS))

release: .venv/.package  ## copy fused models to released/ and pin them in its store: make release [NAME=plates]
	@$(BIN)/python tools/release.py $(NAME)

wheel: .venv/.package .venv/.export  ## build dist/platefuse-*.whl with the released readers inside: make wheel [PLATES=FOLDER] [PHOTOGRAPHS=FOLDER]
	@$(DVC) pull -q -r released released/plates released/photographs
	@$(BIN)/python tools/wheel.py $(if $(PLATES),--plates "$(PLATES)") $(if $(PHOTOGRAPHS),--photographs "$(PHOTOGRAPHS)")

# The released models are for a pipeline that has not trained here; they come from released/store, without a network.
bench: .venv/.package .venv/.export .venv/.bench  ## measure speed beside other ways and readers: make bench [PLATES=FOLDER]
	@$(DVC) pull -q -r released $(wildcard released/*.dvc)
	@$(BIN)/python -m benchmarks $(if $(PLATES),--photographs "$(PLATES)") $(BENCH_FLAGS)

# Without "dvc.yaml::" DVC looks at pipelines/ too, and complains of curves that only a run there makes.
plots: .venv/.package  ## write a pipeline's plots to dvc_plots/index.html in its folder: make plots [PIPELINE=pipelines/plates]
	@$(DVC) --cd $(or $(PIPELINE),.) plots show dvc.yaml::

parameters: .venv/.package  ## write params.schema.json and docs/parameters.md from the parameter classes
	@$(BIN)/python -m platefuse params --schema >params.schema.json.new && mv params.schema.json.new params.schema.json
	@$(BIN)/python -m platefuse params --markdown >docs/parameters.md.new && mv docs/parameters.md.new docs/parameters.md

PYTEST = PATH="$(CURDIR)/$(BIN):$$PATH" DVC_NO_ANALYTICS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile \
	--no-loadscope-reorder

test: .venv/.package .venv/.dev .venv/.export .venv/.serve  ## run the tests
	@$(PYTEST)

test-quick: .venv/.package .venv/.dev  ## run the quick tests, which train nothing and load no TensorFlow
	@$(PYTEST) -m "not slow"

soak: .venv/.package .venv/.dev  ## kill stages and dvc at random moments, and compare: make soak [SOAK_FLAGS="--kills 50 --seed 1"]
	@$(BIN)/python -m tests.soak $(SOAK_FLAGS)

load: .venv/.package .venv/.dev .venv/.serve  ## ask the HTTP server from 64 callers for a minute: make load [LOAD_FLAGS="--seconds 20"]
	@$(if $(findstring --model,$(LOAD_FLAGS)),,$(DVC) pull -q -r released released/plates)
	@$(BIN)/python -m tests.load $(if $(findstring --model,$(LOAD_FLAGS)),,--model plates) $(LOAD_FLAGS)

fuzz: .venv/.package .venv/.dev .venv/.export .venv/.fuzz  ## feed each reader damaged bytes: make fuzz [MINUTES=10] [READERS="image font"]
	@$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),1) $(READERS)

lint: .venv/.package .venv/.dev .venv/.serve  ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# "fewest" gives every Python the same numpy, and without the index a lock says nothing of where it was made.
UV_COMPILE = uv pip compile --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header -q $(LOCK_FLAGS)

lock:  ## remake the locks from pyproject.toml (newer versions: make lock LOCK_FLAGS=--upgrade)
	@command -v uv >/dev/null || { echo "make lock needs uv, which 'pip install uv' brings."; exit 1; }
	cd requirements && $(UV_COMPILE) ../pyproject.toml --extra pipeline -o pipeline.txt
	cd requirements && $(UV_COMPILE) --group ../pyproject.toml:build -c pipeline.txt -o build.txt
	cd requirements && $(UV_COMPILE) --group ../pyproject.toml:dev -c pipeline.txt -o dev.txt
	cd requirements && $(UV_COMPILE) --group ../pyproject.toml:audit -c pipeline.txt -o audit.txt
	cd requirements && $(UV_COMPILE) --group ../pyproject.toml:fuzz -c pipeline.txt -o fuzz.txt
	cd requirements && $(UV_COMPILE) ../pyproject.toml --extra export -c pipeline.txt -o export.txt
	cd requirements && $(UV_COMPILE) ../pyproject.toml --extra serve -c pipeline.txt -c export.txt -o serve.txt
	cd requirements && $(UV_COMPILE) --group ../pyproject.toml:bench -c pipeline.txt -c export.txt -o bench.txt

clean-env:  ## remove .venv; the next target that needs it makes it again
	rm -rf .venv

# Each stamp is written last, so an install that broke off is not taken for a finished one.
.venv/.installed: requirements/build.txt requirements/pipeline.txt
	@sh tools/check_git.sh
	@sh tools/check_python.sh "$(PYTHON)"
	@echo "Making .venv with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear .venv
	@echo "Installing the build tools"
	@$(PIP) --require-hashes -r requirements/build.txt
	@echo "Installing the pipeline's packages (TensorFlow among them: this takes some minutes)"
	@$(PIP) --require-hashes -r requirements/pipeline.txt
	@touch $@

.venv/.dev: WHAT := the tools for tests and lint
.venv/.export: WHAT := what makes ONNX and LiteRT models, and runs them
.venv/.serve: WHAT := the HTTP server
.venv/.bench: WHAT := what is measured beside
.venv/.fuzz: WHAT := the fuzzer
.venv/.dev .venv/.export .venv/.serve .venv/.bench .venv/.fuzz: .venv/.%: .venv/.installed requirements/%.txt
	@echo "Installing $(WHAT)"
	@$(PIP) --require-hashes -r requirements/$*.txt
	@touch $@

.venv/.package: .venv/.installed pyproject.toml tools/plots_page.py
	@echo "Installing platefuse"
	@$(PIP) -e .
	@$(BIN)/python tools/plots_page.py .venv/plots.html
	@touch $@
