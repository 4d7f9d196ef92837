package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// world is what a scenario happens in: a server, a network, processes, and a note of every fault.
type world struct {
	ctx     context.Context
	dir     string
	program string // what processes run
	scale   float64
	dice    *rand.Rand
	mutant  mutant

	server       *server
	link         *link // between the processes and the server
	restartAfter time.Duration

	mu        sync.Mutex
	names     map[string]int
	processes []*process
	closing   map[string]bool
	exits     []exit
	faults    []fault
	unclean   []string
	notes     []string
	cleanups  []func()
}

// build makes a world with a fresh server.
func (w *world) build(s scenario) (err error) {
	w.names, w.closing, w.restartAfter = map[string]int{}, map[string]bool{}, 200*time.Millisecond
	folder := filepath.Join(w.dir, "server")
	if s.disk != "" {
		if err := w.mount(folder, s.disk); err != nil {
			return err
		}
	}
	if w.server, err = startServer(w.ctx, folder, s.settings); err != nil {
		return err
	}
	if err := w.server.install(w.ctx); err != nil {
		return err
	}
	if err := w.mutant.apply(w.ctx, w.server, false); err != nil {
		return err
	}
	w.link, err = newLink(w.server.port)
	return err
}

// destroy ends whatever is left.
func (w *world) destroy() {
	w.mu.Lock()
	for role := range w.names {
		w.closing[role] = true
	}
	for _, p := range w.processes {
		_ = p.cmd.Process.Kill()
	}
	w.mu.Unlock()
	if w.link != nil {
		w.link.Stop()
	}
	if w.server != nil && w.server.Server != nil {
		_ = w.server.Stop()
	}
	for i := len(w.cleanups) - 1; i >= 0; i-- {
		w.cleanups[i]()
	}
}

// mount gives a folder a file system of its own.
func (w *world) mount(folder, size string) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "mode=755,size="+size); err != nil {
		return fmt.Errorf("mount a small disk (this needs root): %w", err)
	}
	w.atEnd(func() { must(unix.Unmount(folder, 0)) })
	return nil
}

func (w *world) atEnd(fn func()) { w.cleanups = append(w.cleanups, fn) }

// strike does something bad, and notes when.
func (w *world) strike(f fault, do func()) {
	w.mu.Lock()
	f.from, f.to = monotonic(), 1<<63-1
	w.faults = append(w.faults, f)
	i := len(w.faults) - 1
	w.mu.Unlock()
	do()
	w.mu.Lock()
	w.faults[i].to = monotonic()
	w.mu.Unlock()
}

// repeat does something n times, about a gap apart.
func (w *world) repeat(n int, gap time.Duration, do func()) {
	for range max(2, int(float64(n)*w.scale)) {
		w.wait(w.some(gap))
		do()
	}
}

// some is about d.
func (w *world) some(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.5 + w.dice.Float64()))
}

// last is a length of time that may be cut short to save time.
func (w *world) last(d time.Duration) { w.wait(time.Duration(float64(d) * w.scale)) }

func (w *world) wait(d time.Duration) { sleep(w.ctx, d) }

// broken notes what the oracle cannot see for itself.
func (w *world) broken(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unclean = append(w.unclean, fmt.Sprintf(format, args...))
}

// note adds a remark to the result.
func (w *world) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// exec runs a statement as superuser, on a connection of its own, straight to the server.
func (w *world) exec(sql string, args ...any) {
	conn, err := w.server.connect(w.ctx)
	must(err)
	defer conn.Close(w.ctx)
	_, err = conn.Exec(w.ctx, sql, args...)
	must(err)
}

// ask returns the single value of a query.
func ask[T any](w *world, sql string, args ...any) (v T, err error) {
	conn, err := w.server.connect(w.ctx)
	if err != nil {
		return v, err
	}
	defer conn.Close(w.ctx)
	return v, conn.QueryRow(w.ctx, sql, args...).Scan(&v)
}

func (w *world) version() string {
	v, err := ask[string](w, "select split_part(current_setting('server_version'), ' ', 1)")
	must(err)
	return v
}

// list returns the rows of a query.
func list[T any](w *world, how pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	conn, err := w.server.connect(w.ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close(w.ctx)
	rows, _ := conn.Query(w.ctx, sql, args...)
	return pgx.CollectRows(rows, how)
}

// until waits until a query is true.
func (w *world) until(sql string) {
	if err := eventually(w.ctx, 2*patience, func() (bool, error) { return ask[bool](w, sql) }); err != nil {
		w.broken("in vain: %s (%v)", sql, err)
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

// scratch is a folder that the server's user may enter.
func scratch() (string, error) {
	dir, err := os.MkdirTemp("/tmp", "jobmachine-faults-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}
