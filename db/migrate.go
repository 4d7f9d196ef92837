package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// ErrVersion is returned when the installed schema is newer than this program (SQLSTATE JM005).
var ErrVersion = pg.ErrVersion

// Options of an install.
type Options struct {
	// Schema to install into. Default jobmachine.
	Schema string
}

// Migrate installs jobmachine, or brings it up to date: the schema, the migrations that are missing,
// the functions if they changed, and a check that they are of this program's version, in one
// transaction. It is a no-op when nothing changed, and two at the same moment are safe.
//
// On a live system it never makes senders wait for more than 2 seconds: if it cannot have a lock in
// that time it lets go, and tries again until a minute is over.
func Migrate(ctx context.Context, conn *pgx.Conn, o Options) error {
	s, err := load(o.Schema)
	if err != nil {
		return err
	}
	for giveUp := time.Now().Add(time.Minute); ; {
		err := s.install(ctx, conn)
		if err == nil {
			return nil
		}
		if pg.Code(err) == "JM005" {
			return pg.Wrap("migrate", err)
		}
		if pg.Code(err) != "55P03" || time.Now().After(giveUp) {
			return fmt.Errorf("jobmachine: migrate: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("jobmachine: migrate: %w", errors.Join(ctx.Err(), err))
		case <-time.After(time.Second):
		}
	}
}

// Version returns the number of the last migration that is installed, 0 if jobmachine is not, and of
// the last one in this program.
func Version(ctx context.Context, conn *pgx.Conn, name string) (installed, embedded int, err error) {
	s, err := load(name)
	if err != nil {
		return 0, 0, err
	}
	embedded = len(s.migrations)
	table := schema.Quote(name) + ".schema_version"
	var exists bool
	if err := conn.QueryRow(ctx, "select to_regclass($1) is not null", table).Scan(&exists); err != nil {
		return 0, embedded, fmt.Errorf("jobmachine: version: %w", err)
	}
	if exists {
		if err := conn.QueryRow(ctx, "select version from "+table).Scan(&installed); err != nil {
			return 0, embedded, fmt.Errorf("jobmachine: version: %w", err)
		}
	}
	return installed, embedded, nil
}

func (s *source) install(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := run(ctx, tx, "prepare", s.prepare); err != nil {
		return err
	}
	var version int32
	var codeIsOld bool
	q := fmt.Sprintf("select version, %s from %s", s.codeIsOld, s.table)
	if err := tx.QueryRow(ctx, q).Scan(&version, &codeIsOld); err != nil {
		return err
	}
	for _, m := range s.migrations {
		if m.Sequence > version {
			if err := run(ctx, tx, m.Name, m.UpSQL); err != nil {
				return err
			}
		}
	}
	if codeIsOld {
		if err := run(ctx, tx, "functions", s.code+s.record); err != nil {
			return err
		}
	}
	var release string
	if err := tx.QueryRow(ctx, s.release).Scan(&release); err != nil {
		return err
	}
	if release != gen.Version {
		return fmt.Errorf("the functions say they are of version %s, this program is %s", release, gen.Version)
	}
	return tx.Commit(ctx)
}

// run executes statements; an error comes with the beginning of its statement and the line it is in.
func run(ctx context.Context, tx pgx.Tx, name, sql string) error {
	_, err := tx.Exec(ctx, sql)
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Position > 0 {
		if line, lineErr := migrate.ExtractErrorLine(sql, int(e.Position)); lineErr == nil {
			before := strings.Join(strings.Split(sql, "\n")[:line.LineNum], "\n")
			statement, _, _ := strings.Cut(before[max(0, strings.LastIndex(before, "\ncreate ")):], "(")
			return fmt.Errorf("%s: %w at %q in %q", name, err, strings.TrimSpace(line.Text), strings.TrimSpace(statement))
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
