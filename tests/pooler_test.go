package tests

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

// pooled starts PgBouncer in transaction mode in front of a database and returns its URL.
func pooled(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		pgtest.Skip(t, "there is no pgbouncer")
	}
	direct, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := direct.User.Password()
	dir, err := os.MkdirTemp("/tmp", "jobmachine-pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ini := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(ini, fmt.Appendf(nil, `[databases]
* = host=127.0.0.1 port=%s user=%s password=%s
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = %s
auth_type = any
pool_mode = transaction
default_pool_size = 3
`, direct.Port(), direct.User.Username(), password, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-q", ini)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		if err := os.Chown(dir, uid, -1); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	pool := fmt.Sprintf("postgres://%s@/%s?host=%s&port=6432", direct.User.Username(), direct.Path[1:], url.QueryEscape(dir))
	pgtest.Eventually(t, "PgBouncer", func() bool {
		c, err := pgx.Connect(t.Context(), pool)
		if err == nil {
			c.Close(t.Context())
		}
		return err == nil
	})
	return pool
}

func TestThroughAPoolerInTransactionMode(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]func(c *worker.Config, direct string){
		"with a direct connection for LISTEN": func(c *worker.Config, direct string) { c.ListenURL = direct },
		"that nobody told it of":              func(*worker.Config, string) {},
		"poll-only":                           func(c *worker.Config, _ string) { c.PollOnly, c.PollInterval = true, 50*time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			pool := pooled(t, db)
			cfg := worker.Config{DatabaseURL: pool, Concurrency: 10}
			settings(&cfg, db.URL)
			w, err := worker.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			worker.HandleFunc(w, "double", func(ctx context.Context, n int) (int, error) {
				if err := worker.FromContext(ctx).Reply(ctx, "half way"); err != nil {
					return 0, err
				}
				return 2 * n, nil
			})
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- w.Run(ctx) }()
			c, err := client.Open(ctx, pool, client.Config{ListenURL: db.URL})
			if err != nil {
				t.Fatal(err)
			}
			var callers sync.WaitGroup
			for n := range 50 {
				callers.Go(func() {
					got, err := client.Call[int](ctx, c, "double", n)
					if err != nil || got != 2*n {
						t.Errorf("call %d: %d, %v", n, got, err)
					}
				})
			}
			callers.Wait()
			c.Close()
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
			s := connect(t, db)
			equal(t, "leases left", one[int64](s, "select count(*) from jobmachine.workers"), 0)
			pgtest.Eventually(t, "no session locks in the pooler's connections", func() bool {
				return one[bool](s, `select not exists (select from pg_locks where locktype = 'advisory'
					and database = (select oid from pg_database where datname = current_database()))`)
			})
		})
	}
}

// Every function works through the pooler without state of a session, one statement each, in any connection.
func TestAWorkerInPlainSQLThroughAPooler(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	cfg, err := pgx.ParseConfig(pooled(t, db))
	if err != nil {
		t.Fatal(err)
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	s := session{c, t}
	id := one[int64](s, "select jobmachine.send('q')")
	lease := one[int64](s, "select jobmachine.open_lease('w')")
	r := s.claim("q", 1, lease)
	equal(t, "claimed", r[0].ID, id)
	s.exec("select jobmachine.renew($1, $2, $3)", lease, []int64{id}, []int64{r[0].Receipt})
	equal(t, "verdict", one[string](s, "select jobmachine.complete($1, $2)", id, r[0].Receipt), "ok")
	equal(t, "released", one[int64](s, "select jobmachine.close_lease($1)", lease), 0)
}
