package worker

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// statementTimeout bounds every call of the worker's own.
const statementTimeout = 30 * time.Second

// session is one connection of the worker's own, opened when needed and again when it broke.
type session struct {
	dialer *pg.Dialer
	schema string

	mu   sync.Mutex
	conn *pgx.Conn
	q    *gen.Queries
}

type query func(ctx context.Context, q *gen.Queries) error

// do runs fn when the connection is free.
func (s *session) do(ctx context.Context, fn query) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run(ctx, fn)
}

// run needs s.mu.
func (s *session) run(ctx context.Context, fn query) error {
	if s.conn == nil {
		conn, err := s.dialer.Connect(ctx, nil)
		if err != nil {
			return err
		}
		s.conn, s.q = conn, gen.New(schema.DB(conn, s.schema))
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	err := fn(ctx, s.q)
	if err != nil && pg.Lost(s.conn, err) {
		pg.Close(s.conn)
		s.conn = nil
		if !pgconn.SafeToRetry(err) {
			return &lostError{err}
		}
	}
	return err
}

func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		pg.Close(s.conn)
		s.conn = nil
	}
}

// lostError is the end of a connection in the middle of a call, which may have been done or not.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }
