package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// entry is a line of a ledger: what one process knows to have happened, whatever the database says.
type entry struct {
	At      int64  // nanoseconds of the machine's monotonic clock, the same for all processes
	What    string // see the constants
	Token   string `json:",omitempty"` // names one job, in its payload
	Job     int64  `json:",omitempty"`
	Attempt int32  `json:",omitempty"`
	Receipt int64  `json:",omitempty"`
	Lease   int64  `json:",omitempty"`
	Pid     int    `json:",omitempty"`
	Do      string `json:",omitempty"` // what the handler is to do
	How     string `json:",omitempty"` // how a run ended; the state of an answer; a verdict
	Text    string `json:",omitempty"` // an error
}

// What producers and callers write.
const (
	trying     = "trying"      // about to send
	acked      = "acked"       // sent: the database has answered with the ticket number
	refused    = "refused"     // not sent: the database has answered with an error
	rolledBack = "rolled back" // not sent: the sender has changed its mind
	answered   = "answered"    // the last answer to a call
	interim    = "interim"     // an answer before that
)

// What workers write.
const (
	started = "started"
	ended   = "ended"   // see how
	verdict = "verdict" // what a run was told that had been given up
)

// How a run ends, seen from its handler.
const (
	committed = "committed" // its transaction, with effect and completion
	unknown   = "unknown"   // the connection was lost during the commit
	returned  = "returned"  // with a reply, for the worker to deliver
	failed    = "failed"    // an error of its own, or of its transaction
	givenUp   = "given up"  // the database says that the run is not in force
	stopped   = "stopped"   // the worker is told to end
	twice     = "twice"     // the job has had its effect before: this must not be
	timedOut  = "timed out" // no job here takes that long: this must not be
)

// ledger is an append-only file. What Append has returned from is on the disk.
type ledger struct {
	file *os.File

	mu      sync.Mutex
	written int

	syncing sync.Mutex
	synced  int
}

func openLedger(path string) (*ledger, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return &ledger{file: f}, nil
}

// append writes entries. Without its ledger a process is of no use, so it ends.
func (l *ledger) append(entries ...entry) {
	var b bytes.Buffer
	for _, e := range entries {
		e.At = monotonic()
		line, err := json.Marshal(e)
		must(err)
		b.Write(append(line, '\n'))
	}
	l.mu.Lock()
	_, err := l.file.Write(b.Bytes())
	must(err)
	l.written++
	mine := l.written
	l.mu.Unlock()

	// One fsync for all who wait for it.
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.synced >= mine {
		return
	}
	l.mu.Lock()
	upTo := l.written
	l.mu.Unlock()
	must(l.file.Sync())
	l.synced = upTo
}

// readLedger returns the entries of a file. A last line that was cut off by a kill says nothing.
func readLedger(path string) ([]entry, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	var entries []entry
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("ledger %s: %w", path, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// monotonic asks the kernel, not the time package, whose clock a fault may set.
func monotonic() int64 {
	var t unix.Timespec
	must(unix.ClockGettime(unix.CLOCK_MONOTONIC, &t))
	return t.Nano()
}

func since(at int64) time.Duration { return time.Duration(monotonic() - at) }

// must ends the process: what it says is in its log, and the oracle finds a process that has exited.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}
