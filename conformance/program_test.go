package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// program is a worker in a process of its own, told what to do by lines of JSON.
type program struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// startProgram starts a worker by a shell command.
func startProgram(command string) func(t *testing.T, url string) Worker {
	return func(t *testing.T, url string) Worker {
		t.Helper()
		p := &program{}
		p.start(t, url, exec.Command("sh", "-c", "exec "+command))
		return p
	}
}

// start runs the command, in a process group of its own. DATABASE_URL tells it where to connect.
func (p *program) start(t *testing.T, url string, cmd *exec.Cmd) {
	t.Helper()
	p.cmd = cmd
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url)
	cmd.Stderr = &p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (p *program) Do(ctx context.Context, command map[string]any) (json.RawMessage, error) {
	line, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, p.kill)() // a worker that hangs ends, and so does the read below
	_, err = p.stdin.Write(append(line, '\n'))
	var answer []byte
	if err == nil {
		answer, err = p.stdout.ReadBytes('\n')
	}
	if err != nil {
		return nil, p.broken(err)
	}
	return answer, nil
}

// broken tells what the process said before it ended.
func (p *program) broken(err error) error {
	p.Kill()
	return fmt.Errorf("%w (%s)\n%s", err, p.cmd.ProcessState, p.stderr.String())
}

func (p *program) Kill() {
	p.kill()
	_ = p.cmd.Wait()
}

func (p *program) kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
