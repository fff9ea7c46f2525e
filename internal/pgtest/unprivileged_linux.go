package pgtest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged returns process attributes with which PostgreSQL, which refuses to run as root, can be started, and a function
// that gives it a folder.
func unprivileged() (*syscall.SysProcAttr, func(path string) error, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT} // no server outlives its tests
	if os.Getuid() != 0 {
		return attr, func(string) error { return nil }, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return nil, nil, err
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			return nil, nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attr, func(path string) error { return os.Chown(path, uid, gid) }, nil
	}
	return nil, nil, ErrMissing
}
