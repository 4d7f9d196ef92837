package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// state is all that can be seen of a queue, with a little of what cannot: where tickets stand, and which keys are held.
type state struct {
	Jobs     []jobRow
	Queues   []queueRow
	Workers  []workerRow
	Answers  []answerRow
	Attempts []attemptRow
	Keys     []keyRow
}

type jobRow struct {
	ID            int64           `json:"id"`
	Queue         string          `json:"queue"`
	State         string          `json:"state"`
	Payload       json.RawMessage `json:"payload"`
	Priority      int             `json:"priority"`
	Attempt       int             `json:"attempt"`
	MaxAttempts   int             `json:"max_attempts"`
	RunAt         *at             `json:"run_at"`
	CreatedAt     at              `json:"created_at"`
	StartedAt     *at             `json:"started_at"`
	FinishedAt    *at             `json:"finished_at"`
	Worker        *string         `json:"worker"`
	Reply         json.RawMessage `json:"reply"`
	Error         *string         `json:"error"`
	Reason        *string         `json:"reason"`
	Headers       json.RawMessage `json:"headers"`
	UniqueKey     *string         `json:"unique_key"`
	Position      *int64          `json:"position"`
	Receipt       *int64          `json:"receipt"`
	DeadlineAt    *at             `json:"deadline_at"`
	ReplyTo       *string         `json:"reply_to"`
	CurrentLease  *int64          `json:"lease_id"`
	CancelPending bool            `json:"cancel_pending"`
}

type queueRow struct {
	Name          string  `json:"name"`
	State         string  `json:"state"`
	Pending       int     `json:"pending"`
	Running       int     `json:"running"`
	Scheduled     int     `json:"scheduled"`
	Failed        int     `json:"failed"`
	OldestPending *at     `json:"oldest_pending_at"`
	MaxAttempts   int     `json:"max_attempts"`
	Backoff       at      `json:"backoff"`
	BackoffFactor float64 `json:"backoff_factor"`
	BackoffMax    at      `json:"backoff_max"`
	Timeout       at      `json:"timeout"`
	Retention     at      `json:"retention"`
}

type workerRow struct {
	LeaseID   int64    `json:"lease_id"`
	Worker    string   `json:"worker"`
	Queues    []string `json:"queues"`
	Running   int      `json:"running"`
	StartedAt at       `json:"started_at"`
	RenewedAt at       `json:"renewed_at"`
	ExpiresAt at       `json:"expires_at"`
	HeldAt    *at      `json:"held_at"`
}

type answerRow struct {
	JobID     int64           `json:"job_id"`
	Seq       int             `json:"seq"`
	State     string          `json:"state"`
	Payload   json.RawMessage `json:"payload"`
	Error     *string         `json:"error"`
	CreatedAt at              `json:"created_at"`
}

type attemptRow struct {
	JobID     int64           `json:"job_id"`
	Attempt   int             `json:"attempt"`
	StartedAt at              `json:"started_at"`
	EndedAt   at              `json:"ended_at"`
	Worker    *string         `json:"worker"`
	Reason    string          `json:"reason"`
	Error     string          `json:"error"`
	Detail    json.RawMessage `json:"detail"`
}

type keyRow struct {
	Queue string `json:"queue"`
	Key   string `json:"key"`
	JobID int64  `json:"job_id"`
	Until *at    `json:"until"`
}

// The clock of the tests stands still between commands, so every time is exact.
const createClock = `
	create schema jobmachine_test;
	create table jobmachine_test.clock (now timestamptz not null);
	insert into jobmachine_test.clock values ('2030-01-01 00:00:00Z');
	create or replace function jobmachine._now() returns timestamptz language sql volatile as
	$$ select c.now from jobmachine_test.clock c $$;
	create function jobmachine_test.at(t timestamptz) returns bigint language sql immutable as
	$$ select (extract(epoch from t - timestamptz '2030-01-01 00:00:00Z') * 1000000)::bigint $$;
	create function jobmachine_test.length(i interval) returns bigint language sql immutable as
	$$ select (extract(epoch from i) * 1000000)::bigint $$;`

const readState = `
	select jsonb_build_object(
	'jobs', (select jsonb_agg(to_jsonb(j) || jsonb_build_object(
		'run_at', jobmachine_test.at(j.run_at), 'created_at', jobmachine_test.at(j.created_at), 'started_at', jobmachine_test.at(j.started_at),
		'finished_at', jobmachine_test.at(j.finished_at), 'position', p.rank & 576460752303423487, 'receipt', r.receipt, 'deadline_at', jobmachine_test.at(r.deadline_at),
		'lease_id', r.lease_id, 'reply_to', t.reply_to, 'cancel_pending', r.cancel_requested_at is not null))
		from jobmachine.jobs j join jobmachine.job t on t.id = j.id
		left join jobmachine.pending p on p.job_id = j.id left join jobmachine.running r on r.job_id = j.id),
	'queues', (select jsonb_agg(to_jsonb(q) || jsonb_build_object(
		'oldest_pending_at', jobmachine_test.at(q.oldest_pending_at), 'backoff', jobmachine_test.length(q.backoff),
		'backoff_max', jobmachine_test.length(q.backoff_max), 'timeout', jobmachine_test.length(q.timeout), 'retention', jobmachine_test.length(q.retention)))
		from jobmachine.queues q),
	'workers', (select jsonb_agg(to_jsonb(w) || jsonb_build_object(
		'started_at', jobmachine_test.at(w.started_at), 'renewed_at', jobmachine_test.at(w.renewed_at), 'expires_at', jobmachine_test.at(w.expires_at),
		'held_at', jobmachine_test.at(w.held_at)))
		from jobmachine.workers w),
	'answers', (select jsonb_agg(to_jsonb(a) || jsonb_build_object('created_at', jobmachine_test.at(a.created_at))) from jobmachine.answers a),
	'attempts', (select jsonb_agg(to_jsonb(a) || jsonb_build_object(
		'started_at', jobmachine_test.at(a.started_at), 'ended_at', jobmachine_test.at(a.ended_at)))
		from jobmachine.attempts a),
	'keys', (select jsonb_agg(to_jsonb(k) || jsonb_build_object('until', jobmachine_test.at(k.until)))
		from jobmachine.unique_key k where k.until is null or k.until > jobmachine._now()))`

func (s *state) job(id int64) (jobRow, bool) {
	for _, j := range s.Jobs {
		if j.ID == id {
			return j, true
		}
	}
	return jobRow{}, false
}

func (s *state) has(id int64) bool { _, ok := s.job(id); return ok }

func (s *state) hasLease(id int64) bool {
	return slices.ContainsFunc(s.Workers, func(l workerRow) bool { return l.LeaseID == id })
}

// lost tells why a run has ended without its worker: timeout or crashed; "" if it has not.
func (s *state) lost(j job) string {
	for _, a := range s.Attempts {
		if a.JobID == j.id && a.Attempt == j.attempt {
			return a.Reason
		}
	}
	for _, other := range s.Jobs { // it may have been forgotten at once; who wanted a job about it knows
		if strings.Contains(string(other.Payload), fmt.Sprintf(`"job_id": %d}`, j.id)) && strings.Contains(string(other.Payload), "longer than its timeout") {
			return "timeout"
		}
	}
	if !s.has(j.id) {
		return "crashed"
	}
	return ""
}

func raw(s *string) json.RawMessage {
	if s == nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(*s)
}

// expected is what the world looks like to one who asks the database.
func (w *world) expected() *state {
	s := &state{}
	for _, j := range w.jobs(func(job) bool { return true }) {
		s.addJob(w, j)
	}
	for _, name := range w.queueNames() {
		s.addQueue(w, name)
	}
	for _, id := range w.leases() {
		l, _ := w.lease(id)
		s.Workers = append(s.Workers, workerRow{LeaseID: id, Worker: l.worker, Queues: l.queues, StartedAt: l.started, RenewedAt: l.renewed,
			ExpiresAt: l.renewed + l.ttl, HeldAt: l.held, Running: len(w.jobs(func(j job) bool { return j.state == "running" && j.lease == id }))})
	}
	for key, row := range w.rows {
		if k, ok := row.(holder); ok && (k.until == nil || *k.until > w.now) {
			key := key.(uniqueKey)
			s.Keys = append(s.Keys, keyRow{Queue: key.queue, Key: key.key, JobID: k.job, Until: k.until})
		}
	}
	return s
}

func (s *state) addJob(w *world, j job) {
	r := jobRow{ID: j.id, Queue: j.queue, State: j.state, Payload: json.RawMessage(j.payload), Priority: j.priority, Attempt: j.attempt,
		MaxAttempts: w.maxOf(j), RunAt: j.due, CreatedAt: j.created, StartedAt: j.started, FinishedAt: j.finished, Worker: j.worker, Reply: raw(j.reply),
		Error: j.error, Reason: j.reason, Headers: json.RawMessage(j.headers), DeadlineAt: j.deadline, CancelPending: j.stopping != nil}
	if j.key != "" {
		r.UniqueKey = &j.key
	}
	if j.replyTo != "" {
		r.ReplyTo = &j.replyTo
	}
	switch j.state {
	case "running":
		r.Worker, r.Receipt, r.CurrentLease = w.workerOf(j), &j.receipt, &j.lease
		if j.stopping != nil {
			r.Reason = ptr("stopping")
		}
	case "pending":
		r.Position = &j.position
		fallthrough
	case "scheduled":
		if n := len(j.failures); n > 0 {
			last := slices.MaxFunc(j.failures, func(a, b failure) int { return cmp.Compare(a.attempt, b.attempt) })
			r.Error, r.Reason = &last.error, &last.reason
		}
	}
	s.Jobs = append(s.Jobs, r)
	for i, a := range j.answers {
		s.Answers = append(s.Answers, answerRow{JobID: j.id, Seq: i + 1, State: "running", Payload: json.RawMessage(a.payload), CreatedAt: a.created})
	}
	if j.finished != nil {
		a := answerRow{JobID: j.id, Seq: len(j.answers) + 1, State: j.state, Payload: raw(j.reply), Error: j.error, CreatedAt: *j.finished}
		if a.Error == nil {
			a.Error = j.reason
		}
		s.Answers = append(s.Answers, a)
	}
	for _, f := range j.failures {
		s.Attempts = append(s.Attempts, attemptRow{JobID: j.id, Attempt: f.attempt, StartedAt: f.started, EndedAt: f.ended, Worker: f.worker,
			Reason: f.reason, Error: f.error, Detail: raw(f.detail)})
	}
}

func (s *state) addQueue(w *world, name string) {
	q := w.setting(name)
	r := queueRow{Name: name, State: "active", MaxAttempts: *q.maxAttempts, Backoff: *q.backoff, BackoffFactor: *q.factor, BackoffMax: *q.max,
		Timeout: *q.timeout, Retention: *q.retention}
	if q.paused != nil {
		r.State = "paused"
	}
	heads := map[int]job{}
	for _, j := range w.jobs(func(j job) bool { return j.queue == name }) {
		switch j.state {
		case "pending":
			r.Pending++
			if head, ok := heads[j.priority]; !ok || j.position < head.position {
				heads[j.priority] = j
			}
		case "running":
			r.Running++
		case "scheduled":
			r.Scheduled++
		case "failed":
			r.Failed++
		}
	}
	for _, j := range heads {
		if r.OldestPending == nil || j.created < *r.OldestPending {
			r.OldestPending = ptr(j.created)
		}
	}
	s.Queues = append(s.Queues, r)
}

// lines shows each row as one line, sorted.
func (s *state) lines() []string {
	var out []string
	add := func(kind string, row any) {
		text, err := json.Marshal(row)
		if err != nil {
			panic(err)
		}
		out = append(out, kind+" "+string(text))
	}
	for _, r := range s.Jobs {
		add("job", r)
	}
	for _, r := range s.Queues {
		add("queue", r)
	}
	for _, r := range s.Workers {
		add("worker", r)
	}
	for _, r := range s.Answers {
		add("answer", r)
	}
	for _, r := range s.Attempts {
		add("attempt", r)
	}
	for _, r := range s.Keys {
		add("key", r)
	}
	slices.Sort(out)
	return out
}

// difference lists what only one of the two has; "" if they are equal.
func difference(model, database *state) string {
	m, d := model.lines(), database.lines()
	out := ""
	for _, line := range m {
		if !slices.Contains(d, line) {
			out += "\n  only in the model:    " + line
		}
	}
	for _, line := range d {
		if !slices.Contains(m, line) {
			out += "\n  only in the database: " + line
		}
	}
	return out
}
