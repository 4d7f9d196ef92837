package tests

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/measure"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

// What a job costs, in figures that do not depend on the machine. The limits are in internal/measure, a little above
// what is; one that is missed is a regression, or wants a reason in docs/decisions.md.
func TestAJobCostsNoMoreThanItsBudget(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, err := pgserver.Start(ctx, pgserver.Options{Settings: measure.Settings}) // its WAL must be ours alone
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	figures, err := measure.All(ctx, func() (string, error) { return fresh(ctx, server) })
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		if f.Over() {
			t.Errorf("%s: %.4g %s, at most %.4g is allowed", f.Name, f.Value, f.Unit, f.AtMost)
		} else {
			t.Logf("%s: %.4g %s", f.Name, f.Value, f.Unit)
		}
	}
}

// fresh makes the database budget anew.
func fresh(ctx context.Context, server *pgserver.Server) (string, error) {
	admin, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		return "", err
	}
	defer admin.Close(ctx)
	for _, sql := range []string{"drop database if exists budget with (force)", "create database budget"} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	url := server.DatabaseURL("budget")
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	return url, db.Migrate(ctx, conn, db.Options{})
}
