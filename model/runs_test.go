package model

import (
	"fmt"
	"slices"
	"strings"
)

// Commands that show a receipt.

// anyRun draws a run: mostly one that is going on; also one that was before, of the same job if that runs again, and one
// that never was.
func (m *machine) anyRun(s *session) outcome {
	var current, former []outcome
	w := m.view(s)
	for _, o := range m.runs {
		if _, ok := w.runs(o.id, o.receipt); ok {
			current = append(current, o)
		} else if j, _ := w.job(o.id); j.state == "running" {
			former = append(former, o)
		}
	}
	n := m.uniform(8, "which run")
	switch {
	case len(m.runs) == 0:
		return outcome{id: 1, receipt: 4711}
	case n < 5 && len(current) > 0:
		return pick(m, "run", current...)
	case n == 5 && len(current) > 0:
		return outcome{id: pick(m, "run", current...).id, receipt: 4711}
	case n == 6 && len(former) > 0:
		return pick(m, "run", former...)
	}
	return pick(m, "run", m.runs...)
}

// needs lists the rows that a verb about a job may wait for.
func (m *machine) needs(s *session, ids ...int64) []any {
	w := m.view(s)
	var keys []any
	for _, id := range ids {
		keys = append(keys, jobKey(id))
		if j, ok := w.job(id); ok && j.key != "" {
			keys = append(keys, uniqueKey{j.queue, j.key})
		}
	}
	return keys
}

// verb runs one of those that show a receipt.
func (m *machine) verb(s *session, sql string, o outcome) {
	m.do(s, command{
		sql:   "select jobmachine." + sql,
		waits: m.needs(s, o.id),
		apply: func(w *world, r result, seen *state) {
			want := w.end(o)[0]
			if r.one() != want {
				m.fail("it answers %s, not %s", r, want)
			}
		},
	})
}

func (m *machine) Complete() {
	s := m.session()
	o := m.anyRun(s)
	o.kind = "complete"
	sql := fmt.Sprintf("complete(%d, %d)", o.id, o.receipt)
	if m.chance(2, "with a reply") {
		o.reply = ptr(m.payload())
		sql = fmt.Sprintf("complete(%d, %d, '%s')", o.id, o.receipt, *o.reply)
	}
	m.verb(s, sql, o)
}

func (m *machine) FailJob() {
	s := m.session()
	o := m.anyRun(s)
	o.kind, o.error = "fail", ptr(fmt.Sprintf("e%d", len(m.script)))
	sql := fmt.Sprintf("fail(%d, %d, '%s'", o.id, o.receipt, *o.error)
	if m.chance(3, "with detail") {
		o.detail = ptr(m.payload())
		sql += fmt.Sprintf(", detail => '%s'", *o.detail)
	}
	if m.chance(2, "with retry_in") {
		o.delay = ptr(pick[at](m, "retry_in", 0, 5*second, minute))
		sql += fmt.Sprintf(", retry_in => '%s'", interval(*o.delay))
	}
	if m.chance(5, "permanent") {
		o.kind = "discard"
		sql += ", permanent => true"
	}
	m.verb(s, sql+")", o)
}

func (m *machine) Snooze() {
	s := m.session()
	o := m.anyRun(s)
	o.kind, o.delay = "snooze", ptr(pick[at](m, "delay", 5*second, minute, 0))
	m.verb(s, fmt.Sprintf("snooze(%d, %d, '%s')", o.id, o.receipt, interval(*o.delay)), o)
}

func (m *machine) Release() {
	s := m.session()
	o := m.anyRun(s)
	o.kind = "release"
	m.verb(s, fmt.Sprintf("release(%d, %d)", o.id, o.receipt), o)
}

func (m *machine) ReplyJob() {
	s := m.session()
	o := m.anyRun(s)
	payload := m.payload()
	m.do(s, command{
		sql:   fmt.Sprintf("select jobmachine.reply(%d, %d, '%s')", o.id, o.receipt, payload),
		waits: m.needs(s, o.id),
		apply: func(w *world, r result, _ *state) {
			want := "ok"
			if j, ok := w.runs(o.id, o.receipt); ok {
				j.answers = append(slices.Clone(j.answers), answer{payload, w.now})
				w.set(j)
			} else {
				want = w.verdict(o.id, o.receipt)
			}
			if r.one() != want {
				m.fail("it answers %s, not %s", r, want)
			}
		},
	})
}

// Settle ends several runs; some of the elements may be poisoned.
func (m *machine) Settle() {
	s := m.session()
	var outcomes []outcome
	var ids []int64
	columns := make([][]string, 6)
	for range 1 + m.uniform(4, "elements") {
		o := m.anyRun(s)
		o.kind = pick(m, "outcome", "complete", "fail", "release", "discard", "snooze", "cancel")
		if slices.Contains(ids, o.id) {
			continue // the order of two outcomes of one run is nobody's business
		}
		kind, reply, text, delay := o.kind, "null", "null", "null"
		switch kind {
		case "complete":
			if m.chance(2, "with a reply") {
				o.reply = ptr(m.payload())
				reply = quoted(*o.reply)
			}
		case "fail", "discard", "cancel":
			o.error = ptr(fmt.Sprintf("e%d", len(m.script)))
			text = quoted(*o.error)
			if kind == "fail" && m.chance(2, "with a delay") {
				o.delay = ptr(pick[at](m, "delay", 0, 5*second))
				delay = fmt.Sprintf("interval '%s'", interval(*o.delay))
			}
		case "snooze":
			o.delay = ptr(minute)
			delay = "interval '60 s'"
		}
		if m.chance(6, "poisoned") {
			o.poison = true
			switch m.uniform(4, "poison") {
			case 0:
				kind = "finish"
			case 1:
				reply = `'{"a":'`
			case 2:
				reply = `'"\u0000"'`
			case 3:
				kind, delay = "fail", "interval '-1 s'"
			}
		}
		outcomes, ids = append(outcomes, o), append(ids, o.id)
		for i, cell := range []string{fmt.Sprint(o.id), fmt.Sprint(o.receipt), quoted(kind), reply, text, delay} {
			columns[i] = append(columns[i], cell)
		}
	}
	list := func(i int, kind string) string {
		return "array[" + strings.Join(columns[i], ", ") + "]::" + kind + "[]"
	}
	m.do(s, command{
		sql: fmt.Sprintf("select unnest(jobmachine.settle(%s, %s, %s, %s, %s, %s))", list(0, "bigint"), list(1, "bigint"), list(2, "text"),
			list(3, "text"), list(4, "text"), list(5, "interval")),
		waits: m.needs(s, ids...),
		apply: func(w *world, r result, seen *state) {
			if len(r.rows) != len(outcomes) {
				m.fail("%d verdicts for %d elements", len(r.rows), len(outcomes))
			}
			for i, want := range w.settle(outcomes) {
				// One that was looked at before the wait may have been there then.
				if got := r.rows[i][0]; got != want && !(m.waited && got == "stale" && want == "unknown") {
					m.fail("the verdicts are %s, the %d. not %s", r, i+1, want)
				}
			}
		},
	})
}
