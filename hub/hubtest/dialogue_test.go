package hubtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	all, err := load("../testdata/dialogues")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, d := range all {
		if len(d.Cases) == 0 {
			t.Errorf("%s: got no cases", d.Name)
		}
		cases += len(d.Cases)
	}
	t.Logf("%d dialogues, %d cases", len(all), cases)
}

func TestLoad_refuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"an unknown key", `{"topic":"x"}`, `unknown field "topic"`},
		{"an unknown verb", `{"cases":[{"name":"c","steps":[{"shout":"a"}]}]}`, "one verb"},
		{"two verbs", `{"cases":[{"name":"c","steps":[{"drop":"a","ping":"b"}]}]}`, `["drop" "ping"]`},
		{"the key of another verb", `{"cases":[{"name":"c","steps":[{"drop":"a","frame":{}}]}]}`, `unknown field "frame"`},
		{"an unknown key of a peer", `{"cases":[{"name":"c","peers":[{"id":"a","is":"b"}],"steps":[]}]}`, `unknown field "is"`},
		{"a step inside", `{"cases":[{"name":"c","steps":[{"repeat":2,"steps":[{"parallel":[[{"wait":"soon"}]]}]}]}]}`, "invalid duration"},
		{"an unknown pattern", `{"cases":[{"name":"c","steps":[{"expect":"a","frame":{"ref":"$uid"}}]}]}`, `no pattern "$uid"`},
		{"a name used twice", `{"cases":[{"name":"c","steps":[]},{"name":"c","steps":[]}]}`, "used twice"},
		{"two values", `{} {}`, "more than one JSON value"},
	} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "x.json"), test.text)
		if _, err := load(dir); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := load(t.TempDir()); err == nil {
		t.Error("an empty folder: got no error")
	}
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
