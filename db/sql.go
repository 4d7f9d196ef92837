package db

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/tern/v2/migrate"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// prepare begins every install, in its transaction. One install at a time (1785528328 is "jm" and the
// eighth class of our advisory locks); CREATE on the database is needed only if the schema is not
// there yet; and what waits for a lock gives up before the senders behind it notice.
const prepare = `
set local client_min_messages = warning;
set local search_path = pg_catalog, pg_temp;

do $$
begin
  perform pg_advisory_xact_lock(1785528328, 0);
  if not exists (select from pg_namespace where nspname = rtrim('jobmachine.', '.')) then
    create schema jobmachine;
  end if;
end
$$;

set local lock_timeout = '2s';

create table if not exists jobmachine.schema_version (version int4 not null, code text);
comment on table jobmachine.schema_version is 'What is installed: one row.';
comment on column jobmachine.schema_version.version is 'The number of the last migration.';
comment on column jobmachine.schema_version.code is 'Fingerprints of the functions: of their source, and as they were in the catalog.';
insert into jobmachine.schema_version (version)
select 0 where not exists (select from jobmachine.schema_version);

do $$
declare
  v_migration constant integer := (select version from jobmachine.schema_version);
  v_release text := '0.0.0';
begin
  if to_regprocedure('jobmachine.version()') is not null then
    v_release := jobmachine.version();
  end if;
  if v_migration > {{migrations}} or string_to_array(v_release, '.')::integer[] > string_to_array('{{release}}', '.')::integer[] then
    raise exception using errcode = 'JM005', message = 'the installed schema is newer than this program',
      detail = format('Installed is version %s with migration %s; this is version {{release}} with migration {{migrations}}.', v_release, v_migration),
      hint = 'Nothing was changed. Use the jobmachine that installed it, or a later one.';
  end if;
end
$$;
`

// fingerprint tells whether the functions and triggers are those of this source and still as they
// were installed. Replacing them when they are would be harmless, but triggers lock out senders.
const fingerprint = `'{{source}} ' || (
  select md5(string_agg(o.definition, '' order by o.definition))
  from (
    select pg_get_functiondef(p.oid) as definition
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = rtrim('jobmachine.', '.') and p.prokind in ('f', 'p')
    union all
    select pg_get_triggerdef(t.oid)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = rtrim('jobmachine.', '.') and not t.tgisinternal
  ) o)`

// source is everything there is to install, for one schema name.
type source struct {
	prepare    string
	migrations []*migrate.Migration
	code       string
	codeIsOld  string // an expression on schema_version
	record     string
	table      string
	release    string // what the functions say
}

func load(name string) (*source, error) {
	if err := schema.Check(name); err != nil {
		return nil, err
	}
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	functions, err := fs.Sub(files, "functions")
	if err != nil {
		return nil, err
	}
	var m migrate.Migrator
	if err := m.LoadMigrations(migrations); err != nil {
		return nil, err
	}
	code, err := migrate.LoadCodePackage(functions)
	if err != nil {
		return nil, err
	}
	s := &source{
		migrations: m.Migrations,
		table:      schema.Quote(name) + ".schema_version",
		release:    "select " + schema.Quote(name) + ".version()",
	}
	if s.code, err = code.Eval(nil); err != nil {
		return nil, err
	}
	s.code = schema.Rewrite(s.code, name)
	for _, m := range s.migrations {
		// prepare has made the schema; the statement is there for sqlc, and would ask for a right too many.
		m.UpSQL = strings.Replace(m.UpSQL, "create schema if not exists jobmachine;\n", "", 1)
		m.UpSQL = schema.Rewrite(m.UpSQL, name)
	}
	fill := strings.NewReplacer(
		"{{migrations}}", fmt.Sprint(len(s.migrations)),
		"{{release}}", gen.Version,
		"{{source}}", fmt.Sprintf("%x", sha256.Sum256([]byte(s.code)))[:32],
	)
	s.prepare = schema.Rewrite(fill.Replace(prepare), name)
	current := schema.Rewrite(fill.Replace(fingerprint), name)
	s.codeIsOld = fmt.Sprintf("version < %d or code is distinct from %s", len(s.migrations), current)
	s.record = fmt.Sprintf("\nupdate %s set version = %d, code = %s;\n", s.table, len(s.migrations), current)
	return s, nil
}

// SQL is the whole install as one file for psql. It does what [Migrate] does: installs, upgrades, or
// finds nothing to do, in one transaction that stops at the first error.
func SQL(name string) (string, error) {
	s, err := load(name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-- jobmachine %s: installs or upgrades. Run it as often as you like: psql -f jobmachine.sql\n\n", gen.Version)
	b.WriteString("\\set ON_ERROR_STOP on\nbegin isolation level read committed read write;\n")
	b.WriteString(s.prepare)
	b.WriteString("\nselect " + s.codeIsOld + " as jobmachine_code")
	for _, m := range s.migrations {
		fmt.Fprintf(&b, ",\n  version < %d as jobmachine_%d", m.Sequence, m.Sequence)
	}
	fmt.Fprintf(&b, "\nfrom %s \\gset\n", s.table)
	for _, m := range s.migrations {
		fmt.Fprintf(&b, "\n-- migration %s\n\\if :jobmachine_%d\n%s\n\\endif\n", m.Name, m.Sequence, m.UpSQL)
	}
	fmt.Fprintf(&b, "\n-- functions and rights\n\\if :jobmachine_code\n%s%s\\endif\n\ncommit;\n", s.code, s.record)
	return b.String(), nil
}
