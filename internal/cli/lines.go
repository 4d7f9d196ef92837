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

const (
	batchLines = 1000
	batchBytes = 8 << 20
)

// sendLines sends every line as a job. A batch is read and checked as a whole before it is sent, and
// is sent whatever happens to ctx: what an error or Ctrl-C tells of the lines before is the truth.
func (a *app) sendLines(ctx context.Context, p gen.SendParams, args []string) error {
	if p.UniqueKey != nil {
		return usagef("--unique-key with --lines would make every line a duplicate of the first")
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
	context.AfterFunc(ctx, func() { r.Close() }) // a read must not outlast Ctrl-C
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.close()
	bar := a.bar(r)
	defer bar.Exit()
	in := lineReader{r: bufio.NewReaderSize(io.TeeReader(r, bar), 1<<16)}
	sent := 0
	for ctx.Err() == nil {
		batch, numbers, err := in.batch()
		if ctx.Err() != nil {
			break
		}
		if err != nil && err != io.EOF {
			return in.stopped(sent, err)
		}
		if len(batch) > 0 {
			ids, sendErr := sendBatch(context.WithoutCancel(ctx), db, p, batch)
			var bad *badLine
			if errors.As(sendErr, &bad) {
				return in.stopped(sent, fmt.Errorf("line %d: %w", numbers[bad.index], bad.err))
			} else if sendErr != nil {
				return in.stopped(sent, sendErr)
			}
			sent += len(ids)
			in.next = in.number + 1
			var out strings.Builder
			for _, id := range ids {
				fmt.Fprintln(&out, id)
			}
			if _, err := io.WriteString(a.stdout, out.String()); err != nil {
				return in.stopped(sent, err)
			}
			bar.Describe(fmt.Sprintf("%d sent", sent))
		}
		if err == io.EOF {
			return nil
		}
	}
	return in.stopped(sent, errors.New("interrupted"))
}

type badLine struct {
	index int
	err   error
}

func (e *badLine) Error() string { return e.err.Error() }

// sendBatch sends a batch in one transaction. When the database refuses a payload, halves of the
// batch are tried and rolled back until it is known which one.
func sendBatch(ctx context.Context, db *database, p gen.SendParams, batch []json.RawMessage) ([]int64, error) {
	many := gen.SendManyParams{Queue: p.Queue, Priority: p.Priority, RunAt: p.RunAt, Delay: p.Delay, MaxAttempts: p.MaxAttempts, Timeout: p.Timeout,
		ExpiresIn: p.ExpiresIn, UniqueFor: p.UniqueFor, Headers: p.Headers, ReplyTo: p.ReplyTo}
	try := func(from, to int) error {
		tx, err := db.pool.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx)
		many.Payloads = batch[from:to]
		_, err = gen.New(schema.DB(tx, db.schema)).SendMany(ctx, many)
		return err
	}
	many.Payloads = batch
	ids, err := db.SendMany(ctx, many)
	if code := pg.Code(err); err == nil || code != "JM002" && !strings.HasPrefix(code, "22") && !strings.HasPrefix(code, "54") {
		return ids, pg.Wrap("send", err)
	}
	from, to := 0, len(batch)
	for to-from > 1 {
		if middle := (from + to) / 2; try(from, middle) != nil {
			to = middle
		} else {
			from = middle
		}
	}
	if alone := try(from, to); alone != nil {
		return nil, &badLine{from, pg.Wrap("send", alone)}
	}
	return nil, pg.Wrap("send", err)
}

// lineReader reads payloads and counts lines.
type lineReader struct {
	r      *bufio.Reader
	number int // of the last line that was read
	next   int // of the first line that is not sent; 0: 1
}

// batch reads up to 1,000 payloads and their line numbers. The error may be io.EOF.
func (l *lineReader) batch() (payloads []json.RawMessage, numbers []int, err error) {
	for size := 0; len(payloads) < batchLines && size < batchBytes; {
		line, err := l.line()
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		if len(line) > 0 {
			if err := checkJSON(line); err != nil {
				return nil, nil, usagef("line %d: not JSON: %w", l.number, err)
			}
			payloads, numbers = append(payloads, line), append(numbers, l.number)
			size += len(line)
		}
		if err == io.EOF {
			return payloads, numbers, err
		}
	}
	return payloads, numbers, nil
}

func (l *lineReader) line() ([]byte, error) {
	l.number++
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxText {
			return nil, usagef("line %d: larger than %d MB", l.number, maxText>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSpace(line), err
		}
	}
}

// stopped says how far it got.
func (l *lineReader) stopped(sent int, err error) error {
	if sent == 0 {
		return fmt.Errorf("%w; nothing was sent", err)
	}
	return fmt.Errorf("%w; %d jobs were sent before, go on with line %d", err, sent, l.next)
}

// bar shows how much was read, where somebody can see it: not if stderr is a file, nor if stdout is
// the terminal that the ticket numbers go to.
func (a *app) bar(r io.Reader) *progressbar.ProgressBar {
	if !isTerminal(a.stderr.out) || isTerminal(a.stdout) {
		return progressbar.DefaultBytesSilent(-1)
	}
	size := int64(-1)
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
	}
	return progressbar.NewOptions64(size, progressbar.OptionSetWriter(a.stderr), progressbar.OptionShowBytes(true), progressbar.OptionSetDescription("0 sent"),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
