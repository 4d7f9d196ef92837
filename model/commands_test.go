package model

import (
	"fmt"
	"slices"
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
		m.exec(s, fmt.Sprintf("select set_config('jobmachine_session.asked', extract(epoch from %s)::text, true)", m.timestamp(m.now)))
	}
	ticked := m.monitor.run("select ticked_at = jobmachine._now() from jobmachine.meta").one() == "t"
	m.do(s, command{
		sql: fmt.Sprintf("select * from jobmachine.%s, worker => '%s')", call, s.name),
		apply: func(w *world, r result, seen *state) {
			if _, ok := w.lease(leaseID); leaseID != 0 && !ok {
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
			w.forgetAtOnce(seen, o.id)
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
			w.forgetAtOnce(seen, ids...)
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

// anyJob draws a job that is there, or was, or never was.
func (m *machine) anyJob(s *session) int64 {
	var ids []int64
	for _, j := range m.view(s).jobs(func(job) bool { return true }) {
		ids = append(ids, j.id)
	}
	if len(ids) == 0 || m.chance(10, "another one") {
		return rapid.Int64Range(1, max(1, m.lastID)).Draw(m.T, "job")
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
			// If it had to wait, it also counts what the other transaction has ended.
			if n := int(number(r.one())); n < len(runs) || n > len(runs) && !m.waited {
				m.fail("it answers %s, not %d", r, len(runs))
			}
		},
	})
}

func (m *machine) rowsUnder(w *world, lease int64) []job {
	return w.jobs(func(j job) bool { return j.state == "running" && j.lease == lease })
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
