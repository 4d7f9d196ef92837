package cli

import (
	"bytes"
	"io"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// redactor is the one door to stderr: errors, logs and progress all pass through it, and no password
// does. It knows those of the connections in use, and what a password looks like in a connection
// string. One Write is one record, so that a password is never split between two.
type redactor struct {
	mu      sync.Mutex
	out     io.Writer
	secrets [][]byte
}

const redacted = "*****"

var (
	inURL     = regexp.MustCompile(`(\w+://[^\s:/@]*:)\S+(@)`)
	inKeyword = regexp.MustCompile(`((?i:password)\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)`)
)

// newRedactor makes one that knows the passwords in the environment.
func newRedactor(out io.Writer) *redactor {
	r := &redactor{out: out}
	for _, name := range []string{"DATABASE_URL", "JOBMACHINE_LISTEN_URL"} {
		if c, err := pgconn.ParseConfig(os.Getenv(name)); err == nil {
			r.know(c)
		}
	}
	return r
}

// know adds the password of a connection. One that is short, or a name that has to be readable in
// errors, is left to the patterns: hiding it everywhere would say what it is.
func (r *redactor) know(c *pgconn.Config) {
	quoted := strconv.Quote(c.Password)
	for _, secret := range []string{c.Password, quoted[1 : len(quoted)-1], url.QueryEscape(c.Password), url.PathEscape(c.Password), url.UserPassword("", c.Password).String()[1:]} {
		if len(secret) < 4 || secret == c.User || secret == c.Database || secret == c.Host {
			continue
		}
		r.mu.Lock()
		r.secrets = append(r.secrets, []byte(secret))
		r.mu.Unlock()
	}
}

func (r *redactor) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	clean := inURL.ReplaceAll(p, []byte("${1}"+redacted+"${2}"))
	clean = inKeyword.ReplaceAll(clean, []byte("${1}"+redacted))
	for _, secret := range r.secrets {
		clean = bytes.ReplaceAll(clean, secret, []byte(redacted))
	}
	if _, err := r.out.Write(clean); err != nil {
		return 0, err
	}
	return len(p), nil
}
