package model

import (
	"fmt"
	"slices"
	"strings"
)

// Commands that claim.

// spec is a queue or pattern of a claim.
type spec struct {
	name  string
	limit int
}

func (p spec) matches(queue string) bool {
	if prefix, ok := strings.CutSuffix(p.name, "*"); ok {
		return strings.HasPrefix(queue, prefix)
	}
	return p.name == queue
}

var specNames = []string{"a", "g.*", "g.x", "*", "r", "g.y"}

func (m *machine) Claim() {
	s := m.session()
	p := spec{pick(m, "queue", specNames...), 10}
	n := 1 + m.uniform(4, "n")
	m.claim(s, fmt.Sprintf("claim('%s', %d", p.name, n), []spec{p}, n)
}

func (m *machine) ClaimMany() {
	s := m.session()
	var specs []spec
	var names, limits []string
	for range 1 + m.uniform(3, "specs") {
		p := spec{pick(m, "queue", specNames...), 10}
		limit := "null"
		if m.chance(2, "limited") {
			p.limit = m.uniform(3, "limit")
			limit = fmt.Sprint(p.limit)
		}
		specs, names, limits = append(specs, p), append(names, "'"+p.name+"'"), append(limits, limit)
	}
	n := 1 + m.uniform(4, "n")
	m.claim(s, fmt.Sprintf("claim_many(array[%s], %d, limits => array[%s]::integer[]", strings.Join(names, ", "), n, strings.Join(limits, ", ")), specs, n)
}

func (m *machine) claim(s *session, call string, specs []spec, n int) {
	before := m.view(s)
	leaseID := int64(0)
	var ttl at
	leases := slices.DeleteFunc(before.leases(), func(id int64) bool { l, _ := before.lease(id); return l.bare })
	if m.chance(2, "under a lease") && len(leases) > 0 {
		leaseID = m.leaseOf(leases)
		call += fmt.Sprintf(", lease_id => %d", leaseID)
	} else {
		ttl = pick[at](m, "ttl", hour, 5*minute, hour, 10*second)
		call += fmt.Sprintf(", ttl => '%s'", interval(ttl))
	}
	if s.open {
		// A claim in a transaction that has been open for a while does not keep house. Here, it has done so just now.
		m.exec(s, fmt.Sprintf("select set_config('jobmachine_session.asked', date_part('epoch', %s)::bigint::text, true)", m.timestamp(m.now)))
	}
	ticked := m.monitor.run("select ticked_at = jobmachine._now() from jobmachine.meta").one() == "t"
	m.do(s, command{
		sql: fmt.Sprintf("select * from jobmachine.%s, worker => '%s')", call, s.name),
		apply: func(w *world, r result, seen *state) {
			// One that keeps house finds its own lease expired, too.
			if l, ok := w.lease(leaseID); leaseID != 0 && (!ok || !s.open && r.code == "JM004" && l.renewed+l.ttl <= w.now) {
				if r.code != "JM004" {
					m.fail("no JM004 for a lease that is not there")
				}
				return
			}
			if r.code != "" {
				m.fail("a claim fails")
			}
			mine := m.mine(s)
			ticks := !ticked && !s.open && m.monitor.run("select ticked_at = jobmachine._now() from jobmachine.meta").one() == "t"
			// With jobs at hand it takes them first; else it keeps house first, and looks again.
			if ticks && !w.anyFor(specs, mine) {
				w.tick(mine, seen)
				m.adopt(w, seen)
				ticks = false
			}
			m.checkClaim(w, specs, n, r.rows, mine)
			m.start(w, s, specs, leaseID, ttl, r.rows, ticks, mine, seen)
		},
	})
}

// anyFor tells if a claim finds something.
func (w *world) anyFor(specs []spec, mine func(any) bool) bool {
	for _, p := range specs {
		for _, name := range w.queueNames() {
			if p.limit > 0 && p.matches(name) && len(w.available(name, mine)) > 0 {
				return true
			}
		}
	}
	return false
}

// checkClaim compares what was claimed with what had to be: the first tickets of each queue, the queues of a pattern in any order.
func (m *machine) checkClaim(w *world, specs []spec, n int, rows [][]string, mine func(any) bool) {
	m.Helper()
	taken := map[int64]bool{}
	var last job
	for i, row := range rows {
		j, ok := w.job(number(row[0]))
		if !ok || taken[j.id] {
			m.fail("job %s is claimed, which is not there to be claimed", row[0])
		}
		if i > 0 && inOrder(last, j) > 0 {
			m.fail("job %d is handed out before job %d", last.id, j.id)
		}
		taken[j.id], last = true, j
	}
	matched := map[string]int{}
	for _, p := range specs {
		for _, name := range w.queueNames() {
			if p.matches(name) {
				matched[name]++
			}
		}
	}
	overlap := false
	for _, times := range matched {
		overlap = overlap || times > 1
	}
	left, accounted := n, 0
	for _, p := range specs {
		limit := max(0, min(left, p.limit))
		total, got, partial := 0, 0, 0
		for _, name := range w.queueNames() {
			if !p.matches(name) {
				continue
			}
			waiting := w.available(name, mine)
			total += len(waiting)
			k := 0
			for _, j := range waiting {
				if taken[j.id] {
					k++
				}
				for _, later := range waiting {
					if !taken[j.id] && taken[later.id] && inOrder(j, later) < 0 {
						m.fail("job %d is claimed before job %d", later.id, j.id)
					}
				}
			}
			if got += k; k > 0 && k < len(waiting) {
				partial++
			}
		}
		if !overlap && (got != min(limit, total) || partial > 1) {
			m.fail("%d jobs of %s are claimed, not %d", got, p.name, min(limit, total))
		}
		left, accounted = left-got, accounted+got
	}
	if !overlap && accounted != len(rows) || len(rows) > n {
		m.fail("%d jobs are claimed, %d of them could be", len(rows), accounted)
	}
	if limited := slices.ContainsFunc(specs, func(p spec) bool { return p.limit == 0 }); overlap && !limited && accounted == 0 && len(rows) > 0 {
		m.fail("nothing was there to be claimed")
	}
}

// start moves what was claimed to running, in the model.
func (m *machine) start(w *world, s *session, specs []spec, leaseID int64, ttl at, rows [][]string, ticks bool, mine func(any) bool, seen *state) {
	m.Helper()
	if ticks {
		taken := map[any]bool{}
		for _, row := range rows {
			taken[jobKey(number(row[0]))] = true
		}
		w.tick(func(key any) bool { return mine(key) && !taken[key] }, seen)
	}
	for i, row := range rows {
		j, _ := w.job(number(row[0]))
		receipt, lease := number(row[1]), number(row[9])
		if i == 0 && leaseID == 0 {
			leaseID = lease
			var names []string
			for _, p := range specs {
				names = append(names, p.name)
			}
			w.put(leaseKey(lease), newLease(s.name, names, ttl, w.now, true))
		}
		if lease != leaseID {
			m.fail("job %d runs under lease %d, not %d", j.id, lease, leaseID)
		}
		// A claim that was rolled back may be repeated at the same moment only because the clock stands still.
		if at, given := m.receipts[receipt]; given && at != m.now || receipt <= 0 || receipt >= 1<<53 {
			m.fail("the receipt %d is not new", receipt)
		}
		m.receipts[receipt] = m.now
		m.runs = append(m.runs, outcome{id: j.id, receipt: receipt})
		j = w.start(j, leaseID, receipt)
		for column, want := range map[int]string{2: j.queue, 3: j.payload, 4: j.headers, 5: fmt.Sprint(j.attempt), 6: fmt.Sprint(w.maxOf(j)), 10: j.replyTo} {
			if row[column] != want {
				m.fail("job %d is handed out with %q, not %q", j.id, row[column], want)
			}
		}
	}
}

func newLease(worker string, queues []string, ttl, now at, bare bool) lease {
	return lease{worker: worker, queues: queues, ttl: ttl, started: now, renewed: now, bare: bare}
}
