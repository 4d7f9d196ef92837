package tests

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// status looks in pending first and in the other rooms then. A job that moves in between is not missed, as both looks are of
// one moment.
func TestStatusDoesNotMissAJobThatMoves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, without string
		missed        bool
	}{
		{"as it is", "", false},
		{"each look of a moment of its own", "alter function jobmachine.status(bigint) volatile", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			s, asks := connect(t, db), connect(t, db)
			s.exec(c.without)
			// Who has looked in pending waits at a gate.
			s.exec(one[string](s, "select replace(pg_get_functiondef('jobmachine._pending_place(bigint)'::regprocedure), '_pending_place', '_place')"))
			s.exec(`create or replace function jobmachine._pending_place(job_id bigint) returns tid language plpgsql stable as $$
				declare place constant tid := jobmachine._place(job_id);
				begin
					perform pg_advisory_lock_shared(47);
					perform pg_advisory_unlock_shared(47);
					return place;
				end $$`)
			s.exec("select jobmachine.send('q')")
			r := s.claimOne("q")
			s.exec("select pg_advisory_lock(47)")
			said := make(chan error, 1)
			go func() {
				var state string
				said <- asks.QueryRow(t.Context(), "select state from jobmachine.status($1)", r.ID).Scan(&state)
			}()
			pgtest.Eventually(t, "a look in pending", func() bool {
				return one[bool](s, `select exists (select from pg_locks l join pg_database d on d.oid = l.database
					where d.datname = current_database() and l.locktype = 'advisory' and l.objid = 47 and not l.granted)`)
			})
			s.exec("select jobmachine.release($1, $2)", r.ID, r.Receipt) // from running to pending
			s.exec("select pg_advisory_unlock(47)")
			err := <-said
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				t.Fatal(err)
			}
			equal(t, "missed", err != nil, c.missed)
		})
	}
}
