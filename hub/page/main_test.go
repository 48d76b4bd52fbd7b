package page

import (
	"testing"

	"go.uber.org/goleak"

	"hearsay/hub/hubtest/chrome"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(tests{m}) }

// tests end the browser before leaks are looked for.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	chrome.End()
	return code
}
