package model

import (
	"fmt"
	"testing"
)

// The low-water mark as a model: three senders, and a housekeeper that notes a candidate and confirms it when those have
// ended whom it has noted with it. A claim does not look below the mark, so no ticket may ever appear there.

// care is what the housekeeper and the senders do right; the zero value has it all.
type care struct {
	noWriters      bool // it does not wait for the senders that were under way
	positionLast   bool // it reads the last position after it has looked for senders
	noSecondLook   bool // it does not look for tickets again when it confirms
	drawBeforeLock bool // a sender draws its position before it holds the lock on pending
}

const (
	wIdle = iota
	wLocked
	wDrawn // a mutant's: a position, but no lock
	wInserted
	wCommitted
	wEnded
)

type writer struct{ at, position uint8 }

// Steps of _tick_low_water, with those of _note_low_water and _confirm_low_water.
const (
	hPosition = iota
	hWriters
	hTickets
	hConfirm
)

type lowWater struct {
	writers   [3]writer
	drawn     uint8 // the last position drawn
	mark      uint8
	at        uint8
	seen      uint8 // position: the last one drawn, as it was read
	noted     uint8 // writers: who was under way, as bits
	candidate uint8
}

func (w writer) holdsLock() bool { return w.at == wLocked || w.at == wInserted }

// first is the lowest pending position from the mark on, or otherwise.
func (s lowWater) first(otherwise uint8) uint8 {
	for _, w := range s.writers {
		if w.at == wCommitted && w.position >= s.mark {
			otherwise = min(otherwise, w.position)
		}
	}
	return otherwise
}

func (s lowWater) underWay() (bits uint8) {
	for i, w := range s.writers {
		if w.holdsLock() {
			bits |= 1 << i
		}
	}
	return bits
}

func (c care) moves(s lowWater) []move[lowWater] {
	var out []move[lowWater]
	for i, w := range s.writers {
		add := func(name string, change func(to *lowWater, w *writer)) {
			to := s
			change(&to, &to.writers[i])
			out = append(out, move[lowWater]{fmt.Sprintf("sender %d: %s", i+1, name), to})
		}
		draw := func(to *lowWater, w *writer) { to.drawn++; w.position = to.drawn }
		switch w.at {
		case wIdle:
			if c.drawBeforeLock {
				add("nextval", func(to *lowWater, w *writer) { draw(to, w); w.at = wDrawn })
			} else {
				add("insert into pending: takes the lock", func(_ *lowWater, w *writer) { w.at = wLocked })
			}
		case wLocked:
			add("insert into pending: nextval", func(to *lowWater, w *writer) { draw(to, w); w.at = wInserted })
		case wDrawn:
			add("insert into pending: takes the lock", func(_ *lowWater, w *writer) { w.at = wInserted })
		case wInserted:
			add("commit", func(_ *lowWater, w *writer) { w.at = wCommitted })
		case wCommitted:
			add("its ticket is claimed", func(_ *lowWater, w *writer) { w.at = wEnded })
		}
		if w.at == wLocked || w.at == wDrawn || w.at == wInserted {
			add("rollback", func(_ *lowWater, w *writer) { w.at = wEnded })
		}
	}
	name, to := c.housekeeper(s)
	return append(out, move[lowWater]{"tick: " + name, to})
}

func (c care) housekeeper(s lowWater) (string, lowWater) {
	order := []uint8{hPosition, hWriters, hTickets, hConfirm}
	if c.positionLast {
		order = []uint8{hWriters, hPosition, hTickets, hConfirm}
	}
	to := s
	to.at = (s.at + 1) % 4
	switch order[s.at] {
	case hPosition:
		to.seen = s.drawn
		return "reads the last position", to
	case hWriters:
		to.noted = s.underWay()
		return "_pending_writers", to
	case hTickets:
		to.candidate = s.first(s.seen + 1)
		return "_note_low_water", to
	default:
		if s.noted&s.underWay() != 0 && !c.noWriters {
			to.at = s.at // a later tick looks again
			return "_confirm_low_water: some are still under way", to
		}
		if to.mark = s.first(s.candidate); c.noSecondLook {
			to.mark = s.candidate
		}
		to.seen, to.noted, to.candidate = 0, 0, 0
		return "_confirm_low_water", to
	}
}

// overlooked: a ticket that is pending, or may still be, lies below the mark.
func overlooked(s lowWater) string {
	for i, w := range s.writers {
		if (w.at == wDrawn || w.at == wInserted || w.at == wCommitted) && w.position < s.mark {
			return fmt.Sprintf("the ticket of sender %d is at %d, the mark at %d", i+1, w.position, s.mark)
		}
	}
	return ""
}

func TestNoInterleavingOfTheLowWaterMarkOverlooksATicket(t *testing.T) {
	t.Parallel()
	v := explore(lowWater{}, care{}.moves, overlooked)
	if v.bad != "" || v.states < 1000 {
		t.Error(v)
	}
	t.Log(v)
}

func TestWithoutAnyOneCareATicketIsOverlooked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]care{
		"the housekeeper does not wait for senders under way":   {noWriters: true},
		"it reads the last position after it looks for senders": {positionLast: true},
		"it does not look for tickets again":                    {noSecondLook: true},
		"a sender draws its position before it has the lock":    {drawBeforeLock: true},
	} {
		t.Run(name, func(t *testing.T) {
			v := explore(lowWater{}, c.moves, overlooked)
			if v.bad == "" {
				t.Error("nothing is overlooked: the care is none, or the model is blind")
			}
			t.Log(v)
		})
	}
}
