package tests

import (
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestAnApplicationWithUsageOnTheSchemaCanDoEverythingPublicAndNothingElse(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	role := "app_" + one[string](s, "select current_database()")
	s.exec(`create role "` + role + `"`)
	equal(t, "without USAGE", asRole(s, role, "select jobmachine.send('q')"), "42501")
	s.exec(`grant usage on schema jobmachine to "` + role + `"`)
	for _, sql := range []string{
		"select jobmachine.send('q')", "select jobmachine.send('q', delay => '1 h', unique_key => 'k')", "insert into jobmachine.jobs (queue) values ('q')",
		"select jobmachine.complete(id, receipt) from jobmachine.claim('q')", "select jobmachine.park(array['q'])", "select jobmachine.tick()",
		"select * from jobmachine.jobs", "select * from jobmachine.queues", "select * from jobmachine.workers", "select * from jobmachine.answers",
		"select * from jobmachine.attempts", "select jobmachine.cancel(1)", "select * from jobmachine.list()", "select jobmachine.configure('q', max_attempts => 2)",
	} {
		equal(t, sql, asRole(s, role, sql), "")
	}
	for _, table := range column[string](s, "select c.relname::text from pg_class c where c.relnamespace = 'jobmachine'::regnamespace and c.relkind in ('r', 'p')") {
		for _, sql := range []string{"select * from jobmachine.%", "insert into jobmachine.% default values", "delete from jobmachine.%", "update jobmachine.% set ctid = ctid"} {
			if code := asRole(s, role, strings.Replace(sql, "%", table, 1)); code != "42501" && code != "0A000" && code != "42703" {
				t.Errorf("%s on %s: %q, want it to be refused", sql, table, code)
			}
		}
	}
	equal(t, "internal functions that PUBLIC may call", strings.Join(column[string](s, `select p.oid::regprocedure::text from pg_proc p
		where p.pronamespace = 'jobmachine'::regnamespace and starts_with(p.proname, '_') and has_function_privilege($1, p.oid, 'execute')`, role), " "), "")
	equal(t, "public functions that are not safe to call", strings.Join(column[string](s, `select p.oid::regprocedure::text from pg_proc p
		where p.pronamespace = 'jobmachine'::regnamespace and not starts_with(p.proname, '_') and p.proname not in ('call', 'version')
		and not (p.prosecdef and 'search_path=pg_catalog, pg_temp' = any (p.proconfig))`), " "), "")
	equal(t, "a view that is nobody's", asRole(s, role, "select * from jobmachine._pending_job"), "42501")
	equal(t, "columns of views other than jobs that can be written", asRole(s, role, "insert into jobmachine.stop_request (job_id) values (1)"), "42501")
	s.exec(`drop owned by "` + role + `"`)
	s.exec(`drop role "` + role + `"`)
}

func asRole(s session, role, sql string) string {
	s.exec(`set role "` + role + `"`)
	defer s.exec("reset role")
	return s.code(sql)
}

// Objects of an attacker that come first in his search path must not be called with the owner's rights.
func TestAnAttackersSearchPathChangesNothing(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec(`create schema evil;
		create function evil.nextval(regclass) returns bigint language plpgsql as 'begin raise ''evil''; end';
		create function evil.coalesce_all(text) returns text language plpgsql as 'begin raise ''evil''; end';
		create function evil.length(text) returns integer language plpgsql as 'begin raise ''evil''; end';
		create function evil.right(text, integer) returns text language plpgsql as 'begin raise ''evil''; end';
		create function evil.eq(text, text) returns boolean language plpgsql as 'begin raise ''evil''; end';
		create operator evil.= (leftarg = text, rightarg = text, function = evil.eq);
		create temp table job (id bigint); create temp table pending (id bigint);
		set search_path = evil, pg_temp, pg_catalog`)
	id := one[int64](s, "select jobmachine.send('q', unique_key => 'k')")
	r := s.claimOne("q")
	equal(t, "job", r.ID, id)
	equal(t, "verdict", one[string](s, "select jobmachine.complete($1, $2)", r.ID, r.Receipt), "ok")
	s.exec("select jobmachine.tick(), jobmachine.park(array['q'])")
}
