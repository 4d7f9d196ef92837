package measure

import "context"

// WAL measures the bytes of WAL that a job of 200 bytes costs, in batches of 100.
func WAL(ctx context.Context, url string) ([]Figure, error) {
	s, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer s.close()
	lease := s.lease()
	// A first round touches the pages.
	s.exec("checkpoint")
	s.exec(send(jobs))
	s.exec(drain(jobs, lease, ""))
	wal := func(sql string) float64 {
		before := get[float64](s, "select (pg_current_wal_lsn() - '0/0')::float8")
		s.exec(sql)
		return (get[float64](s, "select (pg_current_wal_lsn() - '0/0')::float8") - before) / jobs
	}
	sent, worked := wal(send(jobs)), wal(drain(jobs, lease, ""))
	s.exec(send(jobs))
	replied := wal(drain(jobs, lease, `{"ok": true}`))
	return []Figure{
		{"WAL per job: send, batches of 100", sent, "bytes", 550},
		{"WAL per job: claim and complete, batches of 100", worked, "bytes", 570},
		{"WAL per job: its whole life", sent + worked, "bytes", 1100},
		{"WAL per job: claim and complete with a reply of 12 bytes", replied, "bytes", 590},
	}, s.err
}
