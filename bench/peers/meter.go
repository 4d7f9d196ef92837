package peers

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/bench/result"
)

// reading is what the meters show at one moment.
type reading struct {
	at         time.Time
	server     time.Duration // CPU of all processes of the server, ended ones too
	client     time.Duration // CPU of the agents
	wal        float64       // bytes ever written
	xid        float64       // transactions that wrote, subtransactions included
	checkpoint string        // the last one: full-page images follow it
	stolen     time.Duration // what the cores would have worked, had the host not given their time to others
}

func (s *stage) read(ctx context.Context) (r reading, err error) {
	if r.server, err = serverCPU(s.server.Pid()); err != nil {
		return r, err
	}
	for _, p := range s.agents {
		cpu, err := p.cpu()
		if err != nil {
			return r, err
		}
		r.client += cpu
	}
	if r.stolen, err = stolen(); err != nil {
		return r, err
	}
	r.at = time.Now()
	err = s.db.QueryRow(ctx, `select (pg_current_wal_lsn() - '0/0')::float8, pg_snapshot_xmax(pg_current_snapshot())::text::float8, checkpoint_lsn::text
		from pg_control_checkpoint()`).Scan(&r.wal, &r.xid, &r.checkpoint)
	return r, err
}

// measure runs fn between two readings. fn returns the number of jobs, and the seconds if it knows better than the clock.
func (s *stage) measure(ctx context.Context, fn func() (jobs int, seconds float64, err error)) error {
	a, err := s.read(ctx)
	if err != nil {
		return err
	}
	jobs, seconds, err := fn()
	if err != nil {
		return err
	}
	b, err := s.read(ctx)
	if err != nil {
		return err
	}
	if jobs == 0 {
		return fmt.Errorf("no job was done")
	}
	if seconds == 0 {
		seconds = b.at.Sub(a.at).Seconds()
	}
	n := float64(jobs)
	s.figures["jobs"] = n
	s.figures["jobs_per_second"] = n / seconds
	s.figures["server_us"] = float64((b.server - a.server).Microseconds()) / n
	s.figures["client_us"] = float64((b.client - a.client).Microseconds()) / n
	s.figures["wal_bytes"] = (b.wal - a.wal) / n
	s.figures["commits"] = (b.xid - a.xid) / n
	s.figures[result.Stolen] = (b.stolen - a.stolen).Seconds() / (b.at.Sub(a.at).Seconds() * float64(runtime.NumCPU()))
	if a.checkpoint != b.checkpoint {
		s.figures["checkpoints"] = 1
	}
	return nil
}

// stat is of /proc/<pid>/stat.
type stat struct {
	parent        int
	own, children time.Duration // children: those that have ended
}

// tick is the unit of times in /proc on every Linux.
const tick = 10 * time.Millisecond

func readStat(pid int) (s stat, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, err
	}
	// The name, in parentheses, may have spaces in it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var n [5]int
	for i, field := range []int{1, 11, 12, 13, 14} {
		if n[i], err = strconv.Atoi(fields[field]); err != nil {
			return s, err
		}
	}
	return stat{n[0], tick * time.Duration(n[1]+n[2]), tick * time.Duration(n[3]+n[4])}, nil
}

// stolen is what a virtual machine's host has kept of all cores since it began; 0 on a machine of its own.
func stolen() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal
	if len(fields) < 9 {
		return 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	n, err := strconv.Atoi(fields[8])
	return tick * time.Duration(n), err
}

// serverCPU adds up the postmaster, its children, and those of them that have ended.
func serverCPU(postmaster int) (time.Duration, error) {
	main, err := readStat(postmaster)
	if err != nil {
		return 0, err
	}
	total := main.own + main.children
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range processes {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil && s.parent == postmaster { // others may end while one looks
			total += s.own
		}
	}
	return total, nil
}

const barrier = "bench.barrier"

// notifies counts the notifications per job while fn runs. They come in the order of commits, so the barrier is the last.
func (s *stage) notifies(ctx context.Context, fn func() (jobs int, err error)) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, channel := range append(s.System.channels, barrier) {
		if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return err
		}
	}
	heard := make(chan error, 1)
	n := 0
	go func() {
		for {
			note, err := conn.WaitForNotification(ctx)
			if err != nil || note.Channel == barrier {
				heard <- err
				return
			}
			n++
		}
	}()
	jobs, err := fn()
	if _, e := s.db.Exec(ctx, "select pg_notify($1, '')", barrier); e != nil {
		return cmp.Or(err, e)
	}
	if err = cmp.Or(err, <-heard); err == nil {
		s.figures["notifies"] = float64(n) / float64(jobs)
	}
	return err
}
