package pg

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/gen"
)

// MayGather refuses to gather what goes through a connection or a transaction: a Send may end while the call it was part of goes on.
func MayGather(want bool, db gen.DBTX) error {
	if _, pool := db.(*pgxpool.Pool); want && !pool {
		return fmt.Errorf("%w: GatherSends needs a *pgxpool.Pool, not a %T", ErrInvalid, db)
	}
	return nil
}

// Send puts jobs without options into a queue, all or none. A lone one has a call of its own, which is cheaper for the server.
func Send(ctx context.Context, q *gen.Queries, queue string, payloads []json.RawMessage) ([]int64, error) {
	if len(payloads) > 1 {
		return q.SendMany(ctx, gen.SendManyParams{Queue: queue, Payloads: payloads})
	}
	id, err := q.Send(ctx, gen.SendParams{Queue: queue, Payload: payloads[0]})
	return []int64{id}, err
}
