package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// Worker is a worker program under test. It does one thing at a time.
type Worker interface {
	// Do carries out a command of the protocol (README.md) and returns the answer. An error means
	// that there is no answer: the worker is broken.
	Do(ctx context.Context, command map[string]any) (json.RawMessage, error)
	// Kill ends the worker as kill -9 would.
	Kill()
}

// stage is a database on which scenarios are played one after the other; a new one costs more than a
// scenario.
type stage struct {
	t     *testing.T
	db    *pgtest.DB // nil: a new one is needed
	start func(t *testing.T, url string) Worker
}

// clear leaves nothing of a scenario but its time.
const clear = `
	rollback;
	select jobmachine.complete(id, receipt) from jobmachine.claimed_job;
	select jobmachine.cancel(id) from jobmachine.jobs;
	select jobmachine.remove(id) from jobmachine.jobs;
	select jobmachine.close_lease(lease_id) from jobmachine.workers`

func (s *stage) play(t *testing.T, what scenario) {
	if s.db == nil {
		s.db = pgtest.New(s.t)
	}
	db := s.db
	s.db = nil
	operator, err := pgx.Connect(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close(context.Background())
	p := &player{t: t, db: db, operator: operator, start: s.start, workers: map[string]Worker{}, answers: map[string]chan result{}, vars: variables{}}
	defer func() {
		for _, w := range p.workers {
			w.Kill()
		}
	}()
	for _, step := range what.steps {
		ctx, cancel := context.WithTimeout(t.Context(), pgtest.Patience)
		err := p.step(ctx, step)
		cancel()
		if err != nil {
			t.Fatalf("%s: %s %s\n%v", step.where, step.actor, step.text, err)
		}
	}
	for name := range p.answers {
		t.Fatalf("an answer of %s was not awaited", name)
	}
	if _, err := operator.Exec(t.Context(), clear); err != nil {
		t.Fatal(err)
	}
	s.db = db
}

// player plays one scenario: it is the sender, the operator and the clock, and tells workers what to do.
type player struct {
	t        *testing.T
	db       *pgtest.DB
	operator *pgx.Conn
	start    func(t *testing.T, url string) Worker
	workers  map[string]Worker
	answers  map[string]chan result // to commands that are being carried out
	vars     variables
}

type result struct {
	answer any
	err    error
}

func (p *player) step(ctx context.Context, s step) error {
	switch s.actor {
	case "clock":
		var by time.Duration
		if err := p.operator.QueryRow(ctx, "select $1::text::interval", s.text).Scan(&by); err != nil {
			return err
		}
		p.db.Advance(by)
		return nil
	case "tick":
		p.db.Exec("select jobmachine.tick()")
		return nil
	case "kill":
		if p.workers[s.text] == nil {
			return errors.New("there is no such worker")
		}
		p.workers[s.text].Kill()
		delete(p.workers, s.text)
		return nil
	case "sql":
		got, err := p.query(ctx, s.text)
		if err != nil {
			return err
		}
		return p.vars.match(s.want, got, "the answer")
	case "until":
		for {
			got, err := p.query(ctx, s.text)
			if err == nil {
				err = p.vars.match(s.want, got, "the answer")
			}
			if err == nil || ctx.Err() != nil {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	for {
		if s.text != "" {
			if err := p.tell(s); err != nil {
				return err
			}
		}
		if !s.awaited {
			return nil
		}
		answers := p.answers[s.actor]
		if answers == nil {
			return errors.New("nothing was asked")
		}
		r := <-answers
		delete(p.answers, s.actor)
		if r.err != nil {
			return r.err
		}
		err := p.vars.match(s.want, r.answer, "the answer")
		// A claim that comes back empty has changed nothing, and workers go on claiming: on a busy machine
		// the first one may leave the housekeeping to the next.
		if err == nil || !isEmpty(r.answer) || ctx.Err() != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func isEmpty(answer any) bool {
	object, _ := answer.(map[string]any)
	jobs, ok := object["jobs"].([]any)
	return ok && len(jobs) == 0
}

// tell sends a command to a worker, which is started first if need be, and does not wait.
func (p *player) tell(s step) error {
	var command map[string]any
	if err := json.Unmarshal([]byte(s.text), &command); err != nil {
		return err
	}
	command = p.vars.fill(command).(map[string]any)
	worker := p.workers[s.actor]
	if worker == nil {
		worker = p.start(p.t, p.db.URL)
		p.workers[s.actor] = worker
	}
	if p.answers[s.actor] != nil {
		return errors.New("the answer before was not awaited")
	}
	answers := make(chan result, 1)
	p.answers[s.actor] = answers
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
		defer cancel()
		var r result
		text, err := worker.Do(ctx, command)
		if err == nil {
			err = json.Unmarshal(text, &r.answer)
		}
		if err != nil {
			r.err = fmt.Errorf("the worker does not answer: %w", err)
		}
		answers <- r
	}()
	return nil
}

var variable = regexp.MustCompile(`\$[a-z][a-z0-9_]*`)

// query runs SQL as sender and operator. One row of one column answers the value, one row of several
// an object, several rows an array of these; an error answers its code.
func (p *player) query(ctx context.Context, sql string) (any, error) {
	sql = variable.ReplaceAllStringFunc(sql, func(n string) string { return literal(p.vars[n[1:]]) })
	rows, err := p.operator.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	answers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (any, error) {
		values, err := row.Values()
		if err != nil || len(values) == 1 {
			return values[0], err
		}
		object := map[string]any{}
		for i, f := range row.FieldDescriptions() {
			object[f.Name] = values[i]
		}
		return object, nil
	})
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return map[string]any{"error": refused.Code}, nil
	} else if err != nil {
		return nil, err
	}
	var answer any = answers
	if len(answers) == 1 {
		answer = answers[0]
	} else if answers == nil {
		answer = []any{}
	}
	// As JSON knows it: every number is one kind.
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return answer, json.Unmarshal(text, &answer)
}

// literal writes a value as SQL.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		return quote(v)
	}
	text, _ := json.Marshal(v)
	return quote(string(text))
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
