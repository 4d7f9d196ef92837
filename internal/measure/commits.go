package measure

import "context"

// Commits measures the transaction ids and the notifications of 1,000 jobs.
func Commits(ctx context.Context, url string) ([]Figure, error) {
	s, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer s.close()
	sleeper, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer sleeper.close()
	lease := s.lease()
	sleeper.exec(`listen "jobmachine.bench"`)
	// Transactions that write get an id, and so do subtransactions: settle has one.
	cost := func(sql string) (ids, notifies float64) {
		before := get[float64](s, "select pg_snapshot_xmax(pg_current_snapshot())::text::float8")
		s.exec(sql)
		ids = get[float64](s, "select pg_snapshot_xmax(pg_current_snapshot())::text::float8") - before
		s.exec(`notify "jobmachine.bench", 'barrier'`)
		for s.err == nil && sleeper.err == nil {
			note, err := sleeper.WaitForNotification(ctx)
			if sleeper.err = err; err != nil || note.Payload == "barrier" {
				break
			}
			notifies++
		}
		return ids, notifies
	}
	single := "do $$ begin for i in 1..1000 loop perform jobmachine.send('bench', " + Payload + "); commit; end loop; end $$"
	sends, rings := cost(single)
	batches, _ := cost(send(1000))
	work, workRings := cost(drain(2000, lease, ""))
	// Somebody sleeps from here on: the worst case.
	for range 2 { // the first call listens, the second sleeps
		sleeper.exec("select jobmachine.park(array['bench'])")
	}
	_, asleep := cost(single)
	_, asleepBatches := cost(send(1000))
	if sleeper.err != nil {
		return nil, sleeper.err
	}
	return []Figure{
		{"transaction ids per 1,000 single sends", sends, "", 1000},
		{"NOTIFYs per 1,000 single sends, nobody sleeps", rings, "", 0},
		{"transaction ids per 1,000 jobs sent in batches of 100", batches, "", 10},
		{"transaction ids per 1,000 jobs claimed and completed in batches of 100", work / 2, "", 30},
		{"NOTIFYs per 1,000 jobs claimed and completed", workRings / 2, "", 0},
		{"NOTIFYs per 1,000 single sends, a worker sleeps", asleep, "", 1000},
		{"NOTIFYs per 1,000 jobs sent in batches of 100, a worker sleeps", asleepBatches, "", 10},
	}, s.err
}
