package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a worker, a producer or a caller. When one ends that should not, another takes its place.
type process struct {
	spec
	cmd    *exec.Cmd
	hears  chan struct{} // closed when it can be told to end
	ended  chan struct{}
	frozen bool
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// start starts n processes that are supervised, as systemd would.
func (w *world) start(n int, s spec) {
	for range n {
		s := s
		w.names[s.Role]++
		s.Name = fmt.Sprintf("%s%d", s.Role, w.names[s.Role])
		s.Seed = w.dice.Uint64()
		w.launch(s)
	}
}

// launch starts a process, unless those of its role are being ended.
func (w *world) launch(s spec) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing[s.Role] {
		return
	}
	if s.URL == "" {
		s.URL = appURL(w.link.port())
	}
	s.Mutant = w.mutant.Handlers
	s.Ledger = filepath.Join(w.dir, s.Name+".ledger")
	log, err := os.OpenFile(filepath.Join(w.dir, s.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(err)
	defer log.Close()
	p := &process{spec: s, cmd: exec.Command(cmp.Or(s.Program, w.program), s.Arguments...), hears: make(chan struct{}), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if s.Program != "" {
		s.Role = "command" // what the children are to be
		close(p.hears)
	} else {
		p.cmd.Stdout = nil
		out, err := p.cmd.StdoutPipe()
		must(err)
		go func() { _, _ = io.Copy(io.Discard, out); close(p.hears) }()
	}
	p.cmd.Env = s.environment()
	must(p.cmd.Start())
	w.processes = append(w.processes, p)
	go w.supervise(p)
}

// supervise notes the end of a process. If it still had something to do, another one does it.
func (w *world) supervise(p *process) {
	_ = p.cmd.Wait()
	state := p.cmd.ProcessState
	done := state.Success() && !strings.Contains(p.Role, "worker")
	w.mu.Lock()
	w.exits = append(w.exits, exit{pid: p.pid(), role: p.Role, how: state.String(), done: done, at: monotonic()})
	w.processes = slices.DeleteFunc(w.processes, func(o *process) bool { return o == p })
	w.mu.Unlock()
	close(p.ended)
	if !state.Success() {
		sleep(w.ctx, w.restartAfter)
		w.launch(p.spec)
	}
}

// those are the living processes of a role.
func (w *world) those(role string) []*process {
	w.mu.Lock()
	defer w.mu.Unlock()
	var those []*process
	for _, p := range w.processes {
		if p.Role == role && !p.frozen {
			those = append(those, p)
		}
	}
	return those
}

// anyone picks one of them; nil: there is none just now.
func (w *world) anyone(role string) *process {
	those := w.those(role)
	if len(those) == 0 {
		return nil
	}
	return those[w.dice.IntN(len(those))]
}

// kill kills a process, with no chance to say goodbye.
func (w *world) kill(p *process) {
	if p != nil {
		w.strike(fault{what: "its worker was killed", pid: p.pid(), ends: true}, func() { _ = p.cmd.Process.Kill(); <-p.ended })
	}
}

// stop asks a process to end, and waits until it has. One that has only just begun would die of the
// signal, and not do what it does at its end.
func (w *world) stop(p *process) {
	<-p.hears
	w.strike(fault{what: "its worker was told to stop", pid: p.pid(), ends: true}, func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(2 * patience):
			w.broken("%s was told to end and does not", p.Name)
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
	})
}

// freeze stops a process in the middle of everything, and lets it go on later.
func (w *world) freeze(p *process, d time.Duration) {
	if p == nil {
		return
	}
	w.strike(fault{what: "its worker was frozen", pid: p.pid()}, func() {
		p.frozen = true
		_ = p.cmd.Process.Signal(syscall.SIGSTOP)
		sleep(w.ctx, d)
		_ = p.cmd.Process.Signal(syscall.SIGCONT)
		p.frozen = false
	})
}

// close ends all processes of a role in an orderly way.
func (w *world) close(role string) {
	w.mu.Lock()
	w.closing[role] = true
	w.mu.Unlock()
	var all sync.WaitGroup
	for _, p := range w.those(role) {
		all.Go(func() { w.stop(p) })
	}
	all.Wait()
}
