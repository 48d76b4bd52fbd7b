//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
)

// TestMain lets the test binary be the raw server, as the command is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "raw" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The fan-out comes to figures. Their size is not judged: the machine may be busy.
func TestRun_fanout(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the hub")
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-n", "5", "-rounds", "1", "-duration", "100ms", "-json", "fanout"}, &out); err != nil {
		t.Fatal(err)
	}
	count := 0
	for dec := json.NewDecoder(&out); ; count++ {
		var f figure
		if err := dec.Decode(&f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if f.Ours <= 0 || f.Other <= 0 {
			t.Errorf("%s: got %v and %v, want more than 0", f.Name, f.Ours, f.Other)
		}
	}
	if count != 16 {
		t.Errorf("got %d figures, want 16", count)
	}
}
