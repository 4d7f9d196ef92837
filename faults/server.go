package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

const (
	database = "faults"
	password = "faults" // of the role app, which is what workers, producers and callers are
)

// server is a PostgreSQL that can crash and come back.
type server struct {
	*pgserver.Server
	options pgserver.Options
	port    int
}

// startServer starts what is in dir, or makes it.
func startServer(ctx context.Context, dir string, settings map[string]string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{port: port, options: pgserver.Options{Dir: dir, Port: port, Settings: map[string]string{
		"max_connections": "400", "wal_level": "replica", "log_line_prefix": "%m [%p] %a ", "max_wal_size": "256MB",
	}}}
	maps.Copy(s.options.Settings, settings)
	return s, s.start(ctx)
}

func (s *server) start(ctx context.Context) (err error) {
	s.Server, err = pgserver.Start(ctx, s.options)
	return err
}

// crash is what pg_ctl stop -m immediate does: what was not committed durably is gone.
func (s *server) crash() error { return s.stop(syscall.SIGQUIT) }

func (s *server) stop(signal syscall.Signal) error {
	if err := syscall.Kill(s.Pid(), signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-s.Done()
	return s.Stop()
}

func (s *server) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, s.DatabaseURL(database))
}

// appURL is the database as an application reaches it, through a port of a proxy or a pooler.
func appURL(port int) string {
	return fmt.Sprintf("postgres://app:%s@127.0.0.1:%d/%s?sslmode=disable", password, port, database)
}

// install makes the database: jobmachine, an application's role, and its table of effects.
func (s *server) install(ctx context.Context) error {
	admin, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "create database "+database); err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := db.Migrate(ctx, conn, db.Options{}); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `
		create role app login password '`+password+`';
		grant usage on schema jobmachine to app;
		create table effect (job_id bigint primary key, receipt bigint not null);
		grant select, insert on effect to app;
		select jobmachine.configure('*', backoff => '200 ms', backoff_max => '2 s')`)
	return err
}

// standby makes a streaming copy that hears of the server through a port.
func (s *server) standby(ctx context.Context, dir string, through int, settings map[string]string) (*server, error) {
	admin, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return nil, err
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "create role copier login replication password '"+password+"'"); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(filepath.Join(s.options.Dir, "password"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "password"), secret, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.BinDir, "pg_basebackup"), "--pgdata", filepath.Join(dir, "data"), "--write-recovery-conf", "--checkpoint", "fast",
		"--dbname", fmt.Sprintf("host=127.0.0.1 port=%d user=copier password=%s application_name=standby", through, password))
	if err := asServer(cmd, dir); err != nil {
		return nil, err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w\n%s", err, out)
	}
	return startServer(ctx, dir, settings)
}

// asServer lets a program run as the user who runs the servers, who gets a folder: PostgreSQL and PgBouncer refuse root.
func asServer(cmd *exec.Cmd, dir string) error {
	cmd.Dir = "/"
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, Pdeathsig: syscall.SIGKILL}
	return os.Chown(dir, uid, gid)
}

var errInVain = errors.New("it did not come about")

// eventually waits until a condition holds.
func eventually(ctx context.Context, patience time.Duration, holds func() (bool, error)) error {
	for end := time.Now().Add(patience); ; {
		ok, err := holds()
		switch {
		case ok && err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(end):
			return errors.Join(errInVain, err)
		}
		sleep(ctx, 20*time.Millisecond)
	}
}
