package examples

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestWeb(t *testing.T) {
	t.Parallel()
	program := build(t, "./web")

	// serve starts the program and returns its address.
	serve := func(t *testing.T, d *pgtest.DB, flags ...string) (*process, string) {
		t.Helper()
		p := start(t, environment(d.URL), append([]string{program, "-listen", "127.0.0.1:0"}, flags...)...)
		return p, p.await(`(http://\S+)/\n`)
	}
	get := func(t *testing.T, address string) (int, string) {
		t.Helper()
		return body(t, func() (*http.Response, error) { return http.Get(address) })
	}
	post := func(t *testing.T, address, text string) (int, string) {
		t.Helper()
		return body(t, func() (*http.Response, error) { return http.PostForm(address+"/", url.Values{"text": {text}}) })
	}
	ticket := regexp.MustCompile(`url=(/ticket/\d+)"`)

	t.Run("gives a ticket, and the ticket's page has the answer", func(t *testing.T) {
		t.Parallel()
		_, address := serve(t, pgtest.New(t), "-hold", "1h")
		if status, page := get(t, address+"/"); status != 200 || !strings.Contains(page, `<form method="post"`) {
			t.Fatalf("%d %s", status, page)
		}
		status, page := post(t, address, "one two\nthree")
		if status != 202 || !strings.Contains(page, "working") || !ticket.MatchString(page) {
			t.Fatalf("%d %s", status, page)
		}
		if _, page = get(t, address+ticket.FindStringSubmatch(page)[1]); !strings.Contains(page, `{&#34;lines&#34;: 2, &#34;words&#34;: 3}`) || strings.Contains(page, "working") {
			t.Errorf("%s", page)
		}
	})

	t.Run("shows the answer as soon as it is there", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		_, address := serve(t, d, "-work=false", "-hold", "1h")
		_, page := post(t, address, "one")
		answered := make(chan string, 1)
		go func() {
			_, page := get(t, address+ticket.FindStringSubmatch(page)[1])
			answered <- page
		}()
		d.Eventually("select exists (select from pg_stat_activity where datname = current_database() and wait_event = 'ClientRead' and query like '%check%')") // it waits
		d.Exec("select jobmachine.complete(id, receipt, '\"<script>\"') from jobmachine.claim('text.words')")
		if page := pgtest.Receive(t, answered); !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("%s", page)
		}
	})

	t.Run("goes on showing that it works when the time is up", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		_, address := serve(t, d, "-work=false", "-hold", "20ms")
		_, page := post(t, address, "one")
		where := ticket.FindStringSubmatch(page)[1]
		if status, page := get(t, address+where); status != 200 || !strings.Contains(page, "working") || !strings.Contains(page, `content="0; url=`+where) {
			t.Errorf("%d %s", status, page)
		}
		d.Exec("select jobmachine.fail(id, receipt, 'no such language', permanent => true) from jobmachine.claim('text.words')")
		// On a busy machine 20 ms may be over before the database has answered; a browser asks again too.
		pgtest.Eventually(t, "the answer", func() bool {
			_, page = get(t, address+where)
			return !strings.Contains(page, "working")
		})
		if !strings.Contains(page, "failed: no such language") {
			t.Errorf("%s", page)
		}
	})

	t.Run("knows its own tickets only", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		_, address := serve(t, d, "-work=false")
		d.Exec("select jobmachine.send('payroll')")
		for _, path := range []string{"/ticket/1", "/ticket/999", "/ticket/x", "/ticket/99999999999999999999", "/nothing"} {
			if status, _ := get(t, address+path); status != 404 {
				t.Errorf("%s: %d", path, status)
			}
		}
	})

	t.Run("takes no form from another site", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		_, address := serve(t, d, "-work=false")
		status, _ := body(t, func() (*http.Response, error) {
			r, err := http.NewRequest("POST", address+"/", strings.NewReader("text=x"))
			if err != nil {
				return nil, err
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			return http.DefaultClient.Do(r)
		})
		if n := pgtest.Get[int](d, "select count(*) from jobmachine.jobs"); status != 403 || n != 0 {
			t.Errorf("%d, %d jobs", status, n)
		}
	})

	t.Run("stops though pages are waiting", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		p, address := serve(t, d, "-work=false")
		_, page := post(t, address, "one")
		answered := make(chan string, 1)
		go func() {
			_, page := get(t, address+ticket.FindStringSubmatch(page)[1])
			answered <- page
		}()
		d.Eventually("select exists (select from pg_stat_activity where datname = current_database() and wait_event = 'ClientRead' and query like '%check%')")
		p.signal(syscall.SIGTERM)
		if err := p.wait(); err != nil {
			t.Errorf("it ended with %v", err)
		}
		if page := <-answered; !strings.Contains(page, "working") {
			t.Errorf("%s", page)
		}
	})
}

func body(t *testing.T, request func() (*http.Response, error)) (int, string) {
	r, err := request()
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return r.StatusCode, string(text)
}
