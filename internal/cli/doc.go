// Package cli is the command line, jobmachine.
//
// A command is one short file: its help, its flags and what it does. What they share is here too:
// which database is meant (target.go), what is printed (output.go), which exit code an error is
// (exit.go), and that no password is ever printed (redact.go). Data goes to stdout; progress, logs
// and errors go to stderr.
package cli
