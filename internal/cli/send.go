package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) send() *cobra.Command {
	var options sendOptions
	var lines bool
	var batch int
	c := &cobra.Command{
		Use:   "send QUEUE [PAYLOAD | @FILE | -]",
		Short: "Put a job into a queue and print its ticket number",
		Long: `Put a job into a queue and print its ticket number.

The payload is JSON: the argument itself, the contents of a file (@FILE) or of stdin (-). Without
one it is {}. What is not given by a flag is the default of the queue.

With --lines every line of @FILE or stdin is a payload. They are sent in batches, each in one
transaction; the ticket numbers are printed, one per line, when their batch is committed. Empty lines
are skipped. At the first line that is not JSON or is refused nothing of its batch is sent, and the
error tells the line to go on with.`,
		Example: `  jobmachine send mail.welcome '{"to": "a@b.c"}'
  jobmachine send report @order.json --delay 1h --unique-key order-17
  find . -type f | jq -R '{path: .}' -c | jobmachine send file.digest --lines > tickets`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := options.params(c, args[0])
			if err != nil {
				return err
			}
			if lines {
				return a.sendLines(c.Context(), p, args[1:], batch)
			}
			if p.Payload, err = a.payload(args[1:]); err != nil {
				return err
			}
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.close()
			id, err := db.Send(c.Context(), p)
			if err != nil {
				return pg.Wrap("send", err)
			}
			_, err = fmt.Fprintln(a.stdout, id)
			return err
		},
	}
	options.flags(c)
	c.Flags().BoolVar(&lines, "lines", false, "send every line of @FILE or stdin as a job of its own")
	c.Flags().IntVar(&batch, "batch", 1000, "so many `lines` in one transaction, 1 to 10000")
	return c
}

// sendOptions are the flags of send and call.
type sendOptions struct {
	priority, maxAttempts                int32
	runAt                                moment
	delay, timeout, expiresIn, uniqueFor duration
	uniqueKey, replyTo                   string
	headers                              []string
}

func (o *sendOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.Int32Var(&o.priority, "priority", 5, "`n` from 0 (starts first) to 9 (last)")
	f.Var(&o.runAt, "run-at", "not before this `time`: 2030-01-31T08:00:00Z, or local '2030-01-31 08:00'")
	f.Var(&o.delay, "delay", "not before this much `time` has passed: 90s, 1h30m, 2d")
	f.Int32Var(&o.maxAttempts, "max-attempts", 0, "it has failed after `n` tries, 1 to 10000 (default 25, or as configured)")
	f.Var(&o.timeout, "timeout", "the longest `time` that one attempt may run, 0 = no limit (default 30m, or as configured)")
	f.Var(&o.expiresIn, "expires-in", "if not started within this `time` it has failed (default never)")
	f.StringVar(&o.uniqueKey, "unique-key", "", "one unfinished job per queue and `key`; a duplicate prints the number of the first")
	f.Var(&o.uniqueFor, "unique-for", "the key holds for this `time`, finished or not")
	f.StringArrayVar(&o.headers, "header", nil, "`key=value` for the handler; may be repeated")
	f.StringVar(&o.replyTo, "reply-to", "", "this `queue` gets a job when this one is over")
}

// params leaves null what was not given.
func (o *sendOptions) params(c *cobra.Command, queue string) (gen.SendParams, error) {
	p := gen.SendParams{Queue: queue, RunAt: o.runAt.at, Delay: o.delay.Interval, Timeout: o.timeout.Interval,
		ExpiresIn: o.expiresIn.Interval, UniqueFor: o.uniqueFor.Interval}
	given := c.Flags().Changed
	if given("priority") {
		p.Priority = &o.priority
	}
	if given("max-attempts") {
		p.MaxAttempts = &o.maxAttempts
	}
	if given("unique-key") {
		p.UniqueKey = &o.uniqueKey
	}
	if given("reply-to") {
		p.ReplyTo = &o.replyTo
	}
	if o.headers == nil {
		return p, nil
	}
	headers := map[string]string{}
	for _, h := range o.headers {
		key, value, ok := strings.Cut(h, "=")
		if !ok || key == "" {
			return p, usagef("--header %q: give key=value", h)
		}
		headers[key] = value
	}
	var err error
	p.Headers, err = json.Marshal(headers)
	return p, err
}
