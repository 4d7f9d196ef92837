package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// poolerMode tells pgx that the server it sees is many.
const poolerMode = "&default_query_exec_mode=exec"

// pooler is PgBouncer in transaction mode, in front of the server.
type pooler struct {
	w    *world
	port int
	cmd  *exec.Cmd
}

func (w *world) newPooler() *pooler {
	port, err := freePort()
	must(err)
	b := &pooler{w: w, port: port}
	dir := filepath.Join(w.dir, "pgbouncer")
	must(os.Mkdir(dir, 0o755))
	must(os.WriteFile(filepath.Join(dir, "pgbouncer.ini"), fmt.Appendf(nil, `[databases]
* = host=127.0.0.1 port=%d user=app password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = 8
`, w.server.port, password, port), 0o644))
	b.start()
	w.atEnd(b.kill)
	return b
}

func (b *pooler) start() {
	dir := filepath.Join(b.w.dir, "pgbouncer")
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(err)
	defer log.Close()
	b.cmd = exec.Command("pgbouncer", filepath.Join(dir, "pgbouncer.ini"))
	must(asServer(b.cmd, dir))
	b.cmd.Stdout, b.cmd.Stderr = log, log
	must(b.cmd.Start())
	must(eventually(b.w.ctx, 10*time.Second, func() (bool, error) {
		conn, err := pgx.Connect(b.w.ctx, b.url())
		if err == nil {
			err = conn.Close(b.w.ctx)
		}
		return err == nil, err
	}))
}

func (b *pooler) url() string { return appURL(b.port) + poolerMode }

func (b *pooler) kill() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

// restart kills it with all the connections that it holds, and starts another one.
func (b *pooler) restart() {
	b.w.strike(fault{what: "the pooler was killed", harmless: true}, func() {
		b.kill()
		b.start()
	})
}
