// Package schema lets jobmachine live in a schema of another name. The SQL files and the generated
// bindings say jobmachine; this package rewrites that one qualifier in their text.
package schema

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jobmachine/jobmachine/gen"
)

// Default is the schema's name unless another one is chosen.
const Default = "jobmachine"

// Rewrite returns sql with the schema name in place of jobmachine. The empty name means [Default].
//
// Three places name the schema: a literal that is nothing but the qualifier (the beginning of a
// channel's name, not an identifier), a qualifier, and a statement about the schema itself. Names
// such as jobmachine_session.parked are none of them.
func Rewrite(sql, name string) string {
	if name == "" || name == Default {
		return sql
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(sql, Default)
		if !found {
			b.WriteString(sql)
			return b.String()
		}
		b.WriteString(before)
		switch {
		case endsInWord(before):
			b.WriteString(Default)
		case strings.HasSuffix(before, "'") && strings.HasPrefix(after, ".'"):
			b.WriteString(name)
		case strings.HasPrefix(after, "."), aboutSchema(before) && !beginsWithWord(after):
			b.WriteString(Quote(name))
		default:
			b.WriteString(Default)
		}
		sql = after
	}
}

func aboutSchema(before string) bool {
	return strings.HasSuffix(before, "schema ") || strings.HasSuffix(before, "schema if not exists ")
}

func endsInWord(s string) bool { return s != "" && isWord(s[len(s)-1]) }

func beginsWithWord(s string) bool { return s != "" && isWord(s[0]) }

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Quote returns the name as an identifier, always quoted unless it is [Default].
func Quote(name string) string {
	if name == "" || name == Default {
		return Default
	}
	return pgx.Identifier{name}.Sanitize()
}

// Check returns an error that says why a name cannot be used. A name is valid if the rewritten SQL
// means the same wherever the name lands: in an identifier, a literal, a comment, a function body, a
// template of tern's or a format string. A dot would make channels of two schemas collide.
func Check(name string) error {
	switch {
	case name == "":
		return nil
	case len(name) > 40:
		return fmt.Errorf("jobmachine: schema name %q is longer than 40 bytes", name)
	case strings.HasPrefix(name, "pg_"):
		return fmt.Errorf("jobmachine: schema name %q begins with pg_, which PostgreSQL keeps for itself", name)
	case !utf8.ValidString(name):
		return errors.New("jobmachine: the schema name is not valid UTF-8")
	}
	for _, r := range name {
		if unicode.IsControl(r) || strings.ContainsRune(`'"\{}$%.`, r) {
			return fmt.Errorf("jobmachine: schema name %q contains %q", name, r)
		}
	}
	return nil
}

// DB returns db for the generated bindings of a schema of that name: db itself for [Default].
// The name must have passed [Check]. Queries.WithTx would lose the wrapper: use gen.New(DB(tx, name)).
func DB(db gen.DBTX, name string) gen.DBTX {
	if name == "" || name == Default {
		return db
	}
	return &rewriter{db: db, name: name}
}

// It keeps no cache: a rewrite takes about a microsecond.
type rewriter struct {
	db   gen.DBTX
	name string
}

func (r *rewriter) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return r.db.Exec(ctx, Rewrite(sql, r.name), args...)
}

func (r *rewriter) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return r.db.Query(ctx, Rewrite(sql, r.name), args...)
}

func (r *rewriter) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return r.db.QueryRow(ctx, Rewrite(sql, r.name), args...)
}
