package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
)

// app is what the commands share.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr *redactor
	log    *slog.Logger
	level  slog.LevelVar

	databaseURL, listenURL, schema string
	verbose                        bool

	running bool // the command line was understood: errors are not about usage
}

// Main runs the command line and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), signals()...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program, unless the command listens itself

	a := &app{stdin: stdin, stdout: stdout, stderr: newRedactor(stderr)}
	a.level.Set(slog.LevelWarn)
	a.log = slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: &a.level}))
	root := a.root()
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	if err != nil {
		fmt.Fprintf(a.stderr, "jobmachine: %s\n", strings.TrimPrefix(err.Error(), "jobmachine: "))
	}
	if err != nil && !a.running {
		fmt.Fprintf(a.stderr, "Run '%s --help' for usage.\n", c.CommandPath())
		err = usage(err)
	}
	return exitCode(err)
}

// signals end a command. One that nohup told us to ignore does not.
func signals() []os.Signal {
	s := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		s = append(s, syscall.SIGHUP)
	}
	return s
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "jobmachine",
		Short: "A job queue that lives in PostgreSQL and answers back",
		Long: `jobmachine is a job queue that lives in PostgreSQL and answers back.

Which database: --database-url, else DATABASE_URL, else the PG* variables, else a running
'jobmachine dev'. Through a pooler, give a direct connection too: --listen-url or
JOBMACHINE_LISTEN_URL. Prefer the variables: other users can see the arguments of a program.

Data goes to stdout; progress, logs and errors go to stderr. Exit codes:

` + exitHelp(),
		Example: `  jobmachine dev                                      # in one terminal: a private PostgreSQL
  jobmachine work --queue hello --exec 'tr a-z A-Z'   # in another: a worker
  jobmachine call hello '{"name": "world"}'           # in a third: send and wait`,
		Version:       gen.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			if a.verbose {
				a.level.Set(slog.LevelDebug)
			}
		},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringVar(&a.databaseURL, "database-url", "", "connection `URL` of the database (default $DATABASE_URL, PG*)")
	f.StringVar(&a.listenURL, "listen-url", "", "direct connection `URL` for LISTEN when --database-url is a pooler (default $JOBMACHINE_LISTEN_URL)")
	f.StringVar(&a.schema, "schema", "", "`name` of the schema where jobmachine is installed (default $JOBMACHINE_SCHEMA, jobmachine)")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log more, to stderr")

	for _, group := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"start", "Set up:", []*cobra.Command{a.dev(), a.migrate(), a.version()}},
		{"send", "Send and wait:", []*cobra.Command{a.send(), a.call(), a.await()}},
		{"work", "Work:", []*cobra.Command{a.work(), a.tick()}},
		{"look", "Look:", []*cobra.Command{a.status(), a.jobs(), a.queues(), a.workers()}},
		{"operate", "Operate:", []*cobra.Command{a.cancel(), a.retry(), a.remove(), a.pause(), a.resume(), a.configure()}},
	} {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, c := range group.commands {
			c.GroupID = group.id
			c.DisableFlagsInUseLine = true
			c.Flags().SortFlags = false
			run := c.RunE
			c.RunE = func(c *cobra.Command, args []string) error {
				a.running = true
				return run(c, args)
			}
			root.AddCommand(c)
		}
	}
	return root
}

func exitHelp() string {
	lines := make([]string, 0, len(exits))
	for code := range len(exits) {
		for _, e := range exits {
			if e.code == code {
				lines = append(lines, fmt.Sprintf("  %d  %s", e.code, e.what))
			}
		}
	}
	return strings.Join(lines, "\n")
}
