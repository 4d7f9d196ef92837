package schema_test

import (
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/schema"
)

func TestRewrite(t *testing.T) {
	for _, test := range []struct{ name, sql, want string }{
		{"jobmachine", "select jobmachine.send($1)", "select jobmachine.send($1)"},
		{"", "select jobmachine.send($1)", "select jobmachine.send($1)"},
		{"jobs", "select jobmachine.send($1)", `select "jobs".send($1)`},
		{"Odd-Name", "create schema if not exists jobmachine;", `create schema if not exists "Odd-Name";`},
		{"a", "comment on schema jobmachine is ''", `comment on schema "a" is ''`},
		{"a", "select 'jobmachine.' || bell", `select 'a.' || bell`},
		{"a", "select 'jobmachine.job'::regclass", `select '"a".job'::regclass`},
		{"a", "current_setting('jobmachine_session.parked')", "current_setting('jobmachine_session.parked')"},
		{"a", "my_jobmachine.x, xjobmachine.y, schema jobmachine_two", "my_jobmachine.x, xjobmachine.y, schema jobmachine_two"},
	} {
		if got := schema.Rewrite(test.sql, test.name); got != test.want {
			t.Errorf("Rewrite(%q, %q) = %q, want %q", test.sql, test.name, got, test.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, name := range []string{"", "jobmachine", "Odd-Name", "order", "warteschlange für alle", "ジョブ", strings.Repeat("x", 40)} {
		if err := schema.Check(name); err != nil {
			t.Errorf("%q is refused: %v", name, err)
		}
	}
	for _, name := range []string{`my "x"`, "it's", `a\b`, "{{", "a}", "a\x00b", "a\nb", "$$", "100%", "a.b", "pg_jobs", "\xff", strings.Repeat("x", 41)} {
		if err := schema.Check(name); err == nil {
			t.Errorf("%q is not refused", name)
		}
	}
}

func BenchmarkRewrite(b *testing.B) {
	const sql = "-- name: Claim :many\nselect id, receipt, queue, payload, headers, attempt, max_attempts, created_at, deadline_at, lease_id, reply_to from jobmachine.claim(queue => $1::text, n => $2::int, lease_id => $3::bigint,\n  ttl => $4::interval, worker => $5::text)\n"
	for b.Loop() {
		schema.Rewrite(sql, "other")
	}
}
