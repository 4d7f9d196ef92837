package main

import (
	"fmt"

	"github.com/jackc/pgx/v5"
)

const jobs = 20000

// wal measures the bytes of WAL that a job costs, in batches of 100, as pg_current_wal_lsn tells. A first round touches
// the pages, so that no full-page images are counted.
func (b *bench) wal() error {
	conn, err := b.fresh()
	if err != nil {
		return err
	}
	defer conn.Close(b.ctx)
	lease, err := value[int64](b, conn, "select jobmachine.open_lease('app-server-1:48211', '1 h')")
	if err != nil {
		return err
	}
	send := fmt.Sprintf("do $$ begin for i in 1..%d loop perform jobmachine.send_many('bench', array_fill(%s, array[100])); commit; end loop; end $$", jobs/100, payload)
	drain := func(reply string) string {
		return fmt.Sprintf(`do $$ declare ids bigint[]; receipts bigint[]; begin for i in 1..%d loop
			select array_agg(id), array_agg(receipt) into ids, receipts from jobmachine.claim('bench', 100, %d);
			commit;
			perform jobmachine.settle(ids, receipts, array_fill('complete'::text, array[100]), array_fill(%s, array[100]));
			commit;
			end loop; end $$`, jobs/100, lease, reply)
	}
	if _, err := conn.Exec(b.ctx, send); err != nil {
		return err
	}
	if _, err := conn.Exec(b.ctx, drain("''::text")); err != nil {
		return err
	}
	for _, m := range []struct {
		what, sql string
		budget    float64
	}{
		{"WAL per job: send, batches of 100", send, 620},
		{"WAL per job: claim and complete, batches of 100", drain("''::text"), 570},
		{"", send, 0},
		{"WAL per job: the same with a reply of 12 bytes", drain(`'{"ok": true}'::text`), 0},
	} {
		before, err := value[string](b, conn, "select pg_current_wal_lsn()::text")
		if err != nil {
			return err
		}
		if _, err := conn.Exec(b.ctx, m.sql); err != nil {
			return err
		}
		bytes, err := value[float64](b, conn, "select (pg_current_wal_lsn() - $1::text::pg_lsn)::float8", before)
		if err != nil {
			return err
		}
		if m.what != "" {
			b.report(m.what, bytes/jobs, "bytes", m.budget, 0)
		}
	}
	return nil
}

// buffers measures what a claim of one job touches at the start and after 200,000 jobs while a snapshot is held.
func (b *bench) buffers() error {
	conn, err := b.fresh()
	if err != nil {
		return err
	}
	defer conn.Close(b.ctx)
	holder, err := pgx.Connect(b.ctx, b.server.DatabaseURL("bench"))
	if err != nil {
		return err
	}
	defer holder.Close(b.ctx)
	if _, err := holder.Exec(b.ctx, "begin isolation level repeatable read; select count(*) from jobmachine.jobs"); err != nil {
		return err
	}
	lease, err := value[int64](b, conn, "select jobmachine.open_lease('w', '1 h')")
	if err != nil {
		return err
	}
	churn := fmt.Sprintf(`do $$ declare ids bigint[]; receipts bigint[]; begin for i in 1..10 loop
		perform jobmachine.send_many('q', array_fill('{}'::jsonb, array[1000]));
		select array_agg(id), array_agg(receipt) into ids, receipts from jobmachine.claim('q', 1000, %d);
		perform jobmachine.settle(ids, receipts, array_fill('complete'::text, array[1000]));
		commit;
		end loop; end $$`, lease)
	claim := func() (float64, error) {
		plan, err := value[[]struct {
			Plan struct {
				Hit  float64 `json:"Shared Hit Blocks"`
				Read float64 `json:"Shared Read Blocks"`
			}
		}](b, conn, fmt.Sprintf("explain (analyze, buffers, format json) select * from jobmachine.claim('q', 1, %d)", lease))
		if err != nil {
			return 0, err
		}
		return plan[0].Plan.Hit + plan[0].Plan.Read, nil
	}
	tick := "update jobmachine.meta set low_water_checked_at = '-infinity'; select jobmachine.tick()"
	if _, err := conn.Exec(b.ctx, "select jobmachine.send_many('q', array_fill('{}'::jsonb, array[1000]))"); err != nil {
		return err
	}
	var start float64
	for range 3 {
		if start, err = claim(); err != nil {
			return err
		}
	}
	for range 20 {
		for _, sql := range []string{churn, tick} {
			if _, err := conn.Exec(b.ctx, sql); err != nil {
				return err
			}
		}
	}
	end, err := claim()
	if err != nil {
		return err
	}
	b.report("buffers per claim, at the start", start, "", 0, 0)
	b.report("buffers per claim, after 200,000 jobs under a held snapshot", end, "", 2*start, 0)
	return nil
}

func value[T any](b *bench, conn *pgx.Conn, sql string, args ...any) (v T, err error) {
	rows, err := conn.Query(b.ctx, sql, args...)
	if err != nil {
		return v, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
}
