package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/gen"
)

// plainWorker is a worker in plain calls, as one in any language: one job after the other, with claims
// that do not wait for the disk, under one lease as long as that lasts. What it could not say because
// the connection was lost it says again.
type plainWorker struct {
	spec
	ledger *ledger
	lease  int64
	job    *gen.ClaimedJob // claimed, and nothing is known of its end
	task   task
}

func workPlainly(ctx context.Context, s spec) error {
	l, err := openLedger(s.Ledger)
	if err != nil {
		return err
	}
	p := &plainWorker{spec: s, ledger: l}
	for ctx.Err() == nil {
		if err := p.session(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			sleep(ctx, 50*time.Millisecond)
		}
	}
	return nil
}

// session works until the connection is lost.
func (p *plainWorker) session(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.URL+"&synchronous_commit=off")
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	q := gen.New(conn)
	for ctx.Err() == nil {
		if p.lease == 0 {
			if p.lease, err = q.OpenLease(ctx, p.Name, seconds(p.LeaseTTL.Seconds()), []string{"work"}); err != nil {
				return err
			}
		}
		if _, err := q.Renew(ctx, p.lease, []int64{}, []int64{}); err != nil {
			p.lease = 0
			return err
		}
		if p.job == nil {
			if err := p.claim(ctx, q); err != nil {
				return err
			}
		}
		if p.job == nil {
			sleep(ctx, 20*time.Millisecond)
		} else if err := p.finish(context.WithoutCancel(ctx), conn); err != nil {
			return err
		}
	}
	_, err = q.CloseLease(context.WithoutCancel(ctx), p.lease)
	return err
}

// claim takes a job and does its work.
func (p *plainWorker) claim(ctx context.Context, q *gen.Queries) error {
	jobs, err := q.Claim(ctx, gen.ClaimParams{Queue: "work", N: 1, LeaseID: &p.lease})
	if err != nil || len(jobs) == 0 {
		return err
	}
	p.job, p.task = &jobs[0], task{}
	must(json.Unmarshal(p.job.Payload, &p.task))
	p.note(started, "")
	time.Sleep(p.task.Takes)
	return nil
}

func (p *plainWorker) note(what, how string) {
	p.ledger.append(entry{What: what, How: how, Token: p.task.Token, Job: p.job.ID, Attempt: p.job.Attempt, Receipt: p.job.Receipt, Lease: p.job.LeaseID, Pid: os.Getpid()})
}

// finish completes the job together with its effect, or finds that this is done, or given up.
func (p *plainWorker) finish(ctx context.Context, conn *pgx.Conn) error {
	how, err := p.commit(ctx, conn)
	if err == nil {
		p.note(ended, how)
		p.job = nil
	}
	return err
}

func (p *plainWorker) commit(ctx context.Context, conn *pgx.Conn) (how string, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer tx.Rollback(ctx)
	reply, err := json.Marshal(answer{Token: p.task.Token, Receipt: p.job.Receipt})
	must(err)
	switch verdict, err := gen.New(tx).Complete(ctx, p.job.ID, p.job.Receipt, reply); {
	case err != nil:
		return "", err
	case verdict == "already":
		return committed, nil
	case verdict != "ok":
		return givenUp, nil
	}
	if _, err := tx.Exec(ctx, "insert into effect values ($1, $2)", p.job.ID, p.job.Receipt); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, "set local synchronous_commit = on"); err != nil {
		return "", err
	}
	return committed, tx.Commit(ctx)
}
