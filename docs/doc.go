// Package docs holds the documentation. Its tests keep it true: they run what the pages show, write
// sql.md from the comments in the database, and look for errors and commands that no page tells of.
package docs
