package model

import (
	"fmt"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// The commands of the machine. Each draws what it needs, says the SQL, and tells the model.

// step runs one of them, the simple ones first.
func (m *machine) step() {
	commands := []struct {
		weight int
		run    func()
	}{
		{6, m.Send}, {8, m.Claim}, {4, m.Complete}, {3, m.FailJob}, {3, m.SendMany}, {1, m.Insert}, {3, m.ClaimMany},
		{1, m.Snooze}, {1, m.Release}, {2, m.ReplyJob}, {4, m.Settle},
		{2, m.Cancel}, {2, m.Retry}, {1, m.Remove}, {1, m.Pause}, {2, m.Resume}, {1, m.Configure},
		{2, m.OpenLease}, {1, m.HoldLease}, {1, m.Renew}, {1, m.CloseLease},
		{2, m.Time}, {2, m.Tick}, {1, m.Housekeep}, {1, m.Ask}, {1, m.Check}, {1, m.Positions},
		{2, m.Begin}, {1, m.Savepoint}, {3, m.End},
	}
	total := 0
	for _, c := range commands {
		total += c.weight
	}
	n := m.uniform(total, "command")
	for _, c := range commands {
		if n -= c.weight; n < 0 {
			c.run()
			return
		}
	}
}

// uniform draws 0 to n-1, all as likely, which rapid's own numbers are not.
func (m *machine) uniform(n int, label string) int {
	v := 0
	for bit := 1; bit < n; bit *= 2 {
		if rapid.Bool().Draw(m.T, label) {
			v += bit
		}
	}
	return v % n
}

func pick[V any](m *machine, label string, of ...V) V { return of[m.uniform(len(of), label)] }

var queueNames = []string{"a", "g.x", "g.y"}

func (m *machine) session() *session { return pick(m, "session", m.sessions...) }
func (m *machine) queue() string     { return pick(m, "queue", "a", "a", "g.x", "g.y") }

// chance is true once in n times, and never in the simplest case.
func (m *machine) chance(n int, label string) bool {
	return m.uniform(n, label) == n-1
}

func (m *machine) payload() string {
	m.n++
	return fmt.Sprintf(`{"n": %d}`, m.n)
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (m *machine) Tick() { m.tick(m.session()) }

func (m *machine) tick(s *session) {
	m.do(s, command{sql: "select jobmachine.tick()", apply: func(w *world, r result, seen *state) {
		if wait, err := strconv.ParseFloat(r.one(), 64); err != nil || wait < 0 || wait > 5 {
			m.fail("it answers %s", r)
		}
		if m.mine(s)(metaKey{}) {
			w.tick(m.mine(s), seen)
		}
	}})
}

// Housekeep gives the housekeeper all the time it may need; then nothing may be left over.
func (m *machine) Housekeep() {
	for _, s := range m.sessions {
		if s.open {
			m.Send() // a transaction is open
			return
		}
	}
	for range 3 {
		m.advance(61 * second)
		m.tick(m.sessions[0])
	}
	w := m.view(m.sessions[0])
	for _, j := range w.jobs(func(job) bool { return true }) {
		_, alive := w.lease(j.lease)
		switch {
		case j.state == "running" && !alive:
			m.fail("job %d is running without a lease", j.id)
		case j.deadline != nil && *j.deadline <= w.now-2*minute:
			m.fail("job %d is running past its deadline", j.id)
		case w.forgettable(j) && *j.finished <= w.now-*w.setting(j.queue).retention-2*minute && !m.boundary:
			m.fail("job %d is past its retention", j.id)
		}
	}
	for _, id := range w.leases() {
		if l, _ := w.lease(id); l.bare && len(m.rowsUnder(w, id)) == 0 {
			m.fail("lease %d of a claim is left over", id)
		}
	}
}

// Ask compares status, receive and replies with the views.
func (m *machine) Ask() {
	s := m.session()
	id, after := m.anyJob(s), m.uniform(3, "after_seq")
	want := m.view(s).expected()
	room, latest, later := "", "", []string{}
	if j, ok := want.job(id); ok {
		room = j.State
	}
	for _, a := range want.Answers {
		if a.JobID != id {
			continue
		}
		latest = fmt.Sprintf("%d %s", a.Seq, a.State)
		if a.Seq > after {
			later = append(later, latest)
		}
	}
	m.do(s, command{
		sql: fmt.Sprintf("select (select state from jobmachine.status(%[1]d)), (select concat_ws(' ', seq, state) from jobmachine.receive(%[1]d)), "+
			"(select string_agg(concat_ws(' ', seq, state), ',') from jobmachine.replies(%[1]d, %[2]d))", id, after),
		apply: func(_ *world, r result, _ *state) {
			if got, want := r.String(), strings.Join([]string{room, latest, strings.Join(later, ",")}, " | "); got != want {
				m.fail("status, receive and replies answer %s, not %s", got, want)
			}
		},
	})
}

// Check waits for answers: 0 means there is one to be fetched, or that LISTEN begins only now.
func (m *machine) Check() {
	s := m.session()
	if s.open {
		m.Send() // in a transaction
		return
	}
	id := m.anyJob(s)
	m.do(s, command{sql: fmt.Sprintf("select jobmachine.check(%d)", id), apply: func(w *world, r result, _ *state) {
		j, ok := w.job(id)
		if !ok {
			if r.code != "JM001" {
				m.fail("no JM001 for a job that is not there")
			}
			return
		}
		bell, answers := id&63, int64(len(j.answers))
		news := j.finished != nil || answers > s.seen[id]
		wait, err := strconv.ParseFloat(r.one(), 64)
		switch {
		case err != nil || wait < 0 || wait > 10:
			m.fail("it answers %s", r)
		case !s.listening[bell]:
			if wait != 0 {
				m.fail("it answers %v before LISTEN is in force", wait)
			}
			s.listening[bell] = true
			return
		case news != (wait == 0):
			m.fail("it answers %v although there is news: %v", wait, news)
		}
		if j.finished == nil && news {
			s.seen[id] = answers
		}
	}})
	if m.chance(3, "uncheck") {
		m.do(s, command{sql: fmt.Sprintf("select jobmachine.uncheck(%d)", id), apply: func(*world, result, *state) { delete(s.seen, id) }})
	}
}

func (m *machine) Time() {
	m.advance(pick[at](m, "by", second, 6*second, 31*second, 61*second, 6*minute, 31*minute))
}

// Positions lets the sequence go on, as others' sends would; the low-water marks move only in large steps.
func (m *machine) Positions() {
	m.plain(m.monitor, "select setval('jobmachine.position', last_value + 1500) from jobmachine.position")
}

func (m *machine) Begin() {
	s := m.session()
	if s.open {
		m.Send() // a transaction is open
		return
	}
	m.begin(s)
}

func (m *machine) Savepoint() {
	if s := m.openSession(); s != nil {
		m.save(s)
	} else {
		m.Begin()
	}
}

func (m *machine) End() {
	s := m.openSession()
	if s == nil {
		m.Begin()
		return
	}
	if m.chance(3, "undo") {
		m.undo(s)
	} else {
		m.end(s, !m.chance(4, "rollback"))
	}
	m.compareOthers(s)
}

func (m *machine) openSession() *session {
	var open []*session
	for _, s := range m.sessions {
		if s.open {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return pick(m, "session", open...)
}
