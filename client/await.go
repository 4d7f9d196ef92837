package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/internal/pg"
)

// interim is the state of an answer that is not the last one.
const interim = "running"

// Await waits for the last answer. If the job failed or was cancelled, the error is a *JobError.
// When ctx ends only the waiting does: the answer can be fetched later.
func (c *Client) Await(ctx context.Context, id int64) (Answer, error) {
	return c.await(ctx, c.wait(id))
}

func (c *Client) await(ctx context.Context, w *waiter) (Answer, error) {
	defer w.leave()
	for {
		a, err := c.q.Receive(ctx, w.id)
		switch {
		case err == nil && a.State != interim:
			return answer(a), c.verdict(ctx, answer(a))
		case err == nil || errors.Is(err, pgx.ErrNoRows):
			err = w.news(ctx)
		}
		if err != nil {
			return Answer{}, pg.Wrap("await", err)
		}
	}
}

// Answers yields the answers to a job in order as they come: interim ones, and the last one, which
// comes with a *JobError if the job failed or was cancelled.
func (c *Client) Answers(ctx context.Context, id int64) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		w := c.wait(id)
		defer w.leave()
		for seq := int32(0); ; {
			answers, err := c.q.Replies(ctx, id, seq)
			for _, a := range answers {
				seq = a.Seq
				if a.State != interim {
					yield(answer(a), c.verdict(ctx, answer(a)))
					return
				}
				if !yield(answer(a), nil) {
					return
				}
			}
			if err == nil && len(answers) == 0 {
				err = w.news(ctx)
			}
			if err != nil {
				yield(Answer{}, pg.Wrap("answers", err))
				return
			}
		}
	}
}

// verdict is the error of a last answer.
func (c *Client) verdict(ctx context.Context, a Answer) error {
	if a.State == "completed" {
		return nil
	}
	e := &JobError{JobID: a.JobID, State: a.State, Message: a.Error}
	if job, err := c.q.Status(ctx, a.JobID); err == nil && job.Reason != nil {
		e.Reason = *job.Reason
	}
	return e
}

// Call sends a job, waits for its last answer and decodes it. An error after the send leaves the job
// where it is.
func Call[Out any](ctx context.Context, c *Client, queue string, payload any, o ...Options) (out Out, err error) {
	id, err := c.Send(ctx, queue, payload, o...)
	if err != nil {
		return out, err
	}
	w := c.wait(id)
	w.seen = time.Now()
	a, err := c.await(ctx, w)
	if err == nil && a.Payload != nil {
		if err = json.Unmarshal(a.Payload, &out); err != nil {
			err = fmt.Errorf("jobmachine: reply to job %d: %w", id, err)
		}
	}
	return out, err
}
