package peers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/jobmachine/jobmachine/bench/agent"
)

// process is an agent at work.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	mu   sync.Mutex
	dead sync.Once
}

// startAgent starts a process of a system on the database of url. It ends when its input does, so never later than this program.
func startAgent(ctx context.Context, s System, nodeDir, url string) (*process, error) {
	cmd, err := s.command(nodeDir)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url, "NODE_ENV=production")
	cmd.Stderr = os.Stderr
	p := &process{cmd: cmd}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReaderSize(out, 1<<20)
	return p, cmd.Start()
}

// command makes the command line of an agent: this program again, or Node.
func (s System) command(nodeDir string) (*exec.Cmd, error) {
	if !s.node {
		self, err := os.Executable()
		return exec.Command(self, "agent", s.Name), err
	}
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	program := filepath.Join(nodeDir, "node_modules", "node-linux-"+arch, "bin", "node")
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w: run npm ci in %s, or make bench-peers", err, nodeDir)
	}
	return exec.Command(program, filepath.Join(nodeDir, "agent.mjs"), s.Name), nil
}

// ask sends a request and waits for the reply.
func (p *process) ask(r agent.Request) (reply agent.Reply, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := json.Marshal(r)
	if err != nil {
		return reply, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return reply, fmt.Errorf("agent: %s: %w", r.Do, err)
	}
	answer, err := p.out.ReadBytes('\n')
	if err != nil {
		return reply, fmt.Errorf("agent: %s: %w", r.Do, err)
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return reply, fmt.Errorf("agent: %s: %w: %q", r.Do, err, answer)
	}
	if reply.Error != "" {
		return reply, errors.New(reply.Error)
	}
	return reply, nil
}

// kill ends the process at once, as a crash does.
func (p *process) kill() {
	p.dead.Do(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
}

// cpu is the time that the process has used.
func (p *process) cpu() (time.Duration, error) {
	s, err := readStat(p.cmd.Process.Pid)
	return s.own, err
}
