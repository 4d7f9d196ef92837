package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// psql works through one psql session, typed into as a person would.
type psql struct {
	program
	rang bool // a notification came since the last wait
}

func startPsql(t *testing.T, url string) Worker {
	t.Helper()
	p := &psql{}
	p.start(t, url, exec.Command(pgtest.Program(t, "psql"), "-XqAt", url))
	return p
}

func (p *psql) Do(ctx context.Context, c map[string]any) (json.RawMessage, error) {
	defer context.AfterFunc(ctx, p.kill)()
	if c["do"] == "wait" {
		until := time.Now().Add(time.Duration(c["seconds"].(float64) * float64(time.Second)))
		for !p.rang && time.Now().Before(until) {
			// psql looks for notifications after every statement.
			if _, _, err := p.run("select pg_sleep(0.02)"); err != nil {
				return nil, err
			}
		}
		woken := p.rang
		p.rang = false
		return json.Marshal(map[string]any{"woken": woken})
	}
	sql, err := statement(c)
	if err != nil {
		return nil, err
	}
	answer, code, err := p.run(sql)
	if err == nil && code != "00000" {
		return json.Marshal(map[string]any{"error": code})
	}
	return json.RawMessage(answer), err
}

// statement is what somebody would type who knows the function: named arguments, and only those that
// are given.
func statement(c map[string]any) (string, error) {
	var arguments []string
	for key, v := range c {
		name := map[string]string{"job": "job_id", "receipt": "receipt", "lease": "lease_id", "jobs": "job_ids", "receipts": "receipts"}[key]
		if name == "" {
			name = key
		}
		switch key {
		case "do":
			continue
		case "reply", "payload", "detail":
			text, err := json.Marshal(v)
			if err != nil {
				return "", err
			}
			v = string(text)
		case "jobs", "receipts":
			v = strings.NewReplacer("[", "{", "]", "}").Replace(literal(v))
			arguments = append(arguments, fmt.Sprintf("%s => %s", name, v))
			continue
		case "queues":
			var list []string
			for _, q := range v.([]any) {
				list = append(list, literal(q))
			}
			arguments = append(arguments, fmt.Sprintf("%s => array[%s]", name, strings.Join(list, ", ")))
			continue
		}
		arguments = append(arguments, fmt.Sprintf("%s => %s", name, literal(v)))
	}
	call := fmt.Sprintf("jobmachine.%s(%s)", c["do"], strings.Join(arguments, ", "))
	switch c["do"] {
	case "claim":
		return "select jsonb_build_object('jobs', coalesce(jsonb_agg(j), '[]')) from " + call + " j", nil
	case "renew":
		return "select jsonb_build_object('stop', coalesce(jsonb_agg(s), '[]')) from " + call + " s", nil
	case "complete", "fail", "snooze", "release", "reply":
		return "select jsonb_build_object('verdict', " + call + ")", nil
	case "open_lease":
		return "select jsonb_build_object('lease', " + call + ")", nil
	case "close_lease":
		return "select jsonb_build_object('released', " + call + ")", nil
	case "park":
		return "select jsonb_build_object('seconds', " + call + ")", nil
	}
	return "", fmt.Errorf("unknown command %q", c["do"])
}

const done = "that is all"

// run types a statement and reads what comes: its last line, and its SQLSTATE.
func (p *psql) run(sql string) (line, code string, err error) {
	if _, err := io.WriteString(p.stdin, sql+";\nselect '"+done+"', :'SQLSTATE';\n"); err != nil {
		return "", "", p.broken(err)
	}
	for {
		text, err := p.stdout.ReadString('\n')
		if err != nil {
			return "", "", p.broken(err)
		}
		text = strings.TrimSuffix(text, "\n")
		switch {
		case strings.HasPrefix(text, "Asynchronous notification"):
			p.rang = true
		case strings.HasPrefix(text, done+"|"):
			return line, strings.TrimPrefix(text, done+"|"), nil
		default:
			line = text
		}
	}
}
