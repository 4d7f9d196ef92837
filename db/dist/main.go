// Command dist prints the whole install as one file for psql. Its one optional argument is the name
// of the schema.
package main

import (
	"fmt"
	"os"

	"github.com/jobmachine/jobmachine/db"
)

func main() {
	var name string
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	sql, err := db.SQL(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(sql)
}
