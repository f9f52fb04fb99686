# `make help` lists what can be done here.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup run story test browser pictures bench monitoring chart images backup-test client lint types protos lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv, install what is missing, generate Python from protos; skips what is up to date
	@$(PYTHON) -m scripts.setup

run: setup ## start the whole system on this machine until Ctrl-C; FRESH=1 starts with no data
	@exec $(VENV_PYTHON) -m deploy.local.run $(if $(filter 1,$(FRESH)),--fresh)

story: setup ## play the main job against the running system, or against one of its own
	@exec $(VENV_PYTHON) -m tests.story

test: ## everything that must hold: lint, types, all tests, and the short form of the browser tests
	@$(PYTHON) -m scripts.setup --browser --prometheus --scanner
	@exec $(VENV_PYTHON) -m scripts.suite

browser: ## all browser tests, with pictures of every page below build/browser; SHORT=1 only the short form
	@$(PYTHON) -m scripts.setup --browser
	@exec $(VENV_PYTHON) -m scripts.suite $(if $(filter 1,$(SHORT)),browser-short,browser)

monitoring: ## rules, alerts and dashboards: promtool, and every panel on a real Prometheus that watches a system at work
	@$(PYTHON) -m scripts.setup --prometheus
	@$(VENV_PYTHON) -m deploy.monitoring
	@exec $(VENV_PYTHON) -m scripts.suite monitoring

chart: setup ## write the chart's README from its values, run its tests, yamllint and checkov
	@$(VENV_PYTHON) -m scripts.chart_readme
	@$(VENV_PYTHON) -m tests.chart
	@exec $(VENV_PYTHON) -m scripts.suite chart

backup-test: setup ## back up a system, lose it, restore another from the backup, and see what is there
	@exec $(VENV_PYTHON) -m scripts.suite backup

pictures: ## take README's two pictures anew: plays the short form of the browser tests
	@$(PYTHON) -m scripts.setup --browser
	@$(VENV_PYTHON) -m scripts.suite browser-short
	@exec $(VENV_PYTHON) -m scripts.pictures

bench: setup ## speed beside the machine's own limit, into build/bench.jsonl; SHORT=1 for the short form, PARTS="send pages" for some
	@exec $(VENV_PYTHON) -m tests.bench $(if $(filter 1,$(SHORT)),--short) $(PARTS)

images: ## build all images with podman, and play the story on containers of them
	@$(PYTHON) -m scripts.setup --images
	@exec $(VENV_PYTHON) -m scripts.suite images

client: setup ## the Python package for other systems: a wheel of typed stubs in build/client/dist
	@exec $(VENV_PYTHON) -m scripts.client

lint: setup ## ruff, import rules, buf lint, hadolint
	@exec $(VENV_PYTHON) -m scripts.suite lint

types: setup ## mypy, strictly
	@exec $(VENV_PYTHON) -m scripts.suite types

protos: ## generate Python from protos anew
	@$(PYTHON) -m scripts.setup --anew protos

lock: setup ## resolve requirements/*.in into the lock files with hashes
	@exec $(VENV_PYTHON) -m scripts.lock
