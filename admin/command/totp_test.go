package command_test

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hearsay/hub/store"
)

// TestUserTOTP turns two-factor login on with an authenticator, and off.
func TestUserTOTP(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hearsay.db")
	run := func(in io.Reader, args ...string) (out string, err error) {
		root := newRoot()
		var stdout printed
		root.SetIn(in)
		root.SetOut(&stdout)
		root.SetErr(io.Discard)
		root.SetArgs(append(args, "--db", path))
		err = root.ExecuteContext(t.Context())
		return stdout.String(), err
	}
	_, err := run(strings.NewReader("correct horse battery\n"), "user", "add", "Ann")
	check(t, err)
	if out, err := run(strings.NewReader("000000\n"), "user", "totp-on", "ann"); err == nil || !strings.Contains(err.Error(), "code: does not match") || strings.Contains(out, "takes a code") {
		t.Errorf("a wrong code: %q, %v", out, err)
	}

	root := newRoot()
	shown, out := io.Pipe()
	in, typed := io.Pipe()
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(io.Discard)
	root.SetArgs([]string{"user", "totp-on", "ann", "--db", path})
	ended := make(chan error, 1)
	go func() {
		ended <- root.ExecuteContext(t.Context())
		out.Close()
	}()
	lines := bufio.NewScanner(shown)
	secret := ""
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(text, "otpauth://totp/Hearsay:Ann?") {
			break
		}
		secret = text
	}
	code, err := totp.GenerateCode(secret, time.Now())
	check(t, err)
	fmt.Fprintln(typed, code)
	var recovery []string
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "  ") {
			recovery = append(recovery, strings.TrimSpace(lines.Text()))
		}
	}
	check(t, <-ended)
	st, err := store.Open(t.Context(), path, store.Options{})
	check(t, err)
	defer st.Close()
	all, err := st.Users(t.Context())
	check(t, err)
	if len(recovery) != 10 || !all[0].TwoFactor {
		t.Fatalf("%d recovery codes, %+v", len(recovery), all)
	}
	check(t, st.CheckSecondFactor(t.Context(), all[0].ID, recovery[3], time.Now()))

	_, err = run(strings.NewReader(""), "user", "totp-off", "ann")
	check(t, err)
	if all, err := st.Users(t.Context()); err != nil || all[0].TwoFactor {
		t.Errorf("off: %+v, %v", all, err)
	}
}
