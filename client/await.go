package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

const (
	interim = "running"        // the state of an answer that is not the last one
	buckets = 64               // a job's bucket is its id modulo this; each has a bell in the database
	unseen  = time.Second / 10 // before it is asked whether there is such a job
)

var longest = 10 * time.Second // between two looks in any case

// Answer is what a worker said to a job.
type Answer struct {
	JobID     int64
	Seq       int32  // counts from 1
	State     string // running: an interim answer; completed, failed or cancelled: the last one
	Payload   json.RawMessage
	Error     string
	CreatedAt time.Time
}

func answer(a gen.Answer) Answer {
	return Answer{JobID: a.JobID, Seq: a.Seq, State: a.State, Payload: a.Payload, Error: pg.Value(a.Error), CreatedAt: a.CreatedAt}
}

// Receive returns the latest answer that is there now, ErrNoAnswer if there is none yet.
func (c *Client) Receive(ctx context.Context, id int64) (Answer, error) {
	a, err := c.q.Receive(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = c.Status(ctx, id)
		return Answer{}, cmp.Or(err, ErrNoAnswer)
	}
	return answer(a), pg.Wrap("receive", err)
}

// Status tells where a job is.
func (c *Client) Status(ctx context.Context, id int64) (gen.Job, error) {
	job, err := c.q.Status(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return job, fmt.Errorf("%w: %d", ErrUnknownJob, id)
	}
	return job, pg.Wrap("status", err)
}

// Await waits for the last answer. If the job failed or was cancelled, the error is a *JobError.
// When ctx ends only the waiting does: the answer can be fetched later.
func (c *Client) Await(ctx context.Context, id int64) (Answer, error) {
	return last(c.Answers(ctx, id))
}

func last(answers iter.Seq2[Answer, error]) (a Answer, err error) {
	for a, err = range answers {
	}
	return a, err
}

// Call sends a job, waits for its last answer and decodes it. An error after the send leaves the job where it is.
func Call[Out any](ctx context.Context, c *Client, queue string, payload any, o ...Options) (out Out, err error) {
	var sent int64
	if len(o) == 0 { // a job with a key may be an older one
		sent = time.Now().UnixNano()
	}
	id, err := c.Send(ctx, queue, payload, o...)
	if err != nil {
		return out, err
	}
	a, err := last(c.answers(ctx, id, sent))
	if err == nil && a.Payload != nil {
		err = pg.WrapJob("reply to", id, json.Unmarshal(a.Payload, &out))
	}
	return out, err
}

// Answers yields the answers to a job in order as they come: interim ones, and the last one, which
// comes with a *JobError if the job failed or was cancelled.
func (c *Client) Answers(ctx context.Context, id int64) iter.Seq2[Answer, error] {
	return c.answers(ctx, id, 0)
}

// answers is Answers for a job that was sent after some moment: if every answer rings and none has since, there is none.
func (c *Client) answers(ctx context.Context, id, before int64) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		c.listen()
		bell, bucket := make(pg.Bell, 1), int(uint64(id)%buckets)
		c.waiting[bucket].Store(bell, nil)
		defer c.waiting[bucket].Delete(bell)
		poll := pg.Backoff{Min: 5 * time.Millisecond, Max: 500 * time.Millisecond}
		for seq, pause, seen := int32(0), unseen, (time.Time{}); ; pause, before = longest, 0 {
			var answers []gen.Answer
			var err error
			safe := c.safe[bucket].Load() // if so what comes after this look rings
			if safe == 0 || safe >= before {
				answers, err = c.q.Replies(ctx, id, seq)
			}
			for _, a := range answers {
				seq = a.Seq
				if !yield(answer(a), c.verdict(ctx, a)) || a.State != interim {
					return
				}
			}
			if err == nil && pause == longest && len(answers) == 0 && time.Since(seen) > time.Second {
				_, err = c.Status(ctx, id) // is there still such a job?
				seen = time.Now()
			}
			if err == nil && safe == 0 {
				pause = min(pause, c.check(ctx, id, bucket, &poll))
			}
			if err != nil {
				yield(Answer{}, pg.WrapJob("await", id, cmp.Or(context.Cause(ctx), err)))
				return
			}
			bell.Wait(ctx, pause)
		}
	}
}

// verdict is the error of a last answer.
func (c *Client) verdict(ctx context.Context, a gen.Answer) error {
	if a.State == "completed" || a.State == interim {
		return nil
	}
	e := &JobError{JobID: a.JobID, State: a.State, Message: answer(a).Error}
	if job, err := c.q.Status(ctx, a.JobID); err == nil {
		e.Reason = pg.Value(job.Reason)
	}
	return e
}

// check makes sure that an answer rings, and returns how long to wait for it. A bucket is safe while the session sleeps
// on its bell and no answer was under way: every later one rings, and a thousand who wait cost it nothing.
func (c *Client) check(ctx context.Context, id int64, bucket int, poll *pg.Backoff) time.Duration {
	seconds, err := pg.Ask(ctx, c.listener.Do, func(ctx context.Context, q *gen.Queries) (float64, error) {
		seconds, err := q.Check(ctx, id)
		if err == nil && seconds == 0 {
			c.ring(bucket) // the session remembers what it was told of, for all who wait for this job
		} else if seconds > 1 {
			c.safe[bucket].Store(time.Now().UnixNano()) // within the call, before the listener can find the connection lost
		}
		return seconds, err
	})
	if err != nil {
		return poll.Next()
	}
	poll.Reset()
	return min(longest, pg.Seconds(seconds))
}

// ring wakes those who wait in a bucket, and tells how many.
func (c *Client) ring(bucket int) (n int) {
	c.waiting[bucket].Range(func(bell, _ any) bool {
		bell.(pg.Bell).Ring()
		n++
		return true
	})
	return n
}

// onNotify wakes those who wait in a bucket. If there are none any more the bucket is given up: one
// that is slept on makes every answer in it notify.
func (c *Client) onNotify(channel string) {
	bucket, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(channel, c.cfg.Schema+".reply"), "*"))
	if err != nil || uint(bucket) >= buckets {
		return
	}
	if c.safe[bucket].Load() != 0 { // callbacks and calls never overlap
		c.safe[bucket].Store(time.Now().UnixNano()) // who sends just now must look
	}
	if c.ring(bucket) == 0 {
		go c.listener.Do(context.Background(), func(ctx context.Context, q *gen.Queries) error {
			c.safe[bucket].Store(0) // before the look: who comes now asks again
			if c.ring(bucket) > 0 {
				return nil
			}
			return q.Uncheck(ctx, int64(bucket))
		})
	}
}

// onChange wakes all: what was listened to on the old connection is gone.
func (c *Client) onChange() {
	for bucket := range buckets {
		c.safe[bucket].Store(0)
		c.ring(bucket)
	}
}

// JobError tells that a job is over and was not completed.
type JobError struct {
	JobID   int64
	State   string // failed or cancelled
	Reason  string // failed, timeout, crashed or expired; or why it was cancelled
	Message string // the error of the last attempt
}

func (e *JobError) Error() string {
	why := slices.DeleteFunc([]string{e.State, e.Reason, e.Message}, func(s string) bool { return s == "" })
	return fmt.Sprintf("jobmachine: job %d %s", e.JobID, strings.Join(slices.Compact(why), ": "))
}
