//go:build unix

package pgserver

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) {
	if os.Getenv("PGSERVER_TEST_CHILD") != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// child is a program with a private server, as jobmachine dev is one.
func child() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	s, err := Start(ctx, Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Pid(), s.dir)
	<-ctx.Done()
	// The signal went to the whole group, yet the server is still there.
	if got := ask(context.Background(), s, "select 'alive'"); got != "alive" {
		panic(got)
	}
	if err := s.Stop(); err != nil {
		panic(err)
	}
	fmt.Println("stopped")
}

func ask(ctx context.Context, s *Server, sql string) string {
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return err.Error()
	}
	defer conn.Close(ctx)
	var answer string
	if err := conn.QueryRow(ctx, sql).Scan(&answer); err != nil {
		return err.Error()
	}
	return answer
}

func TestServer(t *testing.T) {
	t.Parallel()
	t.Run("runs, as another user if started by root, and leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		s, err := Start(t.Context(), Options{Settings: map[string]string{"max_connections": "17"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t.Context(), s, "show max_connections"); got != "17" {
			t.Errorf("max_connections = %s", got)
		}
		info, err := os.Stat(s.data())
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
			t.Error("the data belongs to root")
		}
		pid := s.Pid()
		for range 2 {
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		mustBeGone(t, pid, s.dir)
	})

	t.Run("wants its password", func(t *testing.T) {
		t.Parallel()
		s, err := Start(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		wrong := *s
		wrong.password = "wrong"
		if got := ask(t.Context(), &wrong, "select 'in'"); !strings.Contains(got, "28P01") {
			t.Errorf("connected with a wrong password: %s", got)
		}
	})

	t.Run("keeps its data, also after a crash", func(t *testing.T) {
		t.Parallel()
		dir := reachableDir(t)
		start := func() *Server {
			s, err := Start(t.Context(), Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := start()
		ask(t.Context(), s, "create table kept as select 'yes'::text as answer")
		if _, err := Start(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("a second server on the same data: %v", err)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}

		s = start()
		if got := ask(t.Context(), s, "select answer from kept"); got != "yes" {
			t.Errorf("after a stop: %s", got)
		}
		s.postgres.Process.Kill()
		<-s.Done()
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(s.data(), "postmaster.pid")); err != nil {
			t.Fatal("the crash left no postmaster.pid: this tests nothing")
		}

		s = start()
		if got := ask(t.Context(), s, "select answer from kept"); got != "yes" {
			t.Errorf("after a crash: %s", got)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("says what the server said when it does not start", func(t *testing.T) {
		t.Parallel()
		_, err := Start(t.Context(), Options{Settings: map[string]string{"no_such_setting": "1"}})
		if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "no_such_setting"`) {
			t.Error(err)
		}
	})

	t.Run("tells root about folders that the server's user cannot enter", func(t *testing.T) {
		t.Parallel()
		if os.Geteuid() != 0 {
			t.Skip("not root")
		}
		closed := reachableDir(t)
		if err := os.Chmod(closed, 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Options{Dir: filepath.Join(closed, "pg")})
		if err == nil || !strings.Contains(err.Error(), "cannot reach "+closed) {
			t.Error(err)
		}
	})
}

func TestCaller(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (cmd *exec.Cmd, out *bufio.Scanner, pid int, dir string) {
		cmd = exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PGSERVER_TEST_CHILD=1")
		cmd.Stderr = os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal of its own, so to say
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		out = bufio.NewScanner(stdout)
		if !out.Scan() {
			t.Fatal("the child said nothing")
		}
		first, dir, _ := strings.Cut(out.Text(), " ")
		if pid, err = strconv.Atoi(first); err != nil {
			t.Fatal(err)
		}
		return cmd, out, pid, dir
	}

	t.Run("stops the server cleanly after Ctrl-C", func(t *testing.T) {
		t.Parallel()
		cmd, out, pid, dir := begin(t)
		syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // what a terminal does
		if !out.Scan() || out.Text() != "stopped" {
			t.Errorf("the child said %q", out.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		mustBeGone(t, pid, dir)
	})

	t.Run("takes the server and its folder with it when it is killed", func(t *testing.T) {
		t.Parallel()
		cmd, _, pid, dir := begin(t)
		cmd.Process.Kill()
		cmd.Wait()
		mustBeGone(t, pid, dir)
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	install := func(dir string, programs ...string) {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, program := range programs {
			if err := os.WriteFile(filepath.Join(dir, program), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	install("lib/9/bin", "initdb", "postgres")
	install("lib/15/bin", "initdb", "postgres")
	install("lib/17/bin", "psql")
	install("path", "initdb", "postgres")
	usual := []string{filepath.Join(root, "lib/*/bin")}

	t.Run("takes the newest complete one of the usual folders", func(t *testing.T) {
		if got := installed([]string{"/nowhere"}, usual); got != filepath.Join(root, "lib/15/bin") {
			t.Error(got)
		}
	})
	t.Run("prefers PATH", func(t *testing.T) {
		if got := installed([]string{filepath.Join(root, "path")}, usual); got != filepath.Join(root, "path") {
			t.Error(got)
		}
	})
	t.Run("names the command that installs it when there is none and none can be fetched", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := find(ctx, nil, nil, filepath.Join(root, "cache"))
		if err == nil || !strings.Contains(err.Error(), installCommand()) {
			t.Error(err)
		}
	})
}

func reachableDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "jobmachine-pg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mustBeGone(t *testing.T, pid int, dir string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(dir)
		if os.IsNotExist(err) && !running(pid) {
			return
		}
	}
	_, err := os.Stat(dir)
	t.Errorf("still there: process %v, folder %v", running(pid), err == nil)
}

// running does not count a zombie: a container may have nobody who reaps orphans.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
