package main

import (
	"time"
)

// load is what goes on while things go wrong, if a scenario has nothing special in mind.
var (
	someone = spec{Role: "worker", Concurrency: 10, LeaseTTL: 10 * time.Second, StopTimeout: 10 * time.Second}
	sending = spec{Role: "producer", Each: 4, Pause: 20 * time.Millisecond, Takes: 20 * time.Millisecond,
		Mix: map[string]int{"plain": 6, "many": 1, "tx": 2, "rollback": 1, "unique": 1, "later": 1}}
	asking = spec{Role: "caller", Each: 4, Pause: 20 * time.Millisecond, Takes: 20 * time.Millisecond}
)

// with returns a copy that differs.
func (s spec) with(change func(s *spec)) spec {
	change(&s)
	return s
}

var plain = map[string]int{"plain": 1}

var scenarios = []scenario{
	{
		name: "killed-workers", what: "workers are killed with -9, about one a second",
		becomes: "the jobs they had run elsewhere about two seconds later",
		mutants: []mutant{noRescue, twoTransactions},
		run: func(w *world) {
			w.start(4, someone)
			w.start(2, sending)
			w.repeat(30, time.Second, func() { w.kill(w.anyone("worker")) })
		},
	}, {
		name: "zombies", what: "workers are stopped for longer than their leases last, and go on; so do five that then say all that a worker can say",
		becomes: "their jobs have run elsewhere; what they say is stale and changes nothing",
		mutants: []mutant{noFence, noReplyFence},
		run: func(w *world) {
			w.start(1, sending.with(func(s *spec) { s.Mix, s.Count, s.Takes = plain, 20, 8*time.Second }))
			w.until("select count(*) = 20 from jobmachine.pending")
			w.start(1, spec{Role: "zombie", LeaseTTL: time.Second})
			w.until("select count(*) = 5 from jobmachine.running")
			zombie := w.anyone("zombie")
			w.start(4, someone.with(func(s *spec) { s.LeaseTTL = 5 * time.Second }))
			w.freeze(zombie, 5*time.Second)
			w.start(1, sending)
			w.repeat(4, time.Second, func() { w.freeze(w.anyone("worker"), 8*time.Second) })
		},
	}, {
		name: "lost-answers", what: "one connection in fifty answers is cut when the server has committed and not yet said so",
		becomes: "outcomes are repeated and answered already; sends with a key are repeated and stored once; claimed jobs that nobody heard of go back",
		mutants: []mutant{noKey, lostClaims},
		run: func(w *world) {
			w.start(3, someone)
			w.start(1, sending)
			w.start(1, sending.with(func(s *spec) { s.Do = "reply" }))
			defer w.link.spoil("cut", map[string]any{"Percent": 2, "Seed": w.dice.Uint64() >> 12})()
			w.last(20 * time.Second)
		},
	}, {
		name: "crashing-server", what: "the server is stopped with immediate ten times under load",
		becomes: "what was acknowledged is there; claims that were undone are made again",
		mutants: []mutant{hastyCommit},
		run: func(w *world) {
			w.start(4, someone)
			w.start(2, sending)
			w.repeat(10, 2*time.Second, w.crash)
		},
	}, {
		name: "undone-claims", what: "the server crashes just after claims that were not yet on the disk",
		becomes: "the jobs are claimed again with a new receipt; a job with one attempt is not, its claim was on the disk",
		mutants: []mutant{sameReceipt, hastyClaim}, settings: map[string]string{"wal_writer_delay": "10s"},
		run: func(w *world) {
			w.start(1, someone.with(func(s *spec) { s.Role = "plain worker" }))
			for _, mix := range []map[string]int{plain, {"once": 1}} {
				one := sending.with(func(s *spec) { s.Each, s.Count, s.Mix, s.Takes = 1, 1, mix, time.Second })
				for range 5 {
					w.start(1, one)
					w.until("select exists (select from jobmachine.running)")
					w.crash()
					w.until("select not exists (select from jobmachine.running) and not exists (select from jobmachine.pending)")
				}
			}
		},
	}, {
		name: "poison", what: "a job kills its process, among a thousand good ones",
		becomes: "it has failed, reason crashed, when its attempts are used up; the others are done",
		mutants: []mutant{countedLate},
		run: func(w *world) {
			w.start(2, someone)
			w.start(1, sending.with(func(s *spec) { s.Mix, s.Count, s.Do = map[string]int{"few": 1}, 1, "exit" }))
			w.start(1, sending.with(func(s *spec) { s.Mix, s.Count, s.Pause = plain, 1000, 10*time.Millisecond }))
			w.until("select count(*) > 1000 from jobmachine.job")
		},
	}, {
		name: "missed-ticks", what: "all who tick are killed every few seconds, and are away for three",
		becomes: "due jobs and retries start when the next one ticks",
		mutants: []mutant{missedTick},
		run: func(w *world) {
			w.restartAfter = 3 * time.Second
			w.start(2, someone)
			w.start(1, sending.with(func(s *spec) { s.Mix = map[string]int{"later": 3, "plain": 1} }))
			w.start(1, sending.with(func(s *spec) { s.Do, s.Pause = "fail", 100*time.Millisecond }))
			w.repeat(6, 4*time.Second, func() {
				for _, p := range w.those("worker") {
					w.kill(p)
				}
			})
		},
	},
}

// crash kills the server and starts it again.
func (w *world) crash() {
	w.strike(fault{what: "the server crashed"}, func() {
		must(w.server.crash())
		must(w.server.start(w.ctx))
	})
}
