// Package pg holds what worker, client and listen rest on: connections of their own, how to wait and until when, the errors of
// jobmachine, how Go values become arguments, and how runs end.
package pg
