package client

import "time"

// What nothing rang for would come at the next look in any case, and no test would see that it was missed. A send that has to
// wait for others waits until they are through.
func init() { longest, patience = 24*time.Hour, 24*time.Hour }

// InLine returns how many sends wait for the next transaction.
func (c *Client) InLine(queue string) int { return c.gather.InLine(queue) }

// SetPatience says for how long a send waits for others.
func (c *Client) SetPatience(d time.Duration) { c.gather.Patience = d }
