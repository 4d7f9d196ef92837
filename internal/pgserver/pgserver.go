//go:build unix

package pgserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Options of a private server. The zero value is a throw-away server on a free port.
type Options struct {
	// Dir is where the data is kept for the next Start. Empty: a temporary folder, removed by Stop.
	Dir string
	// BinDir holds initdb and postgres. Empty: see Find.
	BinDir string
	// Port on 127.0.0.1. Zero: a free one.
	Port int
	// Settings as in postgresql.conf, for this run.
	Settings map[string]string
}

// Server is a running private server.
type Server struct {
	// BinDir is where its programs are. Packages without client programs have no psql or pg_dump in it.
	BinDir string

	dir       string
	temporary bool
	port      int
	password  string
	lock      *os.File
	postgres  *exec.Cmd
	exited    chan struct{}
	janitor   io.WriteCloser
}

// Start makes a server, or starts the one kept in Options.Dir, and returns when it accepts
// connections.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("jobmachine: private PostgreSQL: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o Options) (_ *Server, err error) {
	runAs, err := findUser()
	if err != nil {
		return nil, err
	}
	s := &Server{BinDir: o.BinDir, port: o.Port}
	if s.BinDir == "" {
		if s.BinDir, err = Find(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.openDir(o.Dir, runAs); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := runAs.mustReach(s.dir, filepath.Join(s.BinDir, "postgres")); err != nil {
		return nil, err
	}
	if err := s.init(ctx, runAs); err != nil {
		return nil, err
	}
	if err := s.run(ctx, o.Settings, runAs); err != nil {
		return nil, err
	}
	return s, nil
}

// URL of the database postgres, as the superuser postgres.
func (s *Server) URL() string { return s.DatabaseURL("postgres") }

// DatabaseURL of the named database, as the superuser postgres.
func (s *Server) DatabaseURL(name string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", s.password),
		Host: net.JoinHostPort("127.0.0.1", fmt.Sprint(s.port)), Path: "/" + name, RawQuery: "sslmode=disable"}
	return u.String()
}

// Log is the server's log file.
func (s *Server) Log() string { return filepath.Join(s.dir, "log") }

// Pid of the postmaster.
func (s *Server) Pid() int { return s.postgres.Process.Pid }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.exited }

// Stop ends the server: open transactions are rolled back, connections cut. It may be called twice.
func (s *Server) Stop() error {
	s.shutdown(syscall.SIGINT, 30*time.Second)
	return s.close()
}

// shutdown asks for a fast shutdown, then insists.
func (s *Server) shutdown(sig syscall.Signal, patience time.Duration) {
	for _, sig := range []syscall.Signal{sig, syscall.SIGQUIT, syscall.SIGKILL} {
		s.postgres.Process.Signal(sig)
		select {
		case <-s.exited:
			return
		case <-time.After(patience):
		}
	}
}

// close frees what belongs to a server that does not run.
func (s *Server) close() error {
	if s.lock == nil {
		return nil
	}
	if s.janitor != nil {
		io.WriteString(s.janitor, "stopped\n")
		s.janitor.Close()
	}
	var err error
	if s.temporary {
		err = os.RemoveAll(s.dir)
	}
	s.lock.Close()
	s.lock = nil
	return err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// openDir makes the folder and locks it, so that two programs cannot run the same data.
func (s *Server) openDir(dir string, runAs account) (err error) {
	if s.temporary = dir == ""; s.temporary {
		base := os.TempDir()
		if runAs.mustReach(base) != nil {
			base = "/tmp" // root's TMPDIR may be closed to others
		}
		s.dir, err = os.MkdirTemp(base, "jobmachine-pg-")
	} else if s.dir, err = filepath.Abs(dir); err == nil {
		err = os.MkdirAll(s.dir, 0o755)
	}
	if err == nil && runAs.other {
		err = os.Chmod(s.dir, 0o711)
	}
	if err != nil {
		return err
	}
	if s.lock, err = os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		s.lock.Close()
		return fmt.Errorf("the data in %s is in use by another program", s.dir)
	}
	return nil
}

// init makes the data folder unless it is there. It is made under another name, so that an init which
// was cut short is not taken for data.
func (s *Server) init(ctx context.Context, runAs account) error {
	passwordFile := filepath.Join(s.dir, "password")
	if _, err := os.Stat(filepath.Join(s.data(), "PG_VERSION")); err == nil {
		password, err := os.ReadFile(passwordFile)
		s.password = strings.TrimSpace(string(password))
		return err
	}
	s.password = rand.Text()
	if err := os.WriteFile(passwordFile, []byte(s.password+"\n"), 0o600); err != nil {
		return err
	}
	fresh := s.data() + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700), runAs.own(fresh), runAs.own(passwordFile)); err != nil {
		return err
	}
	args := []string{"--pgdata", fresh, "--username", "postgres", "--auth", "scram-sha-256", "--pwfile", passwordFile,
		"--encoding", "UTF8", "--locale", "C"}
	if s.temporary {
		args = append(args, "--no-sync")
	}
	initdb := exec.CommandContext(ctx, filepath.Join(s.BinDir, "initdb"), args...)
	initdb.Dir = s.dir
	initdb.Env = environment()
	initdb.SysProcAttr = runAs.attributes()
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, bytes.TrimSpace(out))
	}
	return os.Rename(fresh, s.data())
}

// run starts postgres. Two failures pass by themselves: somebody took the free port, or a server
// whose program was killed is still on its way down.
func (s *Server) run(ctx context.Context, settings map[string]string, runAs account) error {
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	anyPort := s.port == 0
	for until := time.Now().Add(30 * time.Second); ; {
		if anyPort {
			if s.port, err = freePort(); err != nil {
				return err
			}
		}
		info, err := log.Stat()
		if err != nil {
			return err
		}
		err = s.runOnce(ctx, settings, runAs, log)
		if err == nil {
			return nil
		}
		said := logFrom(s.Log(), info.Size())
		passing := strings.Contains(said, `lock file "postmaster.pid" already exists`) || strings.Contains(said, "pre-existing shared memory block") ||
			anyPort && strings.Contains(said, "could not bind")
		if !passing || ctx.Err() != nil || time.Now().After(until) {
			return fmt.Errorf("%w\n%s", err, strings.TrimSpace(said))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *Server) runOnce(ctx context.Context, settings map[string]string, runAs account, log *os.File) error {
	args := []string{"-D", s.data(), "-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprint("port=", s.port), "-c", "unix_socket_directories="}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	s.postgres = exec.Command(filepath.Join(s.BinDir, "postgres"), args...)
	s.postgres.Dir = s.dir
	s.postgres.Env = environment()
	s.postgres.Stdout, s.postgres.Stderr = log, log
	s.postgres.SysProcAttr = runAs.attributes()
	if err := s.postgres.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.exited = exited
	go func() {
		s.postgres.Wait()
		close(exited)
	}()
	if err := s.hireJanitor(); err != nil {
		s.shutdown(syscall.SIGQUIT, 5*time.Second)
		return err
	}
	if err := s.await(ctx); err != nil {
		s.shutdown(syscall.SIGQUIT, 5*time.Second)
		io.WriteString(s.janitor, "stopped\n")
		s.janitor.Close()
		s.janitor = nil
		return err
	}
	return nil
}

// The janitor outlives the program by a moment. Its standard input ends when the program does; unless
// it was told before that the server is stopped, it stops it and removes what is temporary. Plain
// sh, for it must work where parent-death signals are unknown, and remove the folder after a kill -9.
const janitor = `
read said
[ "$said" = stopped ] && exit
kill -INT "$1"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ -e "$2/data/postmaster.pid" ] || break
  [ "$i" = 15 ] && kill -QUIT "$1"
  sleep 0.5
done
[ "$3" = temporary ] && rm -rf "$2"
`

func (s *Server) hireJanitor() error {
	keep := "kept"
	if s.temporary {
		keep = "temporary"
	}
	cmd := exec.Command("/bin/sh", "-c", janitor, "janitor", fmt.Sprint(s.postgres.Process.Pid), s.dir, keep)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	s.janitor = in
	return nil
}

// await returns once the server accepts connections.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.exited:
			return fmt.Errorf("postgres: %v", s.postgres.ProcessState)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// environment is the caller's, without what would steer the server to somewhere else.
func environment() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PG") && !strings.HasPrefix(e, "LC_") && !strings.HasPrefix(e, "LANG") {
			env = append(env, e)
		}
	}
	return append(env, "LC_ALL=C")
}

func logFrom(file string, offset int64) string {
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	f.Seek(offset, io.SeekStart)
	said, _ := io.ReadAll(io.LimitReader(f, 8000))
	return string(said)
}
