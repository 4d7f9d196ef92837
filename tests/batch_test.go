package tests

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// Batches read jobs by range if their numbers are close together, else one by one; and ranges have jobs of others in them.
var spread = map[string]string{
	"alone":          `select jobmachine.send('q', to_jsonb(n)) from generate_series(1, 40) n`,
	"close together": `select jobmachine.send(case when n % 3 = 0 then 'q' else 'other' end, to_jsonb(n)) from generate_series(1, 120) n`,
	"far apart":      `select jobmachine.send(case when n % 10 = 0 then 'q' else 'other' end, to_jsonb(n)) from generate_series(1, 400) n`,
	"of priorities":  `select jobmachine.send('q', to_jsonb(n), priority => (n % 3)::smallint) from generate_series(1, 40) n`,
	"that came back": `select jobmachine.send('q', to_jsonb(n)) from generate_series(1, 40) n;
		select jobmachine.release(id, receipt) from jobmachine.claim('q', 15) where id % 2 = 0`,
}

func TestABatchIsClaimedInOrderWithItsOwnData(t *testing.T) {
	t.Parallel()
	for name, send := range spread {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := connect(t, pgtest.New(t))
			s.exec(send)
			want := column[int64](s, "select job_id from jobmachine.pending where queue = 'q' order by rank limit 30")
			lease := one[int64](s, "select jobmachine.open_lease('w')")
			got := column[string](s, "select concat_ws(' ', c.id, c.payload = j.payload, c.queue) from jobmachine.claim('q', 30, $1) with ordinality c join jobmachine.job j using (id) order by c.ordinality", lease)
			for i, id := range want {
				want := fmt.Sprintf("%d t q", id)
				if i >= len(got) || got[i] != want {
					t.Fatalf("the jobs are %q, want %d at %d", got, id, i)
				}
			}
			equal(t, "jobs", len(got), len(want))
			equal(t, "running", one[int64](s, "select count(*) from jobmachine.running where lease_id = $1", lease), int64(len(want)))
		})
	}
}

func TestABatchIsSettledByItsOwnReceipts(t *testing.T) {
	t.Parallel()
	for name, send := range spread {
		for _, retention := range []string{"1 day", "0"} {
			t.Run(name+", kept for "+retention, func(t *testing.T) {
				t.Parallel()
				s := connect(t, pgtest.New(t))
				s.exec("select jobmachine.configure('q', retention => $1::text::interval)", retention)
				s.exec(send)
				s.exec("select jobmachine.claim('other', 1000)") // they run, too, in between
				others := one[int64](s, "select count(*) from jobmachine.running where queue = 'other'")
				runs := s.claim("q", 30, nil)
				slices.Reverse(runs)
				var ids, receipts []int64
				var replies, want []string
				for i, r := range runs {
					ids, receipts, replies, want = append(ids, r.ID), append(receipts, r.Receipt), append(replies, fmt.Sprint(r.ID)), append(want, "ok")
					if i%7 == 3 { // the receipt of another job, which is in the batch
						receipts[i], want[i] = runs[0].Receipt, "stale"
					}
				}
				wrong := one[int64](s, "select count(*) from unnest($1::text[]) v where v = 'stale'", want)
				verdicts := column[string](s, "select unnest(jobmachine.settle($1, $2, array_fill('complete'::text, array[cardinality($1::bigint[])]), $3))", ids, receipts, replies)
				if !slices.Equal(verdicts, want) {
					t.Errorf("verdicts %v, want %v", verdicts, want)
				}
				done := int64(len(runs)) - wrong
				if retention == "0" {
					equal(t, "jobs that are gone", done, one[int64](s, "select count(*) from unnest($1::bigint[]) i where not exists (select from jobmachine.job j where j.id = i)", ids))
					done = 0
				}
				equal(t, "jobs with their own replies", one[int64](s, "select count(*) from jobmachine.jobs where queue = 'q' and state = 'completed' and reply = to_jsonb(id)"), done)
				equal(t, "jobs that run on", one[int64](s, "select count(*) from jobmachine.running r join jobmachine.job j on j.id = r.job_id where r.queue = 'q' and r.job_id = any ($1)", ids), wrong)
				equal(t, "jobs of others", one[int64](s, "select count(*) from jobmachine.running r join jobmachine.job j on j.id = r.job_id where r.queue = 'other'"), others)
			})
		}
	}
}
