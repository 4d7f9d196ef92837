// Package worker runs jobs.
//
//	w, err := worker.New(worker.Config{DatabaseURL: url, Concurrency: 20})
//	w.Handle("mail.welcome", func(ctx context.Context, job *worker.Job) (any, error) {
//		var mail Mail
//		if err := job.Bind(&mail); err != nil {
//			return nil, err
//		}
//		return map[string]string{"sent": mail.To}, mail.Send(ctx)
//	})
//	err = w.Run(ctx) // until ctx ends
//
// What a handler returns is the outcome of the attempt: a reply completes the job, an error is a
// failed attempt that is tried again later, and Permanent, RetryIn, Snooze and Cancel say otherwise.
// A panic is a failed attempt.
//
// # The loop
//
// Everything that decides something is a SQL function; this package calls them at the right moments.
// The loop claims as many jobs as there are free slots and hands them out. Outcomes are collected,
// and all that are there are settled in one call as soon as the previous call has returned: under
// load they form batches by themselves, and a lone reply leaves at once. When a claim comes back
// empty the loop looks a few times more, then parks: senders notify only those who are parked.
// A notification is a hint; what counts is the next claim, and a slow poll never stops.
//
// A worker has three connections of its own (claim, settle, listen), so that handlers with a busy
// pool can never starve it. It outlives any outage of the database: it comes back with jitter, keeps
// the outcomes it could not deliver, and repeats them, which is safe.
//
// # Lease and receipt
//
// Jobs belong to the worker's lease, which is renewed three times within its ttl, and is tied to the
// listening session: when the process dies its jobs run elsewhere within seconds. Each run has a
// receipt. A run that was given up (its lease expired, it timed out, it was claimed again) holds an
// old one, and whatever it still says is answered stale and changes nothing. Its handler learns of
// it through ctx: context.Cause tells ErrLeaseLost, ErrTimeout, ErrCancelled or ErrStopped.
//
// # Stopping
//
// When the ctx of Run ends no job is claimed any more and handlers may finish for StopTimeout. Then
// their ctx is cancelled, and the jobs of those that do not complete are released: they run again
// elsewhere at once, with the attempt given back.
package worker
