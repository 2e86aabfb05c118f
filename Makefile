# make run    sets everything up and serves the demo at http://localhost:8000 (PORT=… for another port)
# make test   runs every check, setting up what it needs
# make bench  prints the benchmarks
# make faults kills, stops and cuts off what sends reminders, and counts the mails (20 minutes)
# make screens takes the pictures in docs/screens anew
# make lock   brings requirements*.txt in line with pyproject.toml (delete them first to take newer versions)
# make clean  removes the environment and the caches, never the data in var/

.PHONY: run test lint bench faults screens lock clean packages
.NOTPARALLEL:
.DEFAULT_GOAL := run

PYTHON ?= python3
PORT ?= 8000
VAR_DIR ?= $(CURDIR)/var
SITE_URL ?= http://localhost:$(PORT)

PY := .venv/bin/python
UV := $(shell command -v uv)
LANGUAGE_FILES := $(wildcard */locale/*/LC_MESSAGES/*.po)
STATIC_FILES := $(shell find */static -type f 2>/dev/null)
INSTALL := $(if $(UV),$(UV) pip install --quiet --python $(PY),$(PY) -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore) --require-hashes -r
ON_POSTGRES := tests/workflows tests/notifications tests/journeys tests/project/test_celery.py \
    tests/departments/test_folding.py tests/departments/test_search.py
# These start databases of their own.
APART := tests/bench tests/faults
PACKAGES := chromium fonts-noto-cjk gettext openssl redis-server

# ---- run

run: export VAR_DIR := $(VAR_DIR)
run: export SITE_URL := $(SITE_URL)
run: export LOG_LEVEL ?= WARNING
run: .venv/.ok .venv/.texts $(VAR_DIR)/.static
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py seed_demo --stage review --if-empty
	@$(PY) manage.py seed_demo --accounts
	@exec $(PY) manage.py serve --port $(PORT)

.venv/.texts: .venv/.made $(LANGUAGE_FILES) | .venv/.ok
	@$(PY) manage.py compile_texts >/dev/null
	@touch $@

$(VAR_DIR)/.static: .venv/.ok $(STATIC_FILES)
	@mkdir -p $(VAR_DIR)
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@touch $@

# ---- the environment

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	    echo "Meguru needs Python 3.11, 3.12 or 3.13. Name one, for example: make run PYTHON=python3.12" >&2; exit 1; }
ifeq ($(UV),)
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "Python's venv module is missing. Install it with: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the environment in .venv"
	@$(PYTHON) -m venv --clear .venv
else
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv
endif
	@touch $@

.venv/.ok: requirements.txt | .venv/.made
	@echo "Installing what Meguru needs"
	@$(INSTALL) requirements.txt
	@touch $@

.venv/.ok-dev: requirements-dev.txt | .venv/.made
	@echo "Installing what Meguru and its tests need"
	@$(INSTALL) requirements-dev.txt
	@touch .venv/.ok $@

# The browser and the servers that the tests start; elsewhere than on Debian as root, the tests say what is missing.
packages:
	@missing=; for name in $(PACKAGES); do \
	    dpkg -s $$name >/dev/null 2>&1 || missing="$$missing $$name"; done; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
	    if [ "$$(id -u)" = 0 ]; then \
	        echo "Installing$$missing"; apt-get update -qq; \
	        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing </dev/null >/dev/null; \
	    else echo "If tests fail for lack of a program: sudo apt-get install$$missing"; fi; fi

# ---- the checks

test lint bench faults: export VAR_DIR := $(CURDIR)/.venv/var
test: lint packages
	@$(PY) -W ignore:XDG_RUNTIME_DIR -m tests.with_postgres -m pytest $(ON_POSTGRES) $(APART) >.venv/on-postgres.log 2>&1 </dev/null & \
	    postgres=$$!; trap 'kill $$postgres 2>/dev/null' INT TERM; \
	    $(PY) -m pytest $(addprefix --ignore=,$(APART)); failed=$$?; \
	    echo "The same on PostgreSQL:"; wait $$postgres || failed=1; cat .venv/on-postgres.log; exit $$failed

lint: .venv/.ok-dev .venv/.texts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@$(PY) manage.py makemigrations --check --dry-run
	@SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))') SITE_URL=https://meguru.example \
	    ALLOWED_HOSTS=meguru.example $(PY) manage.py check --deploy --fail-level WARNING

bench: .venv/.ok-dev .venv/.texts
	@$(PY) -m bench

faults: .venv/.ok-dev .venv/.texts packages
	@$(PY) -W ignore:XDG_RUNTIME_DIR -m tests.faults

screens: .venv/.ok-dev .venv/.texts packages
	@$(PY) -m tests.browser.screens

# ---- upkeep

lock: .venv-tools/bin/uv
	@for extra in "" dev; do \
	    .venv-tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	        --no-emit-index-url --custom-compile-command "make lock" pyproject.toml \
	        $${extra:+--extra $$extra --constraint requirements.txt} --output-file requirements$${extra:+-$$extra}.txt; done

.venv-tools/bin/uv:
	@$(PYTHON) -m venv .venv-tools
	@.venv-tools/bin/pip install --quiet --disable-pip-version-check uv

clean:
	@rm -rf .venv .venv-tools .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find . -name '*.mo' -not -path './.venv/*' -delete
