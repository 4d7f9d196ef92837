package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/worker"
)

const (
	keepStdout = 4 << 20
	cutMark    = "[...] "
	keepStderr = 16<<10 - len(cutMark) // the database keeps the first 16 kB of an error, the end says more
	termGrace  = 5 * time.Second
	// At a stop the worker gives back the job of a handler that takes more than 2 seconds to end. The
	// command should be dead by then: the job may start elsewhere.
	stopGrace = 1500 * time.Millisecond
)

// execHandler runs a command for each job.
type execHandler struct {
	command string
	log     *slog.Logger
	running sync.WaitGroup
}

// wait returns when no command is running.
func (h *execHandler) wait() { h.running.Wait() }

// handle runs the command. One that was stopped has not succeeded, whatever its exit code: many
// programs end with 0 when they are told to.
func (h *execHandler) handle(ctx context.Context, job *worker.Job) (any, error) {
	h.running.Add(1)
	defer h.running.Done()
	p, err := h.start(job)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.exited:
	case <-ctx.Done():
	}
	select {
	case <-p.exited: // also if it is too late: what it did is done
		p.end()
	default:
		cause := context.Cause(ctx)
		p.stop(grace(cause))
		err = fmt.Errorf("the command was stopped: %w", cause)
	}
	if p.stderr.total > 0 {
		h.log.Debug("stderr of the command", "job", job.ID, "text", p.stderr.String())
	}
	switch {
	case err != nil:
		return nil, err
	case !p.cmd.ProcessState.Success():
		return nil, p.failure()
	case p.stdout.total > keepStdout:
		return nil, fmt.Errorf("the command wrote %d bytes to stdout, at most %d are read as the reply", p.stdout.total, keepStdout)
	}
	return reply(p.stdout.data), nil
}

// grace is the time between SIGTERM and SIGKILL.
func grace(cause error) time.Duration {
	switch {
	case errors.Is(cause, errAtOnce):
		return 0
	case errors.Is(cause, worker.ErrStopped):
		return stopGrace
	}
	return termGrace
}

// reply makes an answer of what a command wrote to stdout.
func reply(out []byte) any {
	if checkJSON(out) == nil {
		return json.RawMessage(out)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(out), "\n"), "\r")
	if text == "" {
		return nil
	}
	return pg.Text(text)
}

// process is a command at work, and its group: all that it starts and that does not leave.
type process struct {
	cmd            *exec.Cmd
	exited         chan struct{} // the command itself has ended
	stdout, stderr *capture
}

func (h *execHandler) start(job *worker.Job) (_ *process, err error) {
	cmd := exec.Command("/bin/sh", "-c", h.command)
	cmd.Env = append(os.Environ(),
		"JOBMACHINE_JOB_ID="+strconv.FormatInt(job.ID, 10),
		"JOBMACHINE_QUEUE="+job.Queue,
		"JOBMACHINE_ATTEMPT="+strconv.Itoa(int(job.Attempt)),
		"JOBMACHINE_RECEIPT="+strconv.FormatInt(job.Receipt, 10))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := &process{cmd: cmd, exited: make(chan struct{}), stdout: &capture{max: keepStdout}, stderr: &capture{max: keepStderr, last: true}}
	// Pipes of our own: those of os/exec would make Wait wait for whoever inherited them.
	defer func() {
		for _, c := range []*capture{p.stdout, p.stderr} {
			if c.w != nil {
				c.w.Close()
			}
			if err != nil && c.r != nil {
				c.r.Close()
			}
		}
	}()
	for _, c := range []*capture{p.stdout, p.stderr} {
		if c.r, c.w, err = os.Pipe(); err != nil {
			return nil, err
		}
	}
	cmd.Stdout, cmd.Stderr = p.stdout.w, p.stderr.w
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer stdin.Close()
		_, _ = io.Copy(stdin, bytes.NewReader(job.Payload)) // it need not be read
	}()
	p.stdout.read()
	p.stderr.read()
	go func() {
		defer close(p.exited)
		_ = cmd.Wait()
	}()
	return p, nil
}

// stop asks the group to end and waits until all of it has, or the grace is over.
func (p *process) stop(grace time.Duration) {
	if grace > 0 {
		_ = p.signal(syscall.SIGTERM)
		over := time.NewTimer(grace)
		defer over.Stop()
		look := time.NewTicker(10 * time.Millisecond)
		defer look.Stop()
		for gone := false; !gone; {
			select {
			case <-look.C:
				gone = errors.Is(p.signal(0), syscall.ESRCH)
			case <-over.C:
				gone = true
			}
		}
	}
	_ = p.signal(syscall.SIGKILL)
	<-p.exited
	p.end()
}

// end kills what the command left behind in its group, and takes the last of the output.
func (p *process) end() {
	_ = p.signal(syscall.SIGKILL)
	p.stdout.close()
	p.stderr.close()
}

func (p *process) signal(s syscall.Signal) error { return syscall.Kill(-p.cmd.Process.Pid, s) }

func (p *process) failure() error {
	if text := strings.TrimSpace(p.stderr.String()); text != "" {
		return errors.New(text)
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Errorf("killed by signal %d (%v)", status.Signal(), status.Signal())
	}
	return fmt.Errorf("exit code %d", p.cmd.ProcessState.ExitCode())
}

// capture reads one output of a command, all of it, and keeps the beginning or the end.
type capture struct {
	max  int
	last bool

	r, w  *os.File
	done  chan struct{}
	data  []byte
	total int
}

func (c *capture) read() {
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		_, _ = io.Copy(c, c.r)
	}()
}

func (c *capture) Write(b []byte) (int, error) {
	c.total += len(b)
	c.data = append(c.data, b...)
	if c.last && len(c.data) > 2*c.max {
		c.data = append(c.data[:0], c.data[len(c.data)-c.max:]...)
	} else if !c.last && len(c.data) > c.max {
		c.data = c.data[:c.max]
	}
	return len(b), nil
}

// close waits for the end of the output, but not for a daemon that left the group and holds it open.
func (c *capture) close() {
	_ = c.r.SetReadDeadline(time.Now().Add(time.Second))
	<-c.done
	c.r.Close()
}

func (c *capture) String() string {
	if c.last && c.total > c.max {
		return cutMark + string(c.data[max(0, len(c.data)-c.max):])
	}
	return string(c.data)
}
