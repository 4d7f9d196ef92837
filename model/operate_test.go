package model

import (
	"fmt"
	"slices"
	"strings"
)

// Commands of an operator.

// anyJob draws a job that is there, or was, or never was.
func (m *machine) anyJob(s *session) int64 {
	var ids []int64
	for _, j := range m.view(s).jobs(func(job) bool { return true }) {
		ids = append(ids, j.id)
	}
	if len(ids) == 0 || m.chance(10, "another one") {
		return 1 + int64(m.uniform(int(max(1, m.lastID)), "job"))
	}
	return pick(m, "job", ids...)
}

func (m *machine) Cancel() {
	s, reason := m.session(), ""
	id := m.anyJob(s)
	sql := fmt.Sprintf("select jobmachine.cancel(%d)", id)
	if m.chance(2, "with a reason") {
		reason = fmt.Sprintf("c%d", len(m.script))
		sql = fmt.Sprintf("select jobmachine.cancel(%d, '%s')", id, reason)
	}
	m.do(s, command{sql: sql, waits: m.needs(s, id), apply: func(w *world, r result, _ *state) {
		if want := w.cancel(id, reason); r.one() != want {
			m.fail("it answers %s, not %s", r, want)
		}
	}})
}

func (m *machine) Retry() {
	s := m.session()
	id := m.anyJob(s)
	var delay at
	sql := fmt.Sprintf("select jobmachine.retry(%d)", id)
	if m.chance(3, "later") {
		delay = pick[at](m, "delay", minute, 5*second)
		sql = fmt.Sprintf("select jobmachine.retry(%d, %s)", id, m.timestamp(m.now+delay))
	}
	m.do(s, command{sql: sql, waits: m.needs(s, id), apply: func(w *world, r result, _ *state) {
		want, conflict := w.retry(id, delay)
		if conflict != 0 && (r.code != "JM003" || !strings.HasSuffix(r.message, fmt.Sprintf(" %d", conflict))) || conflict == 0 && r.one() != want {
			m.fail("it answers %s, not %s (job %d has the key)", r, want, conflict)
		}
	}})
}

func (m *machine) Remove() {
	s := m.session()
	id := m.anyJob(s)
	m.do(s, command{sql: fmt.Sprintf("select jobmachine.remove(%d)", id), waits: m.needs(s, id), apply: func(w *world, r result, _ *state) {
		if want := w.remove(id); r.one() != want {
			m.fail("it answers %s, not %s", r, want)
		}
	}})
}

func (m *machine) queueOrAll() string {
	return pick(m, "queue", append(slices.Clone(queueNames), "*")...)
}

func (m *machine) Pause() {
	s, name := m.session(), m.queueOrAll()
	m.setQueue(s, fmt.Sprintf("select jobmachine.pause('%s')", name), name, func(w *world, q *queue) {
		if q.paused == nil {
			q.paused = ptr(w.now)
		}
	})
}

func (m *machine) Resume() {
	s := m.session()
	var paused []string
	for _, name := range append(slices.Clone(queueNames), "*") {
		if q, ok := get[queue](m.view(s), queueKey(name)); ok && q.paused != nil {
			paused = append(paused, name)
		}
	}
	if len(paused) == 0 {
		m.Send()
		return
	}
	name := pick(m, "queue", paused...)
	m.setQueue(s, fmt.Sprintf("select jobmachine.resume('%s')", name), name, func(_ *world, q *queue) { q.paused = nil })
}

func (m *machine) setQueue(s *session, sql, name string, change func(w *world, q *queue)) {
	m.do(s, command{sql: sql, waits: []any{queueKey(name)}, apply: func(w *world, r result, _ *state) {
		if r.code != "" {
			m.fail("it fails")
		}
		q, _ := get[queue](w, queueKey(name))
		change(w, &q)
		w.put(queueKey(name), q)
	}})
}

// Configure is not done in transactions: a statement that waits for one would see some settings from before.
func (m *machine) Configure() {
	s, name := m.session(), m.queueOrAll()
	if s.open {
		m.Send() // in a transaction
		return
	}
	sql, set := "", []func(q *queue){}
	option := func(text string, f func(q *queue)) { sql, set = sql+", "+text, append(set, f) }
	if m.chance(2, "max_attempts given") {
		n := 1 + m.uniform(3, "max_attempts")
		option(fmt.Sprintf("max_attempts => %d", n), func(q *queue) { q.maxAttempts = &n })
	}
	if m.chance(2, "backoff given") {
		b, factor, most := pick[at](m, "backoff", 0, 10*second), pick(m, "factor", 1.0, 3.0), pick[at](m, "backoff_max", minute, 5*second)
		option(fmt.Sprintf("backoff => '%s', backoff_factor => %v, backoff_max => '%s'", interval(b), factor, interval(most)),
			func(q *queue) { q.backoff, q.factor, q.max = &b, &factor, &most })
	}
	if m.chance(2, "timeout given") {
		d := pick[at](m, "timeout", 20*second, 0, 20*minute)
		option(fmt.Sprintf("timeout => '%s'", interval(d)), func(q *queue) { q.timeout = &d })
	}
	if m.chance(2, "retention given") && !(m.boundary && name == "*") {
		d := pick[at](m, "retention", 10*minute, 0)
		option(fmt.Sprintf("retention => '%s'", interval(d)), func(q *queue) { q.retention = &d })
	}
	m.setQueue(s, fmt.Sprintf("select name from jobmachine.configure('%s'%s)", name, sql), name, func(_ *world, q *queue) {
		for _, f := range set {
			f(q)
		}
	})
}
