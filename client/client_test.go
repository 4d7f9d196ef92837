package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pgtest"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

type bench struct {
	*testing.T
	*pgtest.DB
	q      *gen.Queries
	client *client.Client // listens
	poller *client.Client // polls
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	b := &bench{T: t, DB: pgtest.New(t)}
	b.q = gen.New(b.Pool)
	var err error
	if b.client, err = client.Open(t.Context(), b.URL, client.Config{Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	if b.poller, err = client.New(b.Pool, client.Config{Queue: "default"}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) must(id int64, err error) int64 {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// claim takes the next job of a queue.
func (b *bench) claim(queue string) gen.ClaimedJob {
	b.Helper()
	jobs, err := b.q.Claim(b.Context(), gen.ClaimParams{Queue: queue, N: 1})
	if err != nil || len(jobs) != 1 {
		b.Fatal(jobs, err)
	}
	return jobs[0]
}

func (b *bench) ok(verdict string, err error) {
	b.Helper()
	if err != nil || verdict != "ok" {
		b.Error(verdict, err)
	}
}

// clients runs a test with a client that listens and one that polls.
func (b *bench) clients(test func(t *testing.T, c *client.Client)) {
	for name, c := range map[string]*client.Client{"listening": b.client, "polling": b.poller} {
		b.Run(name, func(t *testing.T) { test(t, c) })
	}
}

// waiting waits until so many bells of answers are listened to.
func (b *bench) waiting(n int) {
	b.Helper()
	b.Eventually(`select count(distinct (classid, objid)) >= 2 * $1 from pg_locks
		where locktype = 'advisory' and mode = 'ShareLock' and database = (select oid from pg_database where datname = current_database())`, n)
}

func TestAnswersComeInOrder(t *testing.T) {
	b := newBench(t)
	b.clients(func(t *testing.T, c *client.Client) {
		id := b.must(c.Send(t.Context(), "stream", nil))
		job := b.claim("stream")
		var worker sync.WaitGroup
		defer worker.Wait() // an answer may be here before its worker hears that it is stored
		worker.Go(func() {
			for n := range 10 {
				b.ok(b.q.Reply(t.Context(), id, job.Receipt, json.RawMessage(fmt.Sprint(n))))
			}
			b.ok(b.q.Complete(t.Context(), id, job.Receipt, json.RawMessage(`"end"`)))
		})
		var got []string
		for a, err := range c.Answers(t.Context(), id) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(a.Seq, a.State, string(a.Payload)))
		}
		want := []string{}
		for n := range 10 {
			want = append(want, fmt.Sprint(n+1, "running", n))
		}
		if want = append(want, fmt.Sprint(11, "completed", `"end"`)); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		if a, err := c.Receive(t.Context(), id); err != nil || string(a.Payload) != `"end"` {
			t.Error(a, err)
		}
	})
}

func TestAwait(t *testing.T) {
	b := newBench(t)
	b.clients(func(t *testing.T, c *client.Client) {
		t.Run("returns the last answer, not an interim one", func(t *testing.T) {
			id := b.must(c.Send(t.Context(), "a", nil))
			job := b.claim("a")
			b.ok(b.q.Reply(t.Context(), id, job.Receipt, json.RawMessage(`"half"`)))
			if a, err := c.Receive(t.Context(), id); err != nil || a.State != "running" {
				t.Error(a, err)
			}
			time.AfterFunc(50*time.Millisecond, func() { b.ok(b.q.Complete(context.Background(), id, job.Receipt, json.RawMessage(`"whole"`))) })
			if a, err := c.Await(t.Context(), id); err != nil || string(a.Payload) != `"whole"` || a.State != "completed" {
				t.Error(a, err)
			}
		})
		t.Run("returns a reply of more than 8,000 bytes", func(t *testing.T) {
			id := b.must(c.Send(t.Context(), "a", nil))
			job := b.claim("a")
			long := strings.Repeat("x", 100_000)
			time.AfterFunc(20*time.Millisecond, func() {
				b.ok(b.q.Complete(context.Background(), id, job.Receipt, json.RawMessage(`"`+long+`"`)))
			})
			if a, err := c.Await(t.Context(), id); err != nil || len(a.Payload) != len(long)+2 {
				t.Error(len(a.Payload), err)
			}
		})
		t.Run("returns a JobError when the job fails", func(t *testing.T) {
			id := b.must(c.Send(t.Context(), "a", nil))
			job := b.claim("a")
			b.ok(b.q.Fail(t.Context(), gen.FailParams{JobID: id, Receipt: job.Receipt, Error: "no such file", Permanent: true}))
			_, err := c.Await(t.Context(), id)
			var failed *client.JobError
			if !errors.As(err, &failed) || *failed != (client.JobError{JobID: id, State: "failed", Reason: "failed", Message: "no such file"}) {
				t.Errorf("%#v", err)
			}
		})
		t.Run("returns a JobError when the job is cancelled", func(t *testing.T) {
			id := b.must(c.Send(t.Context(), "a", nil))
			reason := "ordered twice"
			time.AfterFunc(20*time.Millisecond, func() { b.q.Cancel(context.Background(), id, &reason) })
			_, err := c.Await(t.Context(), id)
			var failed *client.JobError
			if !errors.As(err, &failed) || failed.State != "cancelled" || failed.Reason != reason {
				t.Errorf("%#v", err)
			}
		})
		t.Run("ends with its ctx, and the answer can be fetched later", func(t *testing.T) {
			id := b.must(c.Send(t.Context(), "a", nil))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := c.Await(ctx, id); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			job := b.claim("a")
			b.ok(b.q.Complete(t.Context(), id, job.Receipt, nil))
			if a, err := c.Await(t.Context(), id); err != nil || a.Payload != nil {
				t.Error(a, err)
			}
		})
		t.Run("knows no job that was not sent", func(t *testing.T) {
			for _, id := range []int64{0, -1, 1 << 60} {
				if _, err := c.Await(t.Context(), id); !errors.Is(err, client.ErrUnknownJob) {
					t.Errorf("%d: %v", id, err)
				}
				if _, err := c.Receive(t.Context(), id); !errors.Is(err, client.ErrUnknownJob) {
					t.Errorf("%d: %v", id, err)
				}
			}
			id := b.must(c.Send(t.Context(), "b", nil))
			if _, err := c.Receive(t.Context(), id); !errors.Is(err, client.ErrNoAnswer) {
				t.Error(err)
			}
		})
	})
}

func TestManyWaitOnOneConnection(t *testing.T) {
	b := newBench(t)
	const n = 200
	payloads := make([]any, n)
	for i := range payloads {
		payloads[i] = i
	}
	ids, err := b.client.SendMany(t.Context(), "many", payloads)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			if a, err := b.client.Await(t.Context(), id); err != nil || string(a.Payload) != fmt.Sprint(i) {
				t.Errorf("job %d: %s, %v", i, a.Payload, err)
			}
		})
	}
	b.waiting(64)
	if n := pgtest.Get[int](b.DB, "select count(*) from pg_stat_activity where datname = current_database() and application_name like '%(listen)%'"); n != 1 {
		t.Errorf("%d LISTEN connections", n)
	}
	for i := range ids {
		job := b.claim("many")
		b.ok(b.q.Complete(t.Context(), job.ID, job.Receipt, job.Payload))
		if i == n/2 {
			// Those who still wait must not miss the answers that come meanwhile.
			b.Exec("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%(listen)%'")
		}
	}
	wg.Wait()
}

// A bell that is listened to makes every answer of its bucket notify, so it is given up when one rings
// for nobody.
func TestABellThatNobodyWaitsForIsGivenUp(t *testing.T) {
	b := newBench(t)
	answer := func(id int64) {
		job := b.claim("a")
		b.ok(b.q.Complete(t.Context(), id, job.Receipt, nil))
	}
	id := b.must(b.client.Send(t.Context(), "a", nil))
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() { _, err := b.client.Await(ctx, id); waited <- err }()
	b.waiting(1)
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	b.waiting(1)
	answer(id)
	b.Eventually(`select count(*) = 0 from pg_locks where locktype = 'advisory' and mode = 'ShareLock'
		and database = (select oid from pg_database where datname = current_database())`)
	id = b.must(b.client.Send(t.Context(), "a", nil))
	var answering sync.WaitGroup
	answering.Go(func() {
		b.waiting(1)
		answer(id)
	})
	if _, err := b.client.Await(t.Context(), id); err != nil {
		t.Error(err)
	}
	answering.Wait() // the caller may know before the worker does
}

func TestTwoWaitForOneJob(t *testing.T) {
	b := newBench(t)
	for range 20 {
		id := b.must(b.client.Send(t.Context(), "two", nil))
		job := b.claim("two")
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), pgtest.Patience)
				defer cancel()
				for a, err := range b.client.Answers(ctx, id) {
					if err != nil || string(a.Payload) != `"half"` {
						t.Error(a, err)
					}
					break
				}
			})
		}
		b.ok(b.q.Reply(t.Context(), id, job.Receipt, json.RawMessage(`"half"`)))
		wg.Wait()
	}
}

func TestSend(t *testing.T) {
	b := newBench(t)
	c := b.poller
	t.Run("takes JSON as it is and encodes the rest", func(t *testing.T) {
		for _, test := range []struct {
			payload any
			want    string
		}{
			{nil, `{}`}, {(*int)(nil), `null`}, {json.RawMessage("null"), `null`}, {[]byte(`{"a": 1}`), `{"a": 1}`}, {json.RawMessage(`[1]`), `[1]`}, {"text", `"text"`}, {map[string]int{"n": 1}, `{"n": 1}`},
		} {
			id := b.must(c.Send(t.Context(), "", test.payload))
			if job, err := c.Status(t.Context(), id); err != nil || string(job.Payload) != test.want || job.Queue != "default" {
				t.Errorf("%s in %s, %v; want %s", job.Payload, job.Queue, err, test.want)
			}
		}
	})
	t.Run("passes options on", func(t *testing.T) {
		first := 0
		at := time.Now().Add(time.Hour).Truncate(time.Microsecond)
		id := b.must(c.Send(t.Context(), "o", nil, client.Options{Priority: &first, RunAt: at, MaxAttempts: 3, UniqueKey: "k", Headers: map[string]any{"trace": "x"}}))
		job, err := c.Status(t.Context(), id)
		if err != nil || job.Priority != 0 || !job.RunAt.Equal(at) || job.MaxAttempts != 3 || *job.UniqueKey != "k" || string(job.Headers) != `{"trace": "x"}` {
			t.Errorf("%+v, %v", job, err)
		}
		if again := b.must(c.Send(t.Context(), "o", nil, client.Options{UniqueKey: "k"})); again != id {
			t.Errorf("a duplicate is %d, want %d", again, id)
		}
		b.must(c.Send(t.Context(), "deadline", nil, client.Options{Timeout: -1}))
		b.must(c.Send(t.Context(), "deadline", nil, client.Options{Timeout: time.Minute}))
		if none, minute := b.claim("deadline"), b.claim("deadline"); none.DeadlineAt != nil || minute.DeadlineAt == nil {
			t.Error(none.DeadlineAt, minute.DeadlineAt)
		}
	})
	t.Run("of many returns ids in the order of the payloads", func(t *testing.T) {
		ids, err := c.SendMany(t.Context(), "m", []any{1, "two", nil}, client.Options{UniqueKeys: []string{"a", "b", "a"}})
		if err != nil || len(ids) != 3 || ids[2] != ids[0] || ids[1] == ids[0] {
			t.Fatal(ids, err)
		}
		if job, err := c.Status(t.Context(), ids[1]); err != nil || string(job.Payload) != `"two"` {
			t.Error(string(job.Payload), err)
		}
		ids, err = c.SendMany(t.Context(), "m", []any{nil, (*int)(nil)})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{`{}`, `null`} {
			if job, err := c.Status(t.Context(), ids[i]); err != nil || string(job.Payload) != want {
				t.Errorf("%s, %v; want %s", job.Payload, err, want)
			}
		}
	})
	t.Run("that is rolled back never was", func(t *testing.T) {
		tx, err := b.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		id := b.must(c.SendTx(t.Context(), tx, "tx", nil))
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Status(t.Context(), id); !errors.Is(err, client.ErrUnknownJob) {
			t.Error(err)
		}
	})
	t.Run("refuses", func(t *testing.T) {
		nine := 10
		for name, test := range map[string]struct {
			want error
			send func() (int64, error)
		}{
			"a queue name that is a pattern": {client.ErrInvalid, func() (int64, error) { return c.Send(t.Context(), "a*", nil) }},
			"a priority out of range":        {client.ErrInvalid, func() (int64, error) { return c.Send(t.Context(), "a", nil, client.Options{Priority: &nine}) }},
			"run_at and delay": {client.ErrInvalid, func() (int64, error) {
				return c.Send(t.Context(), "a", nil, client.Options{RunAt: time.Now(), Delay: 1})
			}},
			"what is no JSON":             {client.ErrInvalid, func() (int64, error) { return c.Send(t.Context(), "a", []byte("{")) }},
			"what cannot be encoded":      {client.ErrInvalid, func() (int64, error) { return c.Send(t.Context(), "a", func() {}) }},
			"two options":                 {client.ErrInvalid, func() (int64, error) { return c.Send(t.Context(), "a", nil, client.Options{}, client.Options{}) }},
			"keys for one":                {client.ErrInvalid, func() (int64, error) { return c.Send(t.Context(), "a", nil, client.Options{UniqueKeys: []string{"a"}}) }},
			"a payload that is too large": {client.ErrTooLarge, func() (int64, error) { return c.Send(t.Context(), "a", strings.Repeat("x", 2<<20)) }},
		} {
			if id, err := test.send(); !errors.Is(err, test.want) {
				t.Errorf("%s: %d, %v", name, id, err)
			}
		}
	})
}

func TestErrorsTellAll(t *testing.T) {
	b := newBench(t)
	_, err := b.poller.Send(t.Context(), "a*", nil)
	if want := "jobmachine: send: "; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "(") {
		t.Error(err)
	}
	b.Exec("drop schema jobmachine cascade")
	if _, err := b.poller.Send(t.Context(), "a", nil); !errors.Is(err, client.ErrVersion) || !strings.Contains(err.Error(), "jobmachine migrate") {
		t.Error(err)
	}
}

func TestPasswordsAreNotShown(t *testing.T) {
	const secret = "kanarienvogel"
	for _, url := range []string{
		"postgres://u:" + secret + "@127.0.0.1:1/db?connect_timeout=1", "postgres://u:" + secret + "@[::1:x/db", "host=127.0.0.1 port=1 password=" + secret,
		"host=127.0.0.1 port=x password=" + secret, "postgres://u:a/" + secret + "@h:port/db", "password = " + secret + " port=none",
	} {
		c, err := client.Open(t.Context(), url, client.Config{})
		if err == nil {
			_, err = c.Send(t.Context(), "a", nil)
			c.Close()
		}
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("error is %v", err)
		}
	}
}

func TestPoolersModes(t *testing.T) {
	b := newBench(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			cfg := b.Pool.Config()
			cfg.ConnConfig.DefaultQueryExecMode = mode
			pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			c, err := client.New(pool, client.Config{})
			if err != nil {
				t.Fatal(err)
			}
			q := gen.New(pool)
			ids, err := c.SendMany(t.Context(), mode.String(), []any{1, "two"}, client.Options{Timeout: time.Minute, Headers: map[string]any{"a": 1}, UniqueKeys: []string{"a", "b"}})
			if err != nil {
				t.Fatal(err)
			}
			id := b.must(c.Send(t.Context(), mode.String(), map[string]any{"a": `\x27"`}, client.Options{Delay: time.Microsecond, Headers: map[string]any{"a": 1}}))
			jobs, err := q.ClaimMany(t.Context(), gen.ClaimManyParams{Queues: []string{mode.String()}, N: 2, Limits: []int32{2}})
			if err != nil || len(jobs) != 2 {
				t.Fatal(jobs, err)
			}
			if _, err := q.Settle(t.Context(), gen.SettleParams{JobIds: []int64{jobs[0].ID, jobs[1].ID}, Receipts: []int64{jobs[0].Receipt, jobs[1].Receipt},
				Outcomes: []string{"complete", "complete"}, Replies: []string{`{"a": 1}`, ""}, Errors: []string{"", ""}, Delays: nil}); err != nil {
				t.Fatal(err)
			}
			if a, err := c.Await(t.Context(), ids[0]); err != nil || string(a.Payload) != `{"a": 1}` {
				t.Error(string(a.Payload), err)
			}
			if job, err := c.Status(t.Context(), id); err != nil || !strings.Contains(string(job.Payload), `\\x27`) {
				t.Error(string(job.Payload), err)
			}
		})
	}
}
