// Package model checks the SQL engine against small models of it. It has tests only.
//
//   - The machine (machine_test.go, commands_test.go) sends random commands from several connections to a real PostgreSQL and to a plain
//     world of maps (world_test.go), and compares all that can be seen after every command. A failure is shrunk to a short
//     script of SQL. Transactions stay open, are rolled back, have savepoints, and meet each other; the clock stands still
//     until a command moves it.
//   - The bell (bell_test.go) is the wake-up protocol as a model of a few lines whose every state is visited; the same
//     orders are then played with the real functions (bell_steps_test.go).
//   - The fuzz targets (fuzz_test.go) give every function that takes text or jsonb whatever there is.
//
// To run the machine for longer, with a new seed each time (a failure prints the seed that repeats it):
//
//	go test ./model -run Machine -rapid.checks=2000 -timeout=1h
package model
