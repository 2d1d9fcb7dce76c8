# Two commands are all that most people need: `make lab` and `make test`. Each sets up what it needs in .venv.
# Options go in ARGS, another Python in PYTHON:  make lab ARGS="--no-browser --port 8890" PYTHON=python3.12

PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help lab test lint format types unit browser doctor wheel setup clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

lab:  ## open JupyterLab at the first notebook
	@$(PYTHON) scripts/start_lab.py $(ARGS)

test:  ## run every check and test
	@$(PYTHON) scripts/run_tests.py $(ARGS)

lint:  ## ruff's rules
	@$(PYTHON) scripts/run_tests.py --only lint

format:  ## lay out the code with ruff
	@$(PYTHON) scripts/setup_env.py --extra test --run ruff format .

types:  ## mypy
	@$(PYTHON) scripts/run_tests.py --only types

unit:  ## the tests without a browser
	@$(PYTHON) scripts/run_tests.py --only pytest -m "not browser and not lab and not slow" $(ARGS)

browser:  ## the tests in a headless Chromium
	@$(PYTHON) scripts/run_tests.py --only pytest -m "browser or lab" $(ARGS)

doctor:  ## say what is installed and what is wrong
	@$(PYTHON) scripts/setup_env.py --run lessons.doctor

wheel:  ## build dist/*.whl
	@$(PYTHON) scripts/setup_env.py --run pip wheel --quiet --no-deps --wheel-dir dist .

setup:  ## make .venv and nothing else
	@$(PYTHON) scripts/setup_env.py

clean:  ## remove .venv and everything that was built
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
