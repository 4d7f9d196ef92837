package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how long nothing may happen before the rest is taken to be lost. A worker looks for
// itself at least every 10 seconds, and a lease lasts at most that long.
const patience = 30 * time.Second

// settle lets the senders end, waits until all jobs are over, and lets the workers end.
func (w *world) settle() {
	w.close("producer")
	// Each waits for its answers, and for those of one that was killed before it.
	_ = eventually(w.ctx, patience, func() (bool, error) { return len(w.those("caller")) == w.names["caller"], nil })
	go w.close("caller")
	over, changed := int64(-1), time.Now()
	for time.Since(changed) < patience && w.ctx.Err() == nil {
		now, err := ask[int64](w, "select count(*) from jobmachine.finished")
		open, err2 := ask[bool](w, `select exists (select from jobmachine.scheduled) or exists (select from jobmachine.pending)
			or exists (select from jobmachine.running)`)
		if err == nil && err2 == nil && !open && len(w.those("caller")) == 0 {
			break
		}
		if err == nil && now != over {
			over, changed = now, time.Now()
		}
		w.wait(100 * time.Millisecond)
	}
	for _, p := range w.those("caller") {
		w.kill(p)
	}
	w.close("worker")
	w.close("plain worker")
}

// evidence gathers the ledgers and what the database says.
func (w *world) evidence() (e evidence, err error) {
	w.checkEnd()
	paths, err := filepath.Glob(filepath.Join(w.dir, "*.ledger"))
	if err != nil {
		return e, err
	}
	for _, path := range paths {
		entries, err := readLedger(path)
		if err != nil {
			return e, err
		}
		for _, n := range entries {
			switch n.What {
			case trying, acked, refused, rolledBack:
				e.sends = append(e.sends, n)
			case started, ended, verdict:
				e.runs = append(e.runs, n)
			default:
				e.answers = append(e.answers, n)
			}
		}
	}
	e.jobs, err = list(w, pgx.RowToStructByPos[jobRow], `
		select j.id, j.payload ->> 'token', coalesce(j.payload ->> 'do', ''), j.max_attempts::int4, coalesce(t.rooms, '{}'),
		  case when f.job_id is null then '' else coalesce(f.state, 'completed') end, f.receipt, coalesce(f.attempt, 0)::int4, coalesce(f.reason, ''), coalesce(f.result ->> 'token', ''),
		  (select count(*) from jobmachine.failed_attempt a where a.job_id = j.id)::int4
		from jobmachine.job j
		left join jobmachine.finished f on f.job_id = j.id
		left join (
		  select r.job_id, array_agg(r.room) as rooms from (
		    select s.job_id, 'scheduled' from jobmachine.scheduled s
		    union all select p.job_id, 'pending' from jobmachine.pending p
		    union all select r.job_id, 'running' from jobmachine.running r
		    union all select f.job_id, 'finished' from jobmachine.finished f
		  ) r (job_id, room)
		  group by r.job_id
		) t on t.job_id = j.id
		where j.payload ? 'token'`)
	if err != nil {
		return e, err
	}
	type row struct{ Job, Receipt int64 }
	effects, err := list(w, pgx.RowToStructByPos[row], "select job_id, receipt from effect")
	e.effects = map[int64]int64{}
	for _, r := range effects {
		e.effects[r.Job] = r.Receipt
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e.exits, e.faults, e.unclean = w.exits, w.faults, w.unclean
	return e, err
}

// checkEnd looks for what should not be there when all processes have ended. Leases of killed workers
// may last a little.
func (w *world) checkEnd() {
	for what, sql := range map[string]string{
		"a running job has no live lease": `select not exists (select from jobmachine.running r
			where not exists (select from jobmachine.lease l where l.id = r.lease_id and l.expires_at > now()))`,
		"a lease is left over":        "select jobmachine.tick() >= 0 and not exists (select from jobmachine.lease)",
		"a transaction is left open":  "select not exists (select from pg_stat_activity where state like 'idle in transaction%')",
		"a session lock is left over": "select not exists (select from pg_locks where locktype = 'advisory')",
		"notifications are left over": "select pg_notification_queue_usage() = 0",
	} {
		err := eventually(w.ctx, 15*time.Second, func() (bool, error) { return ask[bool](w, sql) })
		if err != nil {
			w.broken("%s", what)
		}
	}
	for _, line := range complaints(w.server.Log()) {
		w.broken("the server's log says: %s", line)
	}
}

// complaints are lines of a server's log that no fault explains.
func complaints(path string) (lines []string) {
	f, err := os.Open(path)
	if err != nil {
		return []string{err.Error()}
	}
	defer f.Close()
	said := bufio.NewScanner(f)
	for said.Scan() {
		for _, bad := range []string{"please report this", "terminated by signal 11", "TRAP:", "invalid page"} {
			if strings.Contains(said.Text(), bad) {
				lines = append(lines, said.Text())
			}
		}
	}
	if err := said.Err(); err != nil {
		lines = append(lines, fmt.Sprint(err))
	}
	return lines
}
