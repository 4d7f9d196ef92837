package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// session is one connection of a test; its methods end the test on any error.
type session struct {
	*pgx.Conn
	t testing.TB
}

func connect(t testing.TB, db *pgtest.DB) session {
	t.Helper()
	c, err := pgx.Connect(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return session{c, t}
}

func (s session) exec(sql string, args ...any) int64 {
	s.t.Helper()
	tag, err := s.Exec(s.t.Context(), sql, args...)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return tag.RowsAffected()
}

// one reads a single value.
func one[T any](s session, sql string, args ...any) T {
	s.t.Helper()
	rows, err := s.Query(s.t.Context(), sql, args...)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func column[T any](s session, sql string, args ...any) []T {
	s.t.Helper()
	rows, err := s.Query(s.t.Context(), sql, args...)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	v, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// run is a claimed job.
type run struct{ ID, Receipt int64 }

func (s session) claim(queue string, n int, lease any) []run {
	s.t.Helper()
	rows, err := s.Query(s.t.Context(), "select id, receipt from jobmachine.claim($1, $2, $3)", queue, n, lease)
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := pgx.CollectRows(rows, pgx.RowToStructByPos[run])
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s session) claimOne(queue string) run {
	s.t.Helper()
	r := s.claim(queue, 1, nil)
	if len(r) != 1 {
		s.t.Fatalf("claim of %q returned %d jobs, want 1", queue, len(r))
	}
	return r[0]
}

func (s session) state(id int64) string {
	s.t.Helper()
	v := column[string](s, "select state from jobmachine.status($1)", id)
	if len(v) == 0 {
		return "unknown"
	}
	return v[0]
}

// code returns the SQLSTATE of the error of a statement, or "" if it succeeds.
func (s session) code(sql string, args ...any) string {
	s.t.Helper()
	_, err := s.Exec(s.t.Context(), sql, args...)
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// contents is a fingerprint of every table of the engine but its own memory, to show that nothing has changed.
func (s session) contents() string {
	s.t.Helper()
	out := ""
	for _, table := range []string{"job", "scheduled", "pending", "running", "finished", "reply", "failed_attempt", "lease", "unique_key", "queue"} {
		out += fmt.Sprintf("%s %s\n", table, one[string](s,
			fmt.Sprintf("select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from jobmachine.%s t", table)))
	}
	return out
}

// replace changes a piece of a function's text.
func (s session) replace(function, old, new string) {
	s.t.Helper()
	def := one[string](s, "select pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = 'jobmachine'::regnamespace and p.proname = $1", function)
	if !strings.Contains(def, old) {
		s.t.Fatalf("%s has no %q; the test must follow the code", function, old)
	}
	s.exec(strings.Replace(def, old, new, 1))
}

// buffers counts the pages that a statement reads when its plans and the catalog are known.
func (s session) buffers(sql string) float64 {
	s.t.Helper()
	s.pages(sql)
	return s.pages(sql)
}

// pages counts those that a statement reads.
func (s session) pages(sql string, args ...any) float64 {
	s.t.Helper()
	var plan []struct {
		Plan struct {
			Hit  float64 `json:"Shared Hit Blocks"`
			Read float64 `json:"Shared Read Blocks"`
		}
	}
	if err := json.Unmarshal([]byte(one[string](s, "explain (analyze, buffers, format json) "+sql, args...)), &plan); err != nil {
		s.t.Fatal(err)
	}
	return plan[0].Plan.Hit + plan[0].Plan.Read
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
