// Command jobmachine is a job queue that lives in PostgreSQL: jobmachine help.
package main

import (
	"os"

	"github.com/jobmachine/jobmachine/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
