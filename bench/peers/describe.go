package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/bench/result"
)

// aside is where somebody put the results, which is nobody else's business.
var aside = regexp.MustCompile(` --?out[= ]\S+`)

// describe notes what a reader must know to judge the figures, or to repeat them.
func (b *bench) describe(ctx context.Context, r *result.Result) error {
	conn, err := pgx.Connect(ctx, b.server.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, "show server_version").Scan(&r.Postgres); err != nil {
		return err
	}
	r.Settings = map[string]string{}
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers", "max_wal_size", "min_wal_size", "checkpoint_timeout", "max_connections", "autovacuum"} {
		var value string
		if err := conn.QueryRow(ctx, "select current_setting($1)", name).Scan(&value); err != nil {
			return err
		}
		r.Settings[name] = value
	}
	r.Options = map[string]string{
		"passes": fmt.Sprint(b.Passes), "jobs": fmt.Sprint(b.Jobs), "seconds": fmt.Sprint(b.Seconds), "rounds": fmt.Sprint(b.Rounds),
		"round-jobs": fmt.Sprint(b.RoundJobs), "backlog": fmt.Sprint(b.Backlog), "rate": fmt.Sprint(b.Rate), "long": b.Long.String(), "patience": b.Patience.String(),
	}
	r.Machine = result.Machine{Cores: runtime.NumCPU(), CPU: grep("/proc/cpuinfo", "model name"), Memory: grep("/proc/meminfo", "MemTotal")}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		r.Machine.Kernel = strings.TrimSpace(string(release))
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		r.Machine.Load, _, _ = strings.Cut(string(load), " ")
	}
	if r.Machine.CommitMS, err = commitTime(ctx, conn); err != nil {
		return err
	}
	r.Command = aside.ReplaceAllString("bench "+strings.Join(os.Args[1:], " "), "")
	if commit, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		r.Commit = strings.TrimSpace(string(commit))
	}
	for _, s := range Systems {
		s.Version = b.version(s)
		r.Systems = append(r.Systems, s.System)
	}
	return nil
}

// commitTime is the median of durable commits of a single session, in ms.
func commitTime(ctx context.Context, conn *pgx.Conn) (float64, error) {
	if _, err := conn.Exec(ctx, "create table commits (n int)"); err != nil {
		return 0, err
	}
	var ms []float64
	for n := range 300 {
		begin := time.Now()
		if _, err := conn.Exec(ctx, "insert into commits values ($1)", n); err != nil {
			return 0, err
		}
		ms = append(ms, time.Since(begin).Seconds()*1000)
	}
	_, err := conn.Exec(ctx, "drop table commits")
	return result.Median(ms), err
}

// grep returns what a file of /proc says after a name.
func grep(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// version of the library of a system: what is linked, or installed.
func (b *bench) version(s System) string {
	switch name, _, _ := strings.Cut(s.Name, "-"); name {
	case "jobmachine":
		return "this commit"
	case "river":
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, m := range info.Deps {
				if m.Path == "github.com/riverqueue/river" {
					return m.Version
				}
			}
		}
	case "graphile":
		return b.npmVersion("graphile-worker")
	case "pgboss":
		return b.npmVersion("pg-boss")
	}
	return ""
}

func (b *bench) npmVersion(name string) string {
	var p struct{ Version string }
	text, err := os.ReadFile(filepath.Join(b.NodeDir, "node_modules", name, "package.json"))
	if err != nil || json.Unmarshal(text, &p) != nil {
		return "not installed"
	}
	return "v" + p.Version
}
