package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

const batchBytes = 8 << 20

// sendLines sends every line as a job. A batch is read and checked as a whole before it is sent, and
// is sent to the end whatever happens to ctx: what an error tells of the lines before is the truth.
func (a *app) sendLines(ctx context.Context, p gen.SendParams, args []string, size int) error {
	if p.UniqueKey != nil {
		return usagef("--unique-key with --lines would make every line a duplicate of the first")
	}
	if size < 1 || size > 10000 {
		return usagef("--batch %d: give 1 to 10000", size)
	}
	if len(args) == 0 {
		args = []string{"-"}
	} else if !isSource(args[0]) {
		return usagef("--lines reads @FILE or stdin (-), not %q", short(args[0], 40))
	}
	r, err := a.source(args[0])
	if err != nil {
		return err
	}
	defer r.Close()
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.close()
	bar := a.bar(r)
	defer func() { _ = bar.Exit() }()
	batches := make(chan linesBatch)
	go readLines(ctx, r, size, batches)
	sent, next := 0, 1
	stopped := func(err error) error {
		if sent == 0 {
			return fmt.Errorf("%w; nothing was sent", err)
		}
		return fmt.Errorf("%w; %d jobs were sent before, go on with line %d", err, sent, next)
	}
	for {
		var batch linesBatch
		select {
		case batch = <-batches:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return stopped(errors.New("interrupted"))
		}
		if batch.err != nil && batch.err != io.EOF {
			return stopped(batch.err)
		}
		if len(batch.payloads) > 0 {
			ids, err := sendBatch(context.WithoutCancel(ctx), db, p, batch)
			if err != nil && pg.Code(err) == "" {
				return stopped(fmt.Errorf("%w; whether lines %d to %d were sent is not known", err, batch.numbers[0], batch.numbers[len(batch.numbers)-1]))
			} else if err != nil {
				return stopped(err)
			}
			sent, next = sent+len(ids), batch.numbers[len(ids)-1]+1
			var out strings.Builder
			for _, id := range ids {
				fmt.Fprintln(&out, id)
			}
			if _, err := io.WriteString(a.stdout, out.String()); err != nil {
				return stopped(err)
			}
		}
		bar.Describe(fmt.Sprintf("%d sent", sent))
		_ = bar.Add(batch.bytes)
		if batch.err == io.EOF {
			return nil
		}
	}
}

// linesBatch goes into one transaction.
type linesBatch struct {
	payloads []json.RawMessage
	numbers  []int // of their lines
	bytes    int   // read for it
	err      error // io.EOF: this is the last
}

// readLines reads ahead while a batch is sent. Nobody waits for it: a read cannot be interrupted.
func readLines(ctx context.Context, r io.Reader, size int, batches chan<- linesBatch) {
	in := bufio.NewReaderSize(r, 1<<16)
	for number := 0; ; {
		var b linesBatch
		for len(b.payloads) < size && b.bytes < batchBytes && b.err == nil {
			var line []byte
			number++
			if line, b.err = readLine(in); b.err != nil && b.err != io.EOF {
				b.err = fmt.Errorf("line %d: %w", number, b.err)
			} else if payload := bytes.TrimSpace(line); len(payload) > 0 {
				if err := checkJSON(payload); err != nil {
					b.err = usagef("line %d: not JSON: %w", number, err)
				}
				b.payloads, b.numbers = append(b.payloads, payload), append(b.numbers, number)
			}
			b.bytes += len(line)
		}
		select {
		case batches <- b:
		case <-ctx.Done():
			return
		}
		if b.err != nil {
			return
		}
	}
}

// readLine returns a line, and io.EOF with the last.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxText {
			return nil, usagef("larger than %d MB", maxText>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// sendBatch sends a batch in one transaction. When the database refuses a payload, halves of the
// batch are tried and rolled back until it is known which one.
func sendBatch(ctx context.Context, db *database, p gen.SendParams, b linesBatch) ([]int64, error) {
	many := gen.SendManyParams{Queue: p.Queue, Payloads: b.payloads, Priority: p.Priority, RunAt: p.RunAt, Delay: p.Delay, MaxAttempts: p.MaxAttempts,
		Timeout: p.Timeout, ExpiresIn: p.ExpiresIn, UniqueFor: p.UniqueFor, Headers: p.Headers, ReplyTo: p.ReplyTo}
	ids, err := db.SendMany(ctx, many)
	if code := pg.Code(err); err == nil || code != "JM002" && !strings.HasPrefix(code, "22") && !strings.HasPrefix(code, "54") {
		return ids, pg.Wrap("send", err)
	}
	try := func(from, to int) error {
		tx, err := db.pool.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(ctx) }()
		many.Payloads = b.payloads[from:to]
		_, err = gen.New(schema.DB(tx, db.schema)).SendMany(ctx, many)
		return err
	}
	from, to := 0, len(b.payloads)
	for to-from > 1 {
		if middle := (from + to) / 2; try(from, middle) != nil {
			to = middle
		} else {
			from = middle
		}
	}
	if alone := try(from, to); alone != nil {
		return nil, fmt.Errorf("line %d: %w", b.numbers[from], pg.Wrap("send", alone))
	}
	return nil, pg.Wrap("send", err)
}

// bar shows how much is sent, where somebody can see it: not if stderr is a file, nor if stdout is the
// terminal that the ticket numbers go to.
func (a *app) bar(r io.Reader) *progressbar.ProgressBar {
	size := int64(-1)
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			size = info.Size()
		}
	}
	return progressbar.NewOptions64(size, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetVisibility(isTerminal(a.stderr.out) && !isTerminal(a.stdout)),
		progressbar.OptionShowBytes(true), progressbar.OptionSetDescription("0 sent"), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionSetSpinnerChangeInterval(0)) // else a goroutine of its own draws it, and races
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
