package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

const unit = "jobmachine-worker@.service"

func TestSystemdUnit(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("systemd/" + unit)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			settings[key] = value
		}
	}

	t.Run("is what systemd understands", func(t *testing.T) {
		t.Parallel()
		if _, err := exec.LookPath("systemd-analyze"); err != nil {
			t.Skip("there is no systemd-analyze")
		}
		// The program must be there, so any will do.
		path := filepath.Join(t.TempDir(), unit)
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/jobmachine", "/bin/sh")), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := run(t, os.Environ(), "systemd-analyze", "verify", path); err != nil || out != "" {
			t.Errorf("%v\n%s", err, out)
		}
	})

	t.Run("leaves workers the time they need to stop", func(t *testing.T) {
		t.Parallel()
		for key, want := range map[string]string{"KillMode": "mixed", "TimeoutStopSec": "40", "Restart": "on-failure", "StandardOutput": "journal"} {
			if settings[key] != want {
				t.Errorf("%s is %q, want %q", key, settings[key], want)
			}
		}
		if !strings.Contains(settings["ExecStart"], "--stop-timeout 25s") {
			t.Error("25 s, 5 s for SIGKILL, and some for the goodbye must fit into TimeoutStopSec")
		}
	})

	t.Run("starts workers that do jobs and stop gracefully", func(t *testing.T) {
		t.Parallel()
		program := build(t, "../cmd/jobmachine")
		d := pgtest.New(t)
		path, done := pipe(t)
		environment := environment(d.URL, "JOBMACHINE_QUEUES=mail.*,sms", "JOBMACHINE_CONCURRENCY=4",
			"JOBMACHINE_EXEC=cat; case $JOBMACHINE_QUEUE in sms) cat "+path+";; esac")
		var instances []*process
		for _, instance := range []string{"1", "2"} {
			instances = append(instances, start(t, environment, commandLine(t, settings["ExecStart"], program, instance, environment)...))
		}
		d.Eventually("select count(distinct worker) = 2 from jobmachine.workers where worker in ('host:1', 'host:2')")
		id := pgtest.Get[int64](d, `select jobmachine.send('mail.welcome', '{"to": "ann"}')`)
		d.Eventually(isCompleted, id)
		if got := pgtest.Get[string](d, "select reply::text from jobmachine.status($1)", id); got != `{"to": "ann"}` {
			t.Errorf("the reply is %s", got)
		}

		running := pgtest.Get[int64](d, "select jobmachine.send('sms', '1')")
		d.Eventually("select state = 'running' from jobmachine.status($1)", running)
		for _, p := range instances {
			p.signal(syscall.SIGTERM)
		}
		for _, p := range instances {
			p.await("stop")
		}
		done("\n")
		for _, p := range instances {
			if err := p.wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
		}
		if got := pgtest.Get[string](d, "select state from jobmachine.status($1)", running); got != "completed" {
			t.Errorf("the running job is %s", got)
		}
	})
}

var reference = regexp.MustCompile(`\$\{\w+\}`)

// commandLine is what systemd makes of ExecStart: words, with values and the instance put in.
func commandLine(t *testing.T, line, program, instance string, environment []string) []string {
	t.Helper()
	var words []string
	for _, word := range strings.Fields(line) {
		word = reference.ReplaceAllStringFunc(word, func(r string) string {
			for _, e := range environment {
				if value, ok := strings.CutPrefix(e, r[2:len(r)-1]+"="); ok {
					return value
				}
			}
			t.Fatalf("no value for %s", r)
			return ""
		})
		words = append(words, strings.NewReplacer("%H", "host", "%i", instance).Replace(word))
	}
	if words[0] != "/usr/local/bin/jobmachine" {
		t.Fatalf("it starts %s", words[0])
	}
	words[0] = program
	return words
}
