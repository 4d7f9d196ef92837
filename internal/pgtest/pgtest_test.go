package pgtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	t.Run("of a test is its own", func(t *testing.T) {
		t.Parallel()
		a, b := pgtest.New(t), pgtest.New(t)
		a.Exec("create table mine ()")
		if !pgtest.Get[bool](b, "select to_regclass('mine') is null and to_regclass('jobmachine.job') is not null") {
			t.Error("the other one has it too")
		}
	})

	t.Run("has a clock that can be moved", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		d.Advance(time.Hour)
		d.Advance(time.Hour)
		if !pgtest.Get[bool](d, "select jobmachine._now() - clock_timestamp() between '1:59:59' and '2:00:01'") {
			t.Error("not two hours ahead")
		}
		d.SetClock(0)
		if !pgtest.Get[bool](d, "select jobmachine._now() - clock_timestamp() between '-1 s' and '1 s'") {
			t.Error("not back")
		}
	})

	t.Run("tells when a session waits, and counts notifications", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		l := d.Listen("news", "other")
		first, second := d.Connect(), d.Connect()
		ctx := context.Background()
		if _, err := first.Exec(ctx, "begin; select pg_advisory_xact_lock(1); notify news; notify news, 'again'"); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := second.Exec(ctx, "select pg_advisory_xact_lock(1)")
			done <- err
		}()
		d.WaitBlocked(second.PgConn().PID())
		if n := l.Count("news"); n != 0 {
			t.Errorf("%d notifications before the commit", n)
		}
		if _, err := first.Exec(ctx, "commit"); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if news, other := l.Count("news"), l.Count("other"); news != 2 || other != 0 {
			t.Errorf("counted %d and %d", news, other)
		}
	})
}
