package pg

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// statementTimeout bounds every call.
const statementTimeout = 30 * time.Second

// Query is a call of generated bindings.
type Query func(ctx context.Context, q *gen.Queries) error

// Session is one connection, opened when needed and again when it broke. It is used by one at a time.
type Session struct {
	Dialer *Dialer
	Schema string

	mu   sync.Mutex
	conn *pgx.Conn
	db   gen.DBTX
}

// Do runs fn when the connection is free.
func (s *Session) Do(ctx context.Context, fn Query) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run(ctx, fn)
}

// Or is the Do of this connection if it is free, else of another one.
func (s *Session) Or(other *Session) func(context.Context, Query) error {
	return func(ctx context.Context, fn Query) error {
		if !s.mu.TryLock() {
			return other.Do(ctx, fn)
		}
		defer s.mu.Unlock()
		return s.run(ctx, fn)
	}
}

func (s *Session) run(ctx context.Context, fn Query) error {
	if s.conn == nil {
		conn, err := s.Dialer.Connect(ctx)
		if err != nil {
			return err
		}
		s.conn, s.db = conn, schema.DB(conn, s.Schema)
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	err := fn(ctx, gen.New(s.db))
	if err != nil && Lost(s.conn, err) {
		s.close()
	}
	return err
}

// Close ends the connection; the next call opens another one.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.close()
}

func (s *Session) close() {
	if s.conn != nil {
		Close(s.conn)
		s.conn = nil
	}
}

// Ask runs a call that answers, by the Do of a session or a listener.
func Ask[T any](ctx context.Context, do func(context.Context, Query) error, fn func(ctx context.Context, q *gen.Queries) (T, error)) (answer T, err error) {
	answers := make(chan T, 1) // fn may end after do
	if err = do(ctx, func(ctx context.Context, q *gen.Queries) error {
		v, err := fn(ctx, q)
		answers <- v
		return err
	}); err == nil {
		answer = <-answers
	}
	return answer, err
}
