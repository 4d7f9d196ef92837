package main

// The mutants. Each is one protection less.
var (
	noRescue = mutant{Name: "leases do not end", SQL: []edit{
		{"_tick_leases", "where l.expires_at <= v_now or", "where false and"},
	}}
	twoTransactions = mutant{Name: "effect and completion in two transactions", Handlers: "two transactions"}
	noFence         = mutant{Name: "complete and fail look at the id only", SQL: []edit{
		{"_complete", "and r.job_id = i.job_id and r.receipt = i.receipt", "and r.job_id = i.job_id"},
		{"_end_attempt", "and r.job_id = i.job_id and r.receipt = i.receipt", "and r.job_id = i.job_id"},
	}}
	noReplyFence = mutant{Name: "reply looks at the id only", SQL: []edit{
		{"reply", "and r.receipt = reply.receipt for", "for"},
	}}
	noKey = mutant{Name: "a unique key is not kept", SQL: []edit{
		{"_insert_special", "where i.key is not null\n", "where false\n"},
		{"_insert_special", "where i.key is null or", "where true or"},
	}}
	lostClaims = mutant{Name: "a claim whose answer was lost is not given back", SQL: []edit{
		{"close_lease", "if v_ids is null then", "if true then"},
		{"_tick_leases", "or not exists (select from jobmachine.lease l where l.id = r.lease_id)", ""},
	}}
	hastyCommit = mutant{Name: "commits are not waited for", SQL: []edit{
		{"_insert_jobs", "v_due_at := coalesce(", "perform set_config('synchronous_commit', 'off', true);\n  v_due_at := coalesce("},
		{"_complete", "begin\n  with ended", "begin\n  perform set_config('synchronous_commit', 'off', true);\n  with ended"},
	}}
	sameReceipt = mutant{Name: "a receipt does not hold the moment of the claim", SQL: []edit{
		{"_start", "_start.lease_id # v_moment", "_start.lease_id"},
	}}
	hastyClaim = mutant{Name: "also the claim of a job with one attempt is not waited for", SQL: []edit{
		{"_start", "where s.max_attempts > 1 or", "where true or"},
	}}
	countedLate = mutant{Name: "attempts are counted at failure", SQL: []edit{
		{"_end_attempt", "(e.outcome in ('snooze', 'release'))", "(e.outcome in ('snooze', 'release', 'crash'))"},
		{"_end_attempt", "from judged g where g.reason is not null", "from judged g where g.reason is not null on conflict do nothing"},
	}}
	missedTick = mutant{Name: "a tick that was missed is not made up for", SQL: []edit{
		{"_tick_due", "where s.due_at <= v_now order", "where s.due_at <= v_now and s.due_at > v_now - interval '1 s' order"},
	}}
)
