package db

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Files is what is embedded.
var Files = files

// MigrateWith installs with one more statement among the functions.
func MigrateWith(ctx context.Context, conn *pgx.Conn, statement string) error {
	s, err := load("")
	if err != nil {
		return err
	}
	s.code += statement
	return s.install(ctx, conn)
}
