package db_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// state changes when anything that an install makes is made anew, even if it is the same again.
const state = `select md5(string_agg(t.row, ',' order by t.row)) from (
	select format('function %s %s', oid, xmin) as row from pg_proc where pronamespace = 'jobmachine'::regnamespace
	union all select format('class %s %s', oid, relkind) from pg_class where relnamespace = 'jobmachine'::regnamespace
	union all select format('trigger %s %s', oid, xmin) from pg_trigger
	union all select format('installed %s', s) from jobmachine.schema_version s) t`

func TestMigrate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("installs what this program has", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		conn := d.Connect()
		installed, embedded, err := db.Version(ctx, conn, "")
		if err != nil || installed != 0 || embedded == 0 {
			t.Errorf("before: installed %d, embedded %d, %v", installed, embedded, err)
		}
		migrate(t, conn, "")
		if installed, embedded, err = db.Version(ctx, conn, ""); err != nil || installed != embedded {
			t.Errorf("after: installed %d, embedded %d, %v", installed, embedded, err)
		}
		if v := pgtest.Get[string](d, "select jobmachine.version()"); v != gen.Version {
			t.Errorf("the functions are of version %s, the program %s", v, gen.Version)
		}
	})

	t.Run("changes nothing the second time", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		conn := d.Connect()
		migrate(t, conn, "")
		before := pgtest.Get[string](d, state)
		migrate(t, conn, "")
		if pgtest.Get[string](d, state) != before {
			t.Error("something was made anew")
		}
	})

	t.Run("is safe when many install at once", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		done := make(chan error)
		const programs = 6
		for range programs {
			conn := d.Connect()
			go func() { done <- db.Migrate(ctx, conn, db.Options{}) }()
		}
		for range programs {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := pgtest.Get[int](d, "select count(*) from jobmachine.schema_version"); n != 1 {
			t.Errorf("%d rows in schema_version", n)
		}
		d.Exec("select jobmachine.send('q')")
	})

	t.Run("leaves nothing behind when it fails, and works the next time", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		conn := d.Connect()
		if err := db.MigrateWith(ctx, conn, "\nselect 1/0;\n"); pg.Code(err) != "22012" {
			t.Fatal(err)
		}
		if pgtest.Get[bool](d, "select exists (select from pg_namespace where nspname = 'jobmachine')") {
			t.Error("the schema is there")
		}
		migrate(t, conn, "")
	})

	t.Run("says where an error is", func(t *testing.T) {
		t.Parallel()
		err := db.MigrateWith(ctx, pgtest.Empty(t).Connect(), "\ncreate function f()\nreturns integer oops as '';\n")
		if err == nil || !strings.Contains(err.Error(), `at "returns integer oops`) || !strings.Contains(err.Error(), `"create function f"`) {
			t.Error(err)
		}
	})

	t.Run("repairs functions that were changed or dropped by hand", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		d.Exec("drop function jobmachine.pause(text); create or replace function jobmachine.version() returns text language sql immutable as $$ select '0.0.1' $$")
		migrate(t, d.Connect(), "")
		if !pgtest.Get[bool](d, "select to_regprocedure('jobmachine.pause(text)') is not null and jobmachine.version() = $1", gen.Version) {
			t.Error("still missing")
		}
	})

	for what, newer := range map[string]string{
		"migrations": "update jobmachine.schema_version set version = 1000",
		"functions":  "create or replace function jobmachine.version() returns text language sql immutable as $$ select '1000.10.0' $$",
	} {
		t.Run("refuses a schema with newer "+what, func(t *testing.T) {
			t.Parallel()
			d := pgtest.New(t)
			d.Exec(newer)
			before := pgtest.Get[string](d, state)
			err := db.Migrate(ctx, d.Connect(), db.Options{})
			if !errors.Is(err, db.ErrVersion) || pg.Code(err) != "JM005" || !strings.Contains(err.Error(), "Use the jobmachine that installed it") {
				t.Error(err)
			}
			if pgtest.Get[string](d, state) != before {
				t.Error("something was changed")
			}
		})
	}

	t.Run("needs no right but on the schema if that is there", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		role := "r" + pgtest.Get[string](d, "select current_database()")
		d.Exec(fmt.Sprintf("create role %s; create schema jobmachine authorization %s", role, role))
		t.Cleanup(func() { d.Exec(fmt.Sprintf("drop owned by %s; drop role %s", role, role)) })
		conn := d.Connect()
		if _, err := conn.Exec(ctx, "set role "+role); err != nil {
			t.Fatal(err)
		}
		migrate(t, conn, "")
		if _, err := conn.Exec(ctx, "select jobmachine.send('q')"); err != nil {
			t.Error(err)
		}
	})

	t.Run("does not make senders wait behind it for long", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		open, conn := d.Connect(), d.Connect()
		if _, err := open.Exec(ctx, "begin; select jobmachine.send('q')"); err != nil {
			t.Fatal(err)
		}
		d.Exec("drop function jobmachine.pause(text)")
		done := make(chan error, 1)
		go func() { done <- db.Migrate(ctx, conn, db.Options{}) }()
		d.WaitBlocked(conn.PgConn().PID())                                           // for the lock on pending, to replace the trigger
		d.Exec("set local statement_timeout = '3 min'; select jobmachine.send('q')") // the first sender has still not committed
		if _, err := open.Exec(ctx, "commit"); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("refuses a name that SQL text cannot carry", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		if err := db.Migrate(ctx, d.Connect(), db.Options{Schema: `my "x"`}); err == nil {
			t.Error("installed")
		}
	})

	t.Run("in one database do not see or wake each other", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		migrate(t, d.Connect(), "Odd-Name")
		migrate(t, d.Connect(), "Odd-Name")
		ours, odd := d.Connect(), d.Connect()
		for conn, name := range map[*pgx.Conn]string{ours: "jobmachine", odd: `"Odd-Name"`} {
			for range 2 { // the first one only listens
				if _, err := conn.Exec(ctx, "select "+name+".park('{q}')"); err != nil {
					t.Fatal(err)
				}
			}
		}
		heard := d.Listen("jobmachine.q", "Odd-Name.q")
		d.Exec(`select "Odd-Name".send('q')`)
		if a, b := heard.Count("jobmachine.q"), heard.Count("Odd-Name.q"); a != 0 || b == 0 {
			t.Errorf("a job in Odd-Name rang %d times in jobmachine, %d times in Odd-Name", a, b)
		}
		if a, b := pgtest.Get[int](d, "select count(*) from jobmachine.jobs"), pgtest.Get[int](d, `select count(*) from "Odd-Name".jobs`); a != 0 || b != 1 {
			t.Errorf("%d jobs in jobmachine, %d in Odd-Name", a, b)
		}
		if n := pgtest.Get[int](d, "select count(*) from jobmachine.claim('*', 10)"); n != 0 {
			t.Errorf("jobmachine claimed %d jobs of Odd-Name", n)
		}
		if n := pgtest.Get[int](d, `select count(*) from "Odd-Name".claim('*', 10)`); n != 1 {
			t.Errorf("Odd-Name claimed %d jobs", n)
		}
	})

	t.Run("are the same but for the name", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		migrate(t, d.Connect(), "Odd-Name")
		got := dump(t, d, `"Odd-Name"`)
		got = strings.ReplaceAll(strings.ReplaceAll(got, `"Odd-Name"`, "jobmachine"), "Odd-Name", "jobmachine")
		mustEqual(t, got, dump(t, pgtest.New(t), "jobmachine"))
	})
}

func TestSQL(t *testing.T) {
	t.Parallel()
	psql := pgtest.Program(t, "psql")
	run := func(t *testing.T, d *pgtest.DB, name string) error {
		t.Helper()
		text, err := db.SQL(name)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "jobmachine.sql")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(psql, "--no-psqlrc", "--quiet", "--file", file, d.URL).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		if len(out) > 0 {
			t.Errorf("psql said:\n%s", out)
		}
		return nil
	}

	for _, name := range []string{"jobmachine", "Odd-Name"} {
		t.Run("installs with psql what Migrate installs as "+name, func(t *testing.T) {
			t.Parallel()
			byFile, byGo := pgtest.Empty(t), pgtest.Empty(t)
			if err := run(t, byFile, name); err != nil {
				t.Fatal(err)
			}
			migrate(t, byGo.Connect(), name)
			quoted := pgx.Identifier{name}.Sanitize()
			installed := "select s::text from " + quoted + ".schema_version s"
			if a, b := pgtest.Get[string](byFile, installed), pgtest.Get[string](byGo, installed); a != b {
				t.Errorf("schema_version: %s by psql, %s by Migrate", a, b)
			}
			mustEqual(t, dump(t, byFile, quoted), dump(t, byGo, quoted))
		})
	}

	t.Run("changes nothing the second time, nor does Migrate after it", func(t *testing.T) {
		t.Parallel()
		d := pgtest.Empty(t)
		if err := run(t, d, ""); err != nil {
			t.Fatal(err)
		}
		before := pgtest.Get[string](d, state)
		if err := run(t, d, ""); err != nil {
			t.Fatal(err)
		}
		migrate(t, d.Connect(), "")
		if pgtest.Get[string](d, state) != before {
			t.Error("something was made anew")
		}
	})

	t.Run("refuses a newer schema", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		d.Exec("update jobmachine.schema_version set version = 1000")
		before := pgtest.Get[string](d, state)
		if err := run(t, d, ""); err == nil || !strings.Contains(err.Error(), "newer than this program") {
			t.Error(err)
		}
		if pgtest.Get[string](d, state) != before {
			t.Error("something was changed")
		}
	})
}

// install.sql and the lists in it include files behind the dashes of a comment: a file's first line must be one too.
func TestFiles(t *testing.T) {
	t.Parallel()
	lists, err := fs.Glob(db.Files, "functions/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var contents []byte
	for _, list := range lists {
		text, err := db.Files.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, text...)
	}
	included := func(file string) int {
		return strings.Count(string(contents), fmt.Sprintf(`-- {{ template %q . }}`, strings.TrimPrefix(file, "functions/")))
	}
	for _, list := range lists {
		if n := included(list); (n == 1) != (list != "functions/install.sql") {
			t.Errorf("%s is included %d times", list, n)
		}
	}
	files, err := fs.Glob(db.Files, "functions/*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if n := included(file); n != 1 {
			t.Errorf("%s is included %d times", file, n)
		}
		sql, err := db.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(sql), "-- ") {
			t.Errorf("%s does not begin with a comment that says what it is for", file)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		if !strings.Contains(string(sql), "create or replace function jobmachine."+name+"(") && !strings.Contains(string(sql), "create or replace procedure jobmachine."+name+"(") {
			t.Errorf("%s does not create the function it is named after", file)
		}
	}
}

func migrate(t *testing.T, conn *pgx.Conn, name string) {
	t.Helper()
	if err := db.Migrate(context.Background(), conn, db.Options{Schema: name}); err != nil {
		t.Fatal(err)
	}
}
