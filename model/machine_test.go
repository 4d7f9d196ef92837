package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// lab is a database with its connections, which many runs of the machine share.
type lab struct {
	t        testing.TB
	sessions []*session
	monitor  *session       // never in a transaction: it sees what is committed
	warnings []string       // of the housekeeper, which swallows errors
	answers  map[string]int // what was answered how often, to see that runs do something
}

// session is one connection, and in the model its open transaction.
type session struct {
	name      string
	conn      *pgx.Conn
	open      bool
	changes   map[any]any  // rows it has written and not committed; nil = deleted
	owned     map[any]bool // rows it has written or locked
	saves     []savepoint
	listening map[int64]bool  // the bells it has called check for
	seen      map[int64]int64 // interim answers that check has told of
}

type savepoint struct {
	changes map[any]any
	owned   map[any]bool
}

func newLab(t testing.TB, mutate func(conn *pgx.Conn)) *lab {
	t.Helper()
	db := pgtest.New(t)
	db.Exec(createClock)
	if mutate != nil {
		mutate(db.Connect())
	}
	l := &lab{t: t, answers: map[string]int{}}
	l.monitor = l.connect(db, "-")
	for _, name := range []string{"A", "B", "C"} {
		l.sessions = append(l.sessions, l.connect(db, name))
	}
	return l
}

func (l *lab) connect(db *pgtest.DB, name string) *session {
	config, err := pgx.ParseConfig(db.URL)
	if err != nil {
		l.t.Fatal(err)
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["client_min_messages"] = "warning"
	config.RuntimeParams["jit"] = "off"
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { l.warnings = append(l.warnings, n.Message) }
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { conn.Close(context.Background()) })
	return &session{name: name, conn: conn}
}

// reset makes the database as good as new. Segments that were added stay.
func (l *lab) reset(start int64) {
	l.t.Helper()
	for _, s := range append(l.sessions, l.monitor) {
		// The jitter of the backoff becomes the same each time, or a failure could not be repeated.
		for _, sql := range []string{"rollback", "unlisten *", "reset all", "select pg_advisory_unlock_all(), setseed(0.5)"} {
			l.exec(s, sql)
		}
		s.open, s.changes, s.owned, s.saves = false, nil, nil, nil
		s.listening, s.seen = map[int64]bool{}, map[int64]int64{}
	}
	l.exec(l.monitor, `truncate jobmachine.job, jobmachine.scheduled, jobmachine.pending, jobmachine.running, jobmachine.finished, jobmachine.reply,
		jobmachine.failed_attempt, jobmachine.lease, jobmachine.unique_key, jobmachine.low_water, jobmachine.queue, jobmachine.meta`)
	l.exec(l.monitor, "insert into jobmachine.meta default values")
	l.exec(l.monitor, fmt.Sprintf("select setval('jobmachine.position', %d, false), setval('jobmachine.lease_id', 1, false)", start))
	l.exec(l.monitor, "update jobmachine_test.clock set now = '2030-01-01 00:00:00Z'")
	l.warnings = nil
}

func (l *lab) exec(s *session, sql string) {
	l.t.Helper()
	if r := s.run(sql); r.code != "" {
		l.t.Fatalf("%s: %s", sql, r.message)
	}
}

// result is what a statement has answered, as text.
type result struct {
	rows          [][]string // "" for null
	code, message string     // of an error
}

func (r result) one() string {
	if len(r.rows) == 1 && len(r.rows[0]) == 1 {
		return r.rows[0][0]
	}
	return fmt.Sprint(r)
}

func (r result) String() string {
	if r.code != "" {
		return r.code + ": " + r.message
	}
	var lines []string
	for _, row := range r.rows {
		lines = append(lines, strings.Join(row, " | "))
	}
	return strings.Join(lines, "; ")
}

// run uses the simple protocol, so the clocks of statement and transaction agree, and the text is what psql would send.
func (s *session) run(sql string) result {
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	results, err := s.conn.PgConn().Exec(ctx, sql).ReadAll()
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return result{code: pe.Code, message: strings.TrimSpace(pe.Message + " " + pe.Detail)}
	}
	if err != nil {
		return result{code: "lost", message: err.Error()}
	}
	r := result{}
	for _, row := range results[len(results)-1].Rows {
		var cells []string
		for _, cell := range row {
			cells = append(cells, string(cell))
		}
		r.rows = append(r.rows, cells)
	}
	return r
}

// machine is one run: the lab, and the world as committed.
type machine struct {
	*lab
	*rapid.T
	rows     map[any]any
	now      at
	script   []string
	lastID   int64        // the highest id and position seen so far
	receipts map[int64]at // when each was given out
	runs     []outcome    // every receipt that was ever given out, with its job
	n        int          // numbers payloads
	boundary bool         // ids go over the end of a segment
	waited   bool         // the last command had to wait
}

func newMachine(l *lab, t *rapid.T) *machine {
	m := &machine{lab: l, T: t, rows: map[any]any{}, receipts: map[int64]at{}}
	m.boundary = rapid.IntRange(0, 9).Draw(t, "at the end of a segment") == 9
	start := int64(1)
	if m.boundary {
		start = 49_999_995
	}
	l.reset(start)
	return m
}

// fail ends the run and shows how it came to that.
func (m *machine) fail(format string, args ...any) {
	m.Helper()
	m.Logf("%s\n%s", strings.Join(m.script, "\n"), fmt.Sprintf(format, args...))
	m.Fatalf("the database and the model disagree")
}

// view is the world as a session sees it: what is committed, and its own changes.
func (m *machine) view(s *session) *world {
	w := &world{rows: maps.Clone(m.rows), now: m.now, touched: map[any]bool{}}
	for key, row := range s.changes {
		if row == nil {
			delete(w.rows, key)
		} else {
			w.rows[key] = row
		}
	}
	return w
}

// mine tells which rows nobody else has locked.
func (m *machine) mine(s *session) func(any) bool {
	return func(key any) bool { return m.owner(key) == nil || m.owner(key) == s }
}

func (m *machine) owner(key any) *session {
	for _, s := range m.sessions {
		if s.owned[key] {
			return s
		}
	}
	return nil
}

// command is one statement: the rows it may have to wait for, and what it does to the world.
type command struct {
	sql   string
	waits []any
	apply func(w *world, r result, seen *state)
}

// do runs a command, lets the model follow, and compares what can be seen, in every session.
func (m *machine) do(s *session, c command) {
	m.Helper()
	r := m.send(s, c)
	m.script = append(m.script, fmt.Sprintf("%s: %s;  -- %s", s.name, c.sql, r))
	m.count(c.sql, r)
	if r.code != "" && s.open {
		m.undo(s)
	}
	w, seen := m.view(s), m.read(s)
	c.apply(w, r, seen)
	m.learn(w, seen)
	if diff := difference(w.expected(), seen); diff != "" {
		m.fail("%s sees something else:%s", s.name, diff)
	}
	m.keep(s, w)
	m.compareOthers(s)
	if len(m.warnings) > 0 {
		m.fail("the housekeeper met errors: %s", strings.Join(m.warnings, "; "))
	}
}

var call = regexp.MustCompile(`jobmachine\.(\w+)`)

// count notes what a function has answered: an error, so many rows, or a word.
func (m *machine) count(sql string, r result) {
	answer := fmt.Sprintf("%d rows", len(r.rows))
	if word := r.one(); r.code != "" {
		answer = r.code
	} else if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
		answer = word
	}
	m.answers[call.FindStringSubmatch(sql)[1]+" "+answer]++
	if m.waited {
		m.answers["waited"]++
	}
}

// send runs the statement. If it has to wait, those it waits for end their transactions.
func (m *machine) send(s *session, c command) result {
	m.Helper()
	m.waited = false
	done := make(chan result, 1)
	go func() { done <- s.run(c.sql) }()
	for {
		select {
		case r := <-done:
			return r
		case <-time.After(20 * time.Millisecond): // only when to look
		}
		for _, pid := range m.blockers(s) {
			for _, other := range m.sessions {
				if fmt.Sprint(other.conn.PgConn().PID()) != pid || !other.open {
					continue
				}
				if !slices.ContainsFunc(c.waits, func(key any) bool { return other.owned[key] }) {
					other.run("rollback")
					<-done
					m.fail("%s: %s;  -- waits for %s, which has nothing that it needs", s.name, c.sql, other.name)
				}
				m.script = append(m.script, fmt.Sprintf("-- %s waits for %s: %s", s.name, other.name, c.sql))
				m.waited = true
				m.end(other, rapid.Bool().Draw(m.T, "commit"))
			}
		}
	}
}

func (m *machine) blockers(s *session) []string {
	r := m.monitor.run(fmt.Sprintf("select unnest(pg_blocking_pids(%d))", s.conn.PgConn().PID()))
	var pids []string
	for _, row := range r.rows {
		pids = append(pids, row[0])
	}
	return pids
}

func (m *machine) read(s *session) *state {
	m.Helper()
	var text []byte
	if err := s.conn.QueryRow(context.Background(), readState).Scan(&text); err != nil {
		m.fail("%s: cannot read the state: %v", s.name, err)
	}
	seen := &state{}
	if err := json.Unmarshal(text, seen); err != nil {
		m.fail("%v", err)
	}
	return seen
}

// learn takes over what the engine is free to choose: ids and positions (in order), the jitter of a backoff, and the words
// of an error of PostgreSQL's.
func (m *machine) learn(w *world, seen *state) {
	m.Helper()
	m.adopt(w, seen)
	var entered []job
	for _, j := range w.jobs(func(job) bool { return true }) {
		row, ok := seen.job(j.id)
		if !ok {
			continue
		}
		if j.state == "pending" && j.position == 0 && row.Position != nil {
			j.position = *row.Position
			entered = append(entered, j)
		}
		if j.state == "scheduled" && j.due == nil && row.RunAt != nil {
			if *row.RunAt < j.dueLow || *row.RunAt > j.dueTop {
				m.fail("job %d is due at %d, not between %d and %d", j.id, *row.RunAt, j.dueLow, j.dueTop)
			}
			j.due = row.RunAt
		}
		for i, f := range j.failures {
			for _, a := range seen.Attempts {
				if f.error == cannotBeStored && a.JobID == j.id && a.Attempt == f.attempt && strings.HasPrefix(a.Error, cannotBeStored) {
					j.failures = slices.Clone(j.failures)
					j.failures[i].error = a.Error
					if j.error != nil && *j.error == cannotBeStored {
						j.error = &a.Error
					}
				}
			}
		}
		w.rows[jobKey(j.id)] = j
	}
	slices.SortFunc(entered, func(a, b job) int { return int(a.position - b.position) })
	for i, j := range entered {
		if j.position <= m.lastID {
			m.fail("job %d has the position %d, which is not behind %d", j.id, j.position, m.lastID)
		}
		if i > 0 && j.rank < entered[i-1].rank {
			m.fail("job %d stands behind job %d", j.id, entered[i-1].id)
		}
	}
	for _, j := range seen.Jobs {
		m.lastID = max(m.lastID, j.ID, or(j.Position, 0))
	}
}

// adopt finds the ids of jobs that a command has sent by itself.
func (m *machine) adopt(w *world, seen *state) {
	m.Helper()
	for _, j := range w.fresh {
		for _, row := range seen.Jobs {
			if _, known := w.job(row.ID); !known && j.id == 0 && row.Queue == j.queue && samePayload(j.payload, string(row.Payload)) {
				j.id, j.payload = row.ID, string(row.Payload)
			}
		}
		if j.id == 0 {
			m.fail("there is no job in %s with the payload %s", j.queue, j.payload)
		}
		rank := w.rank
		w.rank = j.rank
		w.pend(j)
		w.rank = rank
	}
	w.fresh = nil
}

// samePayload leaves open how the error of a poisoned element goes on.
func samePayload(want, got string) bool {
	before, after, open := strings.Cut(want, cannotBeStored)
	return want == got || open && strings.HasPrefix(got, before+cannotBeStored) && strings.HasSuffix(got, after)
}

// keep stores what a command has done: for all, or in an open transaction for its session.
func (m *machine) keep(s *session, w *world) {
	if !s.open {
		m.rows = w.rows
		return
	}
	for key, written := range w.touched {
		s.owned[key] = true
		if written {
			s.changes[key] = w.rows[key]
		}
	}
}

func (m *machine) compareOthers(s *session) {
	m.Helper()
	for _, other := range append(m.sessions, m.monitor) {
		if other == s || !other.open && other != m.monitor || other == m.monitor && !s.open {
			continue
		}
		if diff := difference(m.view(other).expected(), m.read(other)); diff != "" {
			m.fail("%s sees something else, afterwards %s:%s", s.name, other.name, diff)
		}
	}
}

// begin, end and savepoints.

func (m *machine) begin(s *session) {
	m.plain(s, "begin")
	s.open, s.changes, s.owned = true, map[any]any{}, map[any]bool{}
}

func (m *machine) end(s *session, commit bool) {
	m.plain(s, map[bool]string{true: "commit", false: "rollback"}[commit])
	if commit {
		for key, row := range s.changes {
			if row == nil {
				delete(m.rows, key)
			} else {
				m.rows[key] = row
			}
		}
	}
	s.open, s.changes, s.owned, s.saves = false, nil, nil, nil
}

func (m *machine) save(s *session) {
	m.plain(s, fmt.Sprintf("savepoint s%d", len(s.saves)+1))
	s.saves = append(s.saves, savepoint{maps.Clone(s.changes), maps.Clone(s.owned)})
}

// undo goes back to the last savepoint, or to the beginning.
func (m *machine) undo(s *session) {
	n := len(s.saves)
	if n == 0 {
		m.end(s, false)
		return
	}
	m.plain(s, fmt.Sprintf("rollback to s%d", n))
	s.changes, s.owned = maps.Clone(s.saves[n-1].changes), maps.Clone(s.saves[n-1].owned)
}

func (m *machine) plain(s *session, sql string) {
	m.Helper()
	r := s.run(sql)
	m.script = append(m.script, fmt.Sprintf("%s: %s;", s.name, sql))
	if r.code != "" {
		m.fail("%s", r)
	}
}

func (m *machine) advance(by at) {
	m.now += by
	m.plain(m.monitor, fmt.Sprintf("update jobmachine_test.clock set now = now + interval '%s'", interval(by)))
}

func interval(d at) string {
	if d%second == 0 {
		return fmt.Sprintf("%d s", d/second)
	}
	return fmt.Sprintf("%d us", d)
}
