package model

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// at is a time, or a length of time, in microseconds; times count from the start of a run.
type at int64

const (
	second at = 1e6
	minute    = 60 * second
	hour      = 60 * minute
	day       = 24 * hour
)

// The rows of the world, by kind of key. A row is a value and is never changed in place.
type (
	jobKey    int64
	leaseKey  int64
	queueKey  string
	uniqueKey struct{ queue, key string }
	metaKey   struct{} // the housekeeper's lock
)

type job struct {
	id                      int64
	queue, payload, headers string
	key, replyTo            string // "" = none
	priority                int
	maxAttempts             int // 0 = the queue's
	timeout                 *at // nil = the queue's
	created                 at
	state                   string
	attempt                 int
	used                    int64 // the receipt that put the job where it is, if its holder did
	expires                 *at   // not started by then: failed

	due            *at
	dueLow, dueTop at    // a backoff has jitter; due is read from the database
	position       int64 // 0 = new in pending; read from the database
	rank           int   // order among those that are new in pending; equal: any order

	lease, receipt    int64
	started, deadline *at
	stopping          *string // the reason, once a cancel was asked for

	finished              *at
	worker, reply, reason *string
	error                 *string
	answers               []answer
	failures              []failure
}

type answer struct {
	payload string
	created at
}

type failure struct {
	attempt        int
	receipt        int64
	started, ended at
	worker         *string
	reason, error  string
	detail         *string
}

type lease struct {
	worker           string
	queues           []string
	ttl              at
	started, renewed at
	held             *at
	bare             bool // opened by a claim
}

type queue struct {
	paused             *at
	maxAttempts        *int
	backoff, max       *at
	factor             *float64
	timeout, retention *at
}

type holder struct {
	job   int64
	until *at
}

// world is what one session sees.
type world struct {
	rows    map[any]any
	now     at
	touched map[any]bool // rows that the command has locked; true: and written
	fresh   []job        // jobs that the command has sent by itself, ids unknown
	rank    int
}

func get[V any](w *world, key any) (V, bool) {
	v, ok := w.rows[key].(V)
	return v, ok
}

func (w *world) put(key, row any) { w.rows[key] = row; w.touched[key] = true }
func (w *world) del(key any)      { delete(w.rows, key); w.touched[key] = true }

// lock notes a row that is, or may be, locked and not written.
func (w *world) lock(key any) {
	if !w.touched[key] {
		w.touched[key] = false
	}
}

func (w *world) job(id int64) (job, bool)     { return get[job](w, jobKey(id)) }
func (w *world) lease(id int64) (lease, bool) { return get[lease](w, leaseKey(id)) }
func (w *world) set(j job)                    { w.put(jobKey(j.id), j) }

// jobs returns those that match, by id.
func (w *world) jobs(match func(job) bool) []job {
	var found []job
	for _, row := range w.rows {
		if j, ok := row.(job); ok && match(j) {
			found = append(found, j)
		}
	}
	slices.SortFunc(found, func(a, b job) int { return cmp.Compare(a.id, b.id) })
	return found
}

func (w *world) leases() []int64 {
	var ids []int64
	for key := range w.rows {
		if id, ok := key.(leaseKey); ok {
			ids = append(ids, int64(id))
		}
	}
	slices.Sort(ids)
	return ids
}

func ptr[T any](v T) *T { return &v }

func or[T any](v *T, otherwise T) T {
	if v != nil {
		return *v
	}
	return otherwise
}

func first[T any](vs ...*T) T {
	for _, v := range vs {
		if v != nil {
			return *v
		}
	}
	panic("no default")
}

// setting returns the settings of a queue with every default filled in.
func (w *world) setting(name string) queue {
	q, _ := get[queue](w, queueKey(name))
	d, _ := get[queue](w, queueKey("*"))
	s := queue{maxAttempts: ptr(first(q.maxAttempts, d.maxAttempts, ptr(25))), backoff: ptr(first(q.backoff, d.backoff, ptr(second))),
		max: ptr(first(q.max, d.max, ptr(hour))), factor: ptr(first(q.factor, d.factor, ptr(2.0))),
		timeout: ptr(first(q.timeout, d.timeout, ptr(30*minute))), retention: ptr(first(q.retention, d.retention, ptr(30*day)))}
	if s.paused = q.paused; s.paused == nil {
		s.paused = d.paused
	}
	return s
}

func (w *world) maxOf(j job) int {
	if j.maxAttempts > 0 {
		return j.maxAttempts
	}
	return *w.setting(j.queue).maxAttempts
}

// send stores a job, or returns the one that holds its key.
func (w *world) send(j job, delay at, uniqueFor *at) (duplicate int64, stored bool) {
	if j.key != "" {
		key := uniqueKey{j.queue, j.key}
		if k, ok := get[holder](w, key); ok && (k.until == nil || *k.until > w.now) {
			return k.job, false
		}
		k := holder{job: j.id}
		if uniqueFor != nil {
			k.until = ptr(w.now + *uniqueFor)
		}
		w.put(key, k)
	}
	j.created = w.now
	if delay > 0 {
		j.state, j.due = "scheduled", ptr(w.now+delay)
		w.set(j)
	} else {
		w.pend(j)
	}
	return 0, true
}

// pend puts a ticket into pending, behind the others.
func (w *world) pend(j job) {
	j.state, j.position, j.rank, j.due = "pending", 0, w.rank, nil
	w.set(j)
}

// start moves a ticket to running.
func (w *world) start(j job, leaseID, receipt int64) job {
	timeout := or(j.timeout, *w.setting(j.queue).timeout)
	j.state, j.lease, j.receipt, j.started, j.deadline = "running", leaseID, receipt, ptr(w.now), nil
	j.attempt, j.used, j.expires = j.attempt+1, 0, nil
	if timeout > 0 {
		j.deadline = ptr(w.now + timeout)
	}
	w.set(j)
	return j
}

func (w *world) workerOf(j job) *string {
	if l, ok := w.lease(j.lease); ok {
		return &l.worker
	}
	return nil
}

// over ends a job: its key is free again, who wanted a job about it gets one, and a queue that keeps nothing forgets it.
func (w *world) over(j job, state string) {
	j.state, j.finished, j.due, j.expires, j.stopping, j.receipt, j.lease, j.deadline = state, ptr(w.now), nil, nil, nil, 0, 0, nil
	w.set(j)
	if k, ok := get[holder](w, uniqueKey{j.queue, j.key}); ok && k.job == j.id && k.until == nil {
		w.del(uniqueKey{j.queue, j.key})
	}
	if j.replyTo != "" {
		text := j.error
		if text == nil {
			text = j.reason
		}
		quote := func(s *string) string {
			if s == nil {
				return "null"
			}
			return fmt.Sprintf("%q", *s)
		}
		w.fresh = append(w.fresh, job{queue: j.replyTo, headers: "{}", priority: 5, created: w.now, rank: w.rank,
			payload: fmt.Sprintf(`{"error": %s, "reply": %s, "state": %q, "job_id": %d}`, quote(text), or(j.reply, "null"), state, j.id)})
	}
	if *w.setting(j.queue).retention == 0 {
		w.forget(j)
	}
}

func (w *world) forget(j job) {
	if k, ok := get[holder](w, uniqueKey{j.queue, j.key}); ok && k.job == j.id {
		w.del(uniqueKey{j.queue, j.key})
	}
	w.del(jobKey(j.id))
}

// forgettable tells if the housekeeper may remove a job.
func (w *world) forgettable(j job) bool {
	return j.finished != nil && *j.finished <= w.now-*w.setting(j.queue).retention
}

// runs tells if a receipt is that of the current run.
func (w *world) runs(id, receipt int64) (job, bool) {
	j, ok := w.job(id)
	return j, ok && j.state == "running" && j.receipt == receipt
}

// verdict is the answer to a receipt that is not in force.
func (w *world) verdict(id, receipt int64) string {
	j, ok := w.job(id)
	if !ok {
		return "unknown"
	}
	said := func(f failure) bool { return f.receipt == receipt && f.reason == "failed" }
	if j.used == receipt || slices.ContainsFunc(j.failures, said) {
		return "already"
	}
	return "stale"
}

// outcome is one element of settle, or one of the verbs.
type outcome struct {
	id, receipt   int64
	kind          string // complete fail discard snooze release cancel, or timeout crash
	reply, detail *string
	error         *string
	delay         *at
	poison        bool // it cannot be stored
}

// end ends runs and gives each its verdict.
func (w *world) end(outcomes ...outcome) []string {
	verdicts := make([]string, len(outcomes))
	for i, o := range outcomes {
		if j, ok := w.runs(o.id, o.receipt); ok {
			verdicts[i] = w.endRun(j, o)
		}
	}
	for i, o := range outcomes {
		if verdicts[i] == "" {
			verdicts[i] = w.verdict(o.id, o.receipt)
		}
	}
	return verdicts
}

func (w *world) endRun(j job, o outcome) string {
	s := w.setting(j.queue)
	worker := w.workerOf(j)
	if o.kind == "complete" {
		j.used, j.worker, j.reply, j.reason, j.error = j.receipt, worker, o.reply, nil, nil
		w.over(j, "completed")
		return "ok"
	}
	taken := o.kind == "timeout" || o.kind == "crash"
	crashedBefore := slices.ContainsFunc(j.failures, func(f failure) bool { return f.reason == "crashed" })
	reason := map[string]string{"timeout": "timeout", "crash": "crashed", "fail": "failed", "discard": "failed"}[o.kind]
	if reason != "" {
		j.failures = append(slices.Clone(j.failures), failure{attempt: j.attempt, receipt: j.receipt, started: *j.started, ended: w.now,
			worker: worker, reason: reason, error: or(o.error, ""), detail: o.detail})
		j.failures = slices.DeleteFunc(j.failures, func(f failure) bool { return f.attempt <= j.attempt-20 })
	}
	stopping := j.stopping
	lost := j
	j.stopping, j.lease, j.receipt, j.deadline, j.used = nil, 0, 0, nil, 0
	if !taken {
		j.used = lost.receipt
	}
	end := func(state, why string, text *string) {
		j.worker, j.reason, j.error, j.reply = worker, &why, text, nil
		w.over(j, state)
	}
	wait := func() {
		j.state, j.started = "scheduled", nil
		if o.delay != nil {
			j.due = ptr(w.now + *o.delay)
		} else {
			length := float64(*s.backoff)
			for range min(j.attempt-1, 60) {
				length = min(float64(*s.max), length*(*s.factor))
			}
			length = min(float64(*s.max), length)
			j.due, j.dueLow, j.dueTop = nil, w.now+at(0.9*length)-2, w.now+at(1.1*length)+2
		}
		w.set(j)
	}
	switch {
	case stopping != nil:
		end("cancelled", *stopping, nil)
		return "cancelled"
	case o.kind == "cancel":
		why := or(o.error, "")
		if why == "" {
			why = "cancelled"
		}
		end("cancelled", why, nil)
	case o.kind == "release":
		j.attempt, j.started = j.attempt-1, nil
		w.pend(j)
	case o.kind == "snooze":
		j.attempt--
		wait()
	case o.kind == "discard" || j.attempt >= w.maxOf(j):
		end("failed", reason, ptr(or(o.error, "")))
	case o.delay != nil && *o.delay <= 0, o.kind == "crash" && !crashedBefore:
		j.started = nil
		w.pend(j)
	default:
		wait()
	}
	return "ok"
}

// settle is end for a batch with poisoned elements: then each goes by itself.
func (w *world) settle(outcomes []outcome) []string {
	if !slices.ContainsFunc(outcomes, func(o outcome) bool { return o.poison }) {
		var verdicts = make([]string, len(outcomes))
		mixed := slices.ContainsFunc(outcomes, func(o outcome) bool { return o.kind != "complete" })
		for _, completes := range []bool{true, false} {
			var group []outcome
			var places []int
			for i, o := range outcomes {
				if j, ok := w.job(o.id); mixed && ok && j.state == "running" {
					w.lock(jobKey(o.id)) // whatever the receipt
				}
				if (o.kind == "complete") == completes {
					group, places = append(group, o), append(places, i)
				}
			}
			for i, v := range w.end(group...) {
				verdicts[places[i]] = v
			}
		}
		return verdicts
	}
	var verdicts []string
	for _, o := range outcomes {
		w.rank++
		if o.poison {
			w.end(outcome{id: o.id, receipt: o.receipt, kind: "fail", error: ptr(cannotBeStored)})
			verdicts = append(verdicts, "invalid")
		} else {
			verdicts = append(verdicts, w.settle([]outcome{o})...)
		}
	}
	return verdicts
}

// The beginning of the error of a poisoned element; the rest is PostgreSQL's.
const cannotBeStored = "the outcome cannot be stored"

func (w *world) cancel(id int64, reason string) string {
	if reason == "" {
		reason = "cancelled"
	}
	j, ok := w.job(id)
	switch {
	case !ok:
		return "unknown"
	case j.state == "running":
		if j.stopping == nil {
			j.stopping = &reason
		}
		w.set(j)
		return "stopping"
	case j.state == "scheduled" || j.state == "pending":
		j.used, j.reason, j.error, j.worker, j.reply, j.started = 0, &reason, nil, nil, nil, nil
		w.over(j, "cancelled")
		return "cancelled"
	}
	return "finished"
}

// retry returns the job that holds the key, if another one does.
func (w *world) retry(id int64, delay at) (verdict string, conflict int64) {
	j, ok := w.job(id)
	if !ok {
		return "unknown", 0
	}
	switch j.state {
	case "pending", "running":
		return "live", 0
	case "completed", "failed", "cancelled":
		if j.key != "" {
			key := uniqueKey{j.queue, j.key}
			k, held := get[holder](w, key)
			held = held && (k.until == nil || *k.until > w.now)
			if held && k.job != id {
				return "", k.job
			}
			if !held {
				w.put(key, holder{job: id})
			}
		}
		j.used, j.expires = 0, nil
		j.finished, j.worker, j.reply, j.reason, j.error, j.started = nil, nil, nil, nil, nil, nil
	}
	if delay > 0 {
		j.state, j.due = "scheduled", ptr(w.now+delay)
		w.set(j)
	} else {
		w.pend(j)
	}
	return "ok", 0
}

func (w *world) remove(id int64) string {
	j, ok := w.job(id)
	if !ok {
		return "unknown"
	}
	if j.state == "running" {
		return "running"
	}
	w.forget(j)
	return "ok"
}

// available are the tickets of a queue that a claim may take, in start order; mine tells what others have not locked.
func (w *world) available(name string, mine func(any) bool) []job {
	if w.setting(name).paused != nil {
		return nil
	}
	found := w.jobs(func(j job) bool {
		return j.state == "pending" && j.queue == name && (j.expires == nil || *j.expires > w.now) && mine(jobKey(j.id))
	})
	slices.SortFunc(found, inOrder)
	return found
}

// inOrder compares by start order. Of those that are new, the positions are not known yet.
func inOrder(a, b job) int {
	isNew := func(j job) int {
		if j.position == 0 {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(isNew(a), isNew(b)), cmp.Compare(a.position, b.position), cmp.Compare(a.rank, b.rank))
}

func (w *world) queueNames() []string {
	names := map[string]bool{}
	for key, row := range w.rows {
		if q, ok := key.(queueKey); ok {
			names[string(q)] = true
		}
		if j, ok := row.(job); ok && j.state != "completed" {
			names[j.queue] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// tick is the housekeeping. Much of it must be done at once. What may take longer is read from the database: seen tells
// if a job is still running, what the last failure was, and if it and a lease still exist.
func (w *world) tick(mine func(any) bool, seen *state) {
	w.lock(metaKey{})
	for key, row := range w.rows {
		if k, ok := row.(holder); ok && k.until != nil && *k.until <= w.now {
			w.lock(key) // it may be removed, which cannot be seen
		}
	}
	w.tickDue(mine)
	w.rank++
	for _, j := range w.jobs(func(j job) bool {
		return (j.state == "pending" || j.state == "scheduled") && j.expires != nil && *j.expires <= w.now && mine(jobKey(j.id))
	}) {
		j.used, j.reason, j.error, j.worker, j.reply, j.started = 0, ptr("expired"), ptr("not started in time"), nil, nil, nil
		w.over(j, "failed")
	}
	w.rank++
	for _, j := range w.jobs(func(j job) bool {
		return j.state == "running" && j.deadline != nil && *j.deadline <= w.now && mine(jobKey(j.id))
	}) {
		if *j.deadline-*j.started < 15*minute || seen.lost(j) == "timeout" {
			w.end(outcome{id: j.id, receipt: j.receipt, kind: "timeout", error: ptr("the attempt ran longer than its timeout")})
		}
	}
	w.rank++
	w.tickLeases(mine, seen)
	for _, j := range w.jobs(w.forgettable) {
		if mine(jobKey(j.id)) && !seen.has(j.id) {
			w.forget(j)
		}
	}
}

func (w *world) tickDue(mine func(any) bool) {
	due := w.jobs(func(j job) bool {
		return j.state == "scheduled" && j.due != nil && *j.due <= w.now && mine(jobKey(j.id))
	})
	slices.SortStableFunc(due, func(a, b job) int { return cmp.Compare(*a.due, *b.due) })
	for _, j := range due {
		w.rank++
		w.pend(j)
	}
}

func (w *world) tickLeases(mine func(any) bool, seen *state) {
	gone := map[int64]bool{}
	for _, id := range w.leases() {
		l, _ := w.lease(id)
		idle := len(w.jobs(func(j job) bool { return j.state == "running" && j.lease == id })) == 0
		if mine(leaseKey(id)) && (l.renewed+l.ttl <= w.now || l.bare && idle && !seen.hasLease(id)) {
			gone[id] = true
		}
	}
	for _, j := range w.jobs(func(j job) bool { return j.state == "running" && mine(jobKey(j.id)) }) {
		_, alive := w.lease(j.lease)
		if gone[j.lease] || !alive && seen.lost(j) == "crashed" {
			w.end(outcome{id: j.id, receipt: j.receipt, kind: "crash", error: ptr("the worker is gone: its lease ended while the job was running")})
		}
	}
	for id := range gone {
		w.del(leaseKey(id))
	}
}
