package main

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// ofNetworks is what happens between processes and their server.
var ofNetworks = []scenario{
	{
		Name: "lost-answers", What: "one answer in fifty is cut off when the server has committed and not yet said so",
		Becomes: "outcomes are repeated, and answered `already`; sends with a key are repeated and stored once; jobs that were claimed and never heard of are looked for by their worker",
		Mutants: []mutant{noKey, lostClaims},
		run: func(w *world) {
			w.start(3, someone)
			w.start(1, sending)
			w.start(1, replying)
			w.start(1, asking)
			defer w.link.spoil("cut", "downstream", map[string]any{"Percent": 2, "Seed": w.dice.Uint64() >> 12})()
			w.last(20 * time.Second)
		},
	}, {
		Name: "cut-listeners", What: "a listening connection is terminated every five seconds, while jobs run for three",
		Becomes: "the worker renews every second until it listens again; no job is taken from it",
		Mutants: []mutant{oneLook},
		run: func(w *world) {
			w.start(3, someone)
			w.until("select pg_postmaster_start_time() < now() - interval '30 s'") // before, no lease ends early
			w.start(1, sending.with(func(s *spec) { s.Takes, s.Pause = 3*time.Second, 300*time.Millisecond }))
			w.repeat(6, 5*time.Second, func() {
				w.cutOff("application_name like 'jobmachine worker%(listen)'")
				w.exec("do $$ begin for i in 1 .. 50 loop perform jobmachine.tick(); commit; perform pg_sleep(0.02); end loop; end $$")
			})
		},
	}, {
		Name: "deaf-listener", What: "the listening connection of an idle worker swallows everything without a word",
		Becomes: "it looks by itself, within five seconds",
		Mutants: []mutant{noPoll},
		run: func(w *world) {
			listening, err := newLink(w.server.port)
			must(err)
			w.atEnd(listening.Stop)
			w.start(1, someone.with(func(s *spec) { s.ListenURL = appURL(listening.port()) }))
			few := sending.with(func(s *spec) { s.Count, s.Pause, s.Mix = 20, time.Second, plain })
			w.start(1, few)
			w.until("select count(*) >= 20 from jobmachine.job")
			w.until(parked)
			end := listening.blackhole()
			w.start(1, few)
			w.until("select count(*) >= 40 from jobmachine.job")
			w.until("select not exists (select from jobmachine.pending)")
			end()
			w.start(1, few)
			w.wait(5 * time.Second)
		},
	}, {
		Name: "cut-sessions", What: "a session of a worker or a sender is terminated, twice a second",
		Becomes: "it connects again and says again what it has to say",
		Mutants: []mutant{lostOutcomes},
		run: func(w *world) {
			w.start(3, someone)
			w.start(1, sending)
			w.start(1, replying)
			w.start(1, asking)
			w.repeat(30, time.Second, func() {
				w.cutOff("true")
				w.wait(w.some(500 * time.Millisecond))
				w.cutOff("application_name like 'jobmachine worker%'") // not of its handlers
			})
		},
	}, {
		Name: "pooler", What: "everything goes through PgBouncer in transaction mode, which is killed now and then; some workers were not told of it",
		Becomes: "workers that were not told find out, and poll",
		Mutants: []mutant{noProof},
		run: func(w *world) {
			b := w.newPooler()
			through := func(s *spec) { s.URL, s.ListenURL = b.url(), appURL(w.link.port()) }
			w.start(2, someone.with(through))
			w.start(1, someone.with(through).with(func(s *spec) { s.Untold, s.ListenURL = true, "" }))
			w.start(1, sending.with(through))
			w.start(1, asking.with(through))
			w.repeat(4, 5*time.Second, b.restart)
			w.kill(w.anyone("worker"))
			w.last(5 * time.Second)
		},
	},
}

// parked: an idle worker sleeps, and senders see that.
const parked = `select exists (select from pg_locks where locktype = 'advisory' and classid = jobmachine._lock_class('queue')::oid)`

// cutOff terminates one of the applications' sessions.
func (w *world) cutOff(where string) {
	pids, err := list(w, pgx.RowTo[int32], "select pid from pg_stat_activity where usename = 'app' and "+where+" order by pid")
	must(err)
	if len(pids) > 0 {
		w.strike(fault{what: "a session was terminated", harmless: true}, func() {
			w.exec("select pg_terminate_backend($1)", pids[w.dice.IntN(len(pids))])
		})
	}
}
