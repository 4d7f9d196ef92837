package client_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/pgserver"
	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// A failover may leave the old primary up and read-only, with all its connections. Who only reads there
// meets no error, and would wait for answers that are given elsewhere.
func TestAReadOnlyServerIsLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), pgtest.Patience)
	defer cancel()
	server, err := pgserver.Start(ctx, pgserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	admin, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx, admin, db.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(ctx, "set default_transaction_read_only = off"); err != nil {
		t.Fatal(err)
	}
	flip := func(to string) {
		for _, sql := range []string{"alter system set default_transaction_read_only = " + to, "select pg_reload_conf()"} {
			if _, err := admin.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	sessions := func() (pids []int32) {
		if err := admin.QueryRow(ctx, "select array_agg(pid order by pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()").Scan(&pids); err != nil {
			t.Fatal(err)
		}
		return pids
	}
	left := func(before []int32) (n int) {
		if err := admin.QueryRow(ctx, "select count(*) from unnest($1::int[]) p where not exists (select from pg_stat_activity a where a.pid = p)", before).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	c, err := client.Open(ctx, server.URL()+"&pool_max_conns=1", client.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	id, err := c.Send(ctx, "quiet", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { _, err := c.Await(ctx, id); answer <- err }()
	for len(sessions()) < 2 { // one in the pool, one that listens
		time.Sleep(10 * time.Millisecond)
	}
	before := sessions()
	flip("on")
	for left(before) < len(before) {
		if _, err := c.Status(ctx, id); err != nil {
			t.Fatalf("of %d sessions %d were left: %v", len(before), left(before), err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	flip("off")
	if _, err := admin.Exec(ctx, "select jobmachine.cancel($1)", id); err != nil { // the last answer
		t.Fatal(err)
	}
	if err := <-answer; err == nil {
		t.Error("a cancelled job was completed")
	}
}
