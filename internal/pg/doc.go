// Package pg holds what worker, client and listen share about PostgreSQL: connections of their
// own, how to wait, the errors of jobmachine, and how Go values become arguments.
package pg
