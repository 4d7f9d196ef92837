package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jobmachine/jobmachine/client"
)

// caller is a process that asks and waits.
type caller struct {
	spec
	ledger *ledger
	client *client.Client
}

// call is a caller process. What one before it, that was killed, had asked, it waits for first.
func call(ctx context.Context, s spec) error {
	before, err := readLedger(s.Ledger)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := openLedger(s.Ledger)
	if err != nil {
		return err
	}
	c, err := client.Open(context.WithoutCancel(ctx), s.URL+fmt.Sprintf("&pool_max_conns=%d", max(s.Each, 2)), client.Config{ListenURL: s.ListenURL})
	if err != nil {
		return err
	}
	defer c.Close()
	k := &caller{spec: s, ledger: l, client: c}
	var all sync.WaitGroup
	for token, id := range open(before) {
		all.Go(func() { k.await(token, id) })
	}
	for i := range s.Each {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				k.call(fmt.Sprintf("%s.%d.%d.%d", s.Name, os.Getpid(), i, n))
				sleep(ctx, s.Pause)
			}
		})
	}
	all.Wait()
	return nil
}

// open returns the calls without a last answer.
func open(entries []entry) map[string]int64 {
	calls := map[string]int64{}
	for _, e := range entries {
		switch e.What {
		case acked:
			calls[e.Token] = e.Job
		case answered:
			delete(calls, e.Token)
		}
	}
	return calls
}

func (k *caller) call(token string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	k.ledger.append(entry{What: trying, Token: token})
	id, err := k.client.Send(ctx, "call", task{Token: token, Do: "call", Takes: k.Takes})
	switch {
	case err == nil:
		k.ledger.append(entry{What: acked, Token: token, Job: id, Do: "call"})
		k.await(token, id)
	case certain(err):
		k.ledger.append(entry{What: refused, Token: token, Text: err.Error()})
		fallthrough
	default:
		fmt.Fprintln(os.Stderr, token, err)
		time.Sleep(100 * time.Millisecond)
	}
}

// await waits for the last answer, however often the waiting is cut short.
func (k *caller) await(token string, id int64) {
	for giveUp := time.Now().Add(2 * time.Minute); time.Now().Before(giveUp); time.Sleep(100 * time.Millisecond) {
		for a, err := range k.client.Answers(context.Background(), id) {
			var failed *client.JobError
			if err != nil && !errors.As(err, &failed) {
				fmt.Fprintln(os.Stderr, token, err)
				break
			}
			var said answer
			if a.Payload != nil {
				must(json.Unmarshal(a.Payload, &said))
			}
			e := entry{What: interim, Token: token, Job: a.JobID, Receipt: said.Receipt, How: a.State, Text: said.Token}
			if a.State == "running" {
				k.ledger.append(e)
				continue
			}
			e.What = answered
			k.ledger.append(e)
			return
		}
	}
}
