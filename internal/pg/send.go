package pg

import (
	"context"
	"encoding/json"

	"github.com/jobmachine/jobmachine/gen"
)

// Send puts jobs without options into a queue, all or none. A lone one has a call of its own, which is cheaper for the server.
func Send(ctx context.Context, q *gen.Queries, queue string, payloads []json.RawMessage) ([]int64, error) {
	if len(payloads) > 1 {
		return q.SendMany(ctx, gen.SendManyParams{Queue: queue, Payloads: payloads})
	}
	id, err := q.Send(ctx, gen.SendParams{Queue: queue, Payload: payloads[0]})
	return []int64{id}, err
}
