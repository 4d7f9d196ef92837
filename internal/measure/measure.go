// Package measure tells what the engine costs in figures that do not depend on the mood of the machine: bytes of WAL,
// buffers, statements, commits, notifications. The tests hold them to their limits; make bench prints them.
//
// Each function wants a database with jobmachine in it that nobody else uses, on a server without autovacuum and
// full-page images: Settings.
package measure

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Settings of a server whose WAL is that of the jobs alone.
var Settings = map[string]string{"autovacuum": "off", "full_page_writes": "off", "fsync": "off", "checkpoint_timeout": "1h", "max_wal_size": "4GB"}

// Figure is what was measured, and its limit.
type Figure struct {
	Name   string
	Value  float64
	Unit   string
	AtMost float64 // negative: no limit
}

// Over reports whether the figure is over its limit.
func (f Figure) Over() bool { return f.AtMost >= 0 && f.Value > f.AtMost }

// Payload is SQL for 200 bytes of JSON.
const Payload = `jsonb_build_object('data', repeat('x', 188))`

// jobs of a measurement, sent, claimed and completed in batches of 100.
const jobs = 10000

// All measures everything. fresh makes the database anew and returns its URL.
func All(ctx context.Context, fresh func() (string, error)) (all []Figure, err error) {
	for _, part := range []func(context.Context, string) ([]Figure, error){WAL, Buffers, Commits, Statements} {
		url, err := fresh()
		if err != nil {
			return nil, err
		}
		figures, err := part(ctx, url)
		if err != nil {
			return nil, err
		}
		all = append(all, figures...)
	}
	return all, nil
}

// session is a connection whose methods end with the first error.
type session struct {
	*pgx.Conn
	ctx context.Context
	err error
}

func connect(ctx context.Context, url string) (*session, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	return connectConfig(ctx, config)
}

// connectConfig also makes claims leave the housekeeping to others: it comes by the clock, so it cannot be budgeted.
func connectConfig(ctx context.Context, config *pgx.ConnConfig) (*session, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &session{Conn: conn, ctx: ctx}
	s.exec("update jobmachine.meta set ticked_at = 'infinity'")
	return s, s.err
}

func (s *session) close() { s.Close(context.WithoutCancel(s.ctx)) }

func (s *session) exec(sql string) {
	if s.err == nil {
		if _, s.err = s.Exec(s.ctx, sql); s.err != nil {
			s.err = fmt.Errorf("%s: %w", sql, s.err)
		}
	}
}

func get[T any](s *session, sql string) (v T) {
	if s.err == nil {
		if s.err = s.QueryRow(s.ctx, sql).Scan(&v); s.err != nil {
			s.err = fmt.Errorf("%s: %w", sql, s.err)
		}
	}
	return v
}

// send is SQL that sends in batches of 100.
func send(jobs int) string {
	return fmt.Sprintf("do $$ begin for i in 1..%d loop perform jobmachine.send_many('bench', array_fill(%s, array[100])); commit; end loop; end $$", jobs/100, Payload)
}

// drain is SQL that claims and completes in batches of 100, with a reply or none.
func drain(jobs int, lease int64, reply string) string {
	return fmt.Sprintf(`do $$ declare ids bigint[]; receipts bigint[]; begin for i in 1..%d loop
		select array_agg(id), array_agg(receipt) into ids, receipts from jobmachine.claim('bench', 100, %d);
		commit;
		perform jobmachine.settle(ids, receipts, array_fill('complete'::text, array[100]), array_fill('%s'::text, array[100]));
		commit;
		end loop; end $$`, jobs/100, lease, reply)
}

func (s *session) lease() int64 {
	return get[int64](s, "select jobmachine.open_lease('app-server-1:48211', '1 h')")
}
