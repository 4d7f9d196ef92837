package examples

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// missing skips a test for want of a program; where everything must run, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	pgtest.Skip(t, what)
}

// languages tells how the examples of a language are started.
var languages = map[string]func(t *testing.T, script string) []string{
	"perl":   perl,
	"python": python,
	"node":   node,
}

func perl(t *testing.T, script string) []string {
	t.Helper()
	if err := exec.Command("perl", "-MDBD::Pg", "-e1").Run(); err != nil {
		missing(t, "there is no perl with DBD::Pg (Debian: libdbd-pg-perl)")
	}
	return []string{"perl", "perl/" + script + ".pl"}
}

func python(t *testing.T, script string) []string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import psycopg").Run() == nil {
			return []string{name, "python/" + script + ".py"}
		}
	}
	missing(t, "there is no python3 with psycopg (Debian: python3-psycopg)")
	return nil
}

func node(t *testing.T, script string) []string {
	t.Helper()
	folder, err := nodeFolder()
	if err != nil {
		missing(t, "node: "+err.Error())
	}
	return []string{"node", filepath.Join(folder, script+".js")}
}

// nodeFolder is where the example has its modules: in place if somebody has installed them there, else
// in a copy, so that nothing in the checkout changes.
var nodeFolder = sync.OnceValues(func() (string, error) {
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat("node/node_modules/pg"); err == nil {
		return "node", nil
	}
	var err error
	nodeCopy, err = os.MkdirTemp("", "jobmachine-node-")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(nodeCopy, os.DirFS("node")); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	npm.Dir = nodeCopy
	if out, err := npm.CombinedOutput(); err != nil {
		return "", errors.New("npm ci: " + err.Error() + ": " + string(out))
	}
	return nodeCopy, nil
})

var nodeCopy string

func TestMain(m *testing.M) {
	code := m.Run()
	if nodeCopy != "" {
		os.RemoveAll(nodeCopy)
	}
	os.Exit(code)
}

// build compiles a program of this module.
func build(t *testing.T, folder string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-o", binary, folder).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", folder, err, out)
	}
	return binary
}

// process is a program that runs beside the test.
type process struct {
	*exec.Cmd
	t     *testing.T
	ended chan struct{}
	err   error

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func environment(url string, more ...string) []string {
	return append(append(os.Environ(), "DATABASE_URL="+url), more...)
}

// start runs a program until it ends by itself or the test is over. What it writes is shown if the
// test fails.
func start(t *testing.T, env []string, command ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(command[0], command[1:]...), t: t, ended: make(chan struct{})}
	p.Env = env
	p.Stdout, p.Stderr = p, p
	p.WaitDelay = 5 * time.Second
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		<-p.ended
		if t.Failed() {
			t.Logf("%s:\n%s", strings.Join(command, " "), p.output())
		}
	})
	return p
}

// await waits until the program has written what the pattern matches, and returns its first group.
func (p *process) await(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	pgtest.Eventually(p.t, "the program to write "+pattern, func() bool {
		found = re.FindStringSubmatch(p.output())
		return found != nil
	})
	return found[len(found)-1]
}

// wait waits until the program ends, and returns how.
func (p *process) wait() error {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.err
	case <-time.After(pgtest.Patience):
		p.t.Fatal("the program does not end")
		return nil
	}
}

// signal sends a signal to the program alone.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// run runs a program to its end and returns what it wrote to both.
func run(t *testing.T, env []string, command ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pgtest.Patience)
	defer cancel()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Env = env
	c.WaitDelay = 5 * time.Second
	out, err := c.CombinedOutput()
	return string(out), err
}

// mustRun is run for a program that succeeds.
func mustRun(t *testing.T, env []string, command ...string) string {
	t.Helper()
	out, err := run(t, env, command...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return out
}
