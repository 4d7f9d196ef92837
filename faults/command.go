package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"time"
)

// obey is a command of jobmachine work: the payload comes in, the reply goes out.
func obey(ctx context.Context, s spec) error {
	l, err := openLedger(s.Ledger)
	if err != nil {
		return err
	}
	var t task
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		return err
	}
	number := func(name string) int64 {
		n, err := strconv.ParseInt(os.Getenv("JOBMACHINE_"+name), 10, 64)
		must(err)
		return n
	}
	note := entry{What: started, Token: t.Token, Job: number("JOB_ID"), Attempt: int32(number("ATTEMPT")), Receipt: number("RECEIPT"), Pid: os.Getppid(), Do: t.Do}
	l.append(note)
	note.What, note.How = ended, returned
	select {
	case <-time.After(t.Takes):
	case <-ctx.Done():
		note.How = stopped
	}
	l.append(note)
	return json.NewEncoder(os.Stdout).Encode(answer{Token: t.Token, Receipt: note.Receipt})
}
