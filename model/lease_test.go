package model

import (
	"fmt"
	"slices"
	"strings"
)

// Commands about leases.

func (m *machine) OpenLease() {
	s, ttl := m.session(), pick[at](m, "ttl", 10*minute, 30*second)
	m.do(s, command{
		sql: fmt.Sprintf("select jobmachine.open_lease('w%d', '%s', array['a'])", len(m.script), interval(ttl)),
		apply: func(w *world, r result, _ *state) {
			id := number(r.one())
			if _, ok := w.lease(id); ok || id <= 0 {
				m.fail("the lease %s is not new", r)
			}
			w.put(leaseKey(id), newLease(fmt.Sprintf("w%d", len(m.script)-1), []string{"a"}, ttl, w.now, false))
		},
	})
}

// anyLease draws a lease, and sometimes one that is not there.
func (m *machine) anyLease(s *session) int64 { return m.leaseOf(m.view(s).leases()) }

func (m *machine) leaseOf(leases []int64) int64 {
	if len(leases) == 0 || m.chance(10, "another one") {
		return 4711
	}
	return pick(m, "lease", leases...)
}

// withLease runs a command that answers JM004 if the lease is gone.
func (m *machine) withLease(s *session, id int64, sql string, waits []any, apply func(w *world, l lease, r result)) {
	m.do(s, command{sql: sql, waits: append(waits, leaseKey(id)), apply: func(w *world, r result, _ *state) {
		l, ok := w.lease(id)
		if !ok {
			if r.code != "JM004" {
				m.fail("no JM004 for a lease that is not there")
			}
			return
		}
		if r.code != "" {
			m.fail("it fails")
		}
		apply(w, l, r)
	}})
}

func (m *machine) HoldLease() {
	s := m.session()
	id := m.anyLease(s)
	m.withLease(s, id, fmt.Sprintf("select jobmachine.hold_lease(%d)", id), nil, func(w *world, l lease, _ result) {
		l.held = ptr(w.now)
		w.put(leaseKey(id), l)
	})
}

func (m *machine) Renew() {
	s := m.session()
	id := m.anyLease(s)
	var runs []outcome
	var ids, receipts []string
	for range m.uniform(3, "jobs") {
		if len(m.runs) > 0 {
			o := pick(m, "run", m.runs...)
			runs, ids, receipts = append(runs, o), append(ids, fmt.Sprint(o.id)), append(receipts, fmt.Sprint(o.receipt))
		}
	}
	sql := fmt.Sprintf("select * from jobmachine.renew(%d, array[%s]::bigint[], array[%s]::bigint[])", id, strings.Join(ids, ", "), strings.Join(receipts, ", "))
	m.withLease(s, id, sql, nil, func(w *world, l lease, r result) {
		l.renewed = w.now
		w.put(leaseKey(id), l)
		var want []string
		for _, o := range runs {
			timedOut := func(f failure) bool { return f.receipt == o.receipt && f.reason == "timeout" }
			j, ok := w.runs(o.id, o.receipt)
			any, _ := w.job(o.id)
			switch {
			case !ok && slices.ContainsFunc(any.failures, timedOut), ok && j.stopping == nil && j.deadline != nil && *j.deadline <= w.now:
				want = append(want, fmt.Sprintf("%d | timeout", o.id))
			case !ok:
				want = append(want, fmt.Sprintf("%d | stale", o.id))
			case j.stopping != nil:
				want = append(want, fmt.Sprintf("%d | cancelled", o.id))
			}
		}
		if r.String() != strings.Join(want, "; ") {
			m.fail("it answers %s, not %s", r, strings.Join(want, "; "))
		}
	})
}

func (m *machine) CloseLease() {
	s := m.session()
	id := m.anyLease(s)
	var ids []int64
	for _, j := range m.rowsUnder(m.view(s), id) {
		ids = append(ids, j.id)
	}
	m.do(s, command{
		sql:   fmt.Sprintf("select jobmachine.close_lease(%d)", id),
		waits: append(m.needs(s, ids...), leaseKey(id)),
		apply: func(w *world, r result, seen *state) {
			runs := m.rowsUnder(w, id)
			if m.waited { // what was claimed meanwhile stays behind, for the housekeeper
				runs = slices.DeleteFunc(runs, func(j job) bool {
					row, ok := seen.job(j.id)
					return ok && row.State == "running"
				})
			}
			if _, ok := w.lease(id); ok {
				w.del(leaseKey(id))
			}
			for _, j := range runs {
				w.end(outcome{id: j.id, receipt: j.receipt, kind: "release"})
			}
			if n := int(number(r.one())); n != len(runs) {
				m.fail("it answers %s, not %d", r, len(runs))
			}
		},
	})
}

func (m *machine) rowsUnder(w *world, lease int64) []job {
	return w.jobs(func(j job) bool { return j.state == "running" && j.lease == lease })
}
