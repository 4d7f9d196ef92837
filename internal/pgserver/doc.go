// Package pgserver runs a private PostgreSQL server: for jobmachine dev, the demo and the tests.
//
// It takes the server programs it finds on the machine, or else downloads them, and needs nothing set
// up. The server listens on 127.0.0.1 with a password of its own, works when the caller is root (it
// then runs as another user), and ends with its caller however that one ends: Stop, Ctrl-C, a panic or
// kill -9.
package pgserver
