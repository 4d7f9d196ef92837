package model

import (
	"fmt"
	"strings"
)

// Commands that send.

// options draws the options of a send. The text goes behind the arguments that are given in order.
func (m *machine) options(j *job, many bool) (sql string, delay at, uniqueFor *at) {
	j.priority, j.headers = 5, "{}"
	add := func(format string, args ...any) { sql += ", " + fmt.Sprintf(format, args...) }
	if m.chance(3, "priority given") {
		j.priority = m.uniform(10, "priority")
		add("priority => %d", j.priority)
	}
	if m.chance(4, "delayed") {
		delay = pick[at](m, "delay", 5*second, minute, 0)
		if m.chance(2, "as run_at") {
			add("run_at => %s", m.timestamp(m.now+delay))
		} else {
			add("delay => '%s'", interval(delay))
		}
	}
	if m.chance(4, "max_attempts given") {
		j.maxAttempts = 1 + m.uniform(3, "max_attempts")
		add("max_attempts => %d", j.maxAttempts)
	}
	if m.chance(4, "timeout given") {
		j.timeout = ptr(pick[at](m, "timeout", 10*second, 20*minute, 0))
		add("timeout => '%s'", interval(*j.timeout))
	}
	if m.chance(6, "expires") {
		in := pick[at](m, "expires in", 30*second, 2*minute)
		j.expires = ptr(m.now + in)
		add("expires_in => '%s'", interval(in))
	}
	if !many && m.chance(3, "unique") {
		j.key = pick(m, "key", "k", "l")
		add("unique_key => '%s'", j.key)
		if m.chance(3, "for a time") {
			uniqueFor = ptr(pick[at](m, "unique_for", minute, 10*second))
			add("unique_for => '%s'", interval(*uniqueFor))
		}
	}
	if m.chance(5, "with headers") {
		j.headers = `{"h": 1}`
		add(`headers => '%s'`, j.headers)
	}
	if m.chance(5, "with reply_to") {
		j.replyTo = "r"
		add("reply_to => 'r'")
	}
	return sql, delay, uniqueFor
}

func (m *machine) timestamp(t at) string {
	return fmt.Sprintf("timestamptz '2030-01-01 00:00:00Z' + interval '%s'", interval(t))
}

// stored checks the id that a send has answered, and stores the job in the model.
func (m *machine) stored(w *world, j job, id string, delay at, uniqueFor *at) {
	m.Helper()
	j.id = number(id)
	_, known := w.job(j.id)
	if duplicate, isNew := w.send(j, delay, uniqueFor); !isNew {
		if duplicate != j.id {
			m.fail("a send whose key job %d holds answers %s", duplicate, id)
		}
	} else if known || j.id <= m.lastID {
		m.fail("a new job has got the id %s, but there has been %d", id, m.lastID)
	}
}

func (m *machine) Send() {
	s := m.session()
	j := job{queue: m.queue(), payload: m.payload()}
	sql, delay, uniqueFor := m.options(&j, false)
	m.do(s, command{
		sql:   fmt.Sprintf("select jobmachine.send('%s', '%s'%s)", j.queue, j.payload, sql),
		waits: []any{uniqueKey{j.queue, j.key}},
		apply: func(w *world, r result, _ *state) { m.stored(w, j, r.one(), delay, uniqueFor) },
	})
}

func (m *machine) SendMany() {
	s := m.session()
	j := job{queue: m.queue()}
	sql, delay, uniqueFor := m.options(&j, true)
	n := m.uniform(5, "jobs")
	var payloads, keys []string
	var waits []any
	unique := m.chance(3, "unique")
	for range n {
		payloads = append(payloads, m.payload())
		key := ""
		if unique {
			key = pick(m, "key", "", "k", "l", "m")
		}
		keys = append(keys, key)
		waits = append(waits, uniqueKey{j.queue, key})
	}
	if unique {
		list := "null"
		if n > 0 {
			list = strings.ReplaceAll("array['"+strings.Join(keys, "', '")+"']", "''", "null")
		} else {
			list = "array[]::text[]"
		}
		sql += ", unique_keys => " + list
	}
	array := "array[]::jsonb[]"
	if n > 0 {
		array = "array['" + strings.Join(payloads, "', '") + "']::jsonb[]"
	}
	m.do(s, command{
		sql:   fmt.Sprintf("select unnest(jobmachine.send_many('%s', %s%s))", j.queue, array, sql),
		waits: waits,
		apply: func(w *world, r result, _ *state) {
			if len(r.rows) != n {
				m.fail("%d ids for %d payloads", len(r.rows), n)
			}
			for i, row := range r.rows {
				one := j
				one.payload, one.key = payloads[i], keys[i]
				w.rank++
				m.stored(w, one, row[0], delay, uniqueFor)
			}
		},
	})
}

// Insert sends through the view.
func (m *machine) Insert() {
	s := m.session()
	j := job{queue: m.queue(), payload: m.payload(), priority: 5, headers: "{}"}
	columns, values := "", ""
	var delay at
	if m.chance(2, "priority given") {
		j.priority = m.uniform(10, "priority")
		columns, values = columns+", priority", values+fmt.Sprintf(", %d", j.priority)
	}
	if m.chance(3, "delayed") {
		delay = minute
		columns, values = columns+", run_at", values+", "+m.timestamp(m.now+delay)
	}
	if m.chance(2, "unique") {
		j.key = "k"
		columns, values = columns+", unique_key", values+", 'k'"
	}
	m.do(s, command{
		sql:   fmt.Sprintf("insert into jobmachine.jobs (queue, payload%s) values ('%s', '%s'%s) returning id, state", columns, j.queue, j.payload, values),
		waits: []any{uniqueKey{j.queue, j.key}},
		apply: func(w *world, r result, _ *state) {
			if len(r.rows) != 1 {
				m.fail("returning answers %s", r)
			}
			m.stored(w, j, r.rows[0][0], delay, nil)
			if now, ok := w.job(number(r.rows[0][0])); ok && now.state != r.rows[0][1] {
				m.fail("returning answers the state %q, not %q", r.rows[0][1], now.state)
			}
		},
	})
}
