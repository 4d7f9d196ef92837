package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/client"
)

// sender is one of the senders of a producer process.
type sender struct {
	spec
	ledger *ledger
	pool   *pgxpool.Pool
	client *client.Client
	dice   *rand.Rand
}

// produce is a producer process: it sends, and notes what was acknowledged.
func produce(ctx context.Context, s spec) error {
	l, err := openLedger(s.Ledger)
	if err != nil {
		return err
	}
	// A client may use any pool; this one is used for transactions too.
	pool, err := pgxpool.New(context.WithoutCancel(ctx), s.URL+fmt.Sprintf("&pool_max_conns=%d", max(s.Each, 2)))
	if err != nil {
		return err
	}
	c, err := client.New(pool, client.Config{})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	var sent atomic.Int64
	for i := range s.Each {
		p := &sender{spec: s, ledger: l, pool: pool, client: c, dice: rand.New(rand.NewPCG(s.Seed, uint64(i)))}
		all.Go(func() {
			for n := 0; ctx.Err() == nil && (s.Count == 0 || sent.Add(1) <= int64(s.Count)); n++ {
				p.send(ctx, fmt.Sprintf("%s.%d.%d.%d", s.Name, os.Getpid(), i, n))
				sleep(ctx, time.Duration(float64(s.Pause)*(0.5+p.dice.Float64())))
			}
		})
	}
	all.Wait()
	return nil
}

// kinds of sends. Each writes to the ledger before it begins and when it knows.
var kinds = map[string]func(p *sender, ctx context.Context, t task) error{
	"plain": func(p *sender, ctx context.Context, t task) error { return p.plain(ctx, t, client.Options{}) },
	"once": func(p *sender, ctx context.Context, t task) error {
		return p.plain(ctx, t, client.Options{MaxAttempts: 1})
	},
	"few": func(p *sender, ctx context.Context, t task) error {
		return p.plain(ctx, t, client.Options{MaxAttempts: 3})
	},
	"later": func(p *sender, ctx context.Context, t task) error {
		return p.plain(ctx, t, client.Options{Delay: p.soon()})
	},
	"many":     (*sender).many,
	"tx":       (*sender).inTx,
	"rollback": (*sender).rollback,
	"unique":   (*sender).unique,
	"slow":     (*sender).slow,
}

func (p *sender) soon() time.Duration { return time.Duration(p.dice.Int64N(int64(4 * time.Second))) }

// send sends one job, or some. It is not ended in the middle, but it gives up in the end.
func (p *sender) send(ctx context.Context, token string) {
	life, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	t := task{Token: token, Do: p.Do, Takes: p.Takes}
	if err := p.pick()(p, life, t); err != nil {
		fmt.Fprintln(os.Stderr, token, err)
		leave(p.pool, err)
		sleep(ctx, 100*time.Millisecond)
	}
}

func (p *sender) pick() func(*sender, context.Context, task) error {
	total := 0
	for _, n := range p.Mix {
		total += n
	}
	dice := p.dice.IntN(max(total, 1))
	for _, kind := range []string{"plain", "once", "few", "later", "many", "tx", "rollback", "unique", "slow"} {
		if dice -= p.Mix[kind]; dice < 0 && p.Mix[kind] > 0 {
			return kinds[kind]
		}
	}
	return kinds["plain"]
}

// note says how a send ended. If nobody knows, nothing is said.
func (p *sender) note(token string, id int64, err error) error {
	if err == nil {
		p.ledger.append(entry{What: acked, Token: token, Job: id, Do: p.Do})
	} else if certain(err) {
		p.ledger.append(entry{What: refused, Token: token, Text: err.Error()})
	}
	return err
}

func (p *sender) plain(ctx context.Context, t task, o client.Options) error {
	p.ledger.append(entry{What: trying, Token: t.Token})
	id, err := p.client.Send(ctx, cmp.Or(p.Queue, "work"), t, o)
	return p.note(t.Token, id, err)
}

func (p *sender) many(ctx context.Context, t task) error {
	var payloads []any
	var tokens []string
	for i := range 5 {
		part := t
		part.Token = fmt.Sprintf("%s.%d", t.Token, i)
		payloads, tokens = append(payloads, part), append(tokens, part.Token)
		p.ledger.append(entry{What: trying, Token: part.Token})
	}
	ids, err := p.client.SendMany(ctx, "work", payloads)
	for i, token := range tokens {
		if err != nil {
			_ = p.note(token, 0, err)
		} else {
			_ = p.note(token, ids[i], nil)
		}
	}
	return err
}

func (p *sender) inTx(ctx context.Context, t task) error {
	p.ledger.append(entry{What: trying, Token: t.Token})
	id, err := p.within(ctx, t, pgx.Tx.Commit)
	return p.note(t.Token, id, err)
}

func (p *sender) rollback(ctx context.Context, t task) error {
	p.ledger.append(entry{What: trying, Token: t.Token})
	_, err := p.within(ctx, t, pgx.Tx.Rollback)
	p.ledger.append(entry{What: rolledBack, Token: t.Token})
	return err
}

// within sends in a transaction, and ends that.
func (p *sender) within(ctx context.Context, t task, end func(pgx.Tx, context.Context) error) (int64, error) {
	tx, err := p.pool.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback(ctx)
	id, err := p.client.SendTx(ctx, tx, "work", t)
	if err != nil {
		return 0, err
	}
	return id, end(tx, ctx)
}

// slow leaves its transaction open for a while.
func (p *sender) slow(ctx context.Context, t task) error {
	p.ledger.append(entry{What: trying, Token: t.Token})
	id, err := p.within(ctx, t, func(tx pgx.Tx, ctx context.Context) error {
		sleep(ctx, 10*time.Second)
		return tx.Commit(ctx)
	})
	return p.note(t.Token, id, err)
}

// unique repeats until it is acknowledged. The key makes that safe.
func (p *sender) unique(ctx context.Context, t task) error {
	p.ledger.append(entry{What: trying, Token: t.Token})
	for {
		id, err := p.client.Send(ctx, cmp.Or(p.Queue, "work"), t, client.Options{UniqueKey: t.Token, UniqueFor: time.Hour})
		if err == nil || ctx.Err() != nil {
			return p.note(t.Token, id, err)
		}
		sleep(ctx, 50*time.Millisecond)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
