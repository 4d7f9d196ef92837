// Package conformance is one list of scenarios that every worker must pass, in whatever language it
// is written. The list (scenarios/*.txt) runs through the Go bindings, through psql alone and with a
// worker in Perl; README.md says how to run it with another one.
package conformance
