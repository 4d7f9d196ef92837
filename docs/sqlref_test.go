package docs

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

var update = flag.Bool("update", false, "write sql.md anew")

const sqlHead = `# SQL reference

<!-- Written by "go test ./docs -run SQLReference -update" from the comments in the database. Change those. -->

Every public function and view. Whoever has USAGE on the schema ` + "`jobmachine`" + ` may call these functions, select from these
views and insert into the view ` + "`jobs`" + `; tables and functions whose names begin with ` + "`_`" + ` are nobody's.

- Arguments may be given by name: ` + "`send('mail', delay => '1 min')`" + `. For optional ones null means the default.
- Lengths of time are intervals, from 0 to 100 years. Waiting times that functions answer are seconds.
- What a function refuses is an error ` + "`JM001` to `JM005`" + `; what a worker meets in normal life is an answer: a *verdict*, or no row. Both are
  explained in [errors.md](errors.md).
- The clock is the database's. Unless it says otherwise a function works inside the caller's transaction.
- ` + "`psql`" + ` shows the same text: ` + "`\\df+ jobmachine.send`, `\\d+ jobmachine.jobs`" + `.

`

// sqlGroups is the order of the page; a public function or view that is in none of them fails the test.
var sqlGroups = []struct {
	title, intro string
	names        []string
}{
	{"Sending", "", []string{"send", "send_many"}},
	{"Asking", "After the send has committed. [concepts.md](concepts.md#replies) shows the loop.",
		[]string{"status", "receive", "replies", "check", "uncheck", "call"}},
	{"Working", "", []string{"claim", "claim_many", "complete", "fail", "snooze", "release", "reply", "settle"}},
	{"Leases and sleeping", "For a worker process that lives longer than one job. [concepts.md](concepts.md#a-worker-in-any-language) puts them in order.",
		[]string{"open_lease", "hold_lease", "renew", "close_lease", "park", "unpark"}},
	{"Operating", "", []string{"list", "cancel", "retry", "remove", "pause", "resume", "configure", "tick", "version"}},
	{"Views", "", []string{"jobs", "queues", "workers", "answers", "attempts", "claimed_job", "stop_request"}},
}

// sqlObject is a public function, procedure or view.
type sqlObject struct {
	Name, Kind, Comment, Result string
	Args                        []sqlField
}

// sqlField is a parameter, or a column.
type sqlField struct{ Name, Type, Default, Comment string }

func TestSQLReference(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	if pgtest.Get[int](d, "select current_setting('server_version_num')::int / 10000") != 15 {
		t.Skip("sql.md is written from PostgreSQL 15, others spell defaults differently")
	}
	objects := sqlObjects(t, d)
	var b strings.Builder
	b.WriteString(sqlHead)
	for _, g := range sqlGroups {
		fmt.Fprintf(&b, "- **%s**:", g.title)
		for i, name := range g.names {
			fmt.Fprintf(&b, "%s [%s](#%s)", strings.Repeat(",", min(i, 1)), name, name)
		}
		b.WriteString("\n")
	}
	for _, g := range sqlGroups {
		fmt.Fprintf(&b, "\n## %s\n", g.title)
		if g.intro != "" {
			b.WriteString("\n" + g.intro + "\n")
		}
		for _, name := range g.names {
			o, ok := objects[name]
			if !ok {
				t.Errorf("there is no %s any more: take it out of sqlGroups", name)
				continue
			}
			delete(objects, name)
			o.write(&b)
		}
	}
	for name := range objects {
		t.Errorf("%s is public and in none of sqlGroups", name)
	}
	if *update {
		if err := os.WriteFile("sql.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page, err := os.ReadFile("sql.md"); err != nil || string(page) != b.String() {
		t.Errorf("sql.md is not what the database says: run go test ./docs -run SQLReference -update (%v)", err)
	}
}

func sqlObjects(t *testing.T, d *pgtest.DB) map[string]sqlObject {
	t.Helper()
	rows, _ := d.Pool.Query(t.Context(), `
		select p.proname::text, case p.prokind when 'p' then 'procedure' else 'function' end, coalesce(obj_description(p.oid, 'pg_proc'), ''),
		  coalesce(pg_get_function_result(p.oid), ''), coalesce((
		    select array_agg(array[a.name, format_type(a.type, null), coalesce(pg_get_function_arg_default(p.oid, a.n::int), ''), coalesce(p.proargmodes[a.n]::text, 'i')] order by a.n)
		    from unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality a (name, type, n)), '{}')
		from pg_proc p
		where p.pronamespace = 'jobmachine'::regnamespace and p.proname !~ '^_'
		union all
		select c.relname::text, 'view', coalesce(obj_description(c.oid, 'pg_class'), ''), '', (
		  select array_agg(array[a.attname::text, format_type(a.atttypid, a.atttypmod), '', coalesce(col_description(c.oid, a.attnum), (
		    -- what the tables say that the view shows
		    select regexp_replace(col_description(s.attrelid, s.attnum), '; null .*', '.')
		    from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_attribute s on s.attrelid = d.refobjid and s.attnum = d.refobjsubid
		    where d.classid = 'pg_rewrite'::regclass and r.ev_class = c.oid and s.attname = a.attname
		      and (c.relname <> 'workers' or s.attrelid = 'jobmachine.lease'::regclass) and col_description(s.attrelid, s.attnum) <> ''
		    order by s.attrelid limit 1), '')] order by a.attnum)
		  from pg_attribute a where a.attrelid = c.oid and a.attnum > 0)
		from pg_class c
		where c.relnamespace = 'jobmachine'::regnamespace and c.relkind = 'v' and c.relname !~ '^_'`)
	objects := map[string]sqlObject{}
	var o sqlObject
	var fields [][]string
	if _, err := pgx.ForEachRow(rows, []any{&o.Name, &o.Kind, &o.Comment, &o.Result, &fields}, func() error {
		if o.Comment == "" {
			t.Errorf("%s has no comment", o.Name)
		}
		if _, twice := objects[o.Name]; twice {
			t.Errorf("%s is there twice", o.Name)
		}
		o.Args = nil
		for _, f := range fields {
			field := sqlField{Name: f[0], Type: sqlType(f[1]), Default: sqlDefault(f[2])}
			if o.Kind == "view" {
				field.Comment = f[3]
			} else if f[3] == "b" {
				field.Name = "inout " + f[0]
			}
			o.Args = append(o.Args, field)
		}
		o.Result = sqlType(o.Result)
		objects[o.Name] = o
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return objects
}

func sqlType(s string) string {
	return strings.NewReplacer("timestamp with time zone", "timestamptz", "SETOF", "setof").Replace(s)
}

var (
	cast     = regexp.MustCompile(`::[a-z ]+(\[\])?$`)
	interval = regexp.MustCompile(`^'(\d\d):(\d\d):(\d\d)'::interval$`)
)

// sqlDefault writes a default as the source does.
func sqlDefault(s string) string {
	if m := interval.FindStringSubmatch(s); m != nil {
		for i, unit := range []string{"h", "min", "s"} {
			if n := strings.TrimPrefix(m[i+1], "0"); n != "0" && n != "" {
				return "'" + n + " " + unit + "'"
			}
		}
	}
	return strings.Replace(cast.ReplaceAllString(s, ""), "NULL", "null", 1)
}

func (o sqlObject) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n", o.Name)
	if o.Kind == "view" {
		fmt.Fprintf(b, "%s\n\n| column | type | |\n|---|---|---|\n", o.prose(o.Comment))
		for _, a := range o.Args {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", a.Name, a.Type, o.prose(a.Comment))
		}
		return
	}
	b.WriteString("```sql\n" + o.signature() + "\n```\n")
	text, example, found := strings.Cut(o.Comment, "Example: ")
	text = strings.Replace(text, " Errors: ", "\n\nErrors: ", 1)
	// A line that ends a sentence ends a paragraph.
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(text, ".\n", ".\n\n"), "\n\n") {
		if paragraph = strings.Join(strings.Fields(paragraph), " "); paragraph != "" {
			fmt.Fprintf(b, "\n%s\n", o.prose(paragraph))
		}
	}
	if found {
		fmt.Fprintf(b, "\n```sql\n%s;\n```\n", example)
	}
}

func (o sqlObject) signature() string {
	verb, names, types := "jobmachine.", 0, 0
	if o.Kind == "procedure" {
		verb = "call jobmachine."
	}
	for _, a := range o.Args {
		names, types = max(names, len(a.Name)), max(types, len(a.Type))
	}
	result := ""
	if o.Kind == "function" {
		result = " returns " + o.Result
	}
	var short, long []string
	for _, a := range o.Args {
		s, l := a.Name+" "+a.Type, fmt.Sprintf("  %-*s  %s", names, a.Name, a.Type)
		if a.Default != "" {
			s += " default " + a.Default
			l = fmt.Sprintf("  %-*s  %-*s  default %s", names, a.Name, types, a.Type, a.Default)
		}
		short, long = append(short, s), append(long, l)
	}
	if line := verb + o.Name + "(" + strings.Join(short, ", ") + ")" + result; len(line) <= 110 {
		return line
	}
	return verb + o.Name + "(\n" + strings.Join(long, ",\n") + ")" + result
}

var (
	code      = regexp.MustCompile(`\{"[^}]*\}|[^\s,;()]*\*|\b[a-z]+_[a-z_]+\b`) // JSON, patterns, names of two words
	first     = regexp.MustCompile(`(^|[.:] )([a-z]+)\b`)                        // the first word of a sentence
	explained = regexp.MustCompile(`(^|[ ])([a-z]+):`)
)

// prose makes Markdown of a comment: patterns, and names of parameters where they are meant, become code.
func (o sqlObject) prose(s string) string {
	s = code.ReplaceAllString(s, "`$0`")
	for _, where := range []*regexp.Regexp{first, explained} {
		s = where.ReplaceAllStringFunc(s, func(m string) string {
			p := where.FindStringSubmatch(m)
			if !slices.ContainsFunc(o.Args, func(a sqlField) bool { return a.Name == p[2] }) {
				return m
			}
			return strings.Replace(m, p[2], "`"+p[2]+"`", 1)
		})
	}
	return s
}

// What the examples name is there: job 42 and lease 7. None of them may fail.
func TestSQLExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("sql.md")
	if err != nil {
		t.Fatal(err)
	}
	d := pgtest.New(t)
	d.Exec("select jobmachine.send('example', to_jsonb(n)) from generate_series(1, 50) n")
	d.Exec("select jobmachine.open_lease('example') from generate_series(1, 10)")
	conn := d.Connect()
	n := 0
	for _, m := range regexp.MustCompile("```sql\n((?:select|call) [^`]*);\n```").FindAllStringSubmatch(string(page), -1) {
		n++
		example := strings.Replace(m[1], "within => '5 s'", "within => '5 ms'", 1) // nobody works here
		if _, err := conn.Exec(t.Context(), example); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
	if n < 30 {
		t.Errorf("only %d examples were found", n)
	}
}
