# Needs python3 (3.11 or newer, with venv) and make; everything else is set up here.
PYTHON ?= python3
RUN = .venv/bin/python

.PHONY: demo test long faults races oracle load check rights fuzz bench tour scan slow outdated lock messages clean base dev audit attack

demo: base
	@exec $(RUN) manage.py demo

# Private PostgreSQL and Redis, all tests, browser tests included. ARGS="-k words" picks some.
PYTEST = $(RUN) -m pytest -n auto --maxprocesses 4 --dist worksteal
test: dev
	@exec $(PYTEST) -m "not bench and not long and not scan" $(ARGS)

# The same walks at their other widths, and the demo ended in other ways.
long: dev
	@exec $(PYTEST) -m long $(ARGS)

# Real programs under faults (docs/reliability.md). SEEDS=1 CASES=200 FAULTS=30 sizes it, FIRST=7 begins with
# another seed; BROKEN=1 runs a design that must be found out.
SEEDS ?= $(if $(BROKEN),1,20)
CASES ?= 1000
FAULTS ?= 60
faults: dev
	@exec $(RUN) -m tests.faults --seeds $(SEEDS) --cases $(CASES) --faults $(FAULTS) $(if $(FIRST),--first $(FIRST)) $(if $(BROKEN),--broken) $(ARGS)

# Two hands on one case in the same moment, 18 races; ROUNDS=20 sizes it, RACE=f47 picks one.
races: dev
	@exec env ROUNDS=$(or $(ROUNDS),200) $(RUN) -m pytest tests/races -s --show-capture=no $(ARGS)

# The life of a case against a small model of it, and bugs that the model must find: N=5000 SEED=7.
oracle: dev
	@exec env N=$(or $(N),100000) SEED=$(or $(SEED),1) $(RUN) -m pytest tests/oracle -m "long or not long" -s --show-capture=no $(ARGS)

# Many people at many cases on production's programs: CASES=5000 USERS=5 MINUTES=1 sizes it, RATE=60 requests a second;
# MINUTES=60 is a soak.
load: dev
	@exec $(RUN) -m tests.load $(if $(filter command line environment,$(origin CASES)),--cases $(CASES)) $(if $(USERS),--users $(USERS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(RATE),--rate $(RATE)) $(ARGS)

check: dev audit
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m djlint templates --check --lint
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) tools/messages.py --check
	$(RUN) tools/requirements.py --check
	$(RUN) tools/asvs.py --check
	$(RUN) tools/scan/read.py
	@! grep -n '://' requirements/*.txt || { echo "A lock holds an address."; exit 1; }

# Everybody at every URL, with every check of a right taken away in turn; see tests/rights/table.py.
# ONLY=views.desk takes away those alone, AT=merchants: goes to those URLs alone.
rights: dev
	@exec env ONLY=$(ONLY) AT=$(AT) $(RUN) -m pytest tests/rights/test_rights.py tests/rights/test_mutants.py -m "long or not long" -s $(ARGS)

# Nasty values in every field and parameter: N=20000 SEED=1.
fuzz: dev
	@exec env N=$(or $(N),20000) SEED=$(or $(SEED),1) $(RUN) -m pytest tests/rights/test_fuzz.py -m long -s $(ARGS)

# bandit and semgrep read the code, sqlmap and wapiti attack a running copy as a buyer, a shop and staff; all
# must find what is planted for them. WHOLE=1 tries each parameter on every page
# that has it, ONLY=queue the pages so named, SECONDS=60 bounds each of wapiti's attacks, ARGS="-k sqlmap" is one of them.
scan: dev audit attack
	$(RUN) tools/scan/read.py
	@exec $(RUN) -m pytest tests/attack -m scan -s $(ARGS)

# 500 clients that never end their request, through deploy/nginx.conf (needs nginx) and past it.
slow: dev
	@exec $(RUN) tools/slow_clients.py

# Ratios to a floor measured in the same run; SIZE=full takes two hours and 40 GB. Rows and picture: var/bench.*
bench: dev
	@exec env DURABLE=1 STATEMENT_TIMEOUT=0 $(RUN) -m pytest -m bench -s $(ARGS)

# Pictures of the demo in both languages, for docs/tour.md.
tour: dev
	@exec $(RUN) tools/tour.py

# What the index has newer than what is installed: once a week (docs/security.md).
outdated: dev
	@$(RUN) -m pip list --outdated --disable-pip-version-check

# UPGRADE=1 also takes newer versions.
lock:
	@$(PYTHON) tools/bootstrap.py lock

messages: dev
	@$(RUN) tools/messages.py

clean:
	rm -rf .venv .venv-* var .mypy_cache .pytest_cache .ruff_cache .hypothesis

base dev audit attack:
	@$(PYTHON) tools/bootstrap.py $@
