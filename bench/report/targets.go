package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/jobmachine/jobmachine/bench/result"
)

// target is a promise about the figures of one run.
type target struct {
	text    string
	value   func(r *report) (float64, bool)
	limit   float64
	atLeast bool
	unit    string
}

// rate is jobmachine's jobs per second in a scenario as a share of somebody's.
func rate(scenario string, others ...string) func(r *report) (float64, bool) {
	return func(r *report) (float64, bool) {
		least, found := math.Inf(1), false
		for _, other := range others {
			if v, ok := r.ratio(scenario, "jobmachine", scenario, other, "jobs_per_second"); ok {
				least, found = min(least, v), true
			}
		}
		return least, found
	}
}

// alone is rate with a client that gives every send a transaction of its own.
func alone(scenario, other string) func(r *report) (float64, bool) {
	return between(scenario, "jobmachine-alone", scenario, other, "jobs_per_second")
}

func figure(scenario, name string) func(r *report) (float64, bool) {
	return func(r *report) (float64, bool) { return r.Figure(scenario, "jobmachine", name) }
}

// within is a figure that compares two moments of one run: it counts in further passes, as ratios do.
func within(scenario, name string) func(r *report) (float64, bool) {
	return func(r *report) (float64, bool) {
		var values []float64
		for _, run := range slices.Concat(r.Runs, r.further) {
			if v, ok := run.Figures[name]; ok && run.Scenario == scenario && run.System == "jobmachine" {
				values = append(values, v)
			}
		}
		return result.Median(values), len(values) > 0
	}
}

func between(scenario, system, scenario2, system2, name string) func(r *report) (float64, bool) {
	return func(r *report) (float64, bool) { return r.ratio(scenario, system, scenario2, system2, name) }
}

// worst is a latency of jobmachine as a share of the least of the others.
func worst(name string) func(r *report) (float64, bool) {
	return func(r *report) (most float64, found bool) {
		for _, other := range products {
			if v, ok := r.ratio("latency", "jobmachine", "latency", other, name); ok {
				most, found = max(most, v), true
			}
		}
		return most, found
	}
}

var targets = []target{
	{"single sends by 8 producers, of the bare table's", rate("send", "bare"), 0.8, true, "x"},
	{"the same, each in a transaction of its own", alone("send", "bare"), 0.8, true, "x"},
	{"single sends by 8 producers, of River's", rate("send", "river"), 2, true, "x"},
	{"the same, each in a transaction of its own", alone("send", "river"), 2, true, "x"},
	{"bulk sends, of River's", rate("bulk", "river"), 2, true, "x"},
	{"bulk sends, of the bare table's", rate("bulk", "bare"), 0.5, true, "x"},
	{"drain with one process, of the fastest product's", rate("drain-1", products...), 1.2, true, "x"},
	{"drain with one process, of the bare table's", rate("drain-1", "bare"), 0.5, true, "x"},
	{"drain with one process, server CPU per job", figure("drain-1", "server_us"), 20, false, "µs"},
	{"drain with retention 0, of that with history", between("drain-1", "jobmachine-keep0", "drain-1", "jobmachine", "jobs_per_second"), 1, true, "x"},
	{"drain with four processes, of that with one", between("drain-4", "jobmachine", "drain-1", "jobmachine", "jobs_per_second"), 1, true, "x"},
	{"producers beside a busy worker, of the bare table's", rate("busy", "bare"), 0.85, true, "x"},
	{"the same, each in a transaction of its own", alone("busy", "bare"), 0.85, true, "x"},
	{"commit to handler start, p50", figure("latency", "start_p50_ms"), 0.5, false, "ms"},
	{"commit to handler start, p99", figure("latency", "start_p99_ms"), 1.5, false, "ms"},
	{"commit to handler start, p50, of the best product's", worst("start_p50_ms"), 1, false, "x"},
	{"commit to handler start, p99, of the best product's", worst("start_p99_ms"), 1, false, "x"},
	{"call to reply, p50", figure("call", "reply_p50_ms"), 2, false, "ms"},
	{"held snapshot, read only: last round of the first", within("snapshot-read", "last_to_first"), 0.85, true, "x"},
	{"held snapshot, unrelated writer: last round of the first", within("snapshot-write", "last_to_first"), 0.85, true, "x"},
	{"held snapshot, pg_dump: last round of the first", within("snapshot-dump", "last_to_first"), 0.85, true, "x"},
	{"kill -9: all running jobs started again within", figure("crash", "recovered_seconds"), 3, false, "s"},
	{"WAL over a job's whole life, history included", figure("life", "wal_bytes"), 1150, false, "bytes"},
	{"drain from a long backlog, of that from a short one", between("backlog", "jobmachine", "drain-1", "jobmachine", "jobs_per_second"), 0.9, true, "x"},
	{"server CPU per job from a long backlog, of that from a short one", between("backlog", "jobmachine", "drain-1", "jobmachine", "server_us"), 1.1, false, "x"},
}

// Targets is the table of promises.
func (r *report) Targets() string {
	rows := [][]string{{"target", "limit", "measured", "held?"}}
	for _, t := range targets {
		limit := fmt.Sprintf("at most %g %s", t.limit, t.unit)
		if t.atLeast {
			limit = fmt.Sprintf("at least %g %s", t.limit, t.unit)
		}
		v, ok := t.value(r)
		measured, held := "-", "not measured"
		if ok {
			measured, held = thousands(fmt.Sprintf("%.2f", v))+" "+t.unit, "yes"
			if t.atLeast && v < t.limit || !t.atLeast && v > t.limit {
				held = "**no**"
			}
		}
		rows = append(rows, []string{t.text, limit, measured, held})
	}
	return markdown(rows)
}

// reference is an earlier measurement, with another harness on another machine of two cores (PostgreSQL 15, payloads of
// 200 bytes). A different harness should find the same order of magnitude.
var reference = []struct {
	scenario, figure, what, format string
	values                         map[string]float64
}{
	{"send", "jobs_per_second", "single sends, per second", "%.0f", map[string]float64{"bare": 9360, "bare-notify": 3310, "river": 3770, "graphile": 940, "pgboss": 1200}},
	{"bulk", "jobs_per_second", "bulk sends, per second", "%.0f", map[string]float64{"bare": 172700, "river": 51600, "graphile": 49700, "pgboss": 33600}},
	{"drain-1", "jobs_per_second", "drain, per second", "%.0f", map[string]float64{"bare": 97200, "river": 21500, "river-default": 1000, "graphile": 43800, "pgboss": 14200}},
	{"drain-1", "server_us", "server CPU in a drain, µs/job", "%.1f", map[string]float64{"bare": 10.3, "river": 61, "river-default": 77, "graphile": 17, "pgboss": 52}},
	{"drain-1", "wal_bytes", "WAL in a drain, bytes/job", "%.0f", map[string]float64{"bare": 117, "river": 2530, "river-default": 2630, "graphile": 690, "pgboss": 1513}},
	{"life", "wal_bytes", "WAL over a whole life, bytes/job", "%.0f", map[string]float64{"river": 3600}},
	{"latency", "start_p50_ms", "commit to start, p50, ms", "%.2f", map[string]float64{"bare-notify": 0.29, "river": 0.79, "river-default": 52, "graphile": 0.61, "pgboss": 1.1}},
	{"latency", "start_p99_ms", "commit to start, p99, ms", "%.2f", map[string]float64{"bare-notify": 0.58, "river": 3.5, "river-default": 101, "graphile": 5.7, "pgboss": 5.2}},
	{"busy", "jobs_per_second", "producers beside a busy worker, per second", "%.0f", map[string]float64{"bare": 7590, "bare-notify": 1540, "river": 1960, "river-default": 3380, "graphile": 1150, "pgboss": 740}},
	{"snapshot-read", "last_to_first", "held snapshot, last / first round", "%.2f", map[string]float64{"bare": 0.29, "river": 0.27, "graphile": 0.61, "pgboss": 0.27}},
}

// order: figures within this factor of each other are of one order of magnitude.
const order = 3

// Reference compares with the earlier measurement.
func (r *report) Reference() string {
	rows := [][]string{{"", "system", "earlier", "here", "here / earlier", "same order?"}}
	for _, ref := range reference {
		for _, s := range r.Systems {
			was, ok1 := ref.values[s.Name]
			is, ok2 := r.Figure(ref.scenario, s.Name, ref.figure)
			if !ok1 || !ok2 {
				continue
			}
			same := "yes"
			if is > order*was || is < was/order {
				same = "**no**"
			}
			rows = append(rows, []string{ref.what, s.Title, thousands(fmt.Sprintf(ref.format, was)), thousands(fmt.Sprintf(ref.format, is)), fmt.Sprintf("%.2f", is/was), same})
		}
	}
	return markdown(rows)
}
