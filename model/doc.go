// Package model checks the SQL engine against small models of it. It has tests only.
//
//   - The machine (machine_test.go, commands_test.go) sends random commands from several connections to a real PostgreSQL
//     and to a plain world of maps (world_test.go), and compares all that can be seen after every command. A failure is
//     shrunk to a short script of SQL. Transactions stay open, are rolled back, have savepoints, and meet each other; the
//     clock stands still until a command moves it. What the engine is free to choose (ids, the jitter of a backoff, when the
//     slow parts of the housekeeping are done) is read from the database and checked against its bounds.
//   - The bell (bell_test.go) and the low-water mark (lowwater_test.go) are models of a few lines whose every state is
//     visited. The real functions of the bell are then taken through the same steps (bell_steps_test.go).
//   - The fuzz targets (fuzz_test.go) give every function that takes text or jsonb whatever there is.
//
// The tests do a little of it, the same each time. To run the machine for longer, with another seed each time (a failure
// prints the one that repeats it), with every mutant and with 2,000 orders of the bell:
//
//	go test ./model -rapid.checks=2000 -timeout=1h
//	make fuzz
package model
