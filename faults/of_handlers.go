package main

import "time"

// ofHandlers is what handlers do to their workers.
var ofHandlers = []scenario{
	{
		Name: "poison", What: "a job kills its process, among a thousand good ones",
		Becomes: "it ends as failed, reason `crashed`, when its attempts are used up; the others are done",
		Mutants: []mutant{countedLate},
		run: func(w *world) {
			w.start(2, someone)
			w.start(1, bad("exit", 1))
			w.start(1, sending.with(func(s *spec) { s.Mix, s.Count, s.Pause = plain, 1000, 10*time.Millisecond }))
			w.until("select count(*) > 1000 from jobmachine.job")
		},
	}, {
		Name: "bad-handlers", What: "handlers panic, call `os.Exit`, are killed by a signal, use all memory",
		Becomes: "a panic is a failed attempt; the others end their process, and their jobs fail when the attempts are used up",
		Mutants: []mutant{noRecover, countedLate},
		run: func(w *world) {
			w.start(3, someone)
			w.start(1, sending)
			for _, what := range []string{"panic", "exit", "segfault", "memory"} {
				w.start(1, bad(what, 2))
				w.wait(4 * time.Second)
			}
		},
	}, {
		Name: "held-pool", What: "handlers hold every connection of their pool for longer than a lease lasts",
		Becomes: "nothing: claims, renewals and outcomes have connections of their own",
		Mutants: []mutant{starvedHeart},
		run: func(w *world) {
			w.start(1, someone.with(func(s *spec) { s.Connections, s.LeaseTTL = 4, 5*time.Second }))
			w.start(1, sending.with(func(s *spec) { s.Do, s.Takes, s.Count, s.Mix = "hold", 9*time.Second, 10, plain }))
			w.start(1, replying.with(func(s *spec) { s.Pause = 200 * time.Millisecond }))
			w.wait(20 * time.Second)
		},
	}, {
		Name: "no-cpu", What: "handlers use all processors for longer than a lease lasts",
		Becomes: "nothing: renewals come through",
		Mutants: []mutant{noRenewal},
		run: func(w *world) {
			w.start(2, someone)
			w.start(1, sending.with(func(s *spec) { s.Do, s.Takes, s.Count, s.Mix = "burn", 15*time.Second, 8, plain }))
			w.start(1, replying.with(func(s *spec) { s.Pause = 500 * time.Millisecond }))
			w.wait(15 * time.Second)
		},
	},
}

// bad sends jobs that no handler survives. They have three attempts.
func bad(do string, n int) spec {
	return sending.with(func(s *spec) { s.Mix, s.Count, s.Do = map[string]int{"few": 1}, n, do })
}
