// Package examples holds programs that use jobmachine, in several languages; its tests run them all.
package examples
