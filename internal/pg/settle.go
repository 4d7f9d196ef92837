package pg

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/jobmachine/jobmachine/gen"
)

// Settle ends runs. A lone one that completes has a call of its own, which is cheaper for the server; if it is refused, settle
// gives the verdict.
func Settle(ctx context.Context, q *gen.Queries, p gen.SettleParams) ([]string, error) {
	if slices.Equal(p.Outcomes, []string{"complete"}) {
		var reply json.RawMessage
		if p.Replies[0] != "" {
			reply = json.RawMessage(p.Replies[0])
		}
		verdict, err := q.Complete(ctx, p.JobIds[0], p.Receipts[0], reply)
		if err == nil {
			return []string{verdict}, nil
		} else if Code(err) == "" { // the connection is lost, and not the server says so
			return nil, err
		}
	}
	p.Replies, p.Errors, p.Delays = some(p.Replies), some(p.Errors), some(p.Delays)
	return q.Settle(ctx, p)
}

// some makes null of an array with nothing in it, as most replies, errors and delays are.
func some[T comparable](values []T) []T {
	var zero T
	if !slices.ContainsFunc(values, func(v T) bool { return v != zero }) {
		return nil
	}
	return values
}
