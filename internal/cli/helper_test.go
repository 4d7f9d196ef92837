package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// The tests run the command line as a program: the test binary itself.
func TestMain(m *testing.M) {
	if os.Getenv("CLI_TEST_MAIN") != "" {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// shell is where a test runs commands: a database, an environment, a home.
type shell struct {
	t    *testing.T
	home string
	env  []string
}

// newShell knows of no database.
func newShell(t *testing.T, env ...string) *shell {
	home := t.TempDir()
	return &shell{t, home, append([]string{"CLI_TEST_MAIN=1", "HOME=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, ".cache"), "PATH=" + os.Getenv("PATH"), "TZ=UTC"}, env...)}
}

// newDB has a database of its own.
func newDB(t *testing.T) (*shell, *pgtest.DB) {
	t.Parallel()
	db := pgtest.New(t)
	return newShell(t, "DATABASE_URL="+db.URL), db
}

type result struct {
	code           int
	stdout, stderr string
}

func (s *shell) command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = s.env
	c.Dir = s.home
	return c
}

// run runs a command to its end.
func (s *shell) run(args ...string) result { return s.pipe("", args...) }

// pipe runs a command with text on its stdin.
func (s *shell) pipe(stdin string, args ...string) result {
	s.t.Helper()
	c := s.command(args...)
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		s.t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ok runs a command that must succeed and returns its stdout without the last newline.
func (s *shell) ok(args ...string) string {
	s.t.Helper()
	r := s.run(args...)
	if r.code != 0 {
		s.t.Fatalf("%v: exit code %d: %s", args, r.code, r.stderr)
	}
	return strings.TrimSuffix(r.stdout, "\n")
}

// fails runs a command that must end with a code and say something on stderr, and nothing on stdout.
func (s *shell) fails(code int, says string, args ...string) {
	s.t.Helper()
	r := s.run(args...)
	if r.code != code || !strings.Contains(r.stderr, says) || r.stdout != "" {
		s.t.Errorf("%v: exit code %d, want %d; stderr %q, want %q; stdout %q", args, r.code, code, r.stderr, says, r.stdout)
	}
}

// started is a command that runs beside the test, in a process group of its own as under a terminal.
type started struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr logBuffer
	waited bool
}

// logBuffer may be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (s *shell) start(args ...string) *started {
	s.t.Helper()
	p := &started{t: s.t, cmd: s.command(args...)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = &p.stderr
	in, err1 := p.cmd.StdinPipe()
	out, err2 := p.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, p.cmd.Start()); err != nil {
		s.t.Fatal(err)
	}
	p.stdin, p.stdout = in, bufio.NewReader(out)
	s.t.Cleanup(func() {
		if !p.waited {
			_ = syscall.Kill(p.cmd.Process.Pid, syscall.SIGKILL)
			_ = p.cmd.Wait()
		}
		if s.t.Failed() {
			s.t.Logf("stderr of %v:\n%s", args, p.stderr.String())
		}
	})
	return p
}

// line returns the next line of stdout.
func (p *started) line() string {
	p.t.Helper()
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		_ = p.cmd.Wait()
		p.waited = true
		p.t.Fatalf("no line on stdout: %v; stderr: %s", err, p.stderr.String())
	}
	return strings.TrimSuffix(line, "\n")
}

// signal is what a terminal (Ctrl-C) or systemd sends.
func (p *started) signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the end.
func (p *started) end() result {
	p.t.Helper()
	stdout, _ := io.ReadAll(p.stdout)
	if err := p.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		p.t.Fatal(err)
	}
	p.waited = true
	return result{p.cmd.ProcessState.ExitCode(), string(stdout), p.stderr.String()}
}

// answer completes the next job of a queue, as a worker.
func answer(db *pgtest.DB, queue, reply string) {
	pgtest.Get[string](db, "select jobmachine.complete(c.id, c.receipt, $2::text::jsonb) from jobmachine.claim($1) c", queue, reply)
}

// readPid waits for a file with a process number.
func readPid(t *testing.T, path string) (pid int) {
	t.Helper()
	pgtest.Eventually(t, path, func() bool {
		b, err := os.ReadFile(path)
		if err != nil || !strings.HasSuffix(string(b), "\n") {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil
	})
	return pid
}

// alive does not count a zombie: a container may have nobody who reaps orphans.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
