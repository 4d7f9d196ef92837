//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is who runs the server: the caller, or another user if the caller is root, whom PostgreSQL
// refuses.
type account struct {
	other    bool
	name     string
	uid, gid int
}

func findUser() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return account{true, name, uid, gid}, errors.Join(err1, err2)
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody: run this as another user")
}

// attributes of the server's process: a group of its own, so that a Ctrl-C at the terminal reaches
// the caller, who stops the server when it is done with it.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// mustReach turns the puzzling "permission denied" of a folder below /root into advice.
func (a account) mustReach(paths ...string) error {
	if !a.other {
		return nil
	}
	for _, path := range paths {
		test := exec.Command("/bin/sh", "-c", `test -x "$1"`, "sh", path)
		test.Dir = "/"
		test.SysProcAttr = a.attributes()
		if err := test.Run(); err != nil {
			return fmt.Errorf("started by root, the server runs as user %s, who cannot reach %s: use a place that everybody may enter, or run this as another user", a.name, path)
		}
	}
	return nil
}
