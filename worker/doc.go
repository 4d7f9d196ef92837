// Package worker runs jobs.
//
//	w, err := worker.New(worker.Config{DatabaseURL: url, Concurrency: 20})
//	worker.HandleFunc(w, "mail.welcome", func(ctx context.Context, mail Mail) (string, error) {
//		return "sent to " + mail.To, mail.Send(ctx)
//	})
//	err = w.Run(ctx) // until ctx ends
//
// What a handler returns is the outcome of the attempt: a reply completes the job, an error is a failed attempt that
// is tried again later, and Permanent, RetryIn, Snooze and Cancel say otherwise. A panic is a failed attempt.
//
// All that decides something is a SQL function. The loop claims as many jobs as there are free slots, and outcomes are
// settled, all that are there in one call; calls for a few, if slots are many, keep the pace of the database: under
// load batches form by themselves, and a lone job or reply does not wait. When nothing more is there to be claimed the
// loop parks: senders notify only those who are parked.
//
// A worker has three connections of its own (claim, settle, listen) and outlives any outage of the database. Jobs belong
// to its lease, which is renewed three times within its ttl and tied to the listening session: when the process dies
// they run elsewhere within seconds. Each run has a receipt; what a run says that was given up changes nothing, and
// context.Cause(ctx) tells its handler why.
package worker
