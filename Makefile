# The front door of maxops. `make` alone prints what there is.
PORT ?= 8000
SANDBOX_PORT ?= 8100
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
REQUIREMENTS := base production dev bench

# The demo keeps to itself: its own folder, database and queue, whatever .env says.
DEMO_ENV := PORT=$(PORT) SANDBOX_PORT=$(SANDBOX_PORT) DEBUG=false ALLOWED_HOSTS= CSRF_TRUSTED_ORIGINS= CELERY_BROKER_URL= \
  MAXOPS_DATA_DIR=var/demo DATABASE_URL=sqlite:///var/demo/maxops.sqlite3 MAXOPS_PUBLIC_URL=http://127.0.0.1:$(PORT) \
  MAXCONTACT_URL=http://127.0.0.1:$(SANDBOX_PORT) MAXCONTACT_LOGIN=api.maxops MAXCONTACT_PASSWORD=sandbox-password \
  MAXCONTACT_AUTH_SCHEME=basic MAXCONTACT_LINE_BASE=auto MAXOPS_DEMO=1

.PHONY: help demo test check bench lint types lock browser
.DEFAULT_GOAL := help

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | while IFS='|' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

demo: $(BIN)/.production ## maxops beside a stand-in of the dialler, on this machine alone; Ctrl-C stops all of it
	@exec env $(DEMO_ENV) PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python manage.py demo

test: $(BIN)/.dev browser ## every test: real HTTP, real databases, a real browser
	$(BIN)/python -m pytest

check: $(BIN)/.dev ## what must be green: lint, types, migrations, locked files, Django's own checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(60))") MAXOPS_PUBLIC_URL=https://maxops.example.com \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING
	@set -e; for name in $(REQUIREMENTS); do cp requirements/$$name.txt .venv/$$name.before; done; $(MAKE) --no-print-directory lock; \
	for name in $(REQUIREMENTS); do cmp -s requirements/$$name.txt .venv/$$name.before || { echo "requirements/$$name.txt was stale: commit what make lock wrote"; exit 1; }; done

bench: $(BIN)/.bench ## every speed that was promised, beside what one would write instead; make bench ONLY=3 for one section
	@$(BIN)/python -m bench --only "$(ONLY)"

lock: $(BIN)/.dev ## recompile requirements/*.txt from *.in, with hashes
	@for name in $(REQUIREMENTS); do $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	  --custom-compile-command "make lock" requirements/$$name.in -o requirements/$$name.txt || exit 1; done

browser:
	@if [ -z "$(CHROMIUM)" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	elif [ -z "$(CHROMIUM)" ]; then \
	  echo "No Chromium here: the browser tests will be skipped. To run them: sudo apt-get install chromium (or your system's package)."; fi

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "maxops needs Python 3.11; name one: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv

$(BIN)/.production: requirements/production.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/production.txt
	@touch $@

$(BIN)/.dev: requirements/dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@ $(BIN)/.production

$(BIN)/.bench: requirements/bench.txt | $(BIN)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@
