// Package pgtest gives every test a PostgreSQL database of its own.
//
// The first test of a test program starts a private server, which ends with the program. With
// JOBMACHINE_TEST_DATABASE_URL (a superuser's) an existing server is used instead. Databases are
// copies of one migrated template, made in some 30 ms, so tests can run in parallel.
package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

// Patience is how long a test waits for what must come. It only ends tests that have failed: a machine
// that others use, too, may stand still for many seconds.
const Patience = 3 * time.Minute

// DB is a database for one test. Its methods end the test on an error.
type DB struct {
	URL  string        // as superuser
	Pool *pgxpool.Pool // at most 20 connections
	t    testing.TB
}

// New returns a database with jobmachine installed; it is dropped when the test is over.
func New(t testing.TB) *DB {
	t.Helper()
	return create(t, template)
}

// Empty returns a database without jobmachine; it is dropped when the test is over.
func Empty(t testing.TB) *DB {
	t.Helper()
	return create(t, func() (string, error) { return "template0", nil })
}

// Program returns the path of a client program such as psql, of the server's version if possible. A
// test that cannot have it is skipped; in CI, where JOBMACHINE_TEST_SKIP=no, it fails.
func Program(t testing.TB, name string) string {
	t.Helper()
	if _, err := serverURL(); err != nil {
		t.Fatal(err)
	}
	if private != nil {
		path := filepath.Join(private.BinDir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		Skip(t, "there is no ", name)
	}
	return path
}

// Skip skips a test for lack of something that CI must have.
func Skip(t testing.TB, why ...any) {
	t.Helper()
	if os.Getenv("JOBMACHINE_TEST_SKIP") == "no" {
		t.Fatal(why...)
	}
	t.Skip(why...)
}

func create(t testing.TB, template func() (string, error)) *DB {
	t.Helper()
	server, err := serverURL()
	if err != nil {
		t.Fatal(err)
	}
	from, err := template()
	if err != nil {
		t.Fatal(err)
	}
	name := "jobmachine_test_" + strings.ToLower(rand.Text())
	if err := admin(server, "create database "+name+" template "+from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin(server, "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	d := &DB{URL: withDatabase(server, name), t: t}
	config, err := pgxpool.ParseConfig(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 20
	if d.Pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		t.Fatal(err)
	}
	// Not Close, which waits for connections that a failed test never gave back.
	t.Cleanup(func() { go d.Pool.Close() })
	return d
}

var (
	private *pgserver.Server

	serverURL = sync.OnceValues(func() (string, error) {
		if u := os.Getenv("JOBMACHINE_TEST_DATABASE_URL"); u != "" {
			return u, nil
		}
		var err error
		private, err = pgserver.Start(context.Background(), pgserver.Options{Settings: map[string]string{
			"fsync":                     "off",
			"full_page_writes":          "off",
			"max_connections":           "300",
			"max_prepared_transactions": "20",
			"max_wal_size":              "4GB",
		}})
		if err != nil {
			return "", err
		}
		return private.URL(), nil
	})

	// On an existing server the template outlives the program; its name tells what is in it.
	template = sync.OnceValues(func() (string, error) {
		server, err := serverURL()
		if err != nil {
			return "", err
		}
		sql, err := db.SQL("")
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("jobmachine_template_%x", sha256.Sum256([]byte(sql)))[:40]
		return name, makeTemplate(server, name)
	})
)

func makeTemplate(server, name string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	// Other test programs want the same one.
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&exists); err != nil || exists {
		return err
	}
	unfinished := name + "_unfinished"
	for _, sql := range []string{"drop database if exists " + unfinished + " with (force)", "create database " + unfinished + " template template0"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	inside, err := pgx.Connect(ctx, withDatabase(server, unfinished))
	if err != nil {
		return err
	}
	err = db.Migrate(ctx, inside, db.Options{})
	inside.Close(ctx)
	if err == nil {
		_, err = conn.Exec(ctx, "alter database "+unfinished+" rename to "+name)
	}
	return err
}

func admin(server, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}

// Connect opens a connection of its own, closed when the test is over.
func (d *DB) Connect() *pgx.Conn {
	d.t.Helper()
	conn, err := pgx.Connect(context.Background(), d.URL)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// Exec runs statements; more than one if there are no arguments.
func (d *DB) Exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.Pool.Exec(context.Background(), sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

// Get returns the single value of a query.
func Get[T any](d *DB, sql string, args ...any) T {
	d.t.Helper()
	var v T
	if err := d.Pool.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// All returns the single column of a query.
func All[T any](d *DB, sql string, args ...any) []T {
	d.t.Helper()
	rows, _ := d.Pool.Query(context.Background(), sql, args...)
	v, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// SetClock makes the database's clock differ from the real one by an offset.
func (d *DB) SetClock(offset time.Duration) {
	d.t.Helper()
	d.clock()
	d.Exec("update jobmachine_test.clock set ahead = $1", offset)
}

// Advance moves the database's clock forward; for transactions under way too.
func (d *DB) Advance(by time.Duration) {
	d.t.Helper()
	d.clock()
	d.Exec("update jobmachine_test.clock set ahead = ahead + $1", by)
}

// clock replaces the one function that reads the time, once.
func (d *DB) clock() {
	d.t.Helper()
	if Get[bool](d, "select to_regclass('jobmachine_test.clock') is not null") {
		return
	}
	d.Exec(`
		create schema jobmachine_test;
		create table jobmachine_test.clock (ahead interval not null);
		insert into jobmachine_test.clock values ('0');
		grant usage on schema jobmachine_test to public;
		grant select on jobmachine_test.clock to public;
		create or replace function jobmachine._now() returns timestamptz language sql volatile as
		$$ select pg_catalog.clock_timestamp() + c.ahead from jobmachine_test.clock c $$`)
}

// Eventually waits until a query returns true.
func (d *DB) Eventually(sql string, args ...any) {
	d.t.Helper()
	Eventually(d.t, fmt.Sprint(sql, args), func() bool { return Get[bool](d, sql, args...) })
}

// Eventually waits until a condition holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// Receive takes what must come from a channel.
func Receive[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(Patience):
		t.Fatal("nothing came")
	}
	return v
}

// WaitBlocked waits until a backend waits for a lock.
func (d *DB) WaitBlocked(pid uint32) {
	d.t.Helper()
	d.Eventually("select exists (select from pg_locks where pid = $1 and not granted)", pid)
}

// Listener counts notifications.
type Listener struct {
	d    *DB
	conn *pgx.Conn
	got  map[string]int
}

// Listen begins to listen.
func (d *DB) Listen(channels ...string) *Listener {
	d.t.Helper()
	l := &Listener{d: d, conn: d.Connect(), got: map[string]int{}}
	for _, channel := range append(channels, l.barrier()) {
		if _, err := l.conn.Exec(context.Background(), "listen "+pgx.Identifier{channel}.Sanitize()); err != nil {
			d.t.Fatal(err)
		}
	}
	return l
}

func (l *Listener) barrier() string { return fmt.Sprint("pgtest barrier ", l.conn.PgConn().PID()) }

// Count returns the notifications on a channel that were committed so far. They arrive in the order
// of commits, so one of its own tells when it has them all.
func (l *Listener) Count(channel string) int {
	l.d.t.Helper()
	l.d.Exec("select pg_notify($1, '')", l.barrier())
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for {
		n, err := l.conn.WaitForNotification(ctx)
		if err != nil {
			l.d.t.Fatal(err)
		}
		if n.Channel == l.barrier() {
			return l.got[channel]
		}
		l.got[n.Channel]++
	}
}
