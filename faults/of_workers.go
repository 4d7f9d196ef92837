package main

import (
	"path/filepath"
	"syscall"
	"time"
)

// ofWorkers is what happens to processes.
var ofWorkers = []scenario{
	{
		Name: "killed-workers", What: "workers are killed (`kill -9`), about one a second",
		Becomes: "what they were running starts elsewhere about two seconds later",
		Mutants: []mutant{noRescue, twoTransactions},
		run: func(w *world) {
			w.start(4, someone)
			w.start(2, sending)
			w.repeat(30, time.Second, func() { w.kill(w.anyone("worker")) })
		},
	}, {
		Name: "zombies", What: "workers are stopped for longer than their leases last, and go on; one of them then says all that a worker can say",
		Becomes: "their jobs run elsewhere; what they say when they go on is answered `stale` and changes nothing",
		Mutants: []mutant{noFence, noReplyFence},
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
		Name: "rolling-restart", What: "workers are replaced one after the other under load, and have a second to end",
		Becomes: "jobs that take longer are given back, and the attempt does not count",
		Mutants: []mutant{countedRelease},
		run: func(w *world) {
			w.start(3, someone.with(func(s *spec) { s.StopTimeout = time.Second }))
			w.startCommand(1)
			w.start(2, sending)
			w.start(1, sending.with(func(s *spec) { s.Takes, s.Pause = 3*time.Second, 300*time.Millisecond }))
			w.start(1, sending.with(func(s *spec) { s.Queue, s.Do, s.Mix, s.Takes = "shell", "reply", plain, 200*time.Millisecond }))
			w.repeat(12, time.Second, func() {
				old := w.anyone("worker")
				w.launch(old.successor())
				w.stop(old)
			})
		},
	}, {
		Name: "herd", What: "fifty workers start together while the server is away, and find two thousand jobs when it comes",
		Becomes: "they wait for it, and share the jobs",
		Mutants: []mutant{faintHeart},
		run: func(w *world) {
			w.start(1, sending.with(func(s *spec) { s.Each, s.Pause, s.Count = 8, time.Millisecond, 2000 }))
			w.until("select count(*) >= 2000 from jobmachine.job")
			w.close("producer")
			w.strike(fault{what: "the server was away"}, func() {
				must(w.server.stop(syscall.SIGINT))
				w.start(50, someone.with(func(s *spec) { s.Connections = 2 }))
				w.wait(4 * time.Second)
				must(w.server.start(w.ctx))
			})
		},
	}, {
		Name: "missed-ticks", What: "all workers, and so all who tick, are killed every few seconds, and away for three",
		Becomes: "due jobs and retries start when the next worker ticks",
		Mutants: []mutant{missedTick},
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
	}, {
		Name: "wrong-clocks", What: "the clocks of workers, producers and callers are an hour ahead or behind",
		Becomes: "nothing: the clock is the database's",
		Mutants: []mutant{ownClock}, source: skewedClock,
		run: func(w *world) {
			for _, off := range []time.Duration{time.Hour, -time.Hour} {
				wrong := func(s *spec) { s.Clock = off }
				w.start(2, someone.with(wrong))
				w.start(1, sending.with(wrong))
				w.start(1, asking.with(wrong))
			}
			w.last(15 * time.Second)
			w.kill(w.anyone("worker"))
			w.last(5 * time.Second)
		},
	}, {
		Name: "calls", What: "callers, workers and listening sessions are killed while callers wait for answers",
		Becomes: "a caller that comes back asks for its ticket and gets the answer",
		Mutants: []mutant{mixedReplies},
		run: func(w *world) {
			w.start(3, someone)
			w.start(3, asking.with(func(s *spec) { s.Each = 8 }))
			w.repeat(24, time.Second, func() {
				switch w.dice.IntN(3) {
				case 0:
					w.kill(w.anyone("caller"))
				case 1:
					w.kill(w.anyone("worker"))
				case 2:
					w.cutOff("application_name like '%(listen)'")
				}
			})
		},
	},
}

// skewedClock lets time.Now be off. Go asks the kernel without going through libc, so libfaketime cannot
// do it; a build with changed source of the package time can.
var skewedClock = []edit{
	{"std:time/time.go", "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n", "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec += clockOffset\n"},
	{in: "std:time/faults.go", new: `package time

import "syscall"

var clockOffset = func() (n int64) {
	text, _ := syscall.Getenv("JOBMACHINE_FAULTS_CLOCK")
	sign := int64(1)
	for _, c := range text {
		if c == '-' {
			sign = -1
		} else {
			n = 10*n + int64(c-'0')
		}
	}
	return sign * n
}()
`},
}

// successor is a worker that takes the place of another one.
func (p *process) successor() spec {
	s := p.spec
	s.Name += "'"
	return s
}

// startCommand starts jobmachine work, whose handler is a command: this program again.
func (w *world) startCommand(n int) {
	program := filepath.Join(w.dir, "jobmachine")
	must(goBuild(filepath.Dir(sourceFolder()), "-o", program, "./cmd/jobmachine"))
	for range n {
		w.start(1, someone.with(func(s *spec) {
			s.Program = program
			s.Arguments = []string{"work", "--database-url", appURL(w.link.port()), "--queue", "shell", "--exec", "exec " + w.program, "--stop-timeout", "1s", "--lease-ttl", "10s"}
		}))
	}
}
