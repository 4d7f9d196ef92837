package pg

import (
	"log/slog"
	"sync"
)

// Troubles logs once what goes on going wrong, and that it is over. The zero value knows of nothing.
type Troubles struct{ said sync.Map }

// Tell takes how something went: wrong is logged if err is new, over if there was one and is none now.
func (t *Troubles) Tell(log *slog.Logger, wrong, over string, err error) {
	if err == nil {
		if _, was := t.said.LoadAndDelete(wrong); was {
			log.Info(over)
		}
	} else if was, _ := t.said.Swap(wrong, err.Error()); was != err.Error() {
		log.Warn(wrong, "error", err)
	}
}
