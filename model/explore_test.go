package model

import (
	"fmt"
	"strings"
)

// A protocol is a set of states and the moves between them. explore visits every state that can be reached, breadth first,
// so the first bad one comes with a shortest way to it.

type move[S comparable] struct {
	name string // who does what
	to   S
}

type visited[S comparable] struct {
	states int
	bad    string // what is wrong; "" if nothing is
	trace  string
}

func explore[S comparable](start S, moves func(S) []move[S], bad func(S) string) visited[S] {
	type step struct {
		from S
		name string
	}
	how := map[S]step{start: {}}
	for queue := []S{start}; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		if why := bad(s); why != "" {
			var names []string
			for at := s; at != start; at = how[at].from {
				names = append([]string{how[at].name}, names...)
			}
			return visited[S]{len(how), why, strings.Join(names, "\n")}
		}
		for _, m := range moves(s) {
			if _, known := how[m.to]; !known {
				how[m.to] = step{s, m.name}
				queue = append(queue, m.to)
			}
		}
	}
	return visited[S]{states: len(how)}
}

func (v visited[S]) String() string {
	if v.bad == "" {
		return fmt.Sprintf("%d states, none bad", v.states)
	}
	return fmt.Sprintf("after %d states: %s\n%s", v.states, v.bad, v.trace)
}
