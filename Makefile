# Each target installs what it needs into .venv first; that takes seconds once, and nothing after.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test long check chaos kills soak bench lock run-venv dev-venv

# Bytecode is written on the first start, so that the second takes three seconds instead of nine.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make demo    try everything in a browser: no Slack workspace, no model key (options: DEMO_ARGS)"
	@echo "make test    the everyday tests, with a real PostgreSQL and a real browser (options: TEST_ARGS)"
	@echo "make long    the tests that take minutes: kills, takeovers, outages, a look at each benchmark"
	@echo "make check   style, types, the order of imports"
	@echo "make bench   measure the bot here; targets stand beside the numbers (options: BENCH_ARGS)"
	@echo "make chaos   200 seeded runs of kills, lost databases, wrong clocks, bad deliveries (options: SEED=17, CHAOS_ARGS)"
	@echo "make kills   kill the bot at every call it makes, on both engines (five minutes)"
	@echo "make soak    half an hour of workspace life with faults at 5 % of calls (options: SOAK_MINUTES=10, SEED=2)"
	@echo "make lock    resolve the dependencies of pyproject.toml again"

# The story of the missing index needs a PostgreSQL, which the development tools bring.
demo: $(if $(findstring missing_index,$(DEMO_ARGS)),dev-venv,run-venv)
	@exec .venv/bin/autopilot demo $(DEMO_ARGS)

test: dev-venv
	@mkdir -p .artifacts
	.venv/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not long" --junitxml=.artifacts/tests.xml $(TEST_ARGS)

long: dev-venv
	@mkdir -p .artifacts
	.venv/bin/python -m pytest -n 2 --dist loadfile -m long --junitxml=.artifacts/long.xml $(TEST_ARGS)

chaos: dev-venv
	.venv/bin/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(CHAOS_ARGS)

kills: dev-venv
	AUTOPILOT_CHAOS=1 .venv/bin/python -m pytest tests/durability/test_kill_nine.py

soak: dev-venv
	.venv/bin/python -m tests.soak

check: dev-venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --num-workers 2
	.venv/bin/python -m pytest -q tests/test_layers.py

bench: dev-venv
	.venv/bin/autopilot bench $(BENCH_ARGS)

lock: dev-venv
	requirements/lock

run-venv:
	@requirements/install run

dev-venv:
	@requirements/install dev
