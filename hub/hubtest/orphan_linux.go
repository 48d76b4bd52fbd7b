package hubtest

import (
	"os/exec"
	"syscall"
)

// dieWithParent covers the ends of a test that run no cleanup, such as its timeout.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
