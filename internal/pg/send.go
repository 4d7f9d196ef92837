package pg

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/gen"
)

// MayGather reports whether sends through db may share calls. One may end while the call that it was part of goes on, so it takes a
// pool; and the call runs under the ctx of one of them, so nothing of the pool may look at that: a role per request, a trace.
func MayGather(db gen.DBTX) bool {
	pool, ok := db.(*pgxpool.Pool)
	if !ok || pool == nil {
		return false
	}
	c := pool.Config()
	//lint:ignore SA1019 a pool may still have one
	return c.BeforeAcquire == nil && c.PrepareConn == nil && c.ShouldPing == nil && c.ConnConfig.Tracer == nil
}

// Send puts jobs without options into a queue, all or none. A lone one has a call of its own, which is cheaper for the server.
func Send(ctx context.Context, q *gen.Queries, queue string, payloads []json.RawMessage) ([]int64, error) {
	if len(payloads) > 1 {
		return q.SendMany(ctx, gen.SendManyParams{Queue: queue, Payloads: payloads})
	}
	id, err := q.Send(ctx, gen.SendParams{Queue: queue, Payload: payloads[0]})
	return []int64{id}, err
}
