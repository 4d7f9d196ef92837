package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ofServers is what happens to databases.
var ofServers = []scenario{
	{
		Name: "crashing-server", What: "the server crashes (`pg_ctl stop -m immediate`), ten times under load",
		Becomes: "what was acknowledged is there; claims that were undone are made again",
		Mutants: []mutant{hastyCommit},
		run: func(w *world) {
			w.start(4, someone)
			w.start(2, sending)
			w.start(1, asking)
			w.repeat(10, 2*time.Second, w.crash)
		},
	}, {
		Name: "undone-claims", What: "the server crashes just after claims that were not yet on the disk",
		Becomes: "the jobs are claimed again with a new receipt; a job with one attempt is not, its claim was on the disk",
		Mutants: []mutant{sameReceipt, hastyClaim}, settings: map[string]string{"wal_writer_delay": "10s"},
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
		Name: "failover", What: "the primary is lost, with a moment of replication; its synchronous standby is promoted",
		Becomes: "what was acknowledged is there, because a commit waits for the standby; claims may be undone",
		Mutants: []mutant{localCommit},
		run: func(w *world) {
			standby, replication := w.replicate()
			w.exec("alter system set synchronous_standby_names = '*'")
			w.exec("select pg_reload_conf()")
			w.until("select exists (select from pg_stat_replication where sync_state = 'sync')")
			w.start(3, someone)
			w.start(2, sending)
			w.start(1, asking)
			w.last(15 * time.Second)
			w.strike(fault{what: "the standby took over"}, func() {
				replication.blackhole()
				w.wait(time.Second)
				must(w.server.crash())
				w.server = standby
				w.exec("select pg_promote()")
				w.link.lead(standby.port)
			})
			w.last(15 * time.Second)
		},
	}, {
		Name: "role-flip", What: "the primary becomes read-only and stays up with all its connections; the standby is promoted (SQLSTATE `25006`)",
		Becomes: "workers and clients leave it for the new primary; who waits for an answer gets it there",
		Mutants: []mutant{oldPrimary, oldReader},
		run: func(w *world) {
			standby, _ := w.replicate()
			w.start(3, someone)
			w.start(2, sending)
			w.start(1, asking)
			w.start(1, asking.with(func(s *spec) { s.Takes = 3 * time.Second })) // who waits when it happens
			w.last(10 * time.Second)
			w.strike(fault{what: "the standby took over"}, func() {
				w.exec("alter system set default_transaction_read_only = on")
				w.exec("select pg_reload_conf()")
				w.wait(time.Second) // what was under way may end
				w.until("select bool_and(replay_lsn >= pg_current_wal_lsn()) from pg_stat_replication")
				old := w.server
				w.atEnd(func() { _ = old.Stop() })
				w.server = standby
				w.exec("select pg_promote()")
				w.link.lead(standby.port)
			})
			last, err := ask[int64](w, "select max(id) from jobmachine.job")
			must(err)
			w.last(15 * time.Second)
			w.until(fmt.Sprintf("select count(distinct queue) = 2 from jobmachine.job where id > %d", last)) // all can send again
		},
	}, {
		Name: "serializable", What: "the database's default isolation is serializable",
		Becomes: "workers set their own; a handler's transaction and a sender may be told to try again",
		Mutants: []mutant{itsIsolation},
		run: func(w *world) {
			w.exec("alter database " + database + " set default_transaction_isolation = 'serializable'")
			w.start(4, someone)
			w.start(2, sending)
			w.start(1, replying)
			w.start(1, asking)
			w.last(15 * time.Second)
			w.kill(w.anyone("worker"))
			w.last(5 * time.Second)
			if n := w.logged("jobmachine worker", "could not serialize access"); n > 0 {
				w.broken("%d calls of workers met errors of serialization", n)
			}
		},
	}, {
		Name: "short-timeout", What: "`statement_timeout` is 50 ms, and somebody locks the table of running jobs for 300 ms, again and again",
		Becomes: "calls are repeated until they get through",
		Mutants: []mutant{lostOutcomes},
		run: func(w *world) {
			w.exec("alter role app set statement_timeout = '50ms'")
			w.start(3, someone)
			w.start(1, sending)
			w.start(1, replying)
			w.repeat(20, time.Second, func() {
				w.exec("begin; lock table jobmachine.running in exclusive mode; select pg_sleep(0.3); commit")
			})
		},
	}, {
		Name: "old-snapshot", What: "a snapshot is held for ten minutes at a steady load, with a dump, a replication slot that nobody reads, and senders that take ten seconds",
		Becomes: "claims go on at their pace; no ticket of a slow sender is missed",
		Mutants: []mutant{noGuard}, settings: map[string]string{"wal_level": "logical"},
		run: func(w *world) {
			w.exec("select pg_create_logical_replication_slot('dead', 'pgoutput')")
			defer w.exec("select pg_drop_replication_slot('dead')")
			defer w.holdSnapshot()()
			w.start(2, someone)
			w.start(1, sending.with(func(s *spec) { s.Takes, s.Pause, s.Mix = 0, 80*time.Millisecond, map[string]int{"many": 1} }))
			w.start(1, sending.with(func(s *spec) { s.Takes, s.Mix, s.Each = 0, map[string]int{"slow": 1}, 2 }))
			pace := w.pace(max(20*time.Second, time.Duration(w.scale*float64(10*time.Minute))))
			w.note("jobs done per second, by fifth of the time: %s; dead tickets at the end: %d", pace, w.deadTickets())
		},
	}, {
		Name: "full-disk", What: "the server's disk is full for some seconds, three times",
		Becomes: "senders get an error; workers keep their outcomes; all goes on when there is room",
		Mutants: []mutant{lostOutcomes}, disk: "400m", settings: map[string]string{"max_wal_size": "64MB", "min_wal_size": "32MB"},
		run: func(w *world) {
			w.start(3, someone)
			w.start(1, sending)
			w.start(1, replying)
			w.repeat(3, 4*time.Second, func() { w.fill(4 * time.Second) })
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

// replicate adds a streaming standby, and returns it with the network between the two.
func (w *world) replicate() (*server, *link) {
	replication, err := newLink(w.server.port)
	must(err)
	w.atEnd(replication.Stop)
	standby, err := w.server.standby(w.ctx, filepath.Join(w.dir, "standby"), replication.port(), nil)
	must(err)
	return standby, replication
}

// holdSnapshot holds one until the end, and lets pg_dump have others.
func (w *world) holdSnapshot() (end func()) {
	conn, err := w.server.connect(w.ctx)
	must(err)
	_, err = conn.Exec(w.ctx, "begin isolation level repeatable read; select count(*) from jobmachine.job")
	must(err)
	ctx, stop := context.WithCancel(w.ctx)
	var dumps sync.WaitGroup
	dumps.Go(func() {
		for ctx.Err() == nil {
			out, err := exec.CommandContext(ctx, filepath.Join(w.server.BinDir, "pg_dump"), "--file", os.DevNull, w.server.DatabaseURL(database)).CombinedOutput()
			if err != nil && ctx.Err() == nil {
				w.broken("pg_dump: %v: %s", err, out)
			}
			sleep(ctx, 5*time.Second)
		}
	})
	return func() {
		stop()
		dumps.Wait()
		must(conn.Close(w.ctx))
	}
}

// pace says how many jobs were done per second, in each fifth of a time.
func (w *world) pace(d time.Duration) string {
	var rates []string
	before, err := ask[int64](w, "select count(*) from jobmachine.finished")
	must(err)
	for range 5 {
		w.wait(d / 5)
		now, err := ask[int64](w, "select count(*) from jobmachine.finished")
		must(err)
		rates = append(rates, fmt.Sprintf("%.0f", float64(now-before)/(d/5).Seconds()))
		before = now
	}
	return strings.Join(rates, ", ")
}

func (w *world) deadTickets() int64 {
	n, err := ask[int64](w, "select coalesce(sum(n_dead_tup), 0)::bigint from pg_stat_user_tables where relname in ('pending', 'running', 'scheduled')")
	must(err)
	return n
}

// logged counts lines of the server's log that one kind of session has caused.
func (w *world) logged(application, text string) (n int) {
	f, err := os.Open(w.server.Log())
	must(err)
	defer f.Close()
	for said := bufio.NewScanner(f); said.Scan(); {
		if strings.Contains(said.Text(), application) && strings.Contains(said.Text(), text) {
			n++
		}
	}
	return n
}

// fill leaves no room on the server's disk for a while. A server that cannot write its log ends, and is
// started again when it can.
func (w *world) fill(d time.Duration) {
	balloon := filepath.Join(w.server.options.Dir, "balloon")
	w.strike(fault{what: "the disk was full"}, func() {
		f, err := os.Create(balloon)
		must(err)
		defer f.Close()
		air := make([]byte, 1<<20)
		for end := time.Now().Add(d); time.Now().Before(end); sleep(w.ctx, time.Millisecond) {
			if _, err := f.Write(air[:1+w.dice.IntN(len(air))]); err != nil && !errors.Is(err, unix.ENOSPC) {
				must(err)
			}
		}
		must(os.Remove(balloon))
		select {
		case <-w.server.Done():
			must(w.server.Stop())
			must(w.server.start(w.ctx))
		default:
			w.until("select true")
		}
	})
}
