package model

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"
)

// mutant is a protection taken out of a function: a piece of its text, replaced. The text must be there, once. The last two
// take longer to be found, and are left to long runs.
type mutant struct{ name, function, text, replacement string }

var mutants = []mutant{
	{"complete by id only", "complete", " and r.receipt = complete.receipt", ""},
	{"attempts counted at failure", "_end_attempt", "e.outcome in ('snooze', 'release')", "e.outcome in ('snooze', 'release', 'crash')"},
	{"priority ignored", "_collect", "order by p.rank", "order by jobmachine._position(p.rank)"},
	{"a unique key is never freed", "_free_keys", "k.until is null limit 1", "false limit 1"},
	{"fail by id only", "_end_attempt", " and r.receipt = i.receipt", ""},
	{"a snooze counts", "_end_attempt", "e.outcome in ('snooze', 'release')", "e.outcome = 'release'"},
	{"a claim waits for others", "_collect", "for update of p skip locked", "for update of p"},
	{"low-water marks pass open senders", "_confirm_low_water", "if _confirm_low_water.writers && jobmachine._pending_writers() then", "if false then"},
	{"the purge does not look at retention", "_tick_purge", "f.finished_at <= v_now - f.retention", "true"},
	{"settle by id only", "_complete", "stretch s)\n      and r.job_id = o.job_id and r.receipt = o.receipt", "stretch s) and r.job_id = o.job_id"},
	{"a retry does not look for the key", "retry", "perform jobmachine._take_key_again(retry.job_id);", ""},
}

func mutate(t testing.TB, conn *pgx.Conn, mu mutant) {
	t.Helper()
	ctx := context.Background()
	var def string
	if err := conn.QueryRow(ctx, "select pg_get_functiondef(('jobmachine.' || $1)::regproc)", mu.function).Scan(&def); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(def, mu.text); n != 1 {
		t.Fatalf("%s has %q %d times; the mutant must follow the code", mu.function, mu.text, n)
	}
	if _, err := conn.Exec(ctx, strings.Replace(def, mu.text, mu.replacement, 1)); err != nil {
		t.Fatal(err)
	}
}

// The short run does not make the cases small.
func TestTheMachineFindsEveryMutant(t *testing.T) {
	setFlag(t, "rapid.nofailfile", "true")
	tried := mutants
	if !long {
		tried = tried[:len(tried)-2]
		setFlag(t, "rapid.checks", "100")
		setFlag(t, "rapid.shrinktime", "0s")
	}
	for _, mu := range tried {
		t.Run(mu.name, func(t *testing.T) {
			t.Parallel()
			lab := newLab(t, func(conn *pgx.Conn) { mutate(t, conn, mu) })
			script, failed := counterexample(t, lab)
			if !failed {
				t.Error("not found")
			}
			t.Log(script)
		})
	}
}

func setFlag(t *testing.T, name, value string) {
	before := flag.Lookup(name).Value.String()
	flag.Set(name, value)
	t.Cleanup(func() { flag.Set(name, before) })
}

// counterexample runs the machine until it fails, and returns what it printed last: the smallest case.
func counterexample(t *testing.T, lab *lab) (script string, failed bool) {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine
		defer close(done)
		rapid.Check(r, func(t *rapid.T) {
			m := newMachine(lab, t)
			t.Repeat(map[string]func(*rapid.T){"step": func(*rapid.T) { m.step() }})
		})
	}()
	<-done
	return r.script, r.failed
}

// recorder is a test whose failure is the aim.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	failed bool
	script string
}

func (r *recorder) Logf(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); strings.Contains(text, "\n") && !strings.HasPrefix(text, "[rapid]") {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.script = text
	}
}

func (r *recorder) Log(args ...any)                   { r.Logf("%s", fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) { r.Fail() }
func (r *recorder) Error(args ...any)                 { r.Fail() }
func (r *recorder) Fatalf(format string, args ...any) { r.FailNow() }
func (r *recorder) Fatal(args ...any)                 { r.FailNow() }
func (r *recorder) Fail()                             { r.failed = true }
func (r *recorder) Failed() bool                      { return r.failed }
func (r *recorder) FailNow()                          { r.Fail(); runtime.Goexit() }
