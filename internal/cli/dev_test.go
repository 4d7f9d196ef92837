package cli

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// startDev returns the URL that it prints for other programs.
func startDev(t *testing.T, s *shell, args ...string) (p *started, address string) {
	t.Helper()
	p = s.start(append([]string{"dev"}, args...)...)
	line := p.line()
	address, ok := strings.CutPrefix(line, "export DATABASE_URL='")
	if !ok {
		t.Fatal(line)
	}
	return p, strings.TrimSuffix(address, "'")
}

func stopDev(t *testing.T, p *started) {
	t.Helper()
	p.signal(syscall.SIGINT)
	if r := p.end(); r.code != 0 {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
}

func TestDev(t *testing.T) {
	t.Parallel()
	t.Run("is found by the other commands, and leaves nothing behind after Ctrl-C", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		p, address := startDev(t, s)
		equal(t, "ticket", s.ok("send", "q", `"hello"`), "1")
		s.ok("work", "--queue", "q", "--exec", "cat", "--drain")
		equal(t, "reply", s.ok("await", "1"), `"hello"`)
		if out := s.ok("version"); !strings.Contains(out, "\nschema  ") {
			t.Error(out)
		}
		cache := filepath.Join(s.home, ".cache", "jobmachine")
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		passfile := u.Query().Get("passfile")
		for _, path := range []string{filepath.Join(cache, "dev.json"), passfile} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, path, info.Mode(), os.FileMode(0o600))
		}
		stopDev(t, p)
		if files, err := os.ReadDir(cache); err != nil || len(files) != 0 {
			t.Errorf("left behind: %v %v", files, err)
		}
		if c, err := net.Dial("tcp", u.Host); err == nil {
			c.Close()
			t.Error("the server still listens")
		}
		s.fails(6, "run jobmachine dev", "jobs")
	})

	t.Run("tells other programs how to connect without showing the password", func(t *testing.T) {
		t.Parallel()
		psql := pgtest.Program(t, "psql")
		s := newShell(t)
		p, address := startDev(t, s)
		out, err := exec.Command(psql, "-X", "-At", address, "-c", "select jobmachine.send('q')").CombinedOutput()
		equal(t, "ticket by psql", strings.TrimSpace(string(out)), "1")
		if err != nil {
			t.Error(err)
		}
		conn, err := pgx.Connect(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		password := conn.Config().Password
		conn.Close(context.Background())
		stopDev(t, p)
		if password == "" || strings.Contains(address+p.stderr.String(), password) {
			t.Errorf("shown: %s %s", address, p.stderr.String())
		}
	})

	t.Run("keeps its data and its port if asked, and its schema", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		// Root's server runs as another user, who cannot enter the folders of the testing package.
		data, err := os.MkdirTemp("", "jobmachine-dev-test-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(data) })
		if err := os.Chmod(data, 0o755); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		l.Close()
		args := []string{"--data", filepath.Join(data, "pg"), "--port", port, "--schema", "mine"}
		p, address := startDev(t, s, args...)
		equal(t, "port", strings.Contains(address, "127.0.0.1:"+port+"/"), true)
		s.ok("send", "q", `"kept"`)
		stopDev(t, p)
		p, _ = startDev(t, s, args...)
		equal(t, "payload", decode[map[string]any](t, s.ok("status", "1", "-o", "json"))["payload"], any("kept"))
		stopDev(t, p)
		s.fails(2, "--port 70000", "dev", "--port", "70000")
	})

	t.Run("leaves the commands to the one that was there first", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		first, _ := startDev(t, s)
		second, address := startDev(t, s)
		s.ok("send", "q")
		equal(t, "jobs of the second", s.ok("jobs", "-o", "json", "--database-url", address), "[]")
		stopDev(t, second)
		if !strings.Contains(second.stderr.String(), "go on using that of process "+strconv.Itoa(first.cmd.Process.Pid)) {
			t.Error(second.stderr.String())
		}
		equal(t, "ticket", s.ok("send", "q"), "2")
		stopDev(t, first)
	})

	t.Run("is not found after it was killed", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		dead := s.command("version")
		if err := dead.Run(); err != nil {
			t.Fatal(err)
		}
		state, err := json.Marshal(devState{URL: "postgres://127.0.0.1:1/x", PID: dead.Process.Pid})
		if err != nil {
			t.Fatal(err)
		}
		if err := writePrivate(filepath.Join(s.home, ".cache", "jobmachine", "dev.json"), string(state)); err != nil {
			t.Fatal(err)
		}
		s.fails(6, "no database is given", "jobs")
	})

	t.Run("ends when PostgreSQL does", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		p, address := startDev(t, s)
		conn, err := pgx.Connect(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		var file string
		if err := conn.QueryRow(context.Background(), "select pg_read_file('postmaster.pid')").Scan(&file); err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.SplitN(file, "\n", 2)[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
			t.Fatal(err)
		}
		if r := p.end(); r.code != 6 || !strings.Contains(r.stderr, "PostgreSQL has ended by itself") || !strings.Contains(r.stderr, "received immediate shutdown request") {
			t.Error(r)
		}
	})
}
