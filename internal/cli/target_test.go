package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestNotReady(t *testing.T) {
	t.Parallel()
	t.Run("tells what to do when no database is given", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		for _, args := range [][]string{{"send", "q"}, {"call", "q"}, {"await", "1"}, {"status", "1"}, {"jobs"}, {"queues"}, {"workers"}, {"cancel", "1"}, {"retry", "1"},
			{"remove", "1"}, {"pause", "q"}, {"resume", "q"}, {"configure", "q"}, {"tick"}, {"migrate"}, {"work", "--queue", "q", "--exec", "true"}} {
			s.fails(6, "set DATABASE_URL, or run jobmachine dev", args...)
		}
	})

	t.Run("is told from other errors when the database cannot be reached", func(t *testing.T) {
		t.Parallel()
		db := pgtest.Empty(t)
		s := newShell(t)
		s.fails(6, "connection refused", "jobs", "--database-url", "postgres://postgres@127.0.0.1:1/x")
		s.fails(6, "no such host", "jobs", "--database-url", "postgres://postgres@nowhere.invalid/x")
		s.fails(6, "28P01", "jobs", "--database-url", with(t, db.URL, func(u *url.URL) { u.User = url.UserPassword("postgres", "wrong") }))
		s.fails(6, "3D000", "jobs", "--database-url", with(t, db.URL, func(u *url.URL) { u.Path = "/missing" }))
		s.fails(6, "run jobmachine migrate", "jobs", "--database-url", db.URL)
		if r := s.run("version", "--database-url", db.URL); r.code != 6 || !strings.Contains(r.stderr, "run jobmachine migrate") || !strings.HasPrefix(r.stdout, "program ") {
			t.Error(r)
		}
	})

	t.Run("compares the versions of schema and program", func(t *testing.T) {
		s, db := newDB(t)
		for version, says := range map[string]string{"0.0.9": "run jobmachine migrate", "1.0.0": "use a newer jobmachine"} {
			db.Exec("create or replace function jobmachine.version() returns text language sql as $$ select '" + version + "' $$")
			s.fails(6, says, "jobs")
			s.fails(6, says, "work", "--queue", "q", "--exec", "true")
		}
		db.Exec("create or replace function jobmachine.version() returns text language sql as $$ select '0.99.0' $$")
		s.ok("jobs")
	})
}

func TestTarget(t *testing.T) {
	t.Parallel()
	t.Run("is the flag, else DATABASE_URL, else the PG* variables", func(t *testing.T) {
		s, db := newDB(t)
		other := pgtest.New(t)
		s.ok("send", "q")
		s.ok("send", "q", "--database-url", other.URL)
		u, err := url.Parse(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		password, _ := u.User.Password()
		byPG := newShell(t, "PGHOST="+u.Hostname(), "PGPORT="+u.Port(), "PGDATABASE="+u.Path[1:], "PGUSER="+u.User.Username(), "PGPASSWORD="+password)
		equal(t, "ticket", byPG.ok("send", "q"), "2")
		equal(t, "jobs of the other", pgtest.Get[int](other, "select count(*)::int from jobmachine.jobs"), 1)
		p := byPG.start("call", "q")
		db.Eventually("select exists (select from jobmachine.jobs where id = 3)")
		db.Exec("select jobmachine.complete(c.id, c.receipt, '1') from jobmachine.claim('q', 3) c")
		equal(t, "reply", p.end().stdout, "1\n")
	})
}

// A password that PostgreSQL and URLs have trouble with, and that occurs nowhere else.
const canary = `c4n4ry:p@s'"s\w%r d/#`

func TestPasswordsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	role := fmt.Sprintf("canary_%d", time.Now().UnixNano())
	db.Exec("create role " + role + " superuser login password '" + strings.ReplaceAll(canary, "'", "''") + "'")
	t.Cleanup(func() { dropRole(t, db, role) })
	right := with(t, db.URL, func(u *url.URL) { u.User = url.UserPassword(role, canary) })
	wrong := with(t, db.URL, func(u *url.URL) { u.User = url.UserPassword("nobody", canary) })
	away := with(t, wrong, func(u *url.URL) { u.Host = "127.0.0.1:1" })
	keywords := func(quoted string) string { return "host=127.0.0.1 port=1 user=nobody password=" + quoted }
	simple := "postgres://u:c4n4ry-simple@127.0.0.1:1/x"
	for _, c := range []struct {
		env  string
		args []string
	}{
		{"DATABASE_URL=" + right, []string{"version", "-v"}},
		{"DATABASE_URL=" + right, []string{"jobs", "-v"}},
		{"DATABASE_URL=" + right, []string{"call", "q", "--within", "10ms", "-v"}},
		{"DATABASE_URL=" + right, []string{"work", "--queue", "q", "--exec", "true", "--drain", "-v"}},
		{"DATABASE_URL=" + right, []string{"work", "--queue", "q", "--exec", "true", "--drain", "-v", "--listen-url", away}},
		{"DATABASE_URL=" + right, []string{"migrate"}},
		{"DATABASE_URL=" + right, []string{"jobs", right}},
		{"DATABASE_URL=" + wrong, []string{"version", "-v"}},
		{"DATABASE_URL=" + away, []string{"jobs"}},
		{"DATABASE_URL=" + simple, []string{"jobs", "-v"}},
		{"DATABASE_URL=" + keywords("c4n4ry"), []string{"jobs", "-v"}},
		{"DATABASE_URL=" + keywords("'c4n4ry canary c4n4ry'"), []string{"jobs", "-v"}},
		{"DATABASE_URL=postgres://u:" + canary + "@127.0.0.1/x", []string{"jobs", "-v"}},
		{"DATABASE_URL=postgres://u:c4n4ry@127.0.0.1:port/x", []string{"jobs", "-v"}},
		{"JOBMACHINE_LISTEN_URL=" + away, []string{"await", "1", "--within", "10ms", "--database-url", right}},
		{"JOBMACHINE_LISTEN_URL=postgres://u:" + canary + "@127.0.0.1/x", []string{"jobs", "--database-url", right}},
		{"PGPASSWORD=" + canary, []string{"jobs", "-v", "--database-url", "postgres://127.0.0.1:1/x"}},
		{"PGHOST=127.0.0.1", []string{simple}},
		{"PGHOST=127.0.0.1", []string{"send", "q", simple}},
		{"PGHOST=127.0.0.1", []string{"send", "q", "--database-url", keywords("c4n4ry"), "--header", keywords("c4n4ry")[5:]}},
		{"PGHOST=127.0.0.1", []string{"send", "q", "--delay", simple}},
		{"PGHOST=127.0.0.1", []string{"--database-url=" + simple, "--bogus"}},
	} {
		r := newShell(t, c.env).run(c.args...)
		for _, hidden := range []string{"c4n4ry", "p@s", "p%40s"} {
			if strings.Contains(r.stdout+r.stderr, hidden) {
				t.Errorf("%s %v shows %q:\n%s%s", c.env, c.args, hidden, r.stdout, r.stderr)
			}
		}
		if strings.HasPrefix(c.env, "DATABASE_URL="+right) && len(c.args) > 1 && c.args[0] == "version" && r.code != 0 {
			t.Errorf("the password does not even work: %s", r.stderr)
		}
	}
}

func TestRedactor(t *testing.T) {
	t.Parallel()
	t.Run("leaves names readable that happen to be passwords", func(t *testing.T) {
		t.Parallel()
		r := newShell(t).run("jobs", "--database-url", "postgres://postgres:postgres@127.0.0.1:1/postgres")
		if r.code != 6 || !strings.Contains(r.stderr, "database=postgres") || strings.Contains(r.stderr, ":postgres@") {
			t.Error(r)
		}
	})
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	t.Run("installs, and finds nothing to do the second time", func(t *testing.T) {
		t.Parallel()
		db := pgtest.Empty(t)
		s := newShell(t, "DATABASE_URL="+db.URL)
		if out := s.ok("migrate"); !strings.Contains(out, "schema jobmachine of database "+db.URL[strings.LastIndex(db.URL, "jobmachine_test"):][:20]) || !strings.Contains(out, "(was not installed)") {
			t.Error(out)
		}
		before := pgtest.Get[int64](db, "select sum(xmin::text::bigint)::bigint from pg_proc where pronamespace = 'jobmachine'::regnamespace")
		if out := s.ok("migrate"); !strings.Contains(out, "(was version ") {
			t.Error(out)
		}
		equal(t, "functions", pgtest.Get[int64](db, "select sum(xmin::text::bigint)::bigint from pg_proc where pronamespace = 'jobmachine'::regnamespace"), before)
		equal(t, "ticket", s.ok("send", "q"), "1")
	})

	t.Run("refuses a schema that is newer", func(t *testing.T) {
		s, db := newDB(t)
		db.Exec("create or replace function jobmachine.version() returns text language sql as $$ select '0.99.0' $$")
		s.fails(6, "newer than this program", "migrate")
	})

	t.Run("prints SQL that does the same", func(t *testing.T) {
		t.Parallel()
		db := pgtest.Empty(t)
		s := newShell(t)
		path := s.home + "/install.sql"
		if err := os.WriteFile(path, []byte(s.ok("migrate", "--print", "--schema", "other")), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(pgtest.Program(t, "psql"), "-q", "-X", "-d", db.URL, "-f", path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		equal(t, "ticket", s.ok("send", "q", "--database-url", db.URL, "--schema", "other"), "1")
	})
}

// anonymous is a flag whose value has no name.
var anonymous = regexp.MustCompile(`--\S+ (strings?|stringArray) `)

func TestHelp(t *testing.T) {
	t.Parallel()
	t.Run("every command has a story, an example and explained flags", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		overview := s.ok("help")
		equal(t, "without arguments", s.ok(), overview)
		commands := 0
		for _, line := range strings.Split(overview, "\n") {
			name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "   ") || name < "a" || name == "completion" || name == "help" || name == "jobmachine" {
				continue
			}
			commands++
			text := s.ok(name, "--help")
			if !strings.Contains(text, "Examples:\n  ") || !strings.Contains(text, "Usage:\n  jobmachine "+name) || anonymous.MatchString(text) {
				t.Errorf("help of %s:\n%s", name, text)
			}
			for _, line := range strings.Split(text, "\n") {
				if len(line) > 132 {
					t.Errorf("help of %s has a long line: %s", name, line)
				}
			}
		}
		if commands < 18 {
			t.Errorf("%d commands in:\n%s", commands, overview)
		}
	})

	t.Run("wrong command lines are a mistake of usage", func(t *testing.T) {
		t.Parallel()
		s := newShell(t)
		s.fails(2, `unknown command "sned"`, "sned")
		s.fails(2, "unknown flag: --bogus", "jobs", "--bogus")
		s.fails(2, "accepts 1 arg(s), received 2", "await", "1", "2")
		s.fails(2, `required flag(s) "exec" not set`, "work", "--queue", "q")
		s.fails(2, "unknown command", "jobs", "q")
	})

	t.Run("prints the version without a database", func(t *testing.T) {
		t.Parallel()
		if out := newShell(t).ok("version"); !strings.HasPrefix(out, "program ") || strings.Contains(out, "schema") {
			t.Error(out)
		}
	})

	t.Run("prints the version of the schema too", func(t *testing.T) {
		s, _ := newDB(t)
		if out := s.ok("version"); !strings.Contains(out, "\nschema  0.") {
			t.Error(out)
		}
	})
}

func with(t *testing.T, address string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

func dropRole(t *testing.T, db *pgtest.DB, role string) {
	conn, err := pgx.Connect(context.Background(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), "reassign owned by "+role+" to postgres; drop owned by "+role+"; drop role "+role); err != nil {
		t.Error(err)
	}
}
