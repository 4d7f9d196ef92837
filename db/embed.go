// Package db installs jobmachine into a database: the migrations make the tables and views, the code
// package makes the functions.
package db

import "embed"

// The glob with all: takes files that begin with an underscore, which go:embed leaves out otherwise.
//
//go:embed migrations/*.sql all:functions
var files embed.FS
