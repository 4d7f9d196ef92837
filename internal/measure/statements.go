package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// backlog is what waits while Statements looks: to read all of it would show.
const backlog = 50000

// Statements counts the statements inside of a call and the rows they read, with auto_explain. Plans are made on empty
// tables first, as in a session that began before the backlog.
func Statements(ctx context.Context, url string) ([]Figure, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	var seen []statement
	var bad error
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if _, plan, ok := strings.Cut(n.Message, "plan:\n"); ok {
			var st statement
			if err := json.Unmarshal([]byte(plan), &st); err != nil {
				bad = fmt.Errorf("%w: %s", err, plan)
			}
			seen = append(seen, st)
		}
	}
	s, err := connectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer s.close()
	lease := s.lease()
	calls := []struct {
		name       string
		sql        string
		jobs       float64
		statements float64 // at most
	}{
		{"send", "select jobmachine.send('bench', " + Payload + ")", 1, 3},
		{"send_many of 100", "select jobmachine.send_many('bench', array_fill(" + Payload + ", array[100]))", 100, 6},
		{"claim_many of 1", fmt.Sprintf("create temp table run1 as select * from jobmachine.claim_many(array['bench'], 1, lease_id => %d)", lease), 1, 7 + 2}, // 2 once a second: is tick due?
		{"complete", "select jobmachine.complete(id, receipt) from run1", 1, 4},
		{"claim_many of 100", fmt.Sprintf("create temp table run100 as select * from jobmachine.claim_many(array['bench'], 100, lease_id => %d)", lease), 100, 6 + 2},
		{"settle of 100", `select jobmachine.settle(array_agg(id), array_agg(receipt), array_fill('complete'::text, array[100])) from run100`, 100, 5},
		{"claim_many of an empty queue", fmt.Sprintf("select * from jobmachine.claim_many(array['nothing'], 100, lease_id => %d)", lease), 1, 2 + 2},
	}
	const tidy = "drop table if exists run1, run100"
	for range 7 { // as often as it takes to get generic plans
		for _, call := range calls {
			s.exec(call.sql)
		}
		s.exec(tidy)
	}
	s.exec(send(backlog))
	s.exec(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on;
		set auto_explain.log_timing = off; set auto_explain.log_format = json`)
	var figures []Figure
	for _, call := range calls {
		s.exec("set client_min_messages = log")
		seen = nil
		s.exec(call.sql)
		inside := seen
		s.exec("set client_min_messages = notice")
		read, sorted := 0.0, 0.0
		for _, st := range inside {
			r, o := st.Plan.rows()
			read, sorted = max(read, r), max(sorted, o)
		}
		figures = append(figures,
			Figure{"statements inside of " + call.name, float64(len(inside)), "", call.statements},
			// A few more rows: the lease, the neighbours of the batch in the index.
			Figure{"rows that a part of a plan reads: " + call.name, read, "", 1.05*call.jobs + 1},
			Figure{"rows that a part of a plan sorts: " + call.name, sorted, "", call.jobs})
	}
	s.exec(tidy)
	if bad != nil {
		return nil, bad
	}
	return figures, s.err
}

// statement is what auto_explain tells of one.
type statement struct {
	Query string `json:"Query Text"`
	Plan  node
}

type node struct {
	Type      string  `json:"Node Type"`
	Rows      float64 `json:"Actual Rows"`
	Loops     float64 `json:"Actual Loops"`
	Filtered  float64 `json:"Rows Removed by Filter"`
	Rechecked float64 `json:"Rows Removed by Index Recheck"`
	Relation  string  `json:"Relation Name"`
	Plans     []node
}

// rows returns the most rows that one node read from a table, and that one node sorted.
func (n node) rows() (read, sorted float64) {
	if n.Relation != "" {
		read = (n.Rows + n.Filtered + n.Rechecked) * n.Loops
	}
	if strings.HasSuffix(n.Type, "Sort") {
		sorted = n.Rows * n.Loops
	}
	for _, below := range n.Plans {
		r, s := below.rows()
		read, sorted = max(read, r), max(sorted, s)
	}
	return read, sorted
}
