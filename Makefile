# make help shows what there is. Nothing needs to be set up: the tests, the demo and the bench start a
# PostgreSQL of their own.

SQLC        = v1.31.1
STATICCHECK = v0.8.2
# PostgreSQL 15 is the one installed; the others come from npm.
MATRIX      = 17.10.0-beta.17 18.4.0-beta.17

TOOLS  = $(CURDIR)/.cache/tools
sqlc   = $(TOOLS)/sqlc-$(SQLC)
static = $(TOOLS)/staticcheck-$(STATICCHECK)

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## bin/jobmachine
	go build -o bin/jobmachine ./cmd/jobmachine

.PHONY: demo
demo: ## the main job on real input: digest a source tree, collect every reply
	go run ./examples/demo

.PHONY: bench
bench: ## the budget: WAL per job, throughput, latency
	go run -C bench . budget

# For instance: make faults ARGS='-seed 4711 -scale 0.3 zombies herd'
.PHONY: faults
faults: ## break everything, and compare ledgers with the database; all of it writes docs/reliability.md
	go run -C faults . $(or $(ARGS),-report ../docs/reliability.md)

.PHONY: faults-mutants
faults-mutants: ## take protections out, one after the other: the faults must show it
	go run -C faults . -mutants -scale 0.3 $(ARGS)

.PHONY: faults-short
faults-short: ## what CI runs of it
	go test -C faults -count=1 -timeout 30m ./...

# For instance: make bench-peers ARGS='-short -systems jobmachine,river'
.PHONY: bench-peers
bench-peers: bench/node/node_modules ## jobmachine beside River, graphile-worker, pg-boss and a bare table
	go run -C bench . peers $(ARGS)

.PHONY: bench-report
bench-report: ## docs/benchmarks.md from the newest results of bench-peers
	go run -C bench . report $(ARGS)

bench/node/node_modules: bench/node/package-lock.json
	npm ci --prefix bench/node --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: test
test: ## everything, against a real PostgreSQL
	go test -timeout 40m ./...

.PHONY: test-race
test-race: ## the same with the race detector
	go test -race -timeout 40m ./...

.PHONY: test-matrix
test-matrix: ## the same on PostgreSQL 15, 17 and 18
	go test -count=1 -timeout 40m ./...
	for v in $(MATRIX); do bin=$$(scripts/fetch-postgres $$v) && echo "PostgreSQL $$v" && JOBMACHINE_PG_BIN=$$bin go test -count=1 -timeout 40m ./... || exit 1; done

.PHONY: fuzz
fuzz: ## every function that takes text or jsonb is given whatever there is, 20 s each
	for f in $$(go test -list '^Fuzz' ./model | grep '^Fuzz'); do go test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s ./model || exit 1; done

.PHONY: generate
generate: $(sqlc) ## gen from queries, db/schema.sql and db/api.txt from the SQL files
	$(sqlc) generate
	go test -count=1 -run Golden ./db -update
	go test -count=1 -run SQLReference ./docs -update

.PHONY: verify
verify: lint $(sqlc) ## what is generated is up to date, the SQL is sound, and bench counts well
	$(sqlc) diff
	JOBMACHINE_TEST_SKIP=no go test -count=1 -run 'Golden|FunctionBodies|Files' ./db
	go test -C bench -count=1 ./...

.PHONY: lint
lint: $(static) ## gofmt, go mod tidy, go vet, staticcheck; bench and faults are modules of their own
	@files=$$(gofmt -l .); test -z "$$files" || { echo "not formatted: $$files"; exit 1; }
	for dir in . bench faults; do (cd $$dir && go mod tidy -diff && go vet ./... && $(static) ./...) || exit 1; done

.PHONY: dist
dist: ## dist/jobmachine.sql, the install as one file for psql
	mkdir -p dist
	go run ./db/dist >dist/jobmachine.sql

# Without cgo, sqlc brings its parser along compiled, and is built in a fraction of the time.
$(sqlc):
	CGO_ENABLED=0 GOBIN=$(TOOLS) go install github.com/sqlc-dev/sqlc/cmd/sqlc@$(SQLC)
	mv $(TOOLS)/sqlc $@

$(static):
	GOBIN=$(TOOLS) go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK)
	mv $(TOOLS)/staticcheck $@
