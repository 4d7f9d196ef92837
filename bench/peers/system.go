package peers

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/jobmachine/jobmachine/bench/result"
)

// System is a queue with one set of settings, as the harness sees it.
type System struct {
	result.System
	node     bool
	channels []string // that it notifies about new jobs
	left     string   // SQL: is there a job that is not over?
	variant  bool     // only in the scenarios that say so
}

// Systems in the order of the tables.
var Systems = []System{
	{System: result.System{Name: "bare", Title: "bare table",
		Settings: "insert; delete ... for update skip locked, batches of 1,000 (or of the number of handlers where that is given); the worker looks every 10 ms when it finds nothing; handlers run inside of the transaction",
		Source:   "bench/agent/bare.go: the floor, not a product"},
		left: "select exists (select from queue)"},
	{System: result.System{Name: "bare-gather", Title: "bare table, gathered",
		Settings: "the same, with sends gathered as by jobmachine's client: the floor of that", Source: "bench/agent/bare.go"},
		left: "select exists (select from queue)", variant: true},
	{System: result.System{Name: "bare-notify", Title: "bare table + NOTIFY",
		Settings: "the same, with a trigger that notifies at every send, and a worker that listens", Source: "bench/agent/bare.go"},
		channels: []string{"queue"}, left: "select exists (select from queue)", variant: true},
	{System: result.System{Name: "jobmachine", Title: "jobmachine", Settings: "defaults, by which what the producers of one process send while a send is under way shares the next transaction, and each waits for its commit; Concurrency 2,000 where none is given, as many as River has workers", Source: "docs/operations.md"},
		channels: []string{"jobmachine.bench"}, left: jobmachineLeft},
	{System: result.System{Name: "jobmachine-alone", Title: "jobmachine, each alone",
		Settings: "the same, with client.Config{SendAlone: true}: every send has a transaction of its own, as from a client in SQL", Source: "docs/operations.md"},
		channels: []string{"jobmachine.bench"}, left: jobmachineLeft, variant: true},
	{System: result.System{Name: "jobmachine-keep0", Title: "jobmachine, retention 0", Settings: "the same, with configure('bench', retention => '0'): a job is removed when it ends", Source: "docs/operations.md"},
		channels: []string{"jobmachine.bench"}, left: jobmachineLeft, variant: true},
	{System: result.System{Name: "river", Title: "River",
		Settings: "FetchCooldown 2 ms, FetchPollInterval 20 ms, MaxWorkers 2,000 where none is given, a pool of 10; InsertManyFast for bulk sends",
		Source:   "its own benchmark, cmd/river/riverbench"},
		channels: []string{"public.river_insert"}, left: riverLeft},
	{System: result.System{Name: "river-default", Title: "River, defaults", Settings: "FetchCooldown 100 ms, FetchPollInterval 1 s, MaxWorkers 100", Source: "godoc of river.Config; the README"},
		channels: []string{"public.river_insert"}, left: riverLeft, variant: true},
	{System: result.System{Name: "graphile", Title: "graphile-worker",
		Settings: "concurrentJobs 24 where no number is given, maxPoolSize one more, localQueue.size 500, completeJobBatchDelay 0, failJobBatchDelay 0; addJobs for bulk sends",
		Source:   "worker.graphile.org/docs/performance, \"With batching\""},
		node: true, channels: []string{"jobs:insert"}, left: "select exists (select from graphile_worker._private_jobs)"},
	{System: result.System{Name: "pgboss", Title: "pg-boss",
		Settings: "useListenNotify, notify on the queue, batchSize 1,000 where no number is given, burstWhenBatchFull, pollingIntervalSeconds 0.5; insert for bulk sends",
		Source:   "pgboss.io/api/workers, pgboss.io/api/constructor"},
		node: true, channels: []string{fmt.Sprintf("pgboss_%x", sha224("pgboss"))}, left: pgbossLeft},
	{System: result.System{Name: "pgboss-poll", Title: "pg-boss, polling", Settings: "the same without notifications, as is its default", Source: "pgboss.io/api/workers"},
		node: true, channels: []string{fmt.Sprintf("pgboss_%x", sha224("pgboss"))}, left: pgbossLeft, variant: true},
}

const (
	jobmachineLeft = "select exists (select from jobmachine.pending) or exists (select from jobmachine.running) or exists (select from jobmachine.scheduled)"
	riverLeft      = "select exists (select from river_job where state in ('available', 'running', 'retryable', 'scheduled', 'pending'))"
	pgbossLeft     = "select exists (select from pgboss.job where name = 'bench' and state < 'completed')"
)

func sha224(s string) string {
	sum := sha256.Sum224([]byte(s))
	return string(sum[:12])
}

// takes reports whether a scenario is for this system.
func (s System) takes(sc scenario) bool {
	if len(sc.only) > 0 {
		return slices.Contains(sc.only, s.Name)
	}
	return !s.variant || slices.Contains(sc.variants, s.Name)
}
