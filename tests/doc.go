// Package tests holds the promises of the SQL engine, each as a test that fails when its protection is taken out.
// Everything runs against a real PostgreSQL; races are stepped by what pg_locks shows, and time by a settable clock.
package tests
