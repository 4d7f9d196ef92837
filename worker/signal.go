package worker

import (
	"context"
	"log/slog"
	"time"
)

// signal is a flag that many may raise and one waits for. Raising it twice is raising it once.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) raise() {
	select {
	case s <- struct{}{}:
	default:
	}
}

func (s signal) clear() {
	select {
	case <-s:
	default:
	}
}

// wait waits for the flag, at most d, and reports whether it was raised.
func (s signal) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s:
		return true
	case <-ctx.Done():
	case <-t.C:
	}
	return false
}

// complaint logs what goes on going wrong once, and that it is over.
type complaint struct{ text string }

func (c *complaint) warn(log *slog.Logger, op string, err error) {
	if text := err.Error(); text != c.text {
		c.text = text
		log.Warn("cannot "+op+", trying again", "error", err)
	}
}

func (c *complaint) over(log *slog.Logger, op string) {
	if c.text != "" {
		c.text = ""
		log.Info("can " + op + " again")
	}
}
