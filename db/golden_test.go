package db_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

var update = flag.Bool("update", false, "write schema.sql and api.txt anew")

// schema.sql is what a fresh install looks like to pg_dump: a change of the SQL files, also of an old
// migration, cannot pass unseen. Function bodies are left out, which are in functions, one file each.
func TestGoldenSchema(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	if major := serverMajor(d); major != 15 {
		t.Skipf("schema.sql is of PostgreSQL 15, this is %d", major)
	}
	const head = "-- What an install makes, as pg_dump of PostgreSQL 15 shows it, without function bodies. Written by make generate.\n\n"
	golden(t, "schema.sql", head+functionBody.ReplaceAllString(dump(t, d, "jobmachine"), "$$$$...$$$$;"))
}

// api.txt is what programs rest on: names, defaults and return types of the public functions, and the
// columns of the views.
func TestGoldenAPI(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	lines := pgtest.All[string](d, `
		select format('%s %s(%s)%s', case p.prokind when 'p' then 'procedure' else 'function' end, p.proname,
		  pg_get_function_arguments(p.oid), ' returns ' || pg_get_function_result(p.oid))
		from pg_proc p
		where p.pronamespace = 'jobmachine'::regnamespace and p.proname !~ '^_'
		order by p.prokind, p.proname collate "C"`)
	lines = append(lines, pgtest.All[string](d, `
		select format('view %s(%s)', c.relname, string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum))
		from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
		where c.relnamespace = 'jobmachine'::regnamespace and c.relkind = 'v' and c.relname !~ '^_'
		group by c.relname
		order by c.relname collate "C"`)...)
	golden(t, "api.txt", strings.Join(lines, "\n")+"\n")
}

// Function bodies are not looked at by PostgreSQL until they run; plpgsql_check looks at every one.
func TestFunctionBodies(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	if !pgtest.Get[bool](d, "select exists (select from pg_available_extensions where name = 'plpgsql_check')") {
		pgtest.Skip(t, "plpgsql_check is not installed")
	}
	d.Exec("create extension plpgsql_check")
	// A trigger function is checked with each of its tables.
	for _, complaint := range pgtest.All[string](d, `
		select f.name || ': ' || c.complaint
		from (
		  select p.oid, p.oid::regprocedure::text as name, 0::oid as relation, null::name as old, null::name as new
		  from pg_proc p join pg_language l on l.oid = p.prolang
		  where p.pronamespace = 'jobmachine'::regnamespace and l.lanname = 'plpgsql' and p.prorettype <> 'trigger'::regtype
		  union all
		  select p.oid, format('%s on %s', p.oid::regprocedure, t.tgrelid::regclass), t.tgrelid, t.tgoldtable, t.tgnewtable
		  from pg_proc p join pg_trigger t on t.tgfoid = p.oid
		  where p.pronamespace = 'jobmachine'::regnamespace
		) f
		cross join lateral plpgsql_check_function(f.oid, f.relation, fatal_errors => false, all_warnings => true,
		  oldtable => f.old, newtable => f.new) with ordinality c (complaint, line)
		order by f.name, c.line`) {
		t.Error(complaint)
	}
	if unused := pgtest.All[string](d, `
		select p.proname from pg_proc p
		where p.pronamespace = 'jobmachine'::regnamespace and p.prorettype = 'trigger'::regtype
		  and not exists (select from pg_trigger t where t.tgfoid = p.oid)`); len(unused) > 0 {
		t.Errorf("trigger functions without a trigger: %s", unused)
	}
}

var functionBody = regexp.MustCompile(`(?s)\$\$\n.*?\$\$;`)

var versionNumber = regexp.MustCompile(`\d+`)

// dump is the schema of a database without what differs from one pg_dump to the next.
func dump(t *testing.T, d *pgtest.DB, schema string) string {
	t.Helper()
	program := pgtest.Program(t, "pg_dump")
	version, err := exec.Command(program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if major, _ := strconv.Atoi(string(versionNumber.Find(version))); major < serverMajor(d) {
		pgtest.Skip(t, "pg_dump is older than the server")
	}
	out, err := exec.Command(program, "--schema-only", "--no-owner", "--schema", schema, d.URL).Output()
	if err != nil {
		t.Fatal(err, string(err.(*exec.ExitError).Stderr))
	}
	var b strings.Builder
	blank := true
	for line := range strings.Lines(string(out)) {
		noise := strings.HasPrefix(line, `\`) || strings.HasPrefix(line, "SET ") || strings.HasPrefix(line, "SELECT pg_catalog.set_config(") ||
			strings.HasPrefix(line, "-- ") && !strings.HasPrefix(line, "-- Name:") || line == "--\n"
		if noise || line == "\n" && blank {
			continue
		}
		b.WriteString(line)
		blank = line == "\n"
	}
	return strings.TrimSpace(b.String()) + "\n"
}

func serverMajor(d *pgtest.DB) int {
	return pgtest.Get[int](d, "select current_setting('server_version_num')::int / 10000")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs: if that is meant, run make generate\n%s", file, firstDifference(got, string(want)))
	}
}

func mustEqual(t *testing.T, a, b string) {
	t.Helper()
	if a != b {
		t.Error("they differ\n" + firstDifference(a, b))
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is  %q\ninstead of %q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines instead of %d", len(a), len(b))
}
