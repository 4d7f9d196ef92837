package main

// The mutants. Each is jobmachine with one protection less.

// What handlers and workers of this folder do differently, see spec.Mutant.
const (
	mutantTwoTransactions = "two transactions"
	mutantNoPoll          = "no poll"
)

// The two ways in which a batch finds its runs.
const (
	closeTogether = "stretch s)\n      and r.job_id = o.job_id"
	farApart      = "any (_complete.job_ids) and r.job_id = o.job_id"
)

// Who runs a job, and whose word counts.
var (
	noRescue = mutant{Name: "leases do not end", SQL: []edit{
		{"_tick_leases", "where l.expires_at <= v_now or", "where false and"},
	}}
	oneLook = mutant{Name: "a lease ends as soon as its lock is not seen", SQL: []edit{
		{"_tick_leases", "l.unseen_since <= v_now - interval '1 s' and l.renewed_at < l.unseen_since", "l.unseen_since is not null"},
	}}
	noRenewal = mutant{Name: "renew does not make a lease last longer", SQL: []edit{
		{"renew", "expires_at = v_now + l.ttl", "expires_at = l.expires_at"},
	}}
	starvedHeart = mutant{Name: "leases are renewed through the handlers' pool", Go: []edit{
		{"worker/loop.go", "if err := w.claims.Or(w.settles)(ctx, ", "if err := func(ctx context.Context, fn pg.Query) error { return fn(ctx, gen.New(w.cfg.Pool)) }(ctx, "},
	}}
	noFence = mutant{Name: "complete and fail look at the id only", SQL: []edit{
		{"_complete", closeTogether + " and r.receipt = o.receipt", closeTogether},
		{"_complete", farApart + " and r.receipt = o.receipt", farApart},
		{"complete", "and r.receipt = complete.receipt", ""},
		{"_end_attempt", "and r.job_id = i.job_id and r.receipt = i.receipt", "and r.job_id = i.job_id"},
	}}
	noReplyFence = mutant{Name: "reply looks at the id only", SQL: []edit{
		{"reply", "and r.receipt = reply.receipt for", "for"},
	}}
	sameReceipt = mutant{Name: "a receipt does not hold the moment of the claim", SQL: []edit{
		{"_salt", "lease_id # (pg_catalog.date_part('epoch', now) * 1000000)::bigint", "lease_id"},
	}}
	mixedReplies = mutant{Name: "replies of a batch are not matched by job", SQL: []edit{
		{"_complete", closeTogether + " and r.receipt = o.receipt", "stretch s) and r.receipt = any (_complete.receipts)"},
		{"_complete", farApart + " and r.receipt = o.receipt", "any (_complete.job_ids) and r.receipt = any (_complete.receipts)"},
	}}
	twoTransactions = mutant{Name: "effect and completion in two transactions", Handlers: mutantTwoTransactions}
)

// What is repeated, and what is not.
var (
	noKey = mutant{Name: "a unique key is not kept", SQL: []edit{
		{"_insert_special", "where i.key is not null\n", "where false\n"},
		{"_insert_special", "where i.key is null or", "where true or"},
	}}
	lostClaims = mutant{Name: "a claim whose answer was lost is not looked for", Go: []edit{
		{"worker/loop.go", "if w.unsure.Swap(false) {", "if w.unsure.Swap(false) && false {"},
	}}
	lostOutcomes = mutant{Name: "outcomes that met an error are not kept", Go: []edit{
		{"worker/run.go", "w.outcomes, limit = append(w.outcomes, batch...), max(1, len(batch)/2)", "limit = batchSize"},
	}}
	countedLate = mutant{Name: "attempts are counted at failure", SQL: []edit{
		{"_end_attempt", "(e.outcome in ('snooze', 'release'))", "(e.outcome in ('snooze', 'release', 'crash'))"},
		{"_end_attempt", "from judged g where g.reason is not null", "from judged g where g.reason is not null on conflict do nothing"},
	}}
	countedRelease = mutant{Name: "a release does not give the attempt back", SQL: []edit{
		{"_end_attempt", "(e.outcome in ('snooze', 'release'))", "(e.outcome in ('snooze'))"},
	}}
	noRecover = mutant{Name: "a panic is not caught", Go: []edit{
		{"worker/run.go", "if p := recover(); p != nil {", "if p := any(nil); p != nil {"},
	}}
)

// What is on the disk, and where.
var (
	hastyCommit = mutant{Name: "commits are not waited for", SQL: hasty("off")}
	localCommit = mutant{Name: "commits do not wait for the standby", SQL: hasty("local")}
	hastyClaim  = mutant{Name: "also the claim of a job with one attempt is not waited for", SQL: []edit{
		{"_start", "where s.max_attempts > 1 or", "where true or"},
		{"_start_one", "if v_job.max_attempts = 1 and", "if false and"},
	}}
)

// hasty lets transactions that send or end jobs commit sooner: all of them, since one that notifies and waits
// holds up the others that notify.
func hasty(mode string) (edits []edit) {
	for _, function := range []string{"send", "send_many", "reply", "_complete", "complete", "_end_attempt"} {
		edits = append(edits, edit{function, "\nbegin\n", "\nbegin\n  perform set_config('synchronous_commit', '" + mode + "', true);\n"})
	}
	return edits
}

// Who hears of it, and when.
var (
	noPoll = mutant{Name: "who sleeps is woken or sleeps on", Handlers: mutantNoPoll, SQL: []edit{
		{"park", "  return v_tick;", "  return 3600;"},
	}, Go: []edit{
		{"internal/listen/listener.go", "= 10 * time.Second // a connection", "= time.Hour // a connection"},
	}}
	noProof = mutant{Name: "a listener does not prove that it hears", Go: []edit{
		{"internal/listen/listener.go", "err == nil && (came == nil ||", "false && (came == nil ||"},
	}}
	missedTick = mutant{Name: "a tick that was missed is not made up for", SQL: []edit{
		{"_tick_due", "where s.due_at <= v_now order", "where s.due_at <= v_now and s.due_at > v_now - interval '1 s' order"},
	}}
	noGuard = mutant{Name: "low water does not wait for open senders", SQL: []edit{
		{"_confirm_low_water", "if _confirm_low_water.writers && jobmachine._pending_writers() then", "if false then"},
	}}
)

// How a worker gets along with its server.
var (
	oldPrimary = mutant{Name: "a read-only server is not left", Go: []edit{
		{"internal/pg/errors.go", `code == "25006" || `, ""},
	}}
	oldReader = mutant{Name: "who only reads stays with a read-only server", Go: []edit{
		{"internal/pg/errors.go", `c.ParameterStatus("default_transaction_read_only") == "on"`, "false"},
	}}
	faintHeart = mutant{Name: "a worker ends when the server is away at its start", Go: []edit{
		{"worker/loop.go", "!begun && pg.Refused(err):", "!begun:"},
	}}
	ownClock = mutant{Name: "a worker looks at its own clock", Go: []edit{
		{"internal/pg/clock.go", "c.Local.Add(at.Sub(c.Database))", "c.Database.Add(at.Sub(c.Database))"},
	}}
	itsIsolation = mutant{Name: "workers work at the isolation of the database", Go: []edit{
		{"internal/pg/dialer.go", `map[string]string{"default_transaction_isolation": "read committed"}`, "map[string]string{}"},
	}}
)
