// Web shows a request that takes longer than a page may: posting the form gives a ticket, and the page
// of the ticket waits for the answer. It works without JavaScript.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/worker"
)

const queue = "text.words"

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve on")
	hold := flag.Duration("hold", 25*time.Second, "how long the page of a ticket waits for the answer")
	work := flag.Bool("work", true, "also do the jobs; otherwise workers run elsewhere")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *hold, *work); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address string, hold time.Duration, work bool) error {
	c, err := client.Open(ctx, os.Getenv("DATABASE_URL"), client.Config{Queue: queue})
	if err != nil {
		return err
	}
	defer c.Close()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &site{client: c, hold: hold}
	// Pages that wait end with ctx, so a stop does not wait for them.
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	if work {
		w, err := worker.New(worker.Config{})
		if err != nil {
			return err
		}
		worker.HandleFunc(w, queue, count)
		go func() { failed <- w.Run(ctx) }()
	}
	fmt.Printf("http://%s/\n", listener.Addr())

	select {
	case err := <-failed:
		if ctx.Err() == nil {
			return err
		}
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

type text struct {
	Text string `json:"text"`
}

type counts struct {
	Lines int `json:"lines"`
	Words int `json:"words"`
}

// count is what takes so long.
func count(ctx context.Context, in text) (counts, error) {
	select {
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
		return counts{}, ctx.Err()
	}
	return counts{Lines: len(strings.Split(strings.TrimSuffix(in.Text, "\n"), "\n")), Words: len(strings.Fields(in.Text))}, nil
}

type site struct {
	client *client.Client
	hold   time.Duration
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.form)
	mux.HandleFunc("POST /{$}", s.send)
	mux.HandleFunc("GET /ticket/{id}", s.ticket)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (s *site) form(w http.ResponseWriter, r *http.Request) {
	render(w, http.StatusOK, page{})
}

// send gives a ticket. Its page goes on to the page of the ticket, which is slow to come: until then
// the browser shows this one.
func (s *site) send(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The text is too long.", http.StatusRequestEntityTooLarge)
		return
	}
	id, err := s.client.Send(r.Context(), "", text{Text: r.PostForm.Get("text")})
	switch {
	case errors.Is(err, client.ErrInvalid), errors.Is(err, client.ErrTooLarge):
		http.Error(w, "This text cannot be sent.", http.StatusBadRequest)
	case err != nil:
		broken(w, err)
	default:
		render(w, http.StatusAccepted, page{Ticket: id, Working: true})
	}
}

// ticket waits for the answer, for a while; without one it shows that the work goes on, and asks again.
func (s *site) ticket(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	// Tickets of other queues are nobody's business here.
	job, err := s.client.Status(r.Context(), id)
	if errors.Is(err, client.ErrUnknownJob) || err == nil && job.Queue != queue {
		http.NotFound(w, r)
		return
	} else if err != nil {
		broken(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.hold)
	defer cancel()
	answer, err := s.client.Await(ctx, id)
	var failed *client.JobError
	switch {
	case errors.As(err, &failed):
		render(w, http.StatusOK, page{Ticket: id, Error: cmp.Or(failed.Message, failed.State)})
	case err != nil && ctx.Err() != nil:
		render(w, http.StatusOK, page{Ticket: id, Working: true})
	case err != nil:
		broken(w, err)
	default:
		render(w, http.StatusOK, page{Ticket: id, Answer: string(answer.Payload)})
	}
}

type page struct {
	Ticket  int64
	Working bool
	Answer  string
	Error   string
}

//go:embed page.html
var source string

var layout = template.Must(template.New("page").Parse(source))

func render(w http.ResponseWriter, status int, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := layout.Execute(w, p); err != nil {
		slog.Error("page", "err", err)
	}
}

func broken(w http.ResponseWriter, err error) {
	slog.Error("database", "err", err)
	http.Error(w, "Please try again later.", http.StatusServiceUnavailable)
}
